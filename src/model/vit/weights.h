/* From tensors by name to weights. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_VIT_WEIGHTS_H
#define SPIKESCOPE_MODEL_VIT_WEIGHTS_H

#include "model/vit/config.h"

enum { NAME_MAX_LENGTH = 160 };

struct shape {
	int dims;
	int64_t dim[4];
};

/* What is being bound, and how its family names it. */
struct binder {
	const char *path; /* for messages */
	const struct safetensors *file;
	struct arena *arena;             /* of converted copies and panels */
	const struct model_names *names; /* of a transformer, else NULL */
	const char *prefix;              /* of all names but the heads' */
	int width, mlp_width;
	float eps;
	bool qkv_bias, bias_optional;
	const struct vit_spec *spec; /* of a vision transformer, else NULL */
	size_t *parameters;          /* counted up */
	bool *used;                  /* [tensors] */
	struct model *model;         /* of a vision tower, else NULL */
	int classes;                 /* 0: take them from the head's weights */
	struct status *st;
};

/* The prefix under which there is this tensor; the first one when there is none. */
const char *binder_prefix(const struct safetensors *file, const char *const *prefixes, const char *tensor);

/* The values of a tensor, checked and converted into dest (NULL: new).
 * Dimensions of 1 in front do not count. NULL on failure. */
const float *binder_take(struct binder *b, const char *name, struct shape want, float *dest);
/* `part`.weight and `part`.bias. bias: 1 it must be there, 0 there must be none, -1 there may be one. */
bool binder_norm(struct binder *b, const char *part, struct norm *norm);
bool binder_linear(struct binder *b, const char *part, struct shape shape, int bias, struct linear *l);
/* [out, width], as many rows as there are; at most CONFIG_DIM_MAX. The names say how it is kept. */
bool binder_projection(struct binder *b, const char *part, int bias, struct linear *l);
/* CLIP's factor: exp of the tensor with this name, or of what model->logit_scale is where there is none. */
bool binder_logit_scale(struct binder *b, const char *name);
/* Puts the weight into panels too. */
bool binder_panels(struct binder *b, struct linear *l);
/* Of the parts behind `prefix`block; with panels. NULL on failure. */
struct vit_block *binder_blocks(struct binder *b, int depth);

/* SigLIP's attention pooling. */
bool siglip_bind_pool(struct binder *b);

/* Fails when the file has blocks that were not bound. */
bool binder_no_more_blocks(const struct binder *b, int depth);

/* Finds every weight in file, checks its shape against the model's dimensions and its
 * values, and points the model at it; the values live in arena. */
bool vit_weights_bind(struct model *model, const struct vit_spec *spec, const struct safetensors *file, struct arena *arena,
		      struct status *st);
/* The layers of a model whose weights are bound, in arena. NULL on failure. */
struct graph *vit_graph(struct model *model, struct arena *arena, struct status *st);

#endif
