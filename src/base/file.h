/* Files that anybody may have put there, read; and files of ours that appear whole or not at all, written. */
#ifndef SPIKESCOPE_BASE_FILE_H
#define SPIKESCOPE_BASE_FILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdio.h>

enum { FILE_TEXT_MAX = 64 << 20 }; /* bytes of what is read as text */

/* Opens a regular file of at most `most` bytes (0: of any size) for reading. Anything else is refused with
 * STATUS_DATA and never waited for: a pipe that nobody writes to, a device that never ends, a folder. */
FILE *file_open(const char *path, size_t most, struct status *st);
int file_open_fd(const char *path, size_t most, struct status *st); /* the same; -1 on failure */

/* A file's bytes and a terminator, which *size (may be NULL) does not count; the caller frees. */
char *file_read(const char *path, size_t most, size_t *size, struct status *st);

/* A file on its way to its place. It is written under another name beside it that nobody can guess or have prepared,
 * and moved when it is whole:
 *
 *	if (!draft_begin(&draft, path, force, st))
 *		return false;
 *	ok = write_it(draft.file);
 *	return draft_end(&draft, ok, st);
 *
 * What drafts of the same file have left behind whose programs were killed is removed on the way. */
struct draft {
	FILE *file; /* to write to; libraries may open `temp` by themselves instead */
	char *path; /* the place */
	char *temp; /* the name until then */
	bool force; /* replaces what is there */
};

/* Refuses an existing file unless force. */
bool draft_begin(struct draft *draft, const char *path, bool force, struct status *st);
/* Moves the file to its place when ok and all was written, else removes it and says why, by the name of the place;
 * a failure that st holds already is kept. Frees the draft. */
bool draft_end(struct draft *draft, bool ok, struct status *st);

#endif
