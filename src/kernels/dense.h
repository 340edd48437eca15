/* Products of values with weights: the only product of floats there is.
 *
 * To an output is added, chunk by chunk of DENSE_CHUNK inputs, what the chunk's inputs
 * give in ascending order,
 *
 *	s = 0;  s = fma(x_i, w_oi, s) for every i;  y = y + s
 *
 * so that a long sum loses little to rounding. Adding a zero changes nothing, so that all ways to
 * a sum give the same bits: with any number of rows at once, on any number of threads, on every
 * processor, for all inputs or only for those that are not zero (spikes).
 */
#ifndef SPIKESCOPE_ANN_DENSE_H
#define SPIKESCOPE_ANN_DENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DENSE_CHUNK = 192 };

/* How a matrix lies in memory: in panels (kernels/panels.h); plainly [in, out], out a multiple of PANEL_PART; or plainly
 * [out, in], as files have it, which costs a copy: for few weights or many rows. */
enum dense_layout { DENSE_PANELS, DENSE_COLUMNS, DENSE_ROWS };

struct dense {
	int rows, in, out;
	const float *x; /* [rows, in], rows ldx floats apart */
	int ldx;
	const float *weight;
	enum dense_layout layout;
	int ldw;           /* of plain matrices: rows are so many floats apart */
	const float *bias; /* [out], or NULL: zeros; not when accumulating */
	bool accumulate;   /* y += x W', else y = bias + x W' */
	float *y;          /* [rows, out], rows ldy floats apart */
	int ldy;
};

void dense_run(const struct dense *d);

/* Rows of spikes as lists of those inputs that are not zero. */
struct spikes;

/* Room for the spikes of up to rows x in inputs; in a caller's arena. NULL when out of memory. */
struct arena;
struct spikes *spikes_new(struct arena *arena, int rows, int in);
/* Lists those of x [rows, in]; sizes as at spikes_new, or smaller. */
void spikes_list(struct spikes *s, const float *x, int rows, int in);
/* y [rows, out] += x W', x as listed. The same bits as dense_run with accumulate. */
void spikes_run(const struct spikes *s, const float *panels, int out, float *y);

#endif
