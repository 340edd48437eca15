/* Inside the products of spikes: one product, as its parts share it. */
#ifndef SPIKESCOPE_KERNELS_FIXED_JOB_H
#define SPIKESCOPE_KERNELS_FIXED_JOB_H

#include "kernels/fixed.h"
#include "kernels/kernel.h"

#include <math.h>

/* Single spikes meet panels of FIXED_PANEL outputs; the last is narrower, but a multiple of
 * FIXED_COLUMNS. A panel has, input after input, the weights of its outputs.
 *
 * Digits stand in the order in which tiles of the units for matrices of bytes read them: chunk of inputs,
 * FIXED_COLUMNS outputs, digit (the highest first, which has the sign), FIXED_BYTES inputs; of those
 * a row of four inputs for every output. Zeros fill up what is missing. */
enum { FIXED_PANEL = 64, FIXED_COLUMNS = 16, FIXED_BYTES = 64, FIXED_DIGITS = 3, FIXED_TILE = FIXED_COLUMNS * FIXED_BYTES };

/* Sums of so many quanta fit in 32 bits. */
enum { FIXED_NARROW = INT32_MAX / FIXED_MOST };

/* What a row sends within a chunk. */
struct fixed_part {
	int senders, quanta, sum; /* inputs that are not 0, the sum of sizes, and that of counts */
	int most;                 /* the largest size */
	int first;                /* where its spikes are listed */
};

/* One product. */
struct fixed_job {
	const struct fixed *f;
	const int8_t *counts;
	int rows, chunks;
	float grain;
	float *y;
	const struct fixed_part *part; /* [rows, chunks] */
	const uint32_t *spike;         /* lists: a count's bits above FIXED_INPUT_BITS bits of the input within the chunk */
	const int *dense, *listed;     /* rows of either kind */
	int dense_rows, listed_rows;
};

enum { FIXED_INPUT_BITS = 16 };

static inline int
fixed_parts(int n, int part)
{
	return (n + part - 1) / part;
}

/* Inputs of the chunk that begins at input `from`, and how many times FIXED_BYTES. */
static inline int
fixed_inputs(const struct fixed *f, int from)
{
	return f->in - from < FIXED_CHUNK ? f->in - from : FIXED_CHUNK;
}

static inline int
fixed_steps(const struct fixed *f, int from)
{
	return fixed_parts(fixed_inputs(f, from), FIXED_BYTES);
}

/* Where a chunk's digits of FIXED_COLUMNS outputs begin. */
static inline size_t
fixed_digits_at(const struct fixed *f, int from, int columns)
{
	size_t before = (size_t)(from / FIXED_BYTES) * (size_t)fixed_parts(f->out, FIXED_COLUMNS);

	return (before + (size_t)columns * (size_t)fixed_steps(f, from)) * FIXED_DIGITS * FIXED_TILE;
}

/* Outputs of a panel with those that are filled up. */
static inline int
fixed_panel_width(const struct fixed *f, int panel)
{
	int left = fixed_parts(f->out - panel * FIXED_PANEL, FIXED_COLUMNS) * FIXED_COLUMNS;

	return left < FIXED_PANEL ? left : FIXED_PANEL;
}

/* The job's rows of either kind, panels begin to end of the outputs. */
void fixed_run_events(const struct fixed_job *job, int begin, int end);
void fixed_run_vnni(const struct fixed_job *job, int begin, int end);
void fixed_run_amx(const struct fixed_job *job, int begin, int end); /* of all rows */

#endif
