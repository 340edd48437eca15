#include "base/text.h"
#include "model/data/dataset.h"
#include "model/data/kind.h"
#include "model/files/safetensors.h"
#include "model/image/image.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char suffix[] = ".safetensors";

/* A title for people: escaped, without the folders before the file's name. */
static bool
make_title(char **title, const char *text, struct status *st)
{
	const char *slash = strrchr(text, '/');
	char escaped[256];

	*title = text_format("%s", text_escape(slash ? slash + 1 : text, escaped, sizeof(escaped)));
	return *title || status_nomem(st, "a picture's title");
}

static bool
is_number(const char *text)
{
	text += *text == '-';
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool
get_number(const char *text, const struct dataset *data, const struct model *model, float *pixels, int *label, char **title,
	   struct status *st)
{
	long index;
	char name[32];

	if (!data)
		return status_fail(st, STATUS_FAILED,
				   "image %s: no data set is open; open one with `data PATH`, or name a picture file", text);
	index = strtol(text, NULL, 10); /* saturates, which is out of range too */
	if (index < 0 || index >= dataset_count(data))
		return status_fail(st, STATUS_DATA, "image %s is out of range: %s has %d pictures, 0 to %d", text,
				   dataset_path(data), dataset_count(data), dataset_count(data) - 1);
	if (!dataset_get(data, (int)index, model, pixels, label, st))
		return false;
	snprintf(name, sizeof(name), "image %ld", index);
	return make_title(title, name, st);
}

static bool
get_file(const char *path, const struct model *model, float *pixels, char **title, struct status *st)
{
	struct image image;
	bool ok;

	if (!image_read(path, &image, st))
		return false;
	ok = image_prepare(&image, model, pixels, st);
	image_done(&image);
	return ok ? make_title(title, path, st) : status_prefix(st, "%s", path);
}

/* Splits "NAME[3]" in place; without brackets at the end the index is 0. */
static bool
split_index(char *name, int64_t *index)
{
	size_t length = strlen(name);
	char *open = strrchr(name, '['), *end;

	*index = 0;
	if (!open || name[length - 1] != ']')
		return true;
	if (!isdigit((unsigned char)open[1]))
		return false;
	errno = 0;
	*index = strtoll(open + 1, &end, 10);
	if (end != name + length - 1 || errno)
		return false;
	*open = '\0';
	return true;
}

/* "has: a, b, c and 9 more" for someone who mistyped. */
static bool
fail_missing(const struct safetensors *tensors, const char *file, const char *name, struct status *st)
{
	int count = safetensors_count(tensors), shown = 0;
	char list[256] = "";
	size_t at = 0;

	for (; shown < count && shown < 8; shown++) {
		const char *next = safetensors_at(tensors, shown)->name;

		if (at + strlen(next) + 3 > sizeof(list))
			break;
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", shown ? ", " : "", next);
	}
	if (shown < count)
		return status_fail(st, STATUS_DATA, "%s: no tensor '%s'; there are %s%sand %d more", file, name, list,
				   shown ? " " : "", count - shown);
	return status_fail(st, STATUS_DATA, "%s: no tensor '%s'; there are %s", file, name, count ? list : "none");
}

/* spec: NAME[i], NAME, or any name that the file has, brackets or not. It is changed. */
static bool
get_tensor(const char *file, char *spec, const struct model *model, float *pixels, int *label, struct status *st)
{
	struct safetensors *tensors = safetensors_open(file, st);
	const struct st_tensor *t;
	int64_t index = 0;
	bool ok;

	if (!tensors)
		return false;
	t = safetensors_find(tensors, spec);
	if (!t && !split_index(spec, &index))
		ok =
		    status_fail(st, STATUS_USAGE, "%s:%s: the index is not a number; write FILE.safetensors:NAME[0]", file, spec);
	else if (!t && !(t = safetensors_find(tensors, spec)))
		ok = fail_missing(tensors, file, spec, st);
	else
		ok = tensor_picture(t, file, index, model, pixels, st);
	if (ok && t->dims == 4)
		ok = tensor_label(tensors, t->dim[0], index, label, st);
	safetensors_close(tensors);
	return ok;
}

/* colon: the one after ".safetensors", or NULL when there is none. */
static bool
get_from_tensors(const char *text, const char *colon, const struct model *model, float *pixels, int *label, char **title,
		 struct status *st)
{
	char *file = colon ? strndup(text, (size_t)(colon - text)) : strdup(text), *spec = strdup(colon ? colon + 1 : "");
	bool ok = file && spec ? get_tensor(file, spec, model, pixels, label, st) && make_title(title, text, st)
			       : status_nomem(st, text);

	free(file);
	free(spec);
	return ok;
}

int
picture_side(const char *text, const struct dataset *data)
{
	const char *at = strstr(text, ".safetensors:");
	char *file = at ? strndup(text, (size_t)(at - text) + sizeof(suffix) - 1) : NULL;
	char *spec = strdup(at ? at + sizeof(suffix) : "");
	struct safetensors *tensors = NULL;
	const struct st_tensor *t = NULL;
	struct status ignored = {0};
	int64_t index;
	int side = 0;

	if (is_number(text) && data)
		side = dataset_side(data);
	if (file && spec && (tensors = safetensors_open(file, &ignored)))
		t = safetensors_find(tensors, spec);
	if (tensors && !t && split_index(spec, &index))
		t = safetensors_find(tensors, spec);
	side = t ? tensor_side(t) : side;
	safetensors_close(tensors);
	free(file);
	free(spec);
	return side;
}

bool
picture_get(const char *text, const struct dataset *data, const struct model *model, float *pixels, int *label, char **title,
	    struct status *st)
{
	const char *at = strstr(text, ".safetensors:");
	size_t length = strlen(text), tail = sizeof(suffix) - 1;
	int unused = -1;

	*title = NULL;
	label = label ? label : &unused;
	*label = -1;
	if (is_number(text))
		return get_number(text, data, model, pixels, label, title, st);
	if (at)
		return get_from_tensors(text, at + tail, model, pixels, label, title, st);
	if (length > tail && strcmp(text + length - tail, suffix) == 0)
		return get_from_tensors(text, NULL, model, pixels, label, title, st);
	return get_file(text, model, pixels, title, st);
}
