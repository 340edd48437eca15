/* Attention in one time step, behind the encoders of queries, keys and values: docs/methods.md#products-of-two-trains in terms of
 * sums over time. */
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <math.h>

static struct head
head_of(const struct snn *snn, const struct attention *a)
{
	return (struct head){a->tokens, a->head_dim, a->queries, a->heads * a->head_dim, snn->heads};
}

static void
score_step(struct snn *snn, const struct attention *a)
{
	size_t map = (size_t)a->queries * (size_t)a->tokens;
	struct head head = head_of(snn, a);
	float factor = 1 / (snn_scale(snn) * sqrtf((float)a->head_dim));

	for (int h = 0; h < a->heads; h++)
		head_scores(&head, a->q->total + h * a->head_dim, a->k->total + h * a->head_dim, snn->scores + (size_t)h * map);
	rows_scale(snn->scores, 1, (int)a->qk->size, &factor, 1, false, node_next(a->qk));
	node_encode(a->qk, *snn->t);
	snn_spent(snn, a->qk);
}

/* The target of the probabilities' encoder. With self-correction (released code) the
 * encoder receives, at every step, what is still missing from t times the softmax, and
 * keeps a membrane of its own, so that the target adds up. */
static void
probability_target(const struct snn *snn, struct node *p, const float *e, const float *reciprocal, int rows, int columns)
{
	if (!snn->plan->self_correcting) {
		rows_scale(e, rows, columns, reciprocal, snn_scale(snn), p->plan->positive, p->target);
		return;
	}
	rows_scale(e, rows, columns, reciprocal, snn_scale(snn), false, snn->scores);
	for (size_t i = 0; i < p->size; i++)
		p->target[i] += snn->scores[i] - p->total[i];
}

static void
softmax_step(struct snn *snn, const struct attention *a)
{
	float scale = snn_scale(snn), floor = snn->plan->exp_floor * scale;
	int rows = a->heads * a->queries;

	rows_shift(a->qk->total, rows, a->tokens, a->e->input);
	node_functions(a->e, a->e->input, scale, *snn->t);
	node_floor(a->e, a->e->input, floor);
	snn_spent(snn, a->e);
	rows_sum(a->e->total, rows, a->tokens, a->reciprocal->input);
	node_functions(a->reciprocal, a->reciprocal->input, scale, *snn->t);
	snn_spent(snn, a->reciprocal);
	probability_target(snn, a->p, a->e->total, a->reciprocal->total, rows, a->tokens);
	node_encode(a->p, *snn->t);
	snn_spent(snn, a->p);
}

static void
value_step(struct snn *snn, const struct attention *a)
{
	size_t map = (size_t)a->queries * (size_t)a->tokens;
	struct head head = head_of(snn, a);

	for (int h = 0; h < a->heads; h++)
		head_values(&head, a->p->total + (size_t)h * map, a->v->total + h * a->head_dim, a->av->target + h * a->head_dim,
			    a->heads * a->head_dim);
	if (snn->plan->mean_decoded)
		divide_array(a->av->target, a->av->size, snn_scale(snn));
	node_encode(a->av, *snn->t);
	snn_spent(snn, a->av);
}

void
attention_run(struct snn *snn, struct attention a)
{
	score_step(snn, &a);
	softmax_step(snn, &a);
	value_step(snn, &a);
}
