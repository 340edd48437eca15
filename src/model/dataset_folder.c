/* Folders of pictures: class folders (their order by name is the class index), or
 * pictures without classes. */
#include "base/text.h"
#include "model/dataset_kind.h"
#include "model/image.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct picture {
	const char *path;
	int label;
};

struct folder {
	struct picture *pictures; /* [data->count] */
	size_t room;
	const char **names; /* [data->classes] */
	struct hash *hash;  /* while it is being opened */
};

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* By name: opening every file of a large set to look inside would take minutes. */
static bool
has_picture_name(const char *name)
{
	static const char *const patterns[] = {"*.jpg", "*.jpeg", "*.png"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static bool
folder_knows(const char *path, bool folder)
{
	(void)path;
	return folder;
}

/* Names, sizes and times tell sets apart without reading every picture. */
static void
hash_picture(struct hash *hash, const char *name, const struct stat *info)
{
	int64_t numbers[] = {info->st_size, info->st_mtim.tv_sec, info->st_mtim.tv_nsec};

	hash_add(hash, name, strlen(name) + 1);
	hash_add(hash, numbers, sizeof(numbers));
}

/* name: relative to the data set's folder. */
static bool
add_picture(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	struct folder *own = data->own;
	size_t count = (size_t)data->count;

	if (data->count == INT_MAX)
		return status_fail(st, STATUS_DATA, "%s: too many pictures; split the folder", data->path);
	if (count == own->room) {
		size_t room = own->room ? 2 * own->room : 64;
		struct picture *more = realloc(own->pictures, room * sizeof(*more));

		if (!more)
			return status_nomem(st, data->path);
		own->pictures = more;
		own->room = room;
	}
	own->pictures[count] = (struct picture){arena_strdup(data->arena, path), label};
	if (!own->pictures[count].path)
		return status_nomem(st, data->path);
	hash_picture(own->hash, name, info);
	data->count++;
	return true;
}

typedef bool visit_fn(struct dataset *data, const char *name, const char *path, const struct stat *info, int label,
		      struct status *st);

/* Calls visit for the visible entries of data->path/under (under may be ""), in order. */
static bool
each_entry(struct dataset *data, const char *under, visit_fn *visit, int label, struct status *st)
{
	char *folder = text_format("%s%s%s", data->path, *under ? "/" : "", under);
	struct dirent **entries = NULL;
	int count = folder ? scandir(folder, &entries, is_visible, dataset_bytewise) : -1;
	bool ok = count >= 0 || status_fail(st, STATUS_DATA, "%s: %s", folder ? folder : data->path, strerror(errno));

	for (int i = 0; ok && i < count; i++) {
		char *path = text_format("%s/%s", folder, entries[i]->d_name);
		char *name = text_format("%s%s%s", under, *under ? "/" : "", entries[i]->d_name);
		struct stat info;

		if (!path || !name)
			ok = status_nomem(st, data->path);
		else if (stat(path, &info) != 0)
			ok = status_fail(st, STATUS_DATA, "%s: %s; mend or remove it", path, strerror(errno));
		else
			ok = visit(data, name, path, &info, label, st);
		free(path);
		free(name);
	}
	dataset_free_names(entries, count);
	free(folder);
	return ok;
}

static bool
visit_file(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	return !S_ISREG(info->st_mode) || !has_picture_name(name) || add_picture(data, name, path, info, label, st);
}

static bool
add_class(struct dataset *data, const char *name, struct status *st)
{
	struct folder *own = data->own;
	const char **more = realloc(own->names, ((size_t)data->classes + 1) * sizeof(*more));

	if (!more)
		return status_nomem(st, data->path);
	data->names = own->names = more;
	more[data->classes] = dataset_name(data, name, st);
	return more[data->classes++] != NULL;
}

/* A class folder without pictures keeps its index, so that classes stay those of the model. */
static bool
visit_class(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	(void)path;
	(void)label;
	return !S_ISDIR(info->st_mode) ||
	       (add_class(data, name, st) && each_entry(data, name, visit_file, data->classes - 1, st));
}

static bool
folder_open(struct dataset *data, struct status *st)
{
	struct folder *own = data->own = calloc(1, sizeof(*own));
	bool ok;

	if (!own || !(own->hash = hash_new()))
		return status_nomem(st, data->path);
	ok = each_entry(data, "", visit_class, 0, st);
	if (ok && data->count == 0) {
		data->classes = 0;
		data->names = NULL;
		ok = each_entry(data, "", visit_file, -1, st);
	}
	hash_finish(own->hash, data->hash);
	if (ok && data->count == 0)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: no pictures here; a data set is a folder of .jpg or .png files, or of one folder of them per class",
		    data->path);
	return ok;
}

static bool
folder_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	const struct picture *picture = &((const struct folder *)data->own)->pictures[index];
	struct image image;
	bool ok = image_read(picture->path, &image, st);

	if (!ok)
		return false;
	*label = picture->label;
	ok = image_prepare(&image, model, pixels, st);
	image_done(&image);
	return ok || status_prefix(st, "%s", picture->path);
}

static void
folder_close(struct dataset *data)
{
	struct folder *own = data->own;

	if (!own)
		return;
	free(own->pictures);
	free(own->names);
	free(own);
}

const struct dataset_kind dataset_folder = {folder_knows, folder_open, folder_get, folder_close, NULL};
