/* Pictures that are already pixels: a safetensors file of normalised floats. */
#include "base/text.h"
#include "model/data/kind.h"

#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const pixel_names[] = {"pixel_values", "images"};

static bool
is_float(enum dtype dtype)
{
	return dtype == DTYPE_F32 || dtype == DTYPE_F16 || dtype == DTYPE_BF16 || dtype == DTYPE_F64;
}

/* "[2,3,32,32]"; returns out. */
static const char *
shape_text(const struct st_tensor *t, char *out, size_t size)
{
	size_t at = 0;

	at += (size_t)snprintf(out, size, "[");
	for (int i = 0; i < t->dims && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%lld", i ? "," : "", (long long)t->dim[i]);
	if (at < size)
		snprintf(out + at, size - at, "]");
	return out;
}

static bool
check_shape(const struct st_tensor *t, const char *file, const struct model *model, struct status *st)
{
	const int64_t *chw = t->dim + (t->dims == 4);
	char found[128];

	if (!is_float(t->dtype))
		return status_fail(st, STATUS_DATA, "%s: tensor '%s' holds integers; pixels are normalised floats", file,
				   t->name);
	if ((t->dims == 3 || t->dims == 4) && chw[0] == model->channels && chw[1] == model->image_size &&
	    chw[2] == model->image_size)
		return true;
	return status_fail(st, STATUS_DATA, "%s: tensor '%s' is %s; the model wants [n,%d,%d,%d] or [%d,%d,%d]", file, t->name,
			   shape_text(t, found, sizeof(found)), model->channels, model->image_size, model->image_size,
			   model->channels, model->image_size, model->image_size);
}

int
tensor_side(const struct st_tensor *t)
{
	const int64_t *hw = t->dim + t->dims - 2;

	return (t->dims == 3 || t->dims == 4) && hw[0] == hw[1] && hw[0] > 0 && hw[0] < INT_MAX ? (int)hw[0] : 0;
}

bool
tensor_picture(const struct st_tensor *t, const char *file, int64_t index, const struct model *model, float *pixels,
	       struct status *st)
{
	int64_t count = t->dims == 4 ? t->dim[0] : 1;
	size_t size;

	if (!check_shape(t, file, model, st))
		return false;
	if (index < 0 || index >= count)
		return status_fail(st, STATUS_DATA,
				   "%s: '%s[%lld]' is out of range; the tensor holds %lld pictures, counted from 0", file,
				   t->name, (long long)index, (long long)count);
	size = t->count / (size_t)count;
	if (!safetensors_read(t, (size_t)index * size, size, pixels, st))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isfinite(pixels[i]))
			return status_fail(st, STATUS_DATA, "%s: '%s[%lld]' holds a %s at element %zu; pixels must be finite",
					   file, t->name, (long long)index, isnan(pixels[i]) ? "NaN" : "infinity", i);
	return true;
}

bool
tensor_label(const struct safetensors *tensors, int64_t n, int64_t index, int *label, struct status *st)
{
	const struct st_tensor *labels = safetensors_find(tensors, "labels");
	float value;

	*label = -1;
	if (!labels || is_float(labels->dtype) || labels->dims != 1 || labels->dim[0] != n)
		return true;
	if (!safetensors_read(labels, (size_t)index, 1, &value, st))
		return false;
	*label = value >= 0 && value < (1 << 24) ? (int)value : -1;
	return true;
}

static bool
tensors_knows(const char *path, bool folder)
{
	return !folder && fnmatch("*.safetensors", path, 0) == 0;
}

static const struct st_tensor *
find_pixels(const struct safetensors *tensors)
{
	const struct st_tensor *t = NULL;

	for (size_t i = 0; !t && i < sizeof(pixel_names) / sizeof(*pixel_names); i++)
		t = safetensors_find(tensors, pixel_names[i]);
	return t;
}

static bool
count_classes(struct dataset *data, struct status *st)
{
	const struct st_tensor *labels = safetensors_find(data->own, "labels");

	if (!labels)
		return true;
	for (int i = 0; i < data->count; i++) {
		int label;

		if (!tensor_label(data->own, data->count, i, &label, st))
			return false;
		if (label < 0)
			return status_fail(
			    st, STATUS_DATA,
			    "%s: tensor 'labels' must be %d integers from 0 (label %d is not); mend or leave it out", data->path,
			    data->count, i);
		data->classes = label >= data->classes ? label + 1 : data->classes;
	}
	return true;
}

static bool
check_pixels(struct dataset *data, const struct st_tensor *t, struct status *st)
{
	char found[128];

	if (!t)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: no tensor 'pixel_values' or 'images'; show another one with `image FILE.safetensors:NAME[i]`",
		    data->path);
	if ((t->dims != 3 && t->dims != 4) || t->count == 0 || (t->dims == 4 && t->dim[0] > INT_MAX))
		return status_fail(st, STATUS_DATA, "%s: tensor '%s' is %s; pictures are [n, channels, size, size]", data->path,
				   t->name, shape_text(t, found, sizeof(found)));
	return true;
}

static bool
tensors_open(struct dataset *data, struct status *st)
{
	const struct st_tensor *t;

	data->own = safetensors_open(data->path, st);
	if (!data->own)
		return false;
	t = find_pixels(data->own);
	if (!check_pixels(data, t, st))
		return false;
	data->count = t->dims == 4 ? (int)t->dim[0] : 1;
	if (!count_classes(data, st))
		return false;
	return dataset_hash_alone(data, st);
}

static bool
tensors_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st)
{
	return tensor_label(data->own, data->count, index, label, st) &&
	       tensor_picture(find_pixels(data->own), data->path, index, model, pixels, st);
}

static void
tensors_close(struct dataset *data)
{
	safetensors_close(data->own);
}

static int
tensors_side(const struct dataset *data)
{
	return tensor_side(find_pixels(data->own));
}

const struct dataset_kind dataset_tensors = {tensors_knows, tensors_open, tensors_get, tensors_close, tensors_side};
