/* What timm's configurations say of pictures and classes. */
#include "model/vit/config.h"

#include <math.h>
#include <string.h>

static bool
read_interpolation(const struct config *c, const json_t *cfg, enum interpolation *out, struct status *st)
{
	const char *name = config_text(cfg, "interpolation");

	if (!name)
		return true;
	if (strcmp(name, "bicubic") == 0)
		*out = INTERPOLATION_BICUBIC;
	else if (strcmp(name, "bilinear") == 0)
		*out = INTERPOLATION_BILINEAR;
	else if (strcmp(name, "nearest") == 0)
		*out = INTERPOLATION_NEAREST;
	else
		return status_fail(st, STATUS_DATA,
				   "%s: interpolation '%.20s' is not supported; nearest, bilinear and bicubic are", c->path,
				   name);
	return true;
}

bool
config_preprocessing(const struct config *c, double crop, const struct preprocess *usual, struct model *model, struct status *st)
{
	const json_t *cfg = json_object_get(c->json, "pretrained_cfg");
	struct preprocess *prep = &model->prep;
	const char *mode;

	if (!cfg)
		cfg = c->json; /* folders of timm before 0.9 have the keys at the top */
	*prep = *usual;
	prep->size = model->image_size;
	if (!config_channels(c, cfg, "mean", prep->mean, st) || !config_channels(c, cfg, "std", prep->std, st) ||
	    !read_interpolation(c, cfg, &prep->interpolation, st) || !config_real(c, cfg, "crop_pct", crop, &crop, st))
		return false;
	if (!(prep->std[0] > 0 && prep->std[1] > 0 && prep->std[2] > 0) || !(crop > 0.01 && crop <= 1))
		return status_fail(st, STATUS_DATA, "%s: 'std' must be positive and 'crop_pct' at most 1", c->path);
	mode = config_text(cfg, "crop_mode");
	prep->square = mode && strcmp(mode, "squash") == 0;
	prep->resize = (int)floor(prep->size / crop);
	return true;
}

bool
config_classes(const struct config *c, const json_t *args, int *classes, struct status *st)
{
	const json_t *value = json_object_get(c->json, "num_classes");

	if (!value)
		value = json_object_get(args, "num_classes");
	*classes = 0;
	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > 16 * CONFIG_DIM_MAX)
		return status_fail(st, STATUS_DATA,
				   "%s: 'num_classes' must be at least 1: a model without classes has nothing to show", c->path);
	*classes = (int)json_integer_value(value);
	return true;
}
