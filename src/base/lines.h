/* Text files, line by line. */
#ifndef SPIKESCOPE_BASE_LINES_H
#define SPIKESCOPE_BASE_LINES_H

#include "base/arena.h"
#include "base/status.h"

struct lines {
	char **text; /* [count] without line ends; in the arena */
	int count;   /* an empty last line does not count */
};

/* Reads the whole file. Fails with STATUS_DATA when it cannot be read, is no regular file, holds
 * NUL bytes or is longer than 64 MB. */
bool lines_read(struct lines *lines, const char *path, struct arena *arena, struct status *st);

#endif
