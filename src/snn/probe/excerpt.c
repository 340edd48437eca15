#include "snn/probe/excerpt.h"

#include "snn/network/network.h"

#include <stdlib.h>
#include <string.h>

struct excerpt {
	const struct plan *plan;
	struct site_plan own; /* the site's, with the thresholds of these elements */
	struct arena *arena;
	struct node node;
	float *source; /* [count] of the last step */
	int t;
};

static void
layout(struct excerpt *e, struct carve *c)
{
	e->source = carve_floats(c, e->node.size);
	node_layout(&e->node, c);
	node_layout_written(&e->node, c);
	if (!e->node.target)
		e->node.target = e->source;
	node_layout_sums(&e->node, c);
	node_layout_population(&e->node, c);
}

static bool
init(struct excerpt *e, struct site site, size_t first, int count)
{
	const struct model *model = e->plan->model;
	int dim[3], dims = site_shape(model, site, dim);
	size_t column = first % (size_t)dim[dims - 1];
	struct carve size = {NULL, 0}, state = {NULL, 0};

	e->own = e->plan->site[site_index(model, site)];
	if (e->own.channels > 1) {
		e->own.threshold += column * (size_t)e->own.per_channel;
		e->own.channels = count;
	}
	e->node = (struct node){.plan = &e->own, .rows = 1, .columns = count, .size = (size_t)count};
	e->arena = arena_new();
	if (!e->arena || !node_init(&e->node, plan_has_function(site.kind) ? plan_function(model, site.kind) : 0, e->arena))
		return false;
	layout(e, &size);
	e->node.target = NULL;
	state.base = arena_alloc(e->arena, size.used);
	if (!state.base)
		return false;
	layout(e, &state);
	if (e->node.population.plan)
		population_reset(&e->node.population);
	return true;
}

struct excerpt *
excerpt_new(const struct plan *plan, struct site site, size_t first, int count, struct status *st)
{
	struct excerpt *e = calloc(1, sizeof(*e));

	if (e)
		e->plan = plan;
	if (!e || !init(e, site, first, count)) {
		status_nomem(st, "a site's neurons");
		excerpt_free(e);
		return NULL;
	}
	return e;
}

void
excerpt_free(struct excerpt *e)
{
	if (!e)
		return;
	arena_free(e->arena);
	free(e);
}

void
excerpt_step(struct excerpt *e, const float *source)
{
	float scale;

	e->t++;
	scale = e->plan->mean_decoded ? (float)e->t : 1;
	memcpy(e->source, source, e->node.size * sizeof(*source));
	if (e->own.mode != FUNCTION_MODE_NONE) {
		node_functions(&e->node, e->source, scale, e->t);
		if (e->own.site.kind == SITE_EXP)
			node_floor(&e->node, e->source, e->plan->exp_floor * scale);
		return;
	}
	if (node_next(&e->node) != e->source)
		memcpy(node_next(&e->node), e->source, e->node.size * sizeof(*source));
	node_encode(&e->node, e->t);
}

bool
excerpt_has(const struct excerpt *e, enum snn_quantity q)
{
	return node_has(&e->node, q);
}

float
excerpt_element(const struct excerpt *e, enum snn_quantity q, int i)
{
	struct node_reader reader = node_reader(&e->node, e->plan, e->t, q, e->source);

	return e->t == 0 && q != SNN_THRESHOLD ? 0 : node_element(&reader, (size_t)i);
}

void
excerpt_hidden(const struct excerpt *e, int i, float *counts, float *membrane)
{
	float scale = e->plan->mean_decoded ? (float)e->t : 1;

	node_hidden(&e->node, (size_t)i, e->source[i], e->t, scale, counts, membrane);
}
