#include "model/data/dataset.h"

#include "base/file.h"
#include "base/text.h"
#include "model/data/kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* By precedence: a folder may hold batches, class folders and pictures at once. */
static const struct dataset_kind *const kinds[] = {&dataset_tensors, &dataset_npy,  &dataset_npz,      &dataset_cifar100,
						   &dataset_cifar10, &dataset_tiny, &dataset_imagenet, &dataset_folder};

static const struct dataset_kind *
choose_kind(const char *path, struct status *st)
{
	struct stat info;

	if (stat(path, &info) != 0) {
		status_fail(st, STATUS_DATA, "%s: %s; give a data set's file or folder", path, strerror(errno));
		return NULL;
	}
	if (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode))
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (kinds[i]->knows(path, S_ISDIR(info.st_mode)))
				return kinds[i];
	status_fail(st, STATUS_DATA,
		    "%s: not a data set; give a CIFAR .bin batch, a .npy, .npz or .safetensors file, or a folder of pictures "
		    "(one picture is shown with `image`)",
		    path);
	return NULL;
}

struct dataset *
dataset_open(const char *path, struct status *st)
{
	const struct dataset_kind *kind = choose_kind(path, st);
	struct dataset *data;

	if (!kind)
		return NULL;
	data = calloc(1, sizeof(*data));
	if (data && (data->arena = arena_new()) && (data->path = arena_strdup(data->arena, path))) {
		data->kind = kind;
		if (kind->open(data, st))
			return data;
	} else {
		status_nomem(st, "a data set");
	}
	dataset_close(data);
	return NULL;
}

void
dataset_close(struct dataset *data)
{
	if (!data)
		return;
	if (data->kind)
		data->kind->close(data);
	arena_free(data->arena);
	free(data);
}

const char *
dataset_name(struct dataset *data, const char *name, struct status *st)
{
	char text[1024];
	const char *kept = arena_strdup(data->arena, text_escape(name, text, sizeof(text)));

	if (!kept)
		status_nomem(st, "the names of a data set");
	return kept;
}

bool
dataset_hash_file(struct hash *hash, const char *path, struct status *st)
{
	char bytes[1 << 16];
	FILE *file = file_open(path, 0, st);
	size_t got;
	bool ok;

	if (!file)
		return false;
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		hash_add(hash, bytes, got);
	ok = !ferror(file) || status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	fclose(file);
	return ok;
}

bool
dataset_hash_alone(struct dataset *data, struct status *st)
{
	struct hash *hash = hash_new();
	bool ok;

	if (!hash)
		return status_nomem(st, data->path);
	ok = dataset_hash_file(hash, data->path, st);
	hash_finish(hash, data->hash);
	return ok;
}

int
dataset_bytewise(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void
dataset_free_names(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
}

int
dataset_count(const struct dataset *data)
{
	return data->count;
}

int
dataset_classes(const struct dataset *data)
{
	return data->classes;
}

const char *
dataset_class(const struct dataset *data, int index)
{
	return data->names && index >= 0 && index < data->classes ? data->names[index] : NULL;
}

const char *
dataset_path(const struct dataset *data)
{
	return data->path;
}

int
dataset_side(const struct dataset *data)
{
	return data->kind->side ? data->kind->side(data) : 0;
}

const char *
dataset_hash(const struct dataset *data)
{
	return data->hash;
}

bool
dataset_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	int unused;

	if (index < 0 || index >= data->count)
		return status_fail(st, STATUS_DATA, "image %d is out of range: %s has %d pictures, 0 to %d", index, data->path,
				   data->count, data->count - 1);
	return data->kind->get(data, index, model, pixels, label ? label : &unused, st);
}
