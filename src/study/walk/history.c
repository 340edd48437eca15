#include "study/walk/history.h"

#include "model/graph.h"

#include "snn/probe/excerpt.h"
#include "study/walk/recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct history {
	struct history_request request;
	const struct walk *walk;
	unsigned pictures; /* the walk's count when it was asked */
	int unit;
	struct history_point *point; /* [count] */
	int count, capacity;
	struct excerpt *neuron, *q, *k; /* what is looked at, after the last point; neuron: NULL outside the blocks */
	float before;                   /* count of the hidden neuron after the last point */
	struct recording recording;     /* of the walk's plan; its plan is NULL until then */
	struct snn *snn;                /* for replay; NULL until needed */
	bool shown;                     /* it has the walk's picture, at its time */
};

struct history *
history_new(struct status *st)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		status_nomem(st, "a history");
	return h;
}

/* The points, but not what they are read from. */
static void
forget_points(struct history *h)
{
	for (int i = 0; i < h->count; i++)
		free(h->point[i].a);
	h->count = 0;
	h->before = 0;
	excerpt_free(h->neuron);
	excerpt_free(h->q);
	excerpt_free(h->k);
	h->neuron = h->q = h->k = NULL;
}

/* Another walk: its plan may be another. */
static void
forget_walk(struct history *h)
{
	forget_points(h);
	recording_done(&h->recording);
	snn_free(h->snn);
	h->snn = NULL;
	h->shown = false;
}

void
history_free(struct history *h)
{
	if (!h)
		return;
	forget_walk(h);
	free(h->point);
	free(h);
}

static bool
is_same(const struct history *h, const struct walk *walk, const struct history_request *r)
{
	const struct history_request *old = &h->request;

	return h->walk == walk && h->pictures == walk->pictures && old->site.kind == r->site.kind &&
	       old->site.block == r->site.block && old->element == r->element && old->unit == r->unit && old->layer == r->layer &&
	       old->head == r->head && old->q == r->q && old->k == r->k;
}

static const struct ugo *
hidden_ugo(const struct walk *walk, struct site site)
{
	const struct site_plan *p = &walk->plan->site[site_index(walk->model, site)];

	return p->mode == FUNCTION_MODE_SPIKING ? p->ugo : NULL;
}

/* The hidden neuron whose membrane is largest where the walk is. */
static int
largest_unit(const struct walk *walk, const struct history_request *r)
{
	const struct ugo *ugo = hidden_ugo(walk, r->site);
	float *membrane = ugo ? malloc((size_t)ugo->hidden * sizeof(*membrane)) : NULL;
	struct status st = {0};
	int best = ugo ? 0 : -1;

	if (membrane && snn_probe_hidden(walk_network(walk, r->site), r->site, r->element, NULL, membrane, &st))
		for (int i = 1; i < ugo->hidden; i++)
			if (fabsf(membrane[i]) > fabsf(membrane[best]))
				best = i;
	free(membrane);
	return best;
}

/* Which blocks the request reads [depth]. */
static void
want(const struct history *h, bool *wanted)
{
	for (int b = 0; b < h->walk->model->depth; b++)
		wanted[b] = b == recording_block(h->walk->model, h->request.site) || b == h->request.layer;
}

bool
history_ready(const struct history *h, const struct walk *walk)
{
	return h->walk == walk && h->pictures == walk->pictures && h->count >= walk->t;
}

static float
element(const struct excerpt *e, enum snn_quantity q)
{
	return excerpt_has(e, q) ? excerpt_element(e, q, 0) : NAN;
}

/* The hidden neuron's membrane, and what it sent in this step. */
static bool
read_hidden(struct history *h, struct history_point *p, struct status *st)
{
	const struct ugo *ugo = hidden_ugo(h->walk, h->request.site);
	float *count = malloc(2 * (size_t)ugo->hidden * sizeof(*count));

	if (!count)
		return status_nomem(st, "a history");
	excerpt_hidden(h->neuron, 0, count, count + ugo->hidden);
	p->count = count[h->unit] - h->before;
	h->before = count[h->unit];
	p->membrane = count[ugo->hidden + h->unit];
	free(count);
	return true;
}

/* The threshold of the hidden neuron, as the plan has it. */
static float
hidden_threshold(const struct history *h)
{
	const struct site_plan *p = &h->walk->plan->site[site_index(h->walk->model, h->request.site)];
	int dim[3], dims = site_shape(h->walk->model, h->request.site, dim);
	size_t column = p->channels > 1 ? h->request.element % (size_t)dim[dims - 1] : 0;

	return p->threshold[column * (size_t)p->per_channel + (size_t)h->unit];
}

/* Where a step is read from: what was recorded, or a network at that time. */
struct past {
	const struct recording *recording;
	const struct snn *snn; /* NULL: only what was recorded */
	int t;
};

