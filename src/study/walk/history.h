/* What one neuron and one product of the network did, step by step.
 *
 * Nobody keeps every membrane of every step. What drove the neurons is recorded while the
 * walk goes on (study/recording.h), and what is looked at is read again from that at once.
 * Steps from before the recording began, and blocks that have no room in it, are read by
 * stepping a second network through the same picture, which repeats the walk to the bit, a
 * few steps at a time so that a screen stays alive.
 *
 *	history_ask(h, walk, &request);
 *	while (!history_ready(h, walk) && history_advance(h, walk, 1, &st));
 *	history_at(h, t)->membrane */
#ifndef SPIKESCOPE_STUDY_HISTORY_H
#define SPIKESCOPE_STUDY_HISTORY_H

#include "study/walk/walk.h"

/* A neuron: element of a site, and for a UGO with spiking hidden neurons which of
 * them. A product: q k' of a layer's head, for one query and key. */
struct history_request {
	struct site site;
	size_t element;
	int unit; /* hidden neuron; -1: the one with the largest membrane after the last step known */
	int layer, head, q, k;
};

/* After one step. NAN: not defined at the site. */
struct history_point {
	float value, input; /* decoded; what the function received */
	float membrane;     /* of the encoder, or of the hidden neuron */
	float threshold;
	float count;      /* quanta sent in the step, signed */
	float score_sent; /* what the product sent in the step: the correction y_t */
	float score_sum;  /* what it has sent in all: sum of y */
	float *a, *b;     /* [head_dim] what arrived in the step: q and k spikes */
	float *A, *B;     /* [head_dim] in all so far; a residual network has no products: zeros */
};

struct history;

struct history *history_new(struct status *st);
void history_free(struct history *h); /* NULL is fine */

/* Looks at this from now on: what was recorded of it is known at once. */
bool history_ask(struct history *h, const struct walk *walk, const struct history_request *request, struct status *st);
/* Is every step up to the walk's t known? */
bool history_ready(const struct history *h, const struct walk *walk);
/* Up to n steps of replay, towards the walk's t. */
bool history_advance(struct history *h, const struct walk *walk, int n, struct status *st);
/* The walk has done a step: it is recorded and read where it is the next one. */
bool history_append(struct history *h, const struct walk *walk, struct status *st);

int history_count(const struct history *h); /* steps known, from t = 1 */
const struct history_point *history_at(const struct history *h, int t);
int history_unit(const struct history *h); /* the hidden neuron looked at; -1: none */
size_t history_memory(const struct history *h);

#endif
