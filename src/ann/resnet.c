/* A forward pass through a residual network: layer by layer under observers, else picture
 * by picture, one thread each. Both give the same bits. */
#include "ann/layers.h"
#include "ann/network.h"

#include <string.h>

struct layers {
	const struct model *model;
	int batch;
	float **slot;   /* [slots]: [batch, slot_size] */
	float *scratch; /* [batch, layer_scratch()] */
	float *picture; /* [batch, size, size, channels] */
};

struct layers *
layers_new(const struct model *model, int batch, struct arena *arena)
{
	const struct resnet *net = model->resnet;
	size_t n = (size_t)batch, picture = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
	struct layers *layers = arena_alloc(arena, sizeof(*layers));

	if (!layers || !(layers->slot = arena_alloc(arena, (size_t)net->slots * sizeof(*layers->slot))))
		return NULL;
	layers->model = model;
	layers->batch = batch;
	layers->scratch = arena_floats(arena, n * layer_scratch(net));
	layers->picture = arena_floats(arena, n * picture);
	if (!layers->scratch || !layers->picture)
		return NULL;
	for (int i = 0; i < net->slots; i++)
		if (!(layers->slot[i] = arena_floats(arena, n * net->slot_size)))
			return NULL;
	return layers;
}

/* Pictures first .. first + pictures - 1, which lie in the slots' parts from `first` on. */
struct pass {
	const struct layers *layers;
	const struct model *model;
	size_t first, pictures;
	float *logits; /* [pictures, classes] */
};

/* The values of a layer for picture i of the pass; of the head, its logits. */
static float *
values(const struct pass *p, int index, size_t i)
{
	const struct resnet *net = p->model->resnet;
	const struct layer *layer = &net->layer[index];

	if (layer->op == LAYER_LINEAR)
		return p->logits + i * layer_size(layer);
	return p->layers->slot[layer->slot] + p->first * net->slot_size + i * layer_size(layer);
}

static const float *
source_values(const struct pass *p, const struct layer *layer, size_t i)
{
	const struct model *model = p->model;
	size_t picture = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;

	return layer->from[0] == LAYER_PICTURE ? p->layers->picture + (p->first + i) * picture : values(p, layer->from[0], i);
}

static void
rectify(const float *a, const float *b, size_t n, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = b ? a[i] + b[i] : a[i];
	activation_apply(ACT_RELU, y, n);
}

static void
apply(const struct pass *p, int index, size_t i)
{
	const struct model *model = p->model;
	const struct layer *layer = &model->resnet->layer[index], *source = layer_source(model->resnet, layer);
	const float *x = source_values(p, layer, i);
	float *y = values(p, index, i);

	switch (layer->op) {
	case LAYER_CONVOLUTION:
		convolution_apply(model, layer, x, p->layers->scratch + (p->first + i) * layer_scratch(model->resnet), NULL,
				  false, y);
		break;
	case LAYER_RELU:
		rectify(x, layer->from[1] == LAYER_NOTHING ? NULL : values(p, layer->from[1], i), layer_size(layer), y);
		break;
	case LAYER_MAX_POOL:
		max_pool_apply(source, layer, x, y);
		break;
	case LAYER_GLOBAL_POOL:
		global_pool_apply(source, x, y);
		break;
	case LAYER_LINEAR:
		linear_apply(&model->head, x, 1, y, false);
		break;
	}
}

static void
run_layers(const struct pass *p, const struct ann_observer *observer)
{
	const struct resnet *net = p->model->resnet;

	for (int l = 0; l < net->layers; l++) {
#pragma omp parallel for schedule(dynamic) if (p->pictures > 1)
		for (size_t i = 0; i < p->pictures; i++)
			apply(p, l, i);
		if (observer)
			observer->see(observer->ctx, net->layer[l].site, (int)p->pictures, NULL, values(p, l, 0));
	}
}

void
layers_forward(const struct layers *layers, const float *pixels, int pictures, float *logits, const struct ann_observer *observer)
{
	const struct model *model = layers->model;
	size_t size = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size, n = (size_t)pictures;

	for (size_t i = 0; i < n; i++)
		picture_interleave(model, pixels + i * size, layers->picture + i * size);
	if (observer) {
		run_layers(&(struct pass){layers, model, 0, n, logits}, observer);
		return;
	}
#pragma omp parallel for schedule(dynamic) if (pictures > 1)
	for (size_t i = 0; i < n; i++)
		run_layers(&(struct pass){layers, model, i, 1, logits + i * (size_t)model->classes}, NULL);
}
