/* The reference network: exact float32 inference, observed at every site.
 *
 * Under an observer the layers (model/graph.h) run one by one, all pictures at once; else picture by
 * picture, and blocks of a transformer by their fast path (ann/block.c). A forward pass never changes the model; one
 * `struct ann` holds the scratch memory of one thread. */
#ifndef SPIKESCOPE_ANN_ANN_H
#define SPIKESCOPE_ANN_ANN_H

#include "base/status.h"
#include "model/model.h"
#include "model/site.h"

#include <stddef.h>

struct ann;
struct arena;

/* Scratch for up to `batch` pictures at once. */
struct ann *ann_new(const struct model *model, int batch, struct status *st);
void ann_free(struct ann *ann);
const struct model *ann_model(const struct ann *ann);

/* Sees one site for one batch: data [pictures, site shape]. What it writes into
 * data is what the network goes on with (interventions). For SITE_*_RSQRT,
 * SITE_EXP, SITE_RECIPROCAL and SITE_ACT `input` is what the nonlinearity
 * received (variance + eps; score - row maximum; row sum; fc1's output), else
 * NULL. */
struct ann_observer {
	void (*see)(void *ctx, struct site site, int pictures, const float *input, float *data);
	void *ctx;
};

/* pixels [pictures, channels, size, size] -> logits [pictures, classes];
 * pictures <= batch. observer may be NULL (faster: softmax and activation are
 * then done in place without their parts). */
bool ann_forward(struct ann *ann, const float *pixels, int pictures, float *logits, const struct ann_observer *observer,
		 struct status *st);

/* All sites of one picture, kept: the reference that errors are measured against. */
struct ann_trace {
	float **value; /* [site_count] by site_index: [site shape] */
	float *logits; /* [classes] */
	struct arena *arena;
};

bool ann_trace_init(struct ann_trace *trace, const struct model *model, struct status *st);
void ann_trace_done(struct ann_trace *trace);
bool ann_trace_record(struct ann_trace *trace, struct ann *ann, const float *pixels, struct status *st);

/* Pieces that the spiking network shares. Row-major; x [rows, in], y [rows, out]. */
/* y = x W' + bias (bias may be NULL); accumulate: y += x W' (bias ignored). */
void linear_apply(const struct linear *l, const float *x, int rows, float *y, bool accumulate);
void norm_apply(const struct norm *norm, const float *x, int rows, float *y);
void activation_apply(enum activation act, float *x, size_t count);
void softmax_rows(float *x, int rows, int columns);
/* Each row of x minus its maximum, and e to that. */
void exp_rows(float *x, int rows, int columns, float *e);

/* The two products of one attention head. q, k and v are columns of wider matrices. */
struct head {
	int tokens, head_dim;
	int queries;    /* rows of q and of what comes out: the first tokens */
	int stride;     /* floats between the rows of q, k and v */
	float *scratch; /* [head_scratch()] */
};
size_t head_scratch(int tokens, int head_dim); /* floats */
/* scores [queries, tokens] = q k', not scaled */
void head_scores(const struct head *h, const float *q, const float *k, float *scores);
/* out [queries, head_dim], rows out_stride floats apart = weights [queries, tokens] times v */
void head_values(const struct head *h, const float *weights, const float *v, float *out, int out_stride);
/* Patch embedding, prefix tokens, positions and norm_pre of one picture: tokens [tokens, width]. */
void ann_embed(const struct model *model, const float *pixels, float *patch_scratch, float *tokens);
size_t ann_embed_scratch(const struct model *model); /* floats of patch_scratch */
/* Final norm and head(s) on the residual stream x [tokens, width] -> logits [classes]. */
void ann_head(const struct model *model, const float *x, float *logits);
/* clip: the embedding [projection.out], of length 1, of a picture whose site norm (clip-resnet: attnpool.av) is given. */
void ann_embedding(const struct model *model, const float *norm, float *embedding);
/* clip's head (model/model.h) on its first token x [width]; norm: applied to it first, or NULL. */
void projected_head(const struct model *model, const struct norm *norm, const float *x, float *logits);
/* The head, with the projection that the model may have, on what the layer before it gives. */
void head_apply(const struct model *model, const float *x, float *logits);

#endif
