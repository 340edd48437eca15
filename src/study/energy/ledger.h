/* The ledger: what a spiking network does, counted from what fired, per site and step.
 *
 * Counts are exact integers; what they cost is for rules to say (study/rules.h). A row
 * belongs to the site that the work is done for or that the spikes come from:
 *
 *   neurons             spiking neurons that took the step; each is updated once
 *   events              neurons that sent something
 *   units               quanta sent, or spikes where a spike is worth several quanta
 *   powers              bits set in the numbers of quanta sent; spikes where each is a
 *                       power of two times the threshold itself (mt, ecmt, differential,
 *                       burst). Hidden neurons that round and send more than two quanta
 *                       a step count as units.
 *   synapse_*           the same times the fan-out into a linear layer. q, k and v are one
 *                       layer of 3 width outputs. _single: events of neurons that know a
 *                       single level (and its negative), so that a weight is just added;
 *                       _graded: every operand that is no spike, times its fan-out
 *   product_*           the same of the two terms A_t b_t + a_t B_(t-1) that TCSA adds to a
 *                       product (docs/methods.md#products-of-two-trains), at the product's site: a spike of q meets all k
 *                       of its channel (tokens), one of k or v all queries, one of softmax
 *                       head_dim values
 *   pairs               a_t b_t, where both operands sent something in this step: the third
 *                       product when A_t is not formed first; _graded where an operand is graded
 *   ugo_*               spikes of hidden neurons into the sum of their UGO
 *   slots               what synapse_events and product_events would be if every neuron sent
 *   synapse_dense       slots of synapses alone, where neurons send more than 0 and 1
 *   scalings            multiplications by a factor that is no weight: 1/sigma behind
 *                       LayerNorm, 1/sqrt(head_dim) with 1/t on scores, 1/row sum, 1/t on
 *                       attention of mean-decoded trains, and 1/places of a mean's values
 *   squares             of LayerNorm's variance, each multiplied and added
 *   additions           means taken and removed, maxima removed, row sums, biases, residuals
 *   functions           evaluations of functions that are exact
 *   function_macs       the two layers of UGOs that are analog MLPs
 *   embedding_macs      patch embedding and head, CLIP's projection included: once a picture, in
 *                       its first step. The last LayerNorm, and the length of CLIP's embedding,
 *                       are not counted
 *   weight_reads        a weight for every synapse, w2 for every spike of a hidden neuron, and
 *                       a threshold for every neuron updated
 *   state_reads, state_writes
 *                       the sum that a synapse adds to, read and written; for products the
 *                       other operand's value too; the state of every neuron updated. Where an
 *                       operand is graded: the operand for each of its synapses, the sums once.
 *
 * Fan-outs are those of the whole layer, also in the last block, where the head reads the
 * prefix tokens alone: the engine computes all of it, and so does the reference. Spikes of an
 * encoder before a UGO (SITE_FC1) have no synapses: their neurons' update takes them in.
 * Comparisons that find a row's maximum are not counted.
 *
 * Of residual networks synapses are those of convolutions, counted place by place: a spike
 * meets the weights of all output places whose windows it is in, of every convolution that
 * reads it (snn_reach() says what passes through a pool). Zeros beyond the border are not
 * counted, of the reference neither. Additions are the sums of residual blocks, biases, the
 * first convolution's sums (which enter as biases do), and those of means: all values of every
 * window, whose means are scaled; a maximum is comparisons. The first convolution and the head
 * are embedding_macs.
 *
 * Attention pooling is counted as the attention of a block is, with one query. Tokens, as means
 * and places, are graded, and as with pools, only those that changed count: all of them meet the
 * weights of k and v, the first one those of q as well, in the tokens' row. Positions and
 * biases are added in every step of mean-decoded trains, else in the first, for no LayerNorm
 * scales anew what they are added to. The projection behind it is the head's.
 *
 *	struct ledger *ledger = ledger_new(plan, 4, &st);
 *	snn_show(snn, pixels);
 *	for (int t = 0; t < 4; t++) {
 *		snn_step(snn);
 *		ledger_step(ledger, snn);
 *	}
 *	ledger->pictures++; */
#ifndef SPIKESCOPE_STUDY_LEDGER_H
#define SPIKESCOPE_STUDY_LEDGER_H

