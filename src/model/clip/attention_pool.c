/* The weights of attention pooling. */
#include "model/clip/config.h"
#include "model/resnet/build.h"

#include <stdio.h>

/* The weight of the layer of this kind in attention pooling. */
static struct linear *
weight_of(struct binder *b, struct graph *net, enum site_kind kind)
{
	struct site site = {kind, b->model->depth - 1, SITE_ATTENTION_POOL, 0};

	return net->layer[graph_index(net, site)].weight = arena_alloc(b->arena, sizeof(struct linear));
}

bool
resnet_bind_attention_pool(struct binder *b, const struct resnet_names *names, struct graph *net)
{
	struct linear *const parts[3] = {weight_of(b, net, SITE_Q), weight_of(b, net, SITE_K), weight_of(b, net, SITE_V)};
	struct layer *tokens = &net->layer[net->first[b->model->depth - 1]];
	char name[NAME_MAX_LENGTH];

	b->width = tokens->channels;
	if (!parts[0] || !parts[1] || !parts[2])
		return status_nomem(b->st, "attention pooling");
	snprintf(name, sizeof(name), "%s%s", names->attention_pool, names->positions);
	tokens->positions = binder_take(b, name, (struct shape){2, {tokens->height, b->width}}, NULL);
	if (!tokens->positions)
		return false;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", names->attention_pool, names->qkv[i]);
		if (!binder_linear(b, name, (struct shape){2, {b->width, b->width}}, 1, parts[i]) || !binder_panels(b, parts[i]))
			return false;
	}
	snprintf(name, sizeof(name), "%s%s", names->attention_pool, names->projection);
	b->model->logit_scale = (float)CLIP_LOGIT_SCALE;
	return binder_projection(b, name, 1, &b->model->projection) && binder_logit_scale(b, "logit_scale");
}