static const float *
source(const struct past *past, struct site site)
{
	const float *kept = recording_source(past->recording, site, past->t);

	return kept || !past->snn ? kept : snn_source(past->snn, site);
}

static size_t
first_of(const struct model *model, const struct history_request *r, int token)
{
	struct attention_shape a = graph_maps(model);

	return ((size_t)token * (size_t)a.heads + (size_t)r->head) * (size_t)a.head_dim;
}

static void
read_train(const struct history *h, struct excerpt *e, const float *from, float *sent, float *sum, int t)
{
	float scale = h->walk->plan->mean_decoded ? (float)t : 1;

	excerpt_step(e, from);
	for (int i = 0; i < graph_maps(h->walk->model).head_dim; i++) {
		sent[i] = excerpt_element(e, SNN_SENT, i);
		sum[i] = excerpt_element(e, SNN_VALUE, i) * scale;
	}
}

static void
read_product(struct history *h, const struct past *past, struct history_point *p)
{
	const struct model *model = h->walk->model;
	const struct history_request *r = &h->request;
	size_t tokens = (size_t)graph_maps(model).tokens, at = ((size_t)r->head * tokens + (size_t)r->q) * tokens + (size_t)r->k;

	read_train(h, h->q, source(past, site_in(SITE_Q, r->layer)) + first_of(model, r, r->q), p->a, p->A, past->t);
	read_train(h, h->k, source(past, site_in(SITE_K, r->layer)) + first_of(model, r, r->k), p->b, p->B, past->t);
	p->score_sum = source(past, site_in(SITE_QK, r->layer))[at];
	p->score_sent = p->score_sum - (h->count > 0 ? h->point[h->count - 1].score_sum : 0);
}

/* The excerpts of what is looked at, at the start. */
static bool
need_excerpts(struct history *h, struct status *st)
{
	const struct history_request *r = &h->request;
	const struct plan *plan = h->walk->plan;
	const struct model *model = plan->model;
	int d = graph_maps(model).head_dim;

	if (h->q || (d == 0 && h->neuron))
		return true;
	if (recording_block(model, r->site) >= 0 && !(h->neuron = excerpt_new(plan, r->site, r->element, 1, st)))
		return false;
	if (d == 0)
		return true;
	h->q = excerpt_new(plan, site_in(SITE_Q, r->layer), first_of(model, r, r->q), d, st);
	h->k = h->q ? excerpt_new(plan, site_in(SITE_K, r->layer), first_of(model, r, r->k), d, st) : NULL;
	if (!h->k)
		forget_points(h);
	return h->k != NULL;
}

static bool
reserve(struct history *h, struct history_point *p, struct status *st)
{
	size_t d = (size_t)graph_maps(h->walk->model).head_dim;

	if (h->count == h->capacity) {
		int capacity = h->capacity ? 2 * h->capacity : 32;
		struct history_point *grown = realloc(h->point, (size_t)capacity * sizeof(*grown));

		if (!grown)
			return status_nomem(st, "a history");
		h->point = grown;
		h->capacity = capacity;
	}
	p->a = calloc(4 * d, sizeof(float));
	if (!p->a)
		return status_nomem(st, "a history");
	p->b = p->a + d;
	p->A = p->b + d;
	p->B = p->A + d;
	return true;
}

/* The value of a site outside the blocks: the logits of a step, or the embedding, which never changes. */
static float
outer_value(const struct history *h, int t)
{
	const struct history_request *r = &h->request;

	return r->site.kind == SITE_HEAD ? h->walk->step[t - 1].logits[r->element]
					 : snn_element(h->walk->snn, r->site, SNN_VALUE, r->element);
}

static bool
read_neuron(struct history *h, const struct past *past, struct history_point *p, struct status *st)
{
	const struct history_request *r = &h->request;

	if (!h->neuron) {
		*p = (struct history_point){
		    .value = outer_value(h, past->t), NAN, NAN, NAN, NAN, .a = p->a, .b = p->b, .A = p->A, .B = p->B};
		return true;
	}
	excerpt_step(h->neuron, source(past, r->site) + r->element);
	p->value = element(h->neuron, SNN_VALUE);
	p->input = element(h->neuron, SNN_INPUT);
	p->membrane = element(h->neuron, SNN_MEMBRANE);
	p->threshold = element(h->neuron, SNN_THRESHOLD);
	p->count = element(h->neuron, SNN_COUNT);
	if (h->unit < 0)
		return true;
	p->threshold = hidden_threshold(h);
	return read_hidden(h, p, st);
}

