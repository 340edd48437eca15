/* An .npz archive with the arrays images (or data) and labels, as CIFAR-10.2 comes. */
#include "model/data/arrays.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* What is unpacked into memory at most. */
#define BYTES_MAX (UINT64_C(2) << 30)

struct archive {
	uint8_t *pixels; /* the whole array's file */
	struct npy_header header;
};

static bool
npz_knows(const char *path, bool folder)
{
	return !folder && fnmatch("*.npz", path, 0) == 0;
}

/* Unpacks an entry of `size` bytes. */
static uint8_t *
unpack(zip_t *zip, zip_uint64_t index, size_t size, const char *path, const char *name, struct status *st)
{
	zip_file_t *file = zip_fopen_index(zip, index, 0);
	uint8_t *bytes = file ? malloc(size + 1) : NULL;
	zip_int64_t got = bytes ? zip_fread(file, bytes, size) : -1;
	bool ok = got == (zip_int64_t)size;

	/* Closing compares the checksum. */
	if (file && zip_fclose(file) != 0)
		ok = false;
	if (ok)
		return bytes;
	free(bytes);
	status_fail(st, STATUS_DATA, "%s: %s is damaged or cut short", path, name);
	return NULL;
}

/* The first of these arrays that is there; the caller frees. */
static uint8_t *
read_array(zip_t *zip, const char *path, const char *const *names, struct npy_header *header, struct status *st)
{
	uint8_t *bytes = NULL;
	zip_stat_t info;

	for (int i = 0; names[i]; i++) {
		if (zip_stat(zip, names[i], 0, &info) != 0)
			continue;
		if (!(info.valid & ZIP_STAT_SIZE) || info.size > BYTES_MAX) {
			status_fail(st, STATUS_DATA, "%s: %s is too large (%llu bytes)", path, names[i],
				    (unsigned long long)info.size);
			return NULL;
		}
		bytes = unpack(zip, info.index, (size_t)info.size, path, names[i], st);
		if (bytes && npy_parse(header, bytes, (size_t)info.size, path, st) &&
		    (header->count <= ((size_t)info.size - header->start) / (size_t)header->size ||
		     status_fail(st, STATUS_DATA, "%s: %s is cut short", path, names[i])))
			return bytes;
		free(bytes);
		return NULL;
	}
	status_fail(st, STATUS_DATA, "%s: no array '%s' in this archive", path, names[0]);
	return NULL;
}

static bool
read_arrays(struct dataset *data, zip_t *zip, struct status *st)
{
	static const char *const pictures[] = {"images.npy", "data.npy", NULL}, *const labels[] = {"labels.npy", NULL};
	struct archive *own = data->own;
	struct npy_header header;
	uint8_t *bytes;
	bool ok;

	own->pixels = read_array(zip, data->path, pictures, &own->header, st);
	if (!own->pixels || !arrays_check_pixels(data, &own->header, data->path, st))
		return false;
	bytes = read_array(zip, data->path, labels, &header, st);
	ok = bytes && arrays_take_labels(data, &header, bytes + header.start, data->path, st);
	free(bytes);
	return ok;
}

static bool
npz_open(struct dataset *data, struct status *st)
{
	int code;
	zip_t *zip;
	bool ok;

	data->own = calloc(1, sizeof(struct archive));
	if (!data->own)
		return status_nomem(st, data->path);
	zip = zip_open(data->path, ZIP_RDONLY, &code);
	if (!zip)
		return status_fail(st, STATUS_DATA, "%s: not an .npz archive, or cut short", data->path);
	ok = read_arrays(data, zip, st);
	zip_discard(zip);
	if (!ok)
		return false;
	return dataset_hash_alone(data, st);
}

static bool
npz_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	const struct archive *own = data->own;
	size_t size = own->header.count / (size_t)data->count;

	*label = data->labels[index];
	return arrays_picture(&own->header, own->pixels + own->header.start + (size_t)index * size, model, pixels, st);
}

static void
npz_close(struct dataset *data)
{
	struct archive *own = data->own;

	if (!own)
		return;
	free(own->pixels);
	free(own);
}

const struct dataset_kind dataset_npz = {npz_knows, npz_open, npz_get, npz_close, NULL};
