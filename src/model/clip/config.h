/* What CLIP's two towers share of Hugging Face's and open_clip's configuration. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_CLIP_CONFIG_H
#define SPIKESCOPE_MODEL_CLIP_CONFIG_H

#include "model/files/safetensors.h"
#include "model/vit/config.h"

/* log(1/0.07), CLIPConfig's logit_scale_init_value. */
#define CLIP_LOGIT_SCALE 2.6592

/* The configuration of the tower ("vision_config", "text_config"): that of a whole CLIP with what older
 * versions wrote beside it ("vision_config_dict") put over it, or the object itself where it is the tower's
 * own. The caller releases it. NULL (and st) when out of memory. */
json_t *clip_tower(const struct config *config, const char *key, struct status *st);

/* hidden_act and layer_norm_eps, with the defaults of CLIPTextConfig and CLIPVisionConfig. */
bool clip_activation(const struct config *tower, enum activation *act, float *eps, struct status *st);

/* Mean, std and interpolation of OpenAI's pictures. */
extern const struct preprocess clip_preprocessing;

/* The configuration of a model's folder: config.json; open_clip_config.json where there is no other, or where the
 * other is not Hugging Face's. config_done() gives it back, also after a failure. */
bool config_open(const char *folder, struct config *config, struct status *st);
void config_done(struct config *config);
/* The folder's weights: those that its configuration is for. */
struct safetensors *clip_weights_open(const char *folder, const struct config *config, struct status *st);

/* open_clip's: a model_cfg with embed_dim, vision_cfg, text_cfg and quick_gelu, and a preprocess_cfg. */
bool config_is_open_clip(const struct config *config);
bool open_clip_is_resnet(const struct config *config);
/* "vision_cfg" or "text_cfg", borrowed. Fails for settings that ask for another computation. */
bool open_clip_part(const struct config *config, const char *name, struct config *part, struct status *st);
enum activation open_clip_activation(const struct config *config);
bool open_clip_mlp_width(const struct config *part, int width, int *mlp_width, struct status *st);
bool open_clip_preprocessing(const struct config *config, struct model *model, struct status *st);
bool vit_open_clip_read(const struct config *config, struct model *model, struct vit_spec *spec, struct status *st);

/* How OpenAI names the parts of a block in both towers; in_proj_weight and in_proj_bias have no dot. */
#define OPEN_CLIP_BLOCK_NAMES                                                                                                    \
	.block = "transformer.resblocks.", .norm1 = "ln_1", .qkv = {"attn.in_proj_"}, .proj = "attn.out_proj", .norm2 = "ln_2",  \
	.fc1 = "mlp.c_fc", .fc2 = "mlp.c_proj"

/* How Hugging Face names the parts of a block in both towers. */
#define CLIP_BLOCK_NAMES                                                                                                         \
	.block = "encoder.layers.", .norm1 = "layer_norm1", .qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}, \
	.proj = "self_attn.out_proj", .norm2 = "layer_norm2", .fc1 = "mlp.fc1", .fc2 = "mlp.fc2"

#endif
