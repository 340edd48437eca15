/* Products of two trains: temporal correction (TCSA; STA, ICLR 2024, section 4.2).
 *
 * With A_t and B_t what has arrived so far, the engine keeps R_t = A_t B_t by the
 * incremental form
 *
 *	R_t = R_{t-1} + A_t b_t + a_t B_{t-1}
 *
 * and the product has sent, in all, Y_t = R_t / t: an estimate of the whole from
 * the spikes that have arrived, corrected by y_t = R_t / t - Y_{t-1} at every
 * step. No step uses a spike that has not arrived, and the mean of what was sent
 * is the product of the means. */
#ifndef SPIKESCOPE_SNN_PRODUCT_H
#define SPIKESCOPE_SNN_PRODUCT_H

#include <stdbool.h>

/* One factor in head layout: row i of the matrix at all + i * stride. */
struct train {
	const float *all;    /* A_t: the sum so far, this step included */
	const float *before; /* A_{t-1} */
	const float *sent;   /* a_t = A_t - A_{t-1} */
	int stride;          /* floats between rows, for all three */
};

/* r [rows, columns] += A_t b_t + a_t B_{t-1}, with A [rows, inner] and B [inner,
 * columns], or [columns, inner] when transposed. `before` of a is not used. */
void product_step(const struct train *a, const struct train *b, bool transposed, int rows, int columns, int inner, float *r);

/* sent[i] = total[i] = r[i] * factor / t minus what total[i] was. */
void product_send(const float *r, float factor, float *total, float *sent, int count);

#endif
