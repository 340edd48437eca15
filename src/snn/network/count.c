/* What fired in the last step, beyond the tallies that the neurons keep. */
#include "kernels/kernel.h"
#include "snn/network/network.h"

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
	const struct neuron_type *type = neuron_type(p->neuron);

	return type && type->number && p->settings.burst > 2;
}

KERNEL static uint64_t
set_bits_of_counts(const int8_t *restrict counts, int rows, size_t row_bytes, int columns)
{
	uint64_t sum = 0;

	for (int r = 0; r < rows; r++, counts += row_bytes) {
		uint32_t bits = 0;

		for (int i = 0; i < columns; i++) {
			int32_t count = counts[i];
			uint32_t n = (uint32_t)(count < 0 ? -count : count);

			n -= n >> 1 & 0x55;
			n = (n & 0x33) + (n >> 2 & 0x33);
			bits += (n + (n >> 4)) & 0xf;
		}
		sum += bits;
	}
	return sum;
}

static uint64_t
powers_of(const struct node *node)
{
	const struct site_plan *p = node->plan;
	uint64_t sum = 0;

	if (neuron_type(p->neuron) && neuron_type(p->neuron)->number && !sends_numbers(p))
		return (uint64_t)node->step->events;
	if (!sends_numbers(p) || !node->m)
		return (uint64_t)node->step->units;
	if (node->packed)
		return set_bits_of_counts(node->counts, node->rows, fixed_row(node->columns), node->columns);
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

/* A part of what a node has sent: rows `stride` elements apart. Of sent and counts one is NULL; both
 * are of graded nodes, which send always. */
struct part {
	const float *sent;
	const int8_t *counts;
	size_t stride;
	int rows, columns;
};

static struct part
part_of(const struct node *node, int row, int rows, int column, int columns)
{
	size_t stride = node->packed ? fixed_row(node->columns) : (size_t)node->columns,
	       at = (size_t)row * stride + (size_t)column;
	bool graded = node->plan->neuron == NEURON_NONE;

	return (struct part){graded || node->packed ? NULL : node->sent + at, node->packed ? node->counts + at : NULL, stride,
			     rows, columns};
}

/* How many rows have sent something in each column. */
KERNEL static void
senders(struct part p, uint32_t *restrict count)
{
	for (int i = 0; i < p.columns; i++)
		count[i] = p.sent || p.counts ? 0 : (uint32_t)p.rows;
	for (int r = 0; p.sent && r < p.rows; r++)
		for (int i = 0; i < p.columns; i++)
			count[i] += p.sent[(size_t)r * p.stride + (size_t)i] != 0;
	for (int r = 0; p.counts && r < p.rows; r++)
		for (int i = 0; i < p.columns; i++)
			count[i] += p.counts[(size_t)r * p.stride + (size_t)i] != 0;
}

/* How many columns of the first row. */
KERNEL static uint32_t
senders_of_row(struct part p)
{
	uint32_t count = p.sent || p.counts ? 0 : (uint32_t)p.columns;

	for (int i = 0; p.sent && i < p.columns; i++)
		count += p.sent[i] != 0;
	for (int i = 0; p.counts && i < p.columns; i++)
		count += p.counts[i] != 0;
	return count;
}

static uint64_t
score_pairs(const struct snn *snn, const struct attention *a)
{
	const struct node *q = a->q, *k = a->k;
	uint32_t *of_q = snn->senders, *of_k = of_q + q->columns;
	uint64_t sum = 0;

	senders(part_of(q, 0, q->rows, 0, q->columns), of_q);
	senders(part_of(k, 0, k->rows, 0, k->columns), of_k);
	for (int i = 0; i < q->columns; i++)
		sum += (uint64_t)of_q[i] * of_k[i];
	return sum;
}

static uint64_t
value_pairs(const struct snn *snn, const struct attention *a)
{
	uint64_t sum = 0;

	for (int h = 0; h < a->heads; h++) {
		senders(part_of(a->p, h * a->queries, a->queries, 0, a->tokens), snn->senders);
		for (int k = 0; k < a->tokens; k++)
			sum += (uint64_t)snn->senders[k] * senders_of_row(part_of(a->v, k, 1, h * a->head_dim, a->head_dim));
	}
	return sum;
}

/* Of a product value by value. */
static uint64_t
gate_pairs(const struct snn *snn, struct site product)
{
	const struct layer *layer = site_layer(snn->model, product);
	const struct node *a = snn_node(snn, layer->from[0]), *b = snn_node(snn, layer->from[1]);
	bool all_a = a->plan->neuron == NEURON_NONE, all_b = b->plan->neuron == NEURON_NONE;
	uint64_t sum = 0;

	for (size_t i = 0; i < a->size; i++)
		sum += (all_a || a->sent[i] != 0) && (all_b || b->sent[i] != 0);
	return sum;
}

uint64_t
snn_step_pairs(const struct snn *snn, struct site product)
{
	struct attention a;

	if (product.kind == SITE_PRODUCT)
		return gate_pairs(snn, product);
	a = snn_attention(snn, product.block);

	return product.kind == SITE_QK ? score_pairs(snn, &a) : value_pairs(snn, &a);
}
