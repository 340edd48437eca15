/* Neurons: stateful quantisers of a cumulative target.
 *
 * A neuron should have sent X_t in all after step t; it has sent M. Its membrane
 * potential is u = X_t - M, its state is M alone: as an integer m, M = m V, so that a
 * neuron never drifts.
 *
 *   if      +1 quantum V when u >= V (soft reset)
 *   signed  as if, and -1 when u <= -V and m > 0 (STA: signed with memory)
 *   burst   +-V by the rule of signed, then k spikes of V/2, k = floor(|r| / (V/2 + 1e-5))
 *           with the sign of r = max(-M, u), |k| <= burst (STA, released code). M is a
 *           float, added up as the released code does: what its rounding leaves of a
 *           train that was taken back decides whether more is taken back.
 *   round   quantum V: the nearest integer to u / V, at most +-burst a step
 *           (an initial potential of V/2; SPIKING 0.3)
 *
 *   mt      multi-threshold with the nearest rule (SPIKING 2): levels V 2^k for k in
 *           0..levels-1; what is missing, r = X_t - M, is answered by the level nearest
 *           to |r| with its sign, by nothing below V/2. `repeat` such spikes a step. The
 *           levels may be refined: at step t they are scaled by `grain`, a power of 2
 *           that is at least `fine`; the quantum is V fine.
 *
 * A threshold of 0 marks a neuron that never sends. */
#ifndef SPIKESCOPE_SNN_NEURON_H
#define SPIKESCOPE_SNN_NEURON_H

#include "snn/plan.h"

#include <stddef.h>
#include <stdint.h>

struct neuron_rule {
	enum neuron_kind kind; /* not NEURON_NONE */
	int burst;             /* round: at least 1; burst: at least 0; mt: levels, 1..8 */
	int repeat;            /* mt: spikes a step, 1..3 */
	float grain, fine;     /* mt: 2^-i, fine <= grain <= 1 */
};

/* Integers, so that sums do not depend on the order of threads. */
struct neuron_tally {
	int64_t events; /* neurons that sent */
	int64_t units;  /* quanta, or spikes where a spike is worth several quanta */
};

/* The value of one quantum at threshold V: V/2 for burst, V fine for mt, else V. */
float neuron_quantum(const struct neuron_rule *rule, float threshold);

/* Bytes of state per neuron: a float for burst, else an int16_t. Zero is the start. */
size_t neuron_state_size(enum neuron_kind kind);

/* One step of n neurons: x [n] targets X_t, threshold [n], state [n] updated; total [n]
 * receives M_t, sent [n] what this step sent. Adds to tally. A count stays below 32767:
 * at most 1024 steps (plan.h) of at most 16 quanta. */
void neuron_step(struct neuron_rule rule, const float *x, const float *threshold, void *state, float *total, float *sent,
		 size_t n, struct neuron_tally *tally);

#endif