#include "base/progress.h"
#include "model/data/dataset.h"
#include "snn/snn.h"

#include <stdint.h>

enum ledger_quantity {
	LEDGER_NEURONS,
	LEDGER_EVENTS,
	LEDGER_UNITS,
	LEDGER_POWERS,
	LEDGER_SYNAPSE_EVENTS,
	LEDGER_SYNAPSE_UNITS,
	LEDGER_SYNAPSE_POWERS,
	LEDGER_SYNAPSE_SINGLE,
	LEDGER_SYNAPSE_GRADED,
	LEDGER_PRODUCT_EVENTS,
	LEDGER_PRODUCT_UNITS,
	LEDGER_PRODUCT_POWERS,
	LEDGER_PRODUCT_SINGLE,
	LEDGER_PRODUCT_GRADED,
	LEDGER_PAIRS,
	LEDGER_PAIRS_GRADED,
	LEDGER_UGO_EVENTS,
	LEDGER_UGO_UNITS,
	LEDGER_UGO_POWERS,
	LEDGER_UGO_SINGLE,
	LEDGER_SLOTS,
	LEDGER_SYNAPSE_DENSE,
	LEDGER_SCALINGS,
	LEDGER_SQUARES,
	LEDGER_ADDITIONS,
	LEDGER_FUNCTIONS,
	LEDGER_FUNCTION_MACS,
	LEDGER_EMBEDDING_MACS,
	LEDGER_WEIGHT_READS,
	LEDGER_STATE_READS,
	LEDGER_STATE_WRITES,
	LEDGER_QUANTITIES
};
extern const char *const ledger_names[]; /* "neurons", "events", ...; ends with NULL */

struct ledger_row {
	uint64_t n[LEDGER_QUANTITIES];
};

struct ledger {
	const struct model *model; /* not owned */
	const struct plan *plan;   /* not owned; NULL: of the reference */
	int steps, sites;
	int pictures;
	struct ledger_row *row; /* [steps, sites] by site_index, of all pictures */
};

/* An empty ledger for at most so many steps of networks with this plan. */
struct ledger *ledger_new(const struct plan *plan, int steps, struct status *st);
void ledger_free(struct ledger *ledger); /* NULL is fine */
/* Adds the network's last step, snn_time() <= ledger->steps, which snn_step() has taken. */
void ledger_step(struct ledger *ledger, const struct snn *snn);
/* Adds what another ledger of the same plan and steps has. */
void ledger_merge(struct ledger *ledger, const struct ledger *more);
/* What the reference does for one picture, as one step: all operands graded, each product
 * once. fold_norm: the layer behind a LayerNorm is charged where plans that fold it do. */
struct ledger *ledger_reference(const struct model *model, bool fold_norm, struct status *st);

/* The rows of steps [from, to) and of one site (-1: all) together. */
struct ledger_row ledger_sum(const struct ledger *ledger, int site, int from, int to);
void ledger_add(struct ledger_row *row, const struct ledger_row *more);

/* What a site's spikes meet in a transformer or in attention pooling, and how many of it each. What
 * convolutions and projections read is not among it (snn_reach()). */
enum ledger_edge { LEDGER_EDGE_NONE, LEDGER_EDGE_SYNAPSE, LEDGER_EDGE_PRODUCT, LEDGER_EDGE_UGO };
enum ledger_edge ledger_edge(const struct plan *plan, struct site site, uint64_t *fan_out);
/* Values that the site's synapses choose from (all weights of the layer, or the other
 * operand of a product) and that they add to: what a memory has to hold. */
void ledger_memory(const struct model *model, struct site site, double *weights, double *states);

/* Runs pictures [first, first + count) for so many steps and counts. */
struct ledger_options {
	int first, count; /* count 0: to the last */
	int steps;        /* 0: the plan's T */
	int threads;      /* 0: all cores */
};
/* The ledger of the pictures done; stopped, it has those that were done, and *st says
 * STATUS_CANCELLED. NULL on other failures. Does not depend on the number of threads. */
struct ledger *ledger_run(const struct plan *plan, const struct dataset *data, const struct ledger_options *options,
			  const struct progress *progress, struct status *st);

#endif
