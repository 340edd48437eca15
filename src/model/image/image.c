#include "model/image/image.h"

#include "base/file.h"
#include "model/image/codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEGAPIXELS_MAX = 100 };

bool
image_new(struct image *image, int64_t width, int64_t height, const char *name, struct status *st)
{
	const int64_t max = (int64_t)MEGAPIXELS_MAX * 1000000;

	if (width < 1 || height < 1)
		return status_fail(st, STATUS_DATA, "%s: a picture of %lld x %lld pixels has nothing to show", name,
				   (long long)width, (long long)height);
	if (width > max / height)
		return status_fail(st, STATUS_DATA,
				   "%s: %lld x %lld pixels are more than %d megapixels; scale the picture down first", name,
				   (long long)width, (long long)height, MEGAPIXELS_MAX);
	*image = (struct image){.width = (int)width, .height = (int)height, .rgb = malloc((size_t)(width * height) * 3)};
	return image->rgb || status_nomem(st, name);
}

void
image_done(struct image *image)
{
	free(image->rgb);
	memset(image, 0, sizeof(*image));
}

bool
image_read(const char *path, struct image *image, struct status *st)
{
	static const uint8_t jpeg[] = {0xff, 0xd8, 0xff}, png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
	uint8_t first[sizeof(png)];
	FILE *file = file_open(path, 0, st);
	size_t got;
	bool ok;

	if (!file)
		return false;
	got = fread(first, 1, sizeof(first), file);
	rewind(file);
	if (got >= sizeof(jpeg) && memcmp(first, jpeg, sizeof(jpeg)) == 0)
		ok = image_read_jpeg(file, path, image, st);
	else if (got >= sizeof(png) && memcmp(first, png, sizeof(png)) == 0)
		ok = image_read_png(file, path, image, st);
	else
		ok = status_fail(st, STATUS_DATA, "%s: not a JPEG or PNG picture%s; convert it to PNG first", path,
				 got ? "" : " (the file is empty or unreadable)");
	fclose(file);
	return ok;
}

/* Pillow's convert("L"), kept in three equal channels. */
static bool
make_grey(const struct image *in, struct image *out, struct status *st)
{
	size_t count = (size_t)in->width * (size_t)in->height;

	if (!image_new(out, in->width, in->height, "the grey picture", st))
		return false;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = in->rgb + 3 * i;

		memset(out->rgb + 3 * i, (p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16, 3);
	}
	return true;
}

/* torchvision's sizes: the longer side is truncated, as Python's int() does. */
static bool
resize_for(const struct image *in, const struct preprocess *prep, struct image *out, struct status *st)
{
	const double side = prep->resize;
	double width = side, height = side;

	if (!prep->square && in->width > in->height)
		width = floor(side * in->width / in->height);
	else if (!prep->square)
		height = floor(side * in->height / in->width);
	if (width > INT32_MAX || height > INT32_MAX)
		return status_fail(st, STATUS_DATA, "a picture of %d x %d pixels is too long and thin; crop it first", in->width,
				   in->height);
	return image_resize(in, (int)width, (int)height, prep->interpolation, out, st);
}

/* Where the window begins along one side; negative when the picture is padded.
 * Rounds halves to even, as Python's round() does in torchvision's center_crop. */
static int
crop_offset(int side, int size)
{
	return side < size ? -((size - side) / 2) : (int)nearbyint((side - size) / 2.0);
}

static bool
crop(const struct image *in, int size, struct image *out, struct status *st)
{
	int left = crop_offset(in->width, size), top = crop_offset(in->height, size);
	int from = left < 0 ? -left : 0, wide = in->width < size ? in->width : size;

	if (!image_new(out, size, size, "the cropped picture", st))
		return false;
	memset(out->rgb, 0, (size_t)size * (size_t)size * 3);
	for (int y = 0; y < size; y++) {
		int row = y + top;

		if (row >= 0 && row < in->height)
			memcpy(out->rgb + 3 * ((size_t)y * (size_t)size + (size_t)from),
			       in->rgb + 3 * ((size_t)row * (size_t)in->width + (size_t)(left < 0 ? 0 : left)), (size_t)wide * 3);
	}
	return true;
}

static bool
check_channels(const struct model *model, struct status *st)
{
	return model->channels == 1 || model->channels == 3 ||
	       status_fail(st, STATUS_DATA,
			   "the model wants pictures of %d channels; picture files have 1 or 3, give it a tensor",
			   model->channels);
}

bool
image_normalise(const struct image *image, const struct model *model, float *pixels, struct status *st)
{
	size_t plane = (size_t)model->image_size * (size_t)model->image_size;
	struct image grey = {0};
	const struct image *from = image;

	if (!check_channels(model, st))
		return false;
	if (model->channels == 1) {
		if (!make_grey(image, &grey, st))
			return false;
		from = &grey;
	}
	for (int c = 0; c < model->channels; c++)
		for (size_t i = 0; i < plane; i++)
			pixels[(size_t)c * plane + i] =
			    ((float)from->rgb[3 * i + (size_t)c] / 255.0f - model->prep.mean[c]) / model->prep.std[c];
	image_done(&grey);
	return true;
}

bool
image_prepare(const struct image *image, const struct model *model, float *pixels, struct status *st)
{
	struct image grey = {0}, resized = {0}, cropped = {0};
	bool ok = check_channels(model, st) && (model->channels == 3 || make_grey(image, &grey, st)) &&
		  resize_for(grey.rgb ? &grey : image, &model->prep, &resized, st) &&
		  crop(&resized, model->image_size, &cropped, st) && image_normalise(&cropped, model, pixels, st);

	image_done(&grey);
	image_done(&resized);
	image_done(&cropped);
	return ok;
}

void
image_show(const struct model *model, const float *pixels, uint8_t *rgb)
{
	size_t plane = (size_t)model->image_size * (size_t)model->image_size;

	for (size_t i = 0; i < plane; i++)
		for (int c = 0; c < 3; c++) {
			int from = model->channels >= 3 ? c : 0;
			float value =
			    (pixels[(size_t)from * plane + i] * model->prep.std[from] + model->prep.mean[from]) * 255.0f;

			rgb[3 * i + (size_t)c] = !(value > 0) ? 0 : value >= 255 ? 255 : (uint8_t)lrintf(value);
		}
}
