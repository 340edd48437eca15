#include "base/arena.h"

#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = PAGES_ALIGN, CHUNK = 1 << 20 };

struct chunk {
	struct chunk *next;
	size_t used, size; /* bytes after the header */
};

struct arena {
	struct chunk *chunks;
	size_t used;
};

struct arena *
arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *c = arena->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *c = arena->chunks;
	size_t need;
	char *at;

	if (size > SIZE_MAX - 4 * ALIGN)
		return NULL;
	need = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (!c || c->size - c->used < need) {
		size_t room = need > CHUNK ? need : CHUNK;

		c = pages_alloc(ALIGN + room);
		if (!c)
			return NULL;
		*c = (struct chunk){.next = arena->chunks, .size = room};
		arena->chunks = c;
	}
	at = (char *)c + ALIGN + c->used;
	c->used += need;
	arena->used += need;
	return memset(at, 0, need);
}

float *
arena_floats(struct arena *arena, size_t count)
{
	if (count > SIZE_MAX / sizeof(float))
		return NULL;
	return arena_alloc(arena, count * sizeof(float));
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(arena, size);

	return copy ? memcpy(copy, text, size) : NULL;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
