/* Sites: the named places of a model.
 *
 * A site is where values become spikes, or where a nonlinearity or a product
 * stands. The reference network (ann/) can be observed at every site, the
 * spiking network (snn/) can be probed there, plans and commands name sites by
 * globs over these names (fnmatch(3): `blocks.*.mlp.act`).
 *
 * One table gives each kind its name; the order of the table is the forward order
 * within a block. Of a transformer:
 *
 *   blocks.N.norm1.center            [tokens, width]  x minus its mean over width
 *   blocks.N.norm1.rsqrt             [tokens]         1/sqrt(var + eps)
 *   blocks.N.norm1                   [tokens, width]  center * rsqrt, before gamma and beta
 *   blocks.N.attn.q | .k | .v        [tokens, width]  heads side by side
 *   blocks.N.attn.qk                 [heads, tokens, tokens]  scores q k'/sqrt(head_dim)
 *   blocks.N.attn.softmax.exp        [heads, tokens, tokens]  exp(score - row maximum)
 *   blocks.N.attn.softmax.reciprocal [heads, tokens]  1 / row sum
 *   blocks.N.attn.softmax            [heads, tokens, tokens]  probabilities
 *   blocks.N.attn.av                 [tokens, width]  probabilities times v
 *   blocks.N.attn                    [tokens, width]  output projection, added to the residual
 *   blocks.N.norm2.center, .rsqrt, blocks.N.norm2     as norm1
 *   blocks.N.mlp.fc1                 [tokens, mlp_width]
 *   blocks.N.mlp.act                 [tokens, mlp_width]  the activation's value (the UGO)
 *   blocks.N.mlp.act.out             [tokens, mlp_width]  the same as sent to fc2 (the encoder)
 * where an MLP has a gate, fc2 reads its product with the activation:
 *   blocks.N.mlp.gate                [tokens, mlp_width]  behind mlp.fc1
 *   blocks.N.mlp.product             [tokens, mlp_width]  mlp.act.out times mlp.gate, as sent to fc2
 *   blocks.N.mlp                     [tokens, width]  fc2 output, added to the residual
 *   blocks.N                         [tokens, width]  the residual stream after the block
 * and, without a block:
 *   patch_embed  [tokens, width]  prefix tokens and embedded patches, positions added
 *   norm_pre     [tokens, width]  with gamma and beta; only in models that have it
 *   norm         [prefix, width]  the prefix tokens alone (or [tokens, width]), with gamma and beta
 *   token_pool   [2 width]        the class token and the mean of the patches; where the head reads them
 *   head         [classes]        the logits
 *
 * Of a residual network (model/resnet/build.h), named as torchvision's modules are; L counts
 * its stages from 1, N the blocks of a stage from 0, and shapes are [height, width,
 * channels], channels last, so that a channel's threshold is one of the last dimension:
 *   conv1                            the stem's convolution, batch norm folded in
 *   relu                             max(0, .) of it: the encoder
 *   maxpool                          only in stems that pool
 *   layerL.N.conv1                   what a convolution of the block gives, batch norm folded in
 *   layerL.N.relu1                   max(0, .) of it: the encoder
 *   layerL.N.conv2, .relu2, .conv3   likewise; relu2 and conv3 in bottlenecks alone
 *   layerL.N.downsample              the shortcut's convolution, where there is one
 *   layerL.N                         max(0, last convolution + shortcut): the encoder of the residual stream
 *   pool                             [channels]  mean over places
 *   head                             [classes]   the logits
 * CLIP's modified residual networks differ in
 *   conv1, relu1, conv2, relu2, conv3, relu3, avgpool  the stem
 *   layerL.N.avgpool                 mean of 2x2 places, between relu2 and conv3 of blocks that stride
 *   layerL.N.downsample.avgpool      the same before the shortcut's convolution
 * and end, instead of pool, in attention pooling, which is their last block:
 *   attnpool.tokens                  [tokens, channels]  mean over places, then the places; positions added
 *   attnpool.q                       [channels]  of the first token, which alone asks
 *   attnpool.k, attnpool.v           [tokens, channels]
 *   attnpool.qk                      [heads, tokens]
 *   attnpool.softmax.exp, attnpool.softmax.reciprocal [heads], attnpool.softmax   as in a transformer's block
 *   attnpool.av                      [channels]  what the head projects
 * SigLIP's is a block of one query behind the others: attnpool.norm1 and its parts of the tokens, attnpool.q (a
 * constant) to attnpool.av, attnpool.attn, attnpool.norm2 and its parts, attnpool.mlp and its parts, and attnpool, what
 * the head reads.
 */
