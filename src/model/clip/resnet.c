/* Configurations of CLIP's residual networks. */
#include "model/clip/config.h"
#include "model/resnet/build.h"

#include <string.h>

enum { HEAD_DIM = 64, STAGES = 4, REDUCTION = 32 };

/* Each stage has twice the channels of the one before. */
static struct resnet_spec
spec_of(int width)
{
	struct resnet_spec spec = {
	    .bottleneck = true, .head_dim = HEAD_DIM, .width_per_group = 64, .groups = 1, .stages = STAGES};

	for (int i = 0; i < STAGES; i++)
		spec.widths[i] = width << i;
	return spec;
}

bool
resnet_clip_named(const char *architecture, struct resnet_spec *spec)
{
	static const struct {
		const char *name;
		int width, blocks[STAGES];
	} known[] = {
	    {"resnet50_clip", 64, {3, 4, 6, 3}},        {"resnet101_clip", 64, {3, 4, 23, 3}},
	    {"resnet50x4_clip", 80, {4, 6, 10, 6}},     {"resnet50x16_clip", 96, {6, 8, 18, 8}},
	    {"resnet50x64_clip", 128, {3, 15, 36, 10}},
	};
	size_t length = strcspn(architecture, "."); /* a tag names the weights */

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == length && strncmp(known[i].name, architecture, length) == 0) {
			*spec = spec_of(known[i].width);
			memcpy(spec->blocks, known[i].blocks, sizeof(known[i].blocks));
			return true;
		}
	return false;
}

bool
resnet_clip_check(const struct config *c, const struct resnet_spec *spec, int said_side, const struct model *model,
		  struct status *st)
{
	int channels = RESNET_EXPANSION * spec->widths[STAGES - 1];

	if (model->image_size != said_side)
		return status_fail(st, STATUS_USAGE,
				   "%s: the positions of CLIP's residual networks are for pictures of %d pixels", model->path,
				   said_side);
	if (spec->stages != STAGES || spec->widths[0] % 2 != 0)
		return status_fail(st, STATUS_DATA, "%s: CLIP's residual networks have %d stages and an even width", c->path,
				   STAGES);
	if (channels % spec->head_dim != 0)
		return status_fail(st, STATUS_DATA, "%s: %d channels are not a multiple of a head's %d", c->path, channels,
				   spec->head_dim);
	if (model->channels == 3 && model->image_size % REDUCTION == 0 && model->image_size <= RESNET_SIDE_MAX)
		return true;
	return status_fail(st, STATUS_DATA,
			   "%s: CLIP's residual networks take pictures of 3 channels whose side is a multiple of "
			   "%d up to %d",
			   c->path, REDUCTION, RESNET_SIDE_MAX);
}

/* Blocks of every stage. */
static bool
read_stages(const struct config *vision, struct resnet_spec *spec, struct status *st)
{
	const json_t *layers = json_object_get(vision->json, "layers");

	for (int i = 0; i < STAGES; i++) {
		const json_t *n = json_array_get(layers, (size_t)i);

		if (json_array_size(layers) != STAGES || !json_is_integer(n) || json_integer_value(n) < 1 ||
		    json_integer_value(n) > CONFIG_DEPTH_MAX)
			return status_fail(st, STATUS_DATA, "%s: 'layers' of vision_cfg must be %d whole numbers from 1 to %d",
					   vision->path, STAGES, CONFIG_DEPTH_MAX);
		spec->blocks[i] = (int)json_integer_value(n);
	}
	return true;
}

static bool
read_spec(const struct config *vision, struct resnet_spec *spec, struct status *st)
{
	const char *timm = config_text(vision->json, "timm_model_name");
	int width;

	if (timm && resnet_clip_named(timm, spec))
		return true;
	if (timm)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: the tower '%.60s' is not supported; timm's resnet50_clip, resnet101_clip and resnet50x4_clip "
		    "to resnet50x64_clip are, and open_clip's own towers",
		    vision->path, timm);
	if (!config_int(vision, vision->json, "width", 64, CONFIG_DIM_MAX / 32, &width, st))
		return false;
	*spec = spec_of(width);
	return read_stages(vision, spec, st) &&
	       config_int(vision, vision->json, "head_width", HEAD_DIM, CONFIG_DIM_MAX, &spec->head_dim, st);
}

bool
resnet_clip_read(const struct config *config, int side, struct model *model, struct resnet_spec *spec, struct status *st)
{
	struct config vision;
	int said_side;

	model->family = "clip-resnet";
	model->channels = 3;
	if (!open_clip_part(config, "vision_cfg", &vision, st) || !read_spec(&vision, spec, st) ||
	    !config_side(&vision, vision.json, "image_size", 224, &said_side, st))
		return false;
	model->image_size = side > 0 ? side : said_side;
	return resnet_clip_check(config, spec, said_side, model, st) && open_clip_preprocessing(config, model, st);
}
