/* The binary forms of CIFAR-10 and CIFAR-100: records of a label byte (CIFAR-100: two, the
 * fine one last) and 3 planes of 32 x 32 bytes
 * (https://www.cs.toronto.edu/~kriz/cifar.html). Records are read, not mapped, so
 * that a file that shrinks is an error and not a signal. */
#include "base/file.h"
#include "base/text.h"
#include "model/data/kind.h"
#include "model/image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE, LABELS_MAX = 2, BATCHES_MAX = 16 };

struct form {
	const char *set;          /* what messages call it */
	const char *test, *train; /* the batches of a folder: the first if there is one, else all of the second; globs */
	const char *names;        /* the file beside them with the classes' names */
	int labels;               /* bytes before the pixels; the last one counts */
	int classes;
};

static const struct form cifar10 = {"CIFAR-10", "test_batch.bin", "data_batch_*.bin", "batches.meta.txt", 1, 10};
static const struct form cifar100 = {"CIFAR-100", "test.bin", "train.bin", "fine_label_names.txt", 2, 100};

struct batch {
	const char *path;
	int fd;
	int count;
};

struct cifar {
	int batches;
	struct batch batch[BATCHES_MAX];
};

static const struct form *
form_of(const struct dataset *data)
{
	return data->kind == &dataset_cifar100 ? &cifar100 : &cifar10;
}

static int
record_size(const struct form *form)
{
	return form->labels + PIXELS;
}

/* The names in folder that match the glob, sorted; how many, or -1. */
static int
find_matching(const char *folder, const char *glob, struct dirent ***entries)
{
	int count = scandir(folder, entries, NULL, dataset_bytewise), kept = 0;

	for (int i = 0; i < count; i++)
		if (fnmatch(glob, (*entries)[i]->d_name, 0) == 0)
			(*entries)[kept++] = (*entries)[i];
		else
			free((*entries)[i]);
	return count < 0 ? count : kept;
}

/* The batches of a folder. */
static int
find_batches(const struct form *form, const char *folder, struct dirent ***entries)
{
	int count = find_matching(folder, form->test, entries);

	if (count != 0)
		return count;
	dataset_free_names(*entries, count);
	return find_matching(folder, form->train, entries);
}

static bool
holds_batches(const struct form *form, const char *folder)
{
	struct dirent **entries;
	int count = find_batches(form, folder, &entries);

	dataset_free_names(entries, count);
	return count > 0;
}

static bool
fits(const struct form *form, const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && info.st_size > 0 && info.st_size % record_size(form) == 0;
}

/* Named as a batch of this form is. */
static bool
named(const struct form *form, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return fnmatch(form->test, name, 0) == 0 || fnmatch(form->train, name, 0) == 0;
}

static bool
cifar10_knows(const char *path, bool folder)
{
	return folder ? holds_batches(&cifar10, path) : fnmatch("*.bin", path, 0) == 0 || fits(&cifar10, path);
}

static bool
cifar100_knows(const char *path, bool folder)
{
	if (folder)
		return holds_batches(&cifar100, path);
	return named(&cifar100, path) || (!named(&cifar10, path) && fits(&cifar100, path) && !fits(&cifar10, path));
}

static bool
check_size(const struct form *form, const char *path, off_t size, struct status *st)
{
	int record = record_size(form);

	if (size <= 0 || size % record != 0)
		return status_fail(st, STATUS_DATA,
				   "%s: %lld bytes are not a %s batch: its size is a multiple of %d (%lld bytes over); "
				   "is this a complete copy?",
				   path, (long long)size, form->set, record, (long long)(size % record));
	return true;
}

static bool
open_batch(struct dataset *data, const char *path, struct status *st)
{
	const struct form *form = form_of(data);
	struct cifar *own = data->own;
	struct batch *batch = &own->batch[own->batches];
	struct stat info;

	if (own->batches == BATCHES_MAX)
		return status_fail(st, STATUS_DATA, "%s: more than %d batches; open one of them by name", data->path,
				   BATCHES_MAX);
	batch->path = arena_strdup(data->arena, path);
	if (!batch->path)
		return status_nomem(st, path);
	batch->fd = file_open_fd(path, 0, st);
	if (batch->fd < 0)
		return false;
	own->batches++;
	if (fstat(batch->fd, &info) != 0)
		return status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	if (!check_size(form, path, info.st_size, st))
		return false;
	if (info.st_size / record_size(form) > INT_MAX - data->count)
		return status_fail(st, STATUS_DATA, "%s: too many pictures; split the batch", path);
	batch->count = (int)(info.st_size / record_size(form));
	data->count += batch->count;
	return true;
}

