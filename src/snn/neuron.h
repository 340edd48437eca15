/* Neurons: stateful quantisers of a cumulative target.
 *
 * A neuron should have sent X_t in all after step t; it has sent m quanta. Its
 * membrane potential is u = X_t - m quantum, its state is the integer m. Written
 * this way a neuron never drifts, and stepping back is restoring integers.
 *
 *   if      +1 quantum V when u >= V (soft reset)
 *   signed  as if, and -1 when u <= -V and m > 0 (STA: signed with memory)
 *   burst   quantum V/2: +-2 by the rule of signed, then k = floor(|r| / (V/2 + 1e-5))
 *           with the sign of r = max(-m V/2, u), |k| <= burst (STA, released code)
 *   round   quantum V: the nearest integer to u / V, at most +-burst a step
 *           (an initial potential of V/2; SPIKING 0.3)
 *
 * A threshold of 0 marks a neuron that never sends. */
#ifndef SPIKESCOPE_SNN_NEURON_H
#define SPIKESCOPE_SNN_NEURON_H

#include "snn/plan.h"

#include <stddef.h>
#include <stdint.h>

struct neuron_rule {
	enum neuron_kind kind; /* not NEURON_NONE */
	int burst;             /* at least 1 for round, at least 0 for burst */
};

/* Integers, so that sums do not depend on the order of threads. */
struct neuron_tally {
	int64_t events; /* neurons that sent */
	int64_t units;  /* quanta, or spikes where a spike is worth several quanta */
};

/* The value of one quantum at threshold V. */
float neuron_quantum(enum neuron_kind kind, float threshold);

/* One step of n neurons: x [n] targets X_t, threshold [n], m [n] counts (updated),
 * delta [n] receives the change of m. Adds to tally. |m| stays below 32767:
 * at most 1024 steps of at most 6 quanta, plus room. */
void neuron_step(struct neuron_rule rule, const float *x, const float *threshold, int16_t *m, int16_t *delta, size_t n,
		 struct neuron_tally *tally);

#endif
