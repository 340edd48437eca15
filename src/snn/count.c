/* What fired in the last step, beyond the tallies that the neurons keep. */
#include "base/kernel.h"
#include "snn/network.h"

#include <math.h>
#include <string.h>

/* Set bits of how many quanta each value of a row is, at most 31. Dead neurons have a quantum
 * of 0, and send nothing. */
KERNEL uint32_t
set_bits_of_row(const float *restrict sent, const float *restrict quantum, int columns)
{
	uint32_t sum = 0;

	for (int i = 0; i < columns; i++) {
		float whole = quantum[i] > 0 ? quantum[i] : 1;
		int32_t n = (int32_t)(fabsf(sent[i]) / whole + 0.5f);

		sum += (uint32_t)((n & 1) + (n >> 1 & 1) + (n >> 2 & 1) + (n >> 3 & 1) + (n >> 4 & 1));
	}
	return sum;
}

/* The same for rows whose columns share quanta. A number of quanta times its reciprocal is that
 * number but for rounding, so that quotients need no division. */
KERNEL static uint64_t
set_bits(const float *restrict sent, const float *restrict quantum, int rows, int columns)
{
	enum { AT_ONCE = 256 };
	uint64_t sum = 0;

	for (int first = 0; first < columns; first += AT_ONCE) {
		int width = columns - first < AT_ONCE ? columns - first : AT_ONCE;
		float inverse[AT_ONCE];

		for (int i = 0; i < width; i++)
			inverse[i] = quantum[first + i] > 0 ? 1 / quantum[first + i] : 0;
		for (int r = 0; r < rows; r++) {
			const float *row = sent + (size_t)r * (size_t)columns + (size_t)first;
			uint32_t bits = 0;

			for (int i = 0; i < width; i++) {
				uint32_t n = (uint32_t)(int32_t)(fabsf(row[i]) * inverse[i] + 0.5f);

				n -= n >> 1 & 0x55;
				n = (n & 0x33) + (n >> 2 & 0x33);
				bits += (n + (n >> 4)) & 0xf;
			}
			sum += bits;
		}
	}
	return sum;
}

bool
sends_numbers(const struct site_plan *p)
{
	return p->neuron == NEURON_ROUND && p->burst > 2;
}

static uint64_t
powers_of(const struct node *node)
{
	const struct site_plan *p = node->plan;
	uint64_t sum = 0;

	if (p->neuron == NEURON_ROUND && !sends_numbers(p))
		return (uint64_t)node->step->events;
	if (!sends_numbers(p) || !node->m)
		return (uint64_t)node->step->units;
	for (int side = 0; side < (p->split ? 2 : 1); side++)
		sum += set_bits(node->side ? node->side + (size_t)side * node->size : node->sent,
				node->threshold + side * node->columns, node->rows, node->columns);
	return sum;
}

void
snn_step_spikes(const struct snn *snn, struct site site, struct snn_spikes *spikes)
{
	const struct node *node = snn_node(snn, site_index(snn->model, site));

	*spikes = (struct snn_spikes){
	    .events = (uint64_t)node->step->events, .units = (uint64_t)node->step->units, .powers = powers_of(node)};
}

/* How many rows of a [rows, columns] matrix have sent something in each column; what is
 * graded sends always. */
KERNEL static void
senders(const float *sent, bool graded, int rows, int columns, uint32_t *restrict count)
{
	memset(count, 0, (size_t)columns * sizeof(*count));
	for (int r = 0; r < rows; r++, sent += columns)
		for (int i = 0; i < columns; i++)
			count[i] += graded || sent[i] != 0;
}

KERNEL static uint32_t
senders_of_row(const float *sent, bool graded, int columns)
{
	uint32_t count = 0;

	for (int i = 0; i < columns; i++)
		count += graded || sent[i] != 0;
	return count;
}

static bool
is_graded(const struct node *node)
{
	return node->plan->neuron == NEURON_NONE;
}

static uint64_t
score_pairs(const struct snn *snn, const struct attention *a)
{
	const struct node *q = a->q, *k = a->k;
	uint32_t *of_q = snn->senders, *of_k = of_q + q->columns;
	uint64_t sum = 0;

	senders(q->sent, is_graded(q), q->rows, q->columns, of_q);
	senders(k->sent, is_graded(k), k->rows, k->columns, of_k);
	for (int i = 0; i < q->columns; i++)
		sum += (uint64_t)of_q[i] * of_k[i];
	return sum;
}

static uint64_t
value_pairs(const struct snn *snn, const struct attention *a)
{
	const struct node *p = a->p, *v = a->v;
	size_t map = (size_t)a->queries * (size_t)a->tokens;
	uint64_t sum = 0;

	for (int h = 0; h < a->heads; h++) {
		senders(p->sent + (size_t)h * map, is_graded(p), a->queries, a->tokens, snn->senders);
		for (int k = 0; k < a->tokens; k++)
			sum += (uint64_t)snn->senders[k] *
			       senders_of_row(v->sent + (size_t)k * (size_t)v->columns + (size_t)(h * a->head_dim), is_graded(v),
					      a->head_dim);
	}
	return sum;
}

uint64_t
snn_step_pairs(const struct snn *snn, struct site product)
{
	struct attention a = snn->block ? block_attention(snn, &snn->block[product.block]) : snn->pool;

	return product.kind == SITE_QK ? score_pairs(snn, &a) : value_pairs(snn, &a);
}
