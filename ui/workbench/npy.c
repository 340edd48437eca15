#include "ui/workbench/npy.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header is padded with blanks so that the data starts at a multiple of 64. */
static size_t
npy_header(const struct st_out *array, char out[320])
{
	size_t at = 10, size;

	memcpy(out, "\x93NUMPY\x01\x00", 8);
	at += (size_t)snprintf(out + at, 320 - at, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
	for (int i = 0; i < array->dims && at < 280; i++)
		at += (size_t)snprintf(out + at, 320 - at, "%lld,%s", (long long)array->dim[i], i + 1 < array->dims ? " " : "");
	at += (size_t)snprintf(out + at, 320 - at, "), }");
	size = (at + 1 + 63) / 64 * 64;
	memset(out + at, ' ', size - at);
	out[size - 1] = '\n';
	out[8] = (char)((size - 10) & 0xff);
	out[9] = (char)((size - 10) >> 8);
	return size;
}

static bool
npy_put(FILE *file, const struct st_out *array)
{
	char header[320];
	size_t count = 1, size = npy_header(array, header);

	for (int i = 0; i < array->dims; i++)
		count *= (size_t)array->dim[i];
	return fwrite(header, 1, size, file) == size && fwrite(array->data, sizeof(*array->data), count, file) == count &&
	       fflush(file) == 0;
}

/* What a file made by fopen() would have. */
static mode_t
ordinary_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

bool
npy_write(const char *path, const struct st_out *array, bool force, struct status *st)
{
	char *temporary;
	FILE *file;
	int fd;
	bool ok;

	if (!force && access(path, F_OK) == 0)
		return status_fail(st, STATUS_FAILED, "%s exists; add --force to replace it", path);
	temporary = text_format("%s.XXXXXX", path);
	if (!temporary)
		return status_nomem(st, "a file name");
	fd = mkstemp(temporary);
	if (fd >= 0)
		fchmod(fd, ordinary_mode());
	file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (!file) {
		status_fail(st, STATUS_FAILED, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		free(temporary);
		return false;
	}
	ok = npy_put(file, array);
	ok = fclose(file) == 0 && ok;
	ok = ok && rename(temporary, path) == 0;
	if (!ok) {
		status_fail(st, STATUS_FAILED, "%s: %s", path, strerror(errno));
		unlink(temporary);
	}
	free(temporary);
	return ok;
}
