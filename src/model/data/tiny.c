/* tiny-imagenet-200 (http://cs231n.stanford.edu/tiny-imagenet-200.zip): train/SYNSET/images/,
 * val/images/ with val/val_annotations.txt, wnids.txt. The class index is the synset's place in
 * order of its name, as in folders per class. */
#include "base/lines.h"
#include "base/text.h"
#include "model/data/pictures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The whole set, or one of its parts. */
static bool
tiny_knows(const char *path, bool folder)
{
	if (!folder)
		return false;
	if (folder_has(path, "wnids.txt") && (folder_has(path, "val/val_annotations.txt") || folder_has(path, "train")))
		return true;
	return folder_has(path, "val_annotations.txt") ||
	       (folder_has(path, "../wnids.txt") && folder_has(path, "../train") && !folder_has(path, "images"));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
find_class(const struct lines *ids, const char *id)
{
	char *const *found = bsearch(&id, ids->text, (size_t)ids->count, sizeof(*ids->text), by_text);

	return found ? (int)(found - ids->text) : -1;
}

/* wnids.txt, sorted; the classes get their names. */
static bool
read_classes(struct dataset *data, const char *root, struct lines *ids, struct status *st)
{
	char *path = text_format("%s/wnids.txt", root);
	struct synsets synsets;
	bool ok = path ? lines_read(ids, path, data->arena, st) : status_nomem(st, root);

	if (ok && ids->count == 0)
		ok = status_fail(st, STATUS_DATA, "%s: no synsets here", path);
	free(path);
	if (!ok || !synsets_read(&synsets, data, root, st))
		return false;
	qsort(ids->text, (size_t)ids->count, sizeof(*ids->text), by_text);
	for (int i = 0; i < ids->count; i++) {
		const char *name = synsets_name(&synsets, ids->text[i]);

		if (!pictures_class(data, name ? name : ids->text[i], st))
			return false;
	}
	return true;
}

static bool
add_file(struct dataset *data, const char *under, const char *name, int label, struct status *st)
{
	char *path = text_format("%s/%s%s", data->path, under, name), *shown = text_format("%s%s", under, name);
	struct stat info;
	bool ok;

	if (!path || !shown)
		ok = status_nomem(st, data->path);
	else if (stat(path, &info) != 0)
		ok = status_fail(st, STATUS_DATA, "%s: %s; is this a complete copy?", path, strerror(errno));
	else
		ok = pictures_add(data, shown, path, &info, label, st);
	free(path);
	free(shown);
	return ok;
}

/* "val_0.JPEG	n03444034	0	32	44	62": picture, synset and a box. */
static bool
add_annotated(struct dataset *data, const char *under, const struct lines *ids, char *line, struct status *st)
{
	char *id = line + strcspn(line, "\t ");
	int label;

	if (!*id || id == line || strchr(line, '/'))
		return status_fail(st, STATUS_DATA, "not a picture and its synset");
	*id++ = '\0';
	id[strcspn(id, "\t ")] = '\0';
	label = find_class(ids, id);
	if (label < 0)
		return status_fail(st, STATUS_DATA, "'%.40s' is not in wnids.txt", id);
	return add_file(data, under, line, label, st);
}

static bool
open_val(struct dataset *data, const char *under, const struct lines *ids, struct status *st)
{
	char *path = text_format("%s/%sval_annotations.txt", data->path, under), *images = text_format("%simages/", under);
	struct lines lines = {0};
	bool ok = path && images ? lines_read(&lines, path, data->arena, st) : status_nomem(st, data->path);

	for (int i = 0; ok && i < lines.count; i++) {
		struct status why = {0};

		if (!lines.text[i][0])
			continue;
		ok = add_annotated(data, images, ids, lines.text[i], &why) ||
		     status_fail(st, why.code, "%s: line %d: %s", path, i + 1, why.message);
	}
	free(path);
	free(images);
	return ok;
}

static bool
open_train(struct dataset *data, const char *under, const struct lines *ids, struct status *st)
{
	bool ok = true;

	for (int i = 0; ok && i < ids->count; i++) {
		char *images = text_format("%s%s/images", under, ids->text[i]);

		ok = images ? pictures_each(data, images, pictures_visit, i, st) : status_nomem(st, data->path);
		free(images);
	}
	return ok;
}

static bool
tiny_open(struct dataset *data, struct status *st)
{
	bool whole = folder_has(data->path, "wnids.txt"),
	     val = folder_has(data->path, whole ? "val/val_annotations.txt" : "val_annotations.txt");
	char *root = text_format("%s%s", data->path, whole ? "" : "/..");
	const char *under = !whole ? "" : val ? "val/" : "train/";
	struct lines ids = {0};
	bool ok = root ? pictures_begin(data, st) && read_classes(data, root, &ids, st) : status_nomem(st, data->path);

	free(root);
	ok = ok && (val ? open_val(data, under, &ids, st) : open_train(data, under, &ids, st));
	if (!ok)
		return false;
	pictures_hash_labels(data);
	pictures_end(data);
	return data->count > 0 || status_fail(st, STATUS_DATA, "%s: no pictures here; is this a complete copy?", data->path);
}

const struct dataset_kind dataset_tiny = {tiny_knows, tiny_open, dataset_pictures_get, dataset_pictures_close, NULL};
