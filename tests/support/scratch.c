#include "tests/support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[256];

void
scratch_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/spikescope-test-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (!mkdtemp(folder)) {
		perror(folder);
		abort();
	}
}

static int
remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
	(void)s;
	(void)kind;
	(void)at;
	return remove(path);
}

void
scratch_remove(void)
{
	if (folder[0])
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

const char *
scratch_folder(void)
{
	return folder;
}

const char *
scratch_path(const char *name)
{
	static char path[8][512];
	static int turn;
	char *out = path[turn++ % 8];

	snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
	return out;
}

void
scratch_write(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(scratch_path(name), "wb");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) {
		perror(name);
		abort();
	}
}