/* Reads step count + 1. */
static bool
read_point(struct history *h, const struct past *past, struct status *st)
{
	struct history_point p = {0};

	if (!need_excerpts(h, st) || !reserve(h, &p, st))
		return false;
	if (!read_neuron(h, past, &p, st)) {
		free(p.a);
		forget_points(h);
		return false;
	}
	if (h->q)
		read_product(h, past, &p);
	h->point[h->count++] = p;
	return true;
}

static bool
recorded(const struct history *h, int t)
{
	const struct history_request *r = &h->request;

	const struct model *model = h->walk->model;

	return (graph_maps(model).heads == 0 || recording_source(&h->recording, site_in(SITE_QK, r->layer), t)) &&
	       (recording_block(model, r->site) < 0 || recording_source(&h->recording, r->site, t));
}

/* All points that the recording has, up to the walk's t. */
static bool
read_recorded(struct history *h, struct status *st)
{
	while (h->count < h->walk->t && recorded(h, h->count + 1))
		if (!read_point(h, &(struct past){&h->recording, NULL, h->count + 1}, st))
			return false;
	return true;
}

/* Starts recording again when what was recorded is of another picture, or does not hold the
 * blocks that are asked for although it could. */
static bool
need_recording(struct history *h, bool fresh, struct status *st)
{
	bool *wanted, ok;

	if (!h->recording.plan && !recording_init(&h->recording, h->walk->plan, RECORDING_BUDGET, st))
		return false;
	if (!fresh && (h->recording.count == 0 || recorded(h, 1)))
		return true;
	wanted = calloc((size_t)h->walk->model->depth, sizeof(*wanted));
	ok = wanted != NULL || status_nomem(st, "a history");
	if (ok) {
		want(h, wanted);
		recording_start(&h->recording, wanted, h->walk->t);
	}
	free(wanted);
	return ok;
}

bool
history_ask(struct history *h, const struct walk *walk, const struct history_request *request, struct status *st)
{
	bool fresh = h->walk != walk || h->pictures != walk->pictures;

	if (is_same(h, walk, request))
		return true;
	if (h->walk != walk)
		forget_walk(h);
	forget_points(h);
	h->shown = h->shown && !fresh;
	h->request = *request;
	h->walk = walk;
	h->pictures = walk->pictures;
	h->unit = request->unit >= 0 && hidden_ugo(walk, request->site) ? request->unit : largest_unit(walk, request);
	return need_recording(h, fresh, st) && read_recorded(h, st);
}

/* The network is at step t: it is recorded, and read, where it is the next one. */
static bool
take(struct history *h, const struct snn *snn, struct status *st)
{
	int t = snn_time(snn);
	bool *wanted = calloc((size_t)h->walk->model->depth, sizeof(*wanted));
	bool ok = wanted != NULL || status_nomem(st, "a history");

	if (ok && t == h->recording.count + 1) {
		want(h, wanted);
		ok = recording_add(&h->recording, snn, wanted, st);
	}
	if (ok && t == h->count + 1)
		ok = read_point(h, &(struct past){&h->recording, snn, t}, st);
	free(wanted);
	return ok;
}

/* The second network, at a time that is not past the last step known. */
static bool
need_network(struct history *h, struct status *st)
{
	if (!h->snn && !(h->snn = snn_new(h->walk->plan, st)))
		return false;
	if (!h->shown || snn_time(h->snn) > h->count) {
		snn_show(h->snn, h->walk->pixels);
		h->shown = true;
	}
	return true;
}

bool
history_advance(struct history *h, const struct walk *walk, int n, struct status *st)
{
	if (h->walk != walk || h->pictures != walk->pictures)
		return status_fail(st, STATUS_USAGE, "the history was asked for another picture; ask again");
	if (!read_recorded(h, st) || (h->count < walk->t && !need_network(h, st)))
		return false;
	for (int i = 0; i < n && h->count < walk->t; i++) {
		snn_step(h->snn);
		if (!take(h, h->snn, st))
			return false;
	}
	return true;
}

bool
history_append(struct history *h, const struct walk *walk, struct status *st)
{
	if (h->walk != walk || h->pictures != walk->pictures || snn_time(walk->snn) != walk->t)
		return true;
	return take(h, walk->snn, st);
}

int
history_count(const struct history *h)
{
	return h->count;
}

const struct history_point *
history_at(const struct history *h, int t)
{
	return t >= 1 && t <= h->count ? &h->point[t - 1] : NULL;
}

int
history_unit(const struct history *h)
{
	return h->unit;
}

size_t
history_memory(const struct history *h)
{
	size_t d = h->walk ? (size_t)graph_maps(h->walk->model).head_dim : 0;

	return (h->snn ? snn_memory(h->snn) : 0) + h->recording.bytes + (size_t)h->count * 4 * d * sizeof(float) +
	       (size_t)h->capacity * sizeof(*h->point);
}
