#include "ui/workbench/npy.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool
npy_write(const char *path, const struct st_out *array, bool force, struct status *st)
{
	struct draft draft;

	return draft_begin(&draft, path, force, st) && draft_end(&draft, npy_put(draft.file, array), st);
}
