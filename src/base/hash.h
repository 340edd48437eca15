/* Content hashes (XXH3, 128 bits) that name models, plans, data and states.
 * Not for security: they tell different things apart, not hostile ones. */
#ifndef SPIKESCOPE_BASE_HASH_H
#define SPIKESCOPE_BASE_HASH_H

#include <stddef.h>

enum { HASH_HEX = 33 }; /* 32 hexadecimal digits and the terminator */

struct hash; /* a running hash */

struct hash *hash_new(void); /* NULL when out of memory */
void hash_add(struct hash *hash, const void *data, size_t size);
/* Writes the digest of all that was added and frees hash. */
void hash_finish(struct hash *hash, char hex[HASH_HEX]);
void hash_drop(struct hash *hash); /* frees it without; NULL is fine */

void hash_of(const void *data, size_t size, char hex[HASH_HEX]);

#endif
