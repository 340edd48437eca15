/* A pair of .npy files: NAMEdata.npy or NAMEimages.npy, and NAMElabels.npy. Pictures are read,
 * not mapped, so that a file that shrinks is an error and not a signal. */
#include "base/text.h"
#include "model/data/arrays.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[] = {"data.npy", "images.npy"};

struct pair {
	int fd;
	char *pixels, *labels; /* paths */
	struct npy_header header;
};

static int
is_pixels(const struct dirent *entry)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(entry->d_name), m = strlen(endings[i]);

		if (n >= m && strcmp(entry->d_name + n - m, endings[i]) == 0)
			return 1;
	}
	return 0;
}

static bool
npy_knows(const char *path, bool folder)
{
	struct dirent **entries;
	int count;

	if (!folder)
		return fnmatch("*.npy", path, 0) == 0;
	count = scandir(path, &entries, is_pixels, dataset_bytewise);
	dataset_free_names(entries, count);
	return count > 0;
}

/* The file of pictures that the path means. */
static bool
find_pixels(struct dataset *data, struct pair *own, struct status *st)
{
	struct dirent **entries = NULL;
	struct stat info;
	int count;

	if (stat(data->path, &info) == 0 && !S_ISDIR(info.st_mode)) {
		own->pixels = strdup(data->path);
		return own->pixels || status_nomem(st, data->path);
	}
	count = scandir(data->path, &entries, is_pixels, dataset_bytewise);
	if (count == 1)
		own->pixels = text_format("%s/%s", data->path, entries[0]->d_name);
	else if (count > 1)
		status_fail(st, STATUS_DATA, "%s: %d data sets here; open one of them, as %s/%s", data->path, count, data->path,
			    entries[count - 1]->d_name);
	else
		status_fail(st, STATUS_DATA, "%s: %s", data->path, count < 0 ? strerror(errno) : "no pictures here any more");
	dataset_free_names(entries, count);
	return own->pixels || status_nomem(st, data->path);
}

static bool
find_labels(struct pair *own, struct status *st)
{
	size_t n = strlen(own->pixels);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t m = strlen(endings[i]);

		if (n >= m && strcmp(own->pixels + n - m, endings[i]) == 0) {
			own->labels = text_format("%.*slabels.npy", (int)(n - m), own->pixels);
			return own->labels || status_nomem(st, own->pixels);
		}
	}
	return status_fail(st, STATUS_DATA, "%s: give the pictures' file, which ends in %s or %s (labels.npy lies beside it)",
			   own->pixels, endings[0], endings[1]);
}

/* The whole file and its header; the caller frees. */
static uint8_t *
read_array(const char *path, struct npy_header *header, struct status *st)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = NULL;
	bool ok = false;

	if (fd < 0 || fstat(fd, &info) != 0)
		status_fail(st, STATUS_DATA, "%s: %s; labels lie beside the pictures", path, strerror(errno));
	else if (!S_ISREG(info.st_mode) || info.st_size > (64 << 20))
		status_fail(st, STATUS_DATA, "%s: not a file of labels", path);
	else if (!(bytes = malloc((size_t)info.st_size + 1)))
		status_nomem(st, path);
	else if (read(fd, bytes, (size_t)info.st_size) != info.st_size)
		status_fail(st, STATUS_DATA, "%s: cannot be read", path);
	else if (npy_parse(header, bytes, (size_t)info.st_size, path, st))
		ok = header->count <= ((size_t)info.st_size - header->start) / (size_t)header->size ||
		     status_fail(st, STATUS_DATA, "%s: cut short: %zu elements are not there", path, header->count);
	if (fd >= 0)
		close(fd);
	if (ok)
		return bytes;
	free(bytes);
	return NULL;
}

static bool
open_pixels(struct dataset *data, struct pair *own, struct status *st)
{
	static const size_t most = NPY_HEADER_MAX + 12;
	uint8_t *bytes = malloc(most);
	struct stat info;
	ssize_t got;
	bool ok;

	own->fd = open(own->pixels, O_RDONLY | O_CLOEXEC);
	got = bytes && own->fd >= 0 ? pread(own->fd, bytes, most, 0) : -1;
	if (got < 0 || fstat(own->fd, &info) != 0)
		ok = status_fail(st, STATUS_DATA, "%s: %s", own->pixels, strerror(errno));
	else
		ok = npy_parse(&own->header, bytes, (size_t)got, own->pixels, st) &&
		     arrays_check_pixels(data, &own->header, own->pixels, st);
	if (ok && (off_t)(own->header.start + own->header.count) > info.st_size)
		ok = status_fail(st, STATUS_DATA, "%s: cut short: %lld bytes, %zu are needed", own->pixels,
				 (long long)info.st_size, own->header.start + own->header.count);
	free(bytes);
	return ok;
}

static bool
hash_pair(struct dataset *data, const struct pair *own, struct status *st)
{
	struct hash *hash = hash_new();
	bool ok;

	if (!hash)
		return status_nomem(st, data->path);
	ok = dataset_hash_file(hash, own->pixels, st) && dataset_hash_file(hash, own->labels, st);
	hash_finish(hash, data->hash);
	return ok;
}

static bool
npy_open(struct dataset *data, struct status *st)
{
	struct pair *own = data->own = calloc(1, sizeof(*own));
	struct npy_header header;
	uint8_t *labels;
	bool ok;

	if (!own)
		return status_nomem(st, data->path);
	own->fd = -1;
	if (!find_pixels(data, own, st) || !find_labels(own, st) || !open_pixels(data, own, st))
		return false;
	labels = read_array(own->labels, &header, st);
	ok = labels && arrays_take_labels(data, &header, labels + header.start, own->labels, st) && hash_pair(data, own, st);
	free(labels);
	return ok;
}

static bool
npy_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	const struct pair *own = data->own;
	size_t size = own->header.count / (size_t)data->count;
	uint8_t *rgb = malloc(size);
	bool ok = rgb || status_nomem(st, "a picture");

	if (ok && pread(own->fd, rgb, size, (off_t)(own->header.start + (size_t)index * size)) != (ssize_t)size)
		ok = status_fail(st, STATUS_DATA, "%s: picture %d cannot be read; did the file change?", own->pixels, index);
	*label = data->labels[index];
	ok = ok && arrays_picture(&own->header, rgb, model, pixels, st);
	free(rgb);
	return ok;
}

static void
npy_close(struct dataset *data)
{
	struct pair *own = data->own;

	if (!own)
		return;
	if (own->fd >= 0)
		close(own->fd);
	free(own->pixels);
	free(own->labels);
	free(own);
}

const struct dataset_kind dataset_npy = {npy_knows, npy_open, npy_get, npy_close, NULL};
