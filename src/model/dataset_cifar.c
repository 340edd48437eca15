/* CIFAR-10's binary form: records of a label byte and 3 planes of 32 x 32 bytes
 * (https://www.cs.toronto.edu/~kriz/cifar.html). Records are read, not mapped, so
 * that a file that shrinks is an error and not a signal. */
#include "base/text.h"
#include "model/dataset_kind.h"
#include "model/image.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, RECORD = 1 + 3 * PLANE, CLASSES = 10, BATCHES_MAX = 16 };

struct batch {
	const char *path;
	int fd;
	int count;
};

struct cifar {
	int batches;
	struct batch batch[BATCHES_MAX];
};

static int
is_test_batch(const struct dirent *entry)
{
	return strcmp(entry->d_name, "test_batch.bin") == 0;
}

static int
is_data_batch(const struct dirent *entry)
{
	return fnmatch("data_batch_*.bin", entry->d_name, 0) == 0;
}

/* The batches of a folder: the test batch, or without one the training batches. */
static int
find_batches(const char *folder, struct dirent ***entries)
{
	int count = scandir(folder, entries, is_test_batch, dataset_bytewise);

	if (count != 0)
		return count;
	dataset_free_names(*entries, count);
	return scandir(folder, entries, is_data_batch, dataset_bytewise);
}

static bool
cifar_knows(const char *path, bool folder)
{
	struct dirent **entries;
	struct stat info;
	int count;

	if (!folder)
		return fnmatch("*.bin", path, 0) == 0 ||
		       (stat(path, &info) == 0 && info.st_size > 0 && info.st_size % RECORD == 0);
	count = find_batches(path, &entries);
	dataset_free_names(entries, count);
	return count > 0;
}

static bool
check_size(const char *path, off_t size, struct status *st)
{
	if (size <= 0 || size % RECORD != 0)
		return status_fail(st, STATUS_DATA,
				   "%s: %lld bytes are not a CIFAR-10 batch: its size is a multiple of %d (%lld bytes over); "
				   "is this a complete copy?",
				   path, (long long)size, RECORD, (long long)(size % RECORD));
	return true;
}

static bool
open_batch(struct dataset *data, const char *path, struct status *st)
{
	struct cifar *own = data->own;
	struct batch *batch = &own->batch[own->batches];
	struct stat info;

	if (own->batches == BATCHES_MAX)
		return status_fail(st, STATUS_DATA, "%s: more than %d batches; open one of them by name", data->path,
				   BATCHES_MAX);
	batch->path = arena_strdup(data->arena, path);
	if (!batch->path)
		return status_nomem(st, path);
	batch->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (batch->fd < 0)
		return status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	own->batches++;
	if (fstat(batch->fd, &info) != 0 || !S_ISREG(info.st_mode))
		return status_fail(st, STATUS_DATA, "%s: not a regular file, give a CIFAR-10 batch", path);
	if (!check_size(path, info.st_size, st))
		return false;
	if (info.st_size / RECORD > INT_MAX - data->count)
		return status_fail(st, STATUS_DATA, "%s: too many pictures; split the batch", path);
	batch->count = (int)(info.st_size / RECORD);
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
	count = find_batches(data->path, &entries);
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
	char *path = text_format("%.*sbatches.meta.txt", slash ? (int)(slash + 1 - batch) : 0, batch);
	char line[256];
	FILE *file = path ? fopen(path, "re") : NULL;
	bool ok = true;

	free(path);
	data->classes = CLASSES;
	if (!file)
		return true;
	data->names = arena_alloc(data->arena, CLASSES * sizeof(*data->names));
	if (!data->names)
		ok = status_nomem(st, "class names");
	for (int i = 0; ok && i < CLASSES && fgets(line, sizeof(line), file);) {
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
	const struct batch *batch = ((const struct cifar *)data->own)->batch;
	uint8_t record[RECORD], rgb[3 * PLANE];
	struct image image = {SIDE, SIDE, rgb};

	for (; index >= batch->count; batch++)
		index -= batch->count;
	if (pread(batch->fd, record, RECORD, (off_t)index * RECORD) != RECORD)
		return status_fail(st, STATUS_DATA, "%s: record %d cannot be read; did the file change?", batch->path, index);
	if (record[0] >= CLASSES)
		return status_fail(st, STATUS_DATA, "%s: record %d has label %d, CIFAR-10 has 0 to %d; is this another data set?",
				   batch->path, index, record[0], CLASSES - 1);
	*label = record[0];
	for (int i = 0; i < PLANE; i++)
		for (int c = 0; c < 3; c++)
			rgb[3 * i + c] = record[1 + c * PLANE + i];
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

const struct dataset_kind dataset_cifar = {cifar_knows, cifar_open, cifar_get, cifar_close, NULL};
