#include "base/hash.h"

#include <stdint.h>
#include <stdio.h>
#include <xxhash.h>

/* XXH3_state_t is the library's own opaque type; struct hash stands for it. */
struct hash *
hash_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (state)
		XXH3_128bits_reset(state);
	return (struct hash *)state;
}

void
hash_add(struct hash *hash, const void *data, size_t size)
{
	XXH3_128bits_update((XXH3_state_t *)hash, data, size);
}

static void
write_hex(XXH128_hash_t h, char hex[HASH_HEX])
{
	snprintf(hex, HASH_HEX, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}

void
hash_finish(struct hash *hash, char hex[HASH_HEX])
{
	write_hex(XXH3_128bits_digest((XXH3_state_t *)hash), hex);
	XXH3_freeState((XXH3_state_t *)hash);
}

void
hash_drop(struct hash *hash)
{
	XXH3_freeState((XXH3_state_t *)hash);
}

void
hash_of(const void *data, size_t size, char hex[HASH_HEX])
{
	write_hex(XXH3_128bits(data, size), hex);
}
