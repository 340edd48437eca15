#include "base/lines.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* The file's bytes and a terminator, in the arena; NULL on failure. */
static char *
read_all(const char *path, struct arena *arena, size_t *size, struct status *st)
{
	char *read = file_read(path, FILE_TEXT_MAX, size, st), *bytes = NULL;

	if (read && memchr(read, '\0', *size))
		status_fail(st, STATUS_DATA, "%s: not a text file (it holds NUL bytes)", path);
	else if (read && !(bytes = arena_alloc(arena, *size + 1)))
		status_nomem(st, path);
	else if (read)
		memcpy(bytes, read, *size);
	free(read);
	return bytes;
}

bool
lines_read(struct lines *lines, const char *path, struct arena *arena, struct status *st)
{
	size_t size = 0, count = 1;
	char *bytes = read_all(path, arena, &size, st), *at, *end;

	if (!bytes)
		return false;
	for (size_t i = 0; i < size; i++)
		count += bytes[i] == '\n';
	*lines = (struct lines){.text = arena_alloc(arena, count * sizeof(*lines->text))};
	if (!lines->text)
		return status_nomem(st, path);
	for (at = bytes; at < bytes + size; at = end + 1) {
		end = at + strcspn(at, "\n");
		*end = '\0';
		if (end > at && end[-1] == '\r')
			end[-1] = '\0';
		lines->text[lines->count++] = at;
	}
	return true;
}
