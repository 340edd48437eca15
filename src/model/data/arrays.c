/* CIFAR-10.1 (https://github.com/modestyachts/CIFAR-10.1) and CIFAR-10.2, and sets like them:
 * a NumPy array of bytes [n, height, width, 3] and one of labels [n]. */
#include "model/data/arrays.h"

#include "base/lines.h"
#include "base/text.h"
#include "model/image/image.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const cifar10[] = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

enum { CIFAR10 = 10, CLASSES_MAX = 1 << 20, SIDE_MAX = 1 << 14 };

bool
arrays_check_pixels(struct dataset *data, const struct npy_header *h, const char *name, struct status *st)
{
	if (h->kind != 'u' || h->size != 1 || h->dims != 4 || h->dim[3] != 3 || h->dim[1] < 1 || h->dim[2] < 1 ||
	    h->dim[1] > SIDE_MAX || h->dim[2] > SIDE_MAX)
		return status_fail(st, STATUS_DATA,
				   "%s: pictures are an array of bytes (uint8) of the shape (n, height, width, 3)", name);
	if (h->dim[0] < 1 || h->dim[0] > INT_MAX)
		return status_fail(st, STATUS_DATA, "%s: %lld pictures; a data set has at least one", name, (long long)h->dim[0]);
	data->count = (int)h->dim[0];
	return true;
}

/* A file beside the set may name the classes, one a line. */
static bool
read_names(struct dataset *data, const char *beside, struct status *st)
{
	const char *slash = strrchr(beside, '/');
	char *path = text_format("%.*sclasses.txt", slash ? (int)(slash + 1 - beside) : 0, beside);
	struct lines lines;
	bool ok = path || status_nomem(st, data->path);

	if (ok && access(path, F_OK) == 0) {
		ok = lines_read(&lines, path, data->arena, st);
		for (int i = 0; ok && i < lines.count && i < data->classes; i++)
			ok = (data->names[i] = dataset_name(data, lines.text[i], st));
	}
	free(path);
	return ok;
}

static bool
name_classes(struct dataset *data, const char *name, struct status *st)
{
	const char *slash = strrchr(name, '/');
	bool cifar = strncmp(slash ? slash + 1 : name, "cifar10", 7) == 0 && data->classes <= CIFAR10;

	if (cifar)
		data->classes = CIFAR10;
	data->names = arena_alloc(data->arena, (size_t)data->classes * sizeof(*data->names));
	if (!data->names)
		return status_nomem(st, "class names");
	for (int i = 0; cifar && i < CIFAR10; i++)
		data->names[i] = cifar10[i];
	return cifar || read_names(data, name, st);
}

bool
arrays_take_labels(struct dataset *data, const struct npy_header *h, const uint8_t *bytes, const char *name, struct status *st)
{
	if (h->kind == 'f' || h->count != (size_t)data->count || h->dims < 1 || h->dims > 2)
		return status_fail(st, STATUS_DATA, "%s: labels must be %d integers, one a picture", name, data->count);
	data->labels = arena_alloc(data->arena, (size_t)data->count * sizeof(*data->labels));
	if (!data->labels)
		return status_nomem(st, "labels");
	for (int i = 0; i < data->count; i++) {
		int label = npy_integer(h, bytes, (size_t)i);

		if (label < 0 || label >= CLASSES_MAX)
			return status_fail(st, STATUS_DATA, "%s: label %d is not a class (0 to %d)", name, i, CLASSES_MAX - 1);
		data->labels[i] = label;
		data->classes = label >= data->classes ? label + 1 : data->classes;
	}
	return name_classes(data, name, st);
}

bool
arrays_picture(const struct npy_header *h, const uint8_t *rgb, const struct model *model, float *pixels, struct status *st)
{
	struct image image = {(int)h->dim[2], (int)h->dim[1], (uint8_t *)rgb};

	/* As CIFAR's pictures: those of the model's own size are not resized. */
	if (image.width == model->image_size && image.height == model->image_size)
		return image_normalise(&image, model, pixels, st);
	return image_prepare(&image, model, pixels, st);
}