static bool
open_batches(struct dataset *data, struct status *st)
{
	struct dirent **entries;
	struct stat info;
	int count;
	bool ok = true;

	if (stat(data->path, &info) == 0 && !S_ISDIR(info.st_mode))
		return open_batch(data, data->path, st);
	count = find_batches(form_of(data), data->path, &entries);
	if (count < 0)
		return status_fail(st, STATUS_DATA, "%s: %s", data->path, strerror(errno));
	for (int i = 0; ok && i < count; i++) {
		char *path = text_format("%s/%s", data->path, entries[i]->d_name);

		ok = path ? open_batch(data, path, st) : status_nomem(st, data->path);
		free(path);
	}
	dataset_free_names(entries, count);
	return ok;
}

/* The names lie beside the batch, one a line; without the file classes have none. */
static bool
read_names(struct dataset *data, const char *batch, struct status *st)
{
	const char *slash = strrchr(batch, '/');
	char *path = text_format("%.*s%s", slash ? (int)(slash + 1 - batch) : 0, batch, form_of(data)->names);
	bool ok = path != NULL, there = path && access(path, F_OK) == 0;
	FILE *file = there ? file_open(path, FILE_TEXT_MAX, st) : NULL;
	char line[256];

	free(path);
	data->classes = form_of(data)->classes;
	if (!file)
		return ok ? !there : status_nomem(st, "class names");
	data->names = arena_alloc(data->arena, (size_t)data->classes * sizeof(*data->names));
	if (!data->names)
		ok = status_nomem(st, "class names");
	for (int i = 0; ok && i < data->classes && fgets(line, sizeof(line), file);) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0])
			ok = (data->names[i++] = dataset_name(data, line, st));
	}
	fclose(file);
	return ok;
}

static bool
cifar_open(struct dataset *data, struct status *st)
{
	struct cifar *own = calloc(1, sizeof(*own));
	struct hash *hash;
	bool ok = true;

	data->own = own;
	if (!own)
		return status_nomem(st, data->path);
	if (!open_batches(data, st) || !read_names(data, own->batch[0].path, st))
		return false;
	hash = hash_new();
	if (!hash)
		return status_nomem(st, data->path);
	for (int i = 0; ok && i < own->batches; i++)
		ok = dataset_hash_file(hash, own->batch[i].path, st);
	hash_finish(hash, data->hash);
	return ok;
}

static bool
cifar_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	const struct form *form = form_of(data);
	const struct batch *batch = ((const struct cifar *)data->own)->batch;
	uint8_t record[LABELS_MAX + PIXELS], rgb[PIXELS];
	int size = record_size(form), fine;
	struct image image = {SIDE, SIDE, rgb};

	for (; index >= batch->count; batch++)
		index -= batch->count;
	if (pread(batch->fd, record, (size_t)size, (off_t)index * size) != size)
		return status_fail(st, STATUS_DATA, "%s: record %d cannot be read; did the file change?", batch->path, index);
	fine = record[form->labels - 1];
	if (fine >= form->classes)
		return status_fail(st, STATUS_DATA, "%s: record %d has label %d, %s has 0 to %d; is this another data set?",
				   batch->path, index, fine, form->set, form->classes - 1);
	*label = fine;
	for (int i = 0; i < PLANE; i++)
		for (int c = 0; c < 3; c++)
			rgb[3 * i + c] = record[form->labels + c * PLANE + i];
	/* Pictures of the model's own size are what it was trained on: no resize, no crop. */
	if (model->image_size == SIDE)
		return image_normalise(&image, model, pixels, st);
	return image_prepare(&image, model, pixels, st);
}

static void
cifar_close(struct dataset *data)
{
	struct cifar *own = data->own;

	for (int i = 0; own && i < own->batches; i++)
		close(own->batch[i].fd);
	free(own);
}

const struct dataset_kind dataset_cifar10 = {cifar10_knows, cifar_open, cifar_get, cifar_close, NULL};
const struct dataset_kind dataset_cifar100 = {cifar100_knows, cifar_open, cifar_get, cifar_close, NULL};
