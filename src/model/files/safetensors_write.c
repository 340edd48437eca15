#include "base/file.h"
#include "base/text.h"
#include "model/files/safetensors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t
element_count(const struct st_out *t)
{
	size_t n = 1;

	for (int i = 0; i < t->dims; i++)
		n *= (size_t)t->dim[i];
	return n;
}

static json_t *
make_entry(const struct st_out *t, size_t begin, size_t end)
{
	json_t *shape = json_array();

	for (int i = 0; i < t->dims; i++)
		json_array_append_new(shape, json_integer(t->dim[i]));
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets", (json_int_t)begin,
			 (json_int_t)end);
}

/* The header as text, padded with spaces so that the data is 8-byte aligned. */
static char *
make_header(const struct st_out *tensors, int count, size_t *length)
{
	json_t *header = json_object();
	size_t at = 0;
	char *text, *padded;

	for (int i = 0; i < count; i++) {
		size_t end = at + element_count(&tensors[i]) * sizeof(float);

		if (json_object_set_new(header, tensors[i].name, make_entry(&tensors[i], at, end)) != 0) {
			json_decref(header);
			return NULL;
		}
		at = end;
	}
	text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	if (!text)
		return NULL;
	*length = (strlen(text) + 7) / 8 * 8;
	padded = text_format("%-*s", (int)*length, text);
	free(text);
	return padded;
}

static bool
write_contents(FILE *out, const char *header, size_t length, const struct st_out *tensors, int count)
{
	unsigned char size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)length >> (8 * i));
	if (fwrite(size, 1, 8, out) != 8 || fwrite(header, 1, length, out) != length)
		return false;
	for (int i = 0; i < count; i++) {
		size_t n = element_count(&tensors[i]);

		if (n > 0 && fwrite(tensors[i].data, sizeof(float), n, out) != n)
			return false;
	}
	return fflush(out) == 0 && fsync(fileno(out)) == 0;
}

bool
safetensors_write(const char *path, const struct st_out *tensors, int count, bool force, struct status *st)
{
	struct draft draft;
	size_t length;
	char *header = make_header(tensors, count, &length);
	bool ok;

	if (!header)
		return status_fail(st, STATUS_FAILED,
				   "%s: the header cannot be made: a tensor's name is not UTF-8, or memory is out", path);
	ok = draft_begin(&draft, path, force, st) &&
	     draft_end(&draft, write_contents(draft.file, header, length, tensors, count), st);
	free(header);
	return ok;
}
