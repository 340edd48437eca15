#include "model/data/pictures.h"

#include "base/text.h"
#include "model/image/image.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct picture {
	const char *path;
	int label;
};

struct pictures {
	struct picture *picture; /* [data->count] */
	size_t room;
	const char **names; /* [data->classes] */
	struct hash *hash;  /* while it is being opened */
};

bool
pictures_begin(struct dataset *data, struct status *st)
{
	struct pictures *own = data->own = calloc(1, sizeof(*own));

	return (own && (own->hash = hash_new())) || status_nomem(st, data->path);
}

void
pictures_end(struct dataset *data)
{
	struct pictures *own = data->own;

	hash_finish(own->hash, data->hash);
	own->hash = NULL;
}

bool
folder_has(const char *folder, const char *name)
{
	char *path = text_format("%s/%s", folder, name);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

/* By name: opening every file of a large set to look inside would take minutes. */
bool
pictures_named(const char *name)
{
	static const char *const patterns[] = {"*.jpg", "*.jpeg", "*.png"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static void
hash_picture(struct hash *hash, const char *name, const struct stat *info)
{
	int64_t numbers[] = {info->st_size, info->st_mtim.tv_sec, info->st_mtim.tv_nsec};

	hash_add(hash, name, strlen(name) + 1);
	hash_add(hash, numbers, sizeof(numbers));
}

bool
pictures_add(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	struct pictures *own = data->own;
	size_t count = (size_t)data->count;

	if (data->count == INT_MAX)
		return status_fail(st, STATUS_DATA, "%s: too many pictures; split the folder", data->path);
	if (count == own->room) {
		size_t room = own->room ? 2 * own->room : 64;
		struct picture *more = realloc(own->picture, room * sizeof(*more));

		if (!more)
			return status_nomem(st, data->path);
		own->picture = more;
		own->room = room;
	}
	own->picture[count] = (struct picture){arena_strdup(data->arena, path), label};
	if (!own->picture[count].path)
		return status_nomem(st, data->path);
	hash_picture(own->hash, name, info);
	data->count++;
	return true;
}

const char *
pictures_path(const struct dataset *data, int index)
{
	return ((const struct pictures *)data->own)->picture[index].path;
}

void
pictures_label(struct dataset *data, int index, int label)
{
	((struct pictures *)data->own)->picture[index].label = label;
}

void
pictures_hash_labels(struct dataset *data)
{
	struct pictures *own = data->own;

	for (int i = 0; i < data->count; i++)
		hash_add(own->hash, &own->picture[i].label, sizeof(own->picture[i].label));
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool
pictures_each(struct dataset *data, const char *under, visit_fn *visit, int label, struct status *st)
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

bool
pictures_visit(struct dataset *data, const char *name, const char *path, const struct stat *info, int label, struct status *st)
{
	return !S_ISREG(info->st_mode) || !pictures_named(name) || pictures_add(data, name, path, info, label, st);
}

bool
pictures_class(struct dataset *data, const char *name, struct status *st)
{
	struct pictures *own = data->own;
	const char **more = realloc(own->names, ((size_t)data->classes + 1) * sizeof(*more));

	if (!more)
		return status_nomem(st, data->path);
	data->names = own->names = more;
	more[data->classes] = dataset_name(data, name, st);
	return more[data->classes++] != NULL;
}

bool
dataset_pictures_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label,
		     struct status *st)
{
	const struct picture *picture = &((const struct pictures *)data->own)->picture[index];
	struct image image;
	bool ok = image_read(picture->path, &image, st);

	if (!ok)
		return false;
	*label = picture->label;
	ok = image_prepare(&image, model, pixels, st);
	image_done(&image);
	return ok || status_prefix(st, "%s", picture->path);
}

void
dataset_pictures_close(struct dataset *data)
{
	struct pictures *own = data->own;

	if (!own)
		return;
	if (own->hash)
		pictures_end(data);
	free(own->picture);
	free(own->names);
	free(own);
}
