#include "study/history.h"

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
	struct snn *snn; /* for replay; NULL until needed */
	bool shown;      /* it has the walk's picture, at its time */
	float before;    /* count of the hidden neuron after the last point */
};

struct history *
history_new(struct status *st)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		status_nomem(st, "a history");
	return h;
}

static void
forget(struct history *h)
{
	for (int i = 0; i < h->count; i++)
		free(h->point[i].a);
	h->count = 0;
	h->before = 0;
	h->shown = false;
}

void
history_free(struct history *h)
{
	if (!h)
		return;
	forget(h);
	free(h->point);
	snn_free(h->snn);
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

void
history_ask(struct history *h, const struct walk *walk, const struct history_request *request)
{
	if (is_same(h, walk, request))
		return;
	forget(h);
	if (h->walk != walk) {
		snn_free(h->snn);
		h->snn = NULL;
	}
	h->request = *request;
	h->walk = walk;
	h->pictures = walk->pictures;
	h->unit = request->unit >= 0 && hidden_ugo(walk, request->site) ? request->unit : largest_unit(walk, request);
}

bool
history_ready(const struct history *h, const struct walk *walk)
{
	return h->walk == walk && h->pictures == walk->pictures && h->count >= walk->t;
}

static float
element(const struct snn *snn, struct site site, enum snn_quantity q, size_t i)
{
	return snn_has(snn, site, q) ? snn_element(snn, site, q, i) : NAN;
}

/* The hidden neuron's membrane, and what it sent in this step. */
static bool
read_hidden(struct history *h, const struct snn *snn, struct history_point *p, struct status *st)
{
	const struct ugo *ugo = hidden_ugo(h->walk, h->request.site);
	float *count = malloc(2 * (size_t)ugo->hidden * sizeof(*count));
	bool ok = count != NULL || status_nomem(st, "a history");

	ok = ok && snn_probe_hidden(snn, h->request.site, h->request.element, count, count + ugo->hidden, st);
	if (ok) {
		p->count = count[h->unit] - h->before;
		h->before = count[h->unit];
		p->membrane = count[ugo->hidden + h->unit];
	}
	free(count);
	return ok;
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

static void
read_train(const struct history *h, const struct snn *snn, enum site_kind kind, int token, float *sent, float *sum)
{
	const struct model *model = h->walk->model;
	struct site site = {kind, h->request.layer};
	size_t first = (size_t)token * (size_t)model->width + (size_t)(h->request.head * model->head_dim);
	float scale = h->walk->plan->mean_decoded ? (float)snn_time(snn) : 1;

	for (int i = 0; i < model->head_dim; i++) {
		sent[i] = snn_element(snn, site, SNN_SENT, first + (size_t)i);
		sum[i] = snn_element(snn, site, SNN_VALUE, first + (size_t)i) * scale;
	}
}

static void
read_product(const struct history *h, const struct snn *snn, struct history_point *p)
{
	const struct model *model = h->walk->model;
	const struct history_request *r = &h->request;
	struct site site = {SITE_QK, r->layer};
	size_t tokens = (size_t)model->tokens, at = ((size_t)r->head * tokens + (size_t)r->q) * tokens + (size_t)r->k;

	read_train(h, snn, SITE_Q, r->q, p->a, p->A);
	read_train(h, snn, SITE_K, r->k, p->b, p->B);
	p->score_sent = snn_element(snn, site, SNN_SENT, at);
	p->score_sum = snn_element(snn, site, SNN_VALUE, at) * (h->walk->plan->mean_decoded ? (float)snn_time(snn) : 1);
}

static bool
reserve(struct history *h, struct history_point *p, struct status *st)
{
	size_t d = (size_t)h->walk->model->head_dim;

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

/* Reads the network, whose time must be count + 1. */
static bool
read_point(struct history *h, const struct snn *snn, struct status *st)
{
	const struct history_request *r = &h->request;
	struct history_point p = {0};
	bool ok = reserve(h, &p, st);

	if (!ok)
		return false;
	p.value = element(snn, r->site, SNN_VALUE, r->element);
	p.input = element(snn, r->site, SNN_INPUT, r->element);
	p.membrane = element(snn, r->site, SNN_MEMBRANE, r->element);
	p.threshold = element(snn, r->site, SNN_THRESHOLD, r->element);
	p.count = element(snn, r->site, SNN_COUNT, r->element);
	read_product(h, snn, &p);
	if (h->unit >= 0) {
		p.threshold = hidden_threshold(h);
		ok = read_hidden(h, snn, &p, st);
	}
	if (ok)
		h->point[h->count++] = p;
	else
		free(p.a);
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
	if (!need_network(h, st))
		return false;
	for (int i = 0; i < n && h->count < walk->t; i++) {
		bool known = snn_time(h->snn) < h->count; /* read from the walk before */

		snn_step(h->snn);
		if (!known && !read_point(h, h->snn, st))
			return false;
	}
	return true;
}

bool
history_append(struct history *h, const struct walk *walk, struct status *st)
{
	if (h->walk != walk || h->pictures != walk->pictures || h->count != walk->t - 1 || snn_time(walk->snn) != walk->t)
		return true;
	return read_point(h, walk->snn, st);
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
	size_t d = h->walk ? (size_t)h->walk->model->head_dim : 0;

	return (h->snn ? snn_memory(h->snn) : 0) + (size_t)h->count * 4 * d * sizeof(float) +
	       (size_t)h->capacity * sizeof(*h->point);
}