#ifndef SPIKESCOPE_MODEL_SITE_H
#define SPIKESCOPE_MODEL_SITE_H

#include <stdbool.h>
#include <stddef.h>

enum site_kind {
	SITE_PATCH_EMBED,
	SITE_NORM_PRE,
	SITE_NORM1_CENTER,
	SITE_NORM1_RSQRT,
	SITE_NORM1,
	SITE_Q,
	SITE_K,
	SITE_V,
	SITE_QK,
	SITE_EXP,
	SITE_RECIPROCAL,
	SITE_SOFTMAX,
	SITE_AV,
	SITE_ATTN,
	SITE_NORM2_CENTER,
	SITE_NORM2_RSQRT,
	SITE_NORM2,
	SITE_FC1,
	SITE_ACT,
	SITE_ACT_OUT,
	SITE_MLP,
	SITE_BLOCK,
	SITE_NORM,
	SITE_HEAD,
	SITE_STEM_CONV, /* from here those of residual networks */
	SITE_STEM_RELU,
	SITE_STEM_POOL,
	SITE_STEM_CONV1, /* of CLIP's stem */
	SITE_STEM_RELU1,
	SITE_STEM_CONV2,
	SITE_STEM_RELU2,
	SITE_STEM_CONV3,
	SITE_STEM_RELU3,
	SITE_STEM_AVERAGE,
	SITE_CONV1,
	SITE_RELU1,
	SITE_CONV2,
	SITE_RELU2,
	SITE_AVERAGE,
	SITE_CONV3,
	SITE_SHORTCUT_AVERAGE,
	SITE_SHORTCUT,
	SITE_RESIDUAL,
	SITE_TOKENS, /* attention pooling; SITE_Q to SITE_AV follow */
	SITE_POOL,
	SITE_GATE, /* of a transformer's MLP */
	SITE_PRODUCT,
	SITE_TOKEN_POOL,
	SITE_KINDS
};

struct site {
	enum site_kind kind;
	int block; /* -1 for sites outside the blocks */
	int stage; /* residual networks: the block's stage from 1, or SITE_ATTENTION_POOL; */
	int unit;  /* and the block's number within it; 0 elsewhere */
};

enum { SITE_ATTENTION_POOL = -1 };

/* A site of a transformer. */
static inline struct site
site_in(enum site_kind kind, int block)
{
	return (struct site){.kind = kind, .block = block};
}

struct model;

enum { SITE_NAME_MAX = 64 };

/* Is this kind one per block? */
bool site_in_block(enum site_kind kind);
/* What a block sends on: SITE_BLOCK, SITE_RESIDUAL, or SITE_AV of attention pooling. */
struct site site_of_block(const struct model *model, int block);
/* Is the site what its block sends on? */
bool site_is_block(const struct model *model, struct site site);
/* Is it one of attention pooling? */
static inline bool
site_pools(struct site site)
{
	return site.stage == SITE_ATTENTION_POOL;
}
/* Does the spiking network step this kind of site? All but where the picture enters a
 * transformer, its last norm, and the head. */
bool site_is_stepped(enum site_kind kind);
/* max(0, .) with an encoder in one (residual networks). */
bool site_rectifies(enum site_kind kind);

/* Writes the site's name ("blocks.3.attn.qk"); returns out. */
char *site_name(struct site site, char out[SITE_NAME_MAX]);

/* Finds the site with this exact name. False when there is none in the model. */
bool site_parse(const struct model *model, const char *name, struct site *site);

/* The number of sites of the model, and the i-th in forward order. The site
 * norm_pre exists only in models that have it. site_index() takes sites that the model has. */
int site_count(const struct model *model);
struct site site_at(const struct model *model, int index);
int site_index(const struct model *model, struct site site); /* inverse of site_at */

/* Does the site's name match the glob (fnmatch, no flags)? */
bool site_matches(struct site site, const char *glob);

/* The site of this kind in that block (-1: outside). False when the model has none. */
bool site_find(const struct model *model, enum site_kind kind, int block, struct site *site);
/* A kind's name within a block: "attn.qk", "conv1"; "block" for what the block sends on. */
const char *site_kind_name(enum site_kind kind);

/* The site's shape for one picture; returns the number of dimensions (1..3). */
int site_shape(const struct model *model, struct site site, int dim[3]);
size_t site_size(const struct model *model, struct site site); /* floats */

#endif
