/* Hugging Face folders of DINOv2 (Oquab et al. 2023, https://arxiv.org/abs/2304.07193; registers: Darcet et al. 2023,
 * https://arxiv.org/abs/2309.16588): model_type dinov2 or dinov2_with_registers.
 *
 * The head of Dinov2ForImageClassification is `classifier`; a bare Dinov2Model needs a linear head in head.safetensors
 * beside it: linear.weight and linear.bias. Pictures are as large as image_size says, which the
 * published models were last trained at. */
#include "base/text.h"
#include "model/vit/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES                                                                                                                    \
	.prefixes = {"dinov2.", "dinov2_with_registers.", ""}, .class_token = "embeddings.cls_token",                            \
	.registers = "embeddings.register_tokens", .positions = "embeddings.position_embeddings",                                \
	.patch = "embeddings.patch_embeddings.projection", .block = "encoder.layer.", .norm1 = "norm1",                          \
	.qkv = {"attention.attention.query", "attention.attention.key", "attention.attention.value"},                            \
	.proj = "attention.output.dense", .norm2 = "norm2", .scale = {"layer_scale1.lambda1", "layer_scale2.lambda1"},           \
	.norm = "layernorm", .head = "classifier"

static const struct model_names plain = {NAMES, .fc1 = "mlp.fc1", .fc2 = "mlp.fc2"};
static const struct model_names gated = {NAMES, .fc1 = "mlp.weights_in", .fc2 = "mlp.weights_out"};

/* Two thirds of the width of a plain MLP, which has as many weights; a multiple of 8. */
static int
gated_width(double width)
{
	return ((int)(width * 2 / 3) + 7) / 8 * 8;
}

static bool
read_mlp(const struct config *c, struct model *model, struct vit_spec *spec, struct status *st)
{
	const char *act = config_text(c->json, "hidden_act");
	double ratio, width;

	if (!config_real(c, c->json, "mlp_ratio", 4, &ratio, st))
		return false;
	width = ratio * model->width;
	if (!(width >= 1 && width <= 8 * CONFIG_DIM_MAX))
		return status_fail(st, STATUS_DATA, "%s: 'mlp_ratio' %g is impossible", c->path, ratio);
	model->mlp_width = spec->gated ? gated_width((int)width) : (int)width;
	model->act = ACT_SILU;
	return spec->gated || config_activation(c, act ? act : "gelu", &model->act, st);
}

static bool
read_registers(const struct config *c, struct model *model, struct vit_spec *spec, struct status *st)
{
	bool any = strcmp(config_text(c->json, "model_type"), "dinov2_with_registers") == 0;

	if (any && !config_int(c, c->json, "num_register_tokens", 4, 1024, &spec->registers, st))
		return false;
	model->prefix = 1 + spec->registers;
	return true;
}

/* What the published models are used with, in proportion to the side. */
static void
set_preprocessing(struct model *model)
{
	model->prep = (struct preprocess){
	    .size = model->image_size,
	    .resize = (model->image_size * 256 + 112) / 224,
	    .interpolation = INTERPOLATION_BICUBIC,
	    .mean = {0.485f, 0.456f, 0.406f},
	    .std = {0.229f, 0.224f, 0.225f},
	};
}

bool
vit_dinov2_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		struct status *st)
{
	bool swiglu = config_bool(config->json, "use_swiglu_ffn", false);
	double eps;

	(void)file;
	*spec = (struct vit_spec){.names = swiglu ? &gated : &plain,
				  .qkv_bias = config_bool(config->json, "qkv_bias", true),
				  .gated = swiglu,
				  .scaled = true,
				  .reads_mean = true};
	if (!config_real(config, config->json, "layer_norm_eps", 1e-6, &eps, st) || !config_dimensions(config, 16, model, st) ||
	    !read_mlp(config, model, spec, st) || !read_registers(config, model, spec, st) || !config_derive(config, model, st))
		return false;
	spec->eps = (float)eps;
	set_preprocessing(model);
	return true;
}

bool
vit_head_open(const struct model *model, struct vit_spec *spec, const struct safetensors *file, struct safetensors **head,
	      struct status *st)
{
	static const char *const parts[] = {"linear", "classifier", "head", "text_embeds"};
	char *path;

	if (safetensors_find(file, "classifier.weight"))
		return true;
	if (!(path = text_format("%s/head.safetensors", model->path)))
		return status_nomem(st, "a file name");
	if (access(path, R_OK) != 0)
		status_fail(
		    st, STATUS_DATA,
		    "%s: the model has no classifier; put a linear head (linear.weight [classes, 2 width] and linear.bias) "
		    "into head.safetensors beside it",
		    model->path);
	else
		spec->head = *head = safetensors_open(path, st);
	free(path);
	spec->head_part = "linear";
	for (size_t i = 0; *head && i < sizeof(parts) / sizeof(*parts); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s.weight", parts[i]);
		if (safetensors_find(*head, name))
			spec->head_part = parts[i];
	}
	return *head != NULL;
}
