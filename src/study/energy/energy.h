/* Energy of a spiking network against its reference, from what fired.
 *
 * Counted are the operations behind spikes in the blocks, at 45 nm, fp32 (Horowitz,
 * ISSCC 2014): an accumulation 0.9 pJ, a multiplication and accumulation 4.6 pJ.
 *
 *   linear layers   fan-out accumulations for every spike of the operand; where the
 *                   operand is graded, all multiplications, every step
 *   products        both terms of TCSA: spikes of a against B_t and of b against
 *                   A_{t-1}, each with the other's length as fan-out (of attention pooling,
 *                   which has one query, 1 for keys and values)
 *   convolutions    likewise; what a spike meets is counted place by place (snn_reach())
 *   projections     of attention pooling, of every token that changed (snn_reach())
 *   UGO outputs     one accumulation for every spike of a hidden neuron
 *
 * per_event charges one accumulation for a neuron that sends, per_unit one for every
 * quantum (or, with levels, every spike). The reference has all multiplications of its
 * linear layers and products. Not counted on either side: the patch embedding (or the
 * first convolution) and the head, LayerNorm's squares, the inputs of UGOs, analog functions, scalings, memory. */
#ifndef SPIKESCOPE_STUDY_ENERGY_H
#define SPIKESCOPE_STUDY_ENERGY_H

#include "snn/snn.h"

struct energy {
	double per_event, per_unit; /* picojoules of all steps so far */
};

enum energy_part { ENERGY_LINEAR, ENERGY_PRODUCT, ENERGY_UGO, ENERGY_PARTS };
extern const char *const energy_part_names[]; /* "linear", "product", "ugo"; ends with NULL */

/* part [ENERGY_PARTS] may be NULL; returns the sum. */
struct energy energy_of(const struct snn *snn, struct energy *part);
/* Of the reference, per picture: picojoules. */
double energy_ann(const struct model *model);

#endif
