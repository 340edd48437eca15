#include "base/lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BYTES_MAX = 64 << 20 };

/* The file's bytes and a terminator, in the arena; NULL on failure. */
static char *
read_all(const char *path, struct arena *arena, size_t *size, struct status *st)
{
	struct stat info;
	FILE *file = fopen(path, "rbe");
	char *bytes = NULL;

	if (!file) {
		status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > BYTES_MAX)
		status_fail(st, STATUS_DATA, "%s: not a text file of at most %d MB", path, BYTES_MAX >> 20);
	else if (!(bytes = arena_alloc(arena, (size_t)info.st_size + 1)))
		status_nomem(st, path);
	else
		*size = fread(bytes, 1, (size_t)info.st_size, file);
	fclose(file);
	if (bytes && memchr(bytes, '\0', *size)) {
		status_fail(st, STATUS_DATA, "%s: not a text file (it holds NUL bytes)", path);
		return NULL;
	}
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
