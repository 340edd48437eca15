/* What CLIP's two towers share of Hugging Face's configuration. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_CLIP_CONFIG_H
#define SPIKESCOPE_MODEL_CLIP_CONFIG_H

#include "model/vit_config.h"

/* log(1/0.07), CLIPConfig's logit_scale_init_value. */
#define CLIP_LOGIT_SCALE 2.6592

/* The configuration of the tower ("vision_config", "text_config"): that of a whole CLIP with what older
 * versions wrote beside it ("vision_config_dict") put over it, or the object itself where it is the tower's
 * own. The caller releases it. NULL (and st) when out of memory. */
json_t *clip_tower(const struct config *config, const char *key, struct status *st);

/* hidden_act and layer_norm_eps, with the defaults of CLIPTextConfig and CLIPVisionConfig. */
bool clip_activation(const struct config *tower, enum activation *act, float *eps, struct status *st);

/* How Hugging Face names the parts of a block in both towers. */
#define CLIP_BLOCK_NAMES                                                                                                         \
	.block = "encoder.layers.", .norm1 = "layer_norm1", .qkv = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}, \
	.proj = "self_attn.out_proj", .norm2 = "layer_norm2", .fc1 = "mlp.fc1", .fc2 = "mlp.fc2"

#endif
