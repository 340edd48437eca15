/* How loaders make a graph. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_GRAPH_BUILD_H
#define SPIKESCOPE_MODEL_GRAPH_BUILD_H

#include "base/arena.h"
#include "model/graph.h"

/* The list as it grows. */
struct graph_builder {
	const struct model *model;
	struct graph *net;
	int stage, unit, block; /* of the sites that are added; block -1: outside */
};

/* Room for so many layers, in arena; NULL (and st) when out of memory. */
struct graph *graph_new(struct arena *arena, int depth, int layers, struct status *st);
/* Adds a layer that reads `from`; its shape is yet that. Returns its index. */
int graph_add(struct graph_builder *b, enum site_kind kind, enum layer_op op, int from);
/* The same of [height, channels], or [channels] when height is 0; second: LAYER_NOTHING, or what it reads too. */
int graph_add_rows(struct graph_builder *b, enum site_kind kind, enum layer_op op, int from, int second, int height,
		   int channels);
/* scores, exp, reciprocal, probability and mix of q, k and v, whose rows ask and answer; returns the last. */
int graph_add_attention(struct graph_builder *b, int q, int k, int v, int heads);
/* The last layer, with as many channels as the model will have classes. */
void graph_add_head(struct graph_builder *b, int from);
/* The layer that was added last. */
struct layer *graph_last(const struct graph_builder *b);
/* Slots and sizes, once all layers are there. STATUS_DATA when a layer is too large. */
bool graph_finish(const struct model *model, struct graph *net, struct arena *arena, struct status *st);

#endif
