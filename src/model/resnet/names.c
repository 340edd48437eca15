/* How residual networks' tensors are called. */
#include "model/resnet/build.h"

#include <stdio.h>
#include <string.h>

const struct resnet_names *
resnet_clip_names(const struct safetensors *file)
{
	static const struct resnet_names known[] = {
	    {"visual.", false, "visual.attnpool.", "positional_embedding", "c_proj", {"q_proj", "k_proj", "v_proj"}},
	    {"visual.trunk.", true, "visual.trunk.head.", "pos_embed", "proj", {"q", "k", "v"}},
	    {"", true, "head.", "pos_embed", "proj", {"q", "k", "v"}},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct resnet_tensors first = resnet_tensors(&known[i], (struct site){.kind = SITE_STEM_CONV1, .block = -1});
		char name[NAME_MAX_LENGTH + 8];

		snprintf(name, sizeof(name), "%s.weight", first.convolution);
		if (safetensors_find(file, name))
			return &known[i];
	}
	return &known[0];
}

/* The modules of timm's ByobNet, each with a convolution `conv` and a norm `bn`. */
static struct resnet_tensors
timm_tensors(const char *prefix, struct site site)
{
	static const char *const parts[SITE_KINDS] = {
	    [SITE_STEM_CONV1] = "stem.conv1",  [SITE_STEM_CONV2] = "stem.conv2", [SITE_STEM_CONV3] = "stem.conv3",
	    [SITE_CONV1] = "conv1_1x1",        [SITE_CONV2] = "conv2_kxk",       [SITE_CONV3] = "conv3_1x1",
	    [SITE_SHORTCUT] = "shortcut.conv",
	};
	struct resnet_tensors t;
	char stage[32] = "";

	if (site.block >= 0)
		snprintf(stage, sizeof(stage), "stages.%d.%d.", site.stage - 1, site.unit);
	snprintf(t.convolution, sizeof(t.convolution), "%s%s%s.conv", prefix, stage, parts[site.kind]);
	snprintf(t.norm, sizeof(t.norm), "%s%s%s.bn", prefix, stage, parts[site.kind]);
	return t;
}

struct resnet_tensors
resnet_tensors(const struct resnet_names *names, struct site site)
{
	struct resnet_tensors t;
	char name[SITE_NAME_MAX];
	size_t length = strlen(site_name(site, name));

	if (names->timm)
		return timm_tensors(names->prefix, site);
	snprintf(t.convolution, sizeof(t.convolution), "%s%s%s", names->prefix, name, site.kind == SITE_SHORTCUT ? ".0" : "");
	if (site.kind == SITE_SHORTCUT)
		snprintf(t.norm, sizeof(t.norm), "%s%s.1", names->prefix, name);
	else /* ...convN has ...bnN */
		snprintf(t.norm, sizeof(t.norm), "%s%.*sbn%c", names->prefix, (int)(length - strlen("convN")), name,
			 name[length - 1]);
	return t;
}
