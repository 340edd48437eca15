/* An arena: many allocations with one lifetime.
 *
 * Everything is zeroed and aligned to 64 bytes (a cache line, an AVX-512
 * register). Nothing is freed alone. */
#ifndef SPIKESCOPE_BASE_ARENA_H
#define SPIKESCOPE_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);        /* NULL when out of memory */
void arena_free(struct arena *arena); /* arena may be NULL */

/* size bytes, zeroed, 64-byte aligned; NULL when out of memory or when size
 * overflows. size 0 gives a unique valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
float *arena_floats(struct arena *arena, size_t count);
char *arena_strdup(struct arena *arena, const char *text);

size_t arena_used(const struct arena *arena); /* bytes handed out */

#endif
