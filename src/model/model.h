/* A model: its layers (model/graph.h), weights as float32, preprocessing, labels. Loaders
 * of families make it; what runs it knows layers alone.
 *
 * A transformer is
 *   tokens = [prefix tokens; patches] + positions  -> (norm_pre) ->
 *   blocks x { x += proj(attn(norm1 x)); x += fc2(act(fc1(norm2 x))) } ->
 *   norm of the first token -> head
 *
 * Loads Hugging Face folders (config.json with model_type vit or deit) and timm
 * folders (architecture + model_args: plain ViT and CLIP ViT with norm_pre).
 * clip: Hugging Face's CLIPModel and CLIPVisionModelWithProjection (model_type clip or
 * clip_vision_model) and open_clip's models (open_clip_config.json, tensors of OpenAI's
 * names; the weights are open_clip_model.safetensors where there is one), whose head is
 *   logits = logit_scale E z / |z|,  z = projection(norm of the first token)
 * with the class embeddings E [classes, projection] of the text tower, each of length 1
 * (Radford et al. 2021, https://arxiv.org/abs/2103.00020, figure 3). They come from
 * model_set_classes(); until then there are no classes. clip-resnet: the same head, where
 * z is what attention pooling gives (model/resnet/build.h).
 * deit: two prefix tokens and two heads, logits are the mean of both.
 * dinov2: Hugging Face's Dinov2ForImageClassification, or its Dinov2Model with a linear head in
 * head.safetensors (model/vit/dinov2.c); LayerScale is folded into the layer before it, register
 * tokens follow the class token, and the head reads the class token and the mean of the patches.
 * siglip: no class token; a block of attention pooling behind the last norm, and a zero-shot head
 * from a file (model/vit/siglip.c): logits = exp(scale) E z / |z| + bias.
 * An MLP with a gate (SwiGLU, https://arxiv.org/abs/2002.05202) is fc2(act(a) b), [a; b] = fc1(x).
 * Weights in float32 that are aligned are used where they are mapped; others
 * are converted once. The object is immutable and may be shared by threads. */
#ifndef SPIKESCOPE_MODEL_MODEL_H
#define SPIKESCOPE_MODEL_MODEL_H

#include "base/hash.h"
#include "base/status.h"

#include <stddef.h>

enum activation { ACT_GELU, ACT_GELU_TANH, ACT_QUICK_GELU, ACT_RELU, ACT_SILU };

struct linear {
	int in, out;
	const float *weight; /* [out, in]; NULL in layers that only have panels */
	const float *bias;   /* [out], or NULL */
	const float *panels; /* the weight as products read it (model/panels.h); NULL outside the blocks */
};

struct norm {
	int width;
	float eps;
	const float *weight, *bias; /* [width] gamma, beta */
};

struct vit_block {
	struct norm norm1;
	struct linear qkv; /* out = 3 width: rows of q, then k, then v; bias NULL when the model has none */
	struct linear proj;
	struct norm norm2;
	struct linear fc1, fc2; /* fc1.out = 2 fc2.in: the rows behind the first half are those of a gate */
};

/* Attention pooling with a query of its own: x = proj(attention(query, norm of the tokens)); x + fc2(act(fc1(norm x))). */
struct vit_pool {
	const float *query; /* [width], multiplied by its weight already */
	struct linear kv;   /* rows of k, then v */
	struct linear proj;
	struct norm norm;
	struct linear fc1, fc2;
};

enum interpolation { INTERPOLATION_NEAREST, INTERPOLATION_BILINEAR, INTERPOLATION_BICUBIC };

struct preprocess {
	int size;    /* the network's side, pixels */
	int resize;  /* the shorter side (or both, see square) is first resized to this */
	bool square; /* resize both sides to `resize`, ignoring the aspect (Hugging Face ViT) */
	enum interpolation interpolation;
	float mean[3], std[3];
};

struct graph;

struct model {
	char *path;          /* the folder it came from */
	char *name;          /* the folder's last part, or the config's architecture */
	const char *family;  /* "vit", "deit", "timm", "timm-clip", "clip", "dinov2", "siglip", "resnet", "clip-resnet" */
	char hash[HASH_HEX]; /* of config and all weights' bytes; with the prompts of clip's classes */

	int image_size, channels, classes;
	int depth;                 /* blocks */
	const struct graph *graph; /* the layers (model/graph.h) */

	/* What the layers of a transformer refer to; 0 and NULL in others. */
	int patch_size, width, heads, head_dim, mlp_width;
	int prefix;          /* 1, with a distillation token 2; and register tokens */
	int patches, tokens; /* tokens = prefix + patches */
	enum activation act;

	struct linear patch;        /* in = channels*patch_size^2 (channel, row, column), out = width */
	const float *prefix_tokens; /* [prefix, width] */
	const float *positions;     /* [tokens, width] */
	bool has_norm_pre;
	struct norm norm_pre;
	struct vit_block *blocks; /* [depth], without that of `pool` */
	struct vit_pool *pool;    /* the last block, or NULL */
	struct norm norm;
	bool distilled;
	struct linear head_dist;  /* when distilled: applied to token 1 */
	struct linear projection; /* clip: before the head, [projection, width], of residual networks with a bias; in others
				     weight is NULL */
	bool unit_head;           /* siglip: the head reads its input made of length 1 */
	float logit_scale;        /* clip: exp of what the file holds */

	struct linear head;

	char **labels; /* [classes], or NULL when the config has none */
	struct preprocess prep;
	size_t parameters; /* number of weights */

	struct model_private *own; /* mapping and arena */
	struct model_classes *set; /* what model_set_classes() made; NULL: nothing */
};

/* path: a folder with config.json and weights. Fails with STATUS_DATA and a
 * message that names the file, tensor or key. NaN or Inf weights are refused by
 * tensor name. */
struct model *model_load(const char *path, struct status *st);
/* The same for pictures of this side in pixels, which residual networks take (0: the configuration's, or 224
 * where it says none). STATUS_USAGE for other models, and for sides beyond 32..4096. */
struct model *model_load_at(const char *path, int side, struct status *st);
void model_free(struct model *model); /* NULL is fine */

/* Gives a clip model its classes: embeddings [classes, projection.out] of length 1, a
 * label each, and what names the prompts that they were made from (goes into the
 * model's hash). All is copied. Nobody else may be using the model. On failure the
 * model is as before. */
bool model_set_classes(struct model *model, int classes, const char *const *labels, const float *embeddings,
		       const char *prompts_hash, struct status *st);

const char *activation_name(enum activation act); /* "gelu", "gelu_tanh", "quick_gelu", "relu", "silu" */

/* "cat", or "class 3" when there are no labels; returns out or the label.
 * Control characters in labels are already escaped. */
const char *model_label(const struct model *model, int class_index, char out[16]);

#endif
