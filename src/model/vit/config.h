/* Reading a model's configuration: what vit.c asks of each family, and what the
 * families share. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_VIT_CONFIG_H
#define SPIKESCOPE_MODEL_VIT_CONFIG_H

#include "base/arena.h"
#include "model/files/safetensors.h"
#include "model/model.h"

#include <jansson.h>

enum { CONFIG_DIM_MAX = 65536, CONFIG_DEPTH_MAX = 1024 };

/* How a family names its tensors. All but the heads follow one of the prefixes;
 * parts of a block follow its number. Weights end in ".weight", biases in ".bias", without the dot behind a "_". */
struct model_names {
	const char *prefixes[5]; /* tried in turn, NULL after the last */
	const char *class_token, *dist_token, *positions, *patch;
	const char *norm_pre;                                  /* NULL: the family has none */
	const char *block;                                     /* "blocks." before the number */
	const char *norm1, *qkv[3], *proj, *norm2, *fc1, *fc2; /* qkv[1] NULL: fused in qkv[0] */
	const char *scale[2];                                  /* LayerScale behind proj and fc2; NULL: there is none */
	const char *registers;                                 /* tokens behind the class token, or NULL */
	const char *norm;
	const char *pool;           /* SigLIP: of the parts of attention pooling, with the dot; NULL in other families */
	const char *head;           /* the only head */
	const char *head_pair[2];   /* the two heads of a distilled model */
	const char *projection;     /* CLIP: instead of a head; NULL in other families */
	bool transposed_projection; /* it is a matrix [width, out], not the ".weight" of a layer */
};

/* What the configuration says beside the dimensions in struct model. */
struct vit_spec {
	const struct model_names *names;
	float eps;
	bool qkv_bias;
	bool bias_optional;             /* patch embedding and head may have none */
	int classes;                    /* 0: take them from the head's weights */
	int registers;                  /* how many tokens of that kind */
	bool gated;                     /* fc1 gives the MLP's width twice */
	bool scaled;                    /* there is LayerScale */
	bool reads_mean;                /* the head reads the class token and the mean of the patches */
	const struct safetensors *head; /* the file with the head, or NULL: that of all weights */
	const char *head_part;          /* its name there */
};

/* One file's JSON and its name for messages. */
struct config {
	const char *path;
	json_t *json;
};

/* A folder's JSON file (an object); sets *json to NULL when the file is absent
 * and optional. */
bool config_load(const char *path, bool optional, json_t **json, struct status *st);

/* A whole number in 1..max; the fallback when the key is absent or null (fails
 * when that is 0). `pair` also accepts [n, n]. */
bool config_int(const struct config *config, const json_t *object, const char *key, int fallback, int max, int *out,
		struct status *st);
bool config_side(const struct config *config, const json_t *object, const char *key, int fallback, int *out, struct status *st);
bool config_real(const struct config *config, const json_t *object, const char *key, double fallback, double *out,
		 struct status *st);
bool config_bool(const json_t *object, const char *key, bool fallback);
const char *config_text(const json_t *object, const char *key); /* NULL when absent */
/* Three numbers (or one for all); out keeps its values when the key is absent. */
bool config_channels(const struct config *config, const json_t *object, const char *key, float out[3], struct status *st);
bool config_activation(const struct config *config, const char *name, enum activation *act, struct status *st);

/* timm's pretrained_cfg into model->prep, where image_size is known; crop and usual: what holds unless said (size and
 * resize of usual are ignored). */
bool config_preprocessing(const struct config *config, double crop, const struct preprocess *usual, struct model *model,
			  struct status *st);
/* num_classes of the configuration or of args; 0 when neither says it. */
bool config_classes(const struct config *config, const json_t *args, int *classes, struct status *st);
/* The dimensions under Hugging Face's keys; absent ones are those of ViTConfig, DeiTConfig and CLIPVisionConfig, which
 * differ in the patch. */
bool config_dimensions(const struct config *config, int patch, struct model *model, struct status *st);
/* Hugging Face's preprocessor_config.json into model->prep, where the family's defaults are already. The family's pictures
 * are resized by their shorter side and cropped when `crops` (CLIP), else squeezed to the square. */
bool config_preprocessor(struct model *model, bool crops, struct status *st);

/* Derived dimensions, and whether they fit each other. */
bool config_derive(const struct config *config, struct model *model, struct status *st);

/* Labels: id2label, or label_names (with label_descriptions). */
bool config_labels(const struct config *config, struct model *model, struct arena *arena, struct status *st);

/* Dimensions, activation, preprocessing and spec, from the configuration (and,
 * where it leaves it open, from which tensors there are). */
bool vit_hf_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		 struct status *st);
bool vit_clip_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		   struct status *st);
bool vit_dinov2_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		     struct status *st);
bool vit_siglip_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		     struct status *st);
/* Of a bound model: the head becomes exp(scale) times the classes' embeddings, of length 1, and the bias. */
bool siglip_finish_head(struct model *model, const struct safetensors *file, struct arena *arena, struct status *st);
/* Where file has no head, opens head.safetensors in the model's folder, to be closed after the model. */
bool vit_head_open(const struct model *model, struct vit_spec *spec, const struct safetensors *file, struct safetensors **head,
		   struct status *st);
bool vit_timm_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		   struct status *st);

#endif
