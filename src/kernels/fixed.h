/* Products of spikes with weights in fixed point: sums of whole numbers.
 *
 * What an input sends in a step is a small whole number k of quanta. So an output is a sum of
 * k_i times q_oi, whole numbers both: q_oi is W_oi times the quantum of input i in units of
 * scale_o, which is chosen so that the largest of an output's weights is FIXED_MOST. A weight is
 * rounded to within 2^-24 of the largest, which is what a float has for that one. Over a chunk of
 * FIXED_CHUNK inputs such a sum S is exact whatever its order, however many inputs are taken at
 * once, and on any number of threads. It is rounded in one place:
 *
 *	y = fma(float(S), scale_o grain, y)	float(): to nearest, ties to even
 *
 * for chunk after chunk. So it does not matter how S is come by: all inputs with sums of products
 * of bytes (the processor's units for matrices of bytes, or vectors of them), or only those that
 * have sent, one by one. Which of them is faster is decided row by row.
 */
#ifndef SPIKESCOPE_ANN_FIXED_H
#define SPIKESCOPE_ANN_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIXED_CHUNK = 384, FIXED_MOST = (1 << 23) - 1, FIXED_COUNT_MOST = 127 };

/* The weights [out, in] of a layer. */
struct fixed {
	int in, out;
	int32_t *weight; /* q, in panels of outputs: what single spikes meet */
	uint8_t *digits; /* q to the base 256, as products of bytes read them; NULL where the kernels in use have none */
	float *scale;    /* [out] */
};

struct arena;

/* Weights in the arena, to be filled, for the kernels in use (kernels/cpu.h). NULL when out of memory. */
struct fixed *fixed_new(struct arena *arena, int in, int out);
/* w [out, in], and what a quantum [in] of every input is worth. */
void fixed_fill(struct fixed *f, const float *w, const float *quantum);

/* Counts as products read them: rows of fixed_row() bytes, fixed_counts_size() in all, which the
 * caller zeroes once: what is behind a row's last count stays 0. */
size_t fixed_row(int in);
size_t fixed_counts_size(int rows, int in);
/* How many quanta x [n] is: whole numbers of grain times the quantum. inverse [n]: 1 over the quantum,
 * 0 where that is 0; grain is a power of two. */
void fixed_counts(const float *x, const float *inverse, float grain, int n, int8_t *counts);

/* Where products list who has sent. Of up to that many rows and inputs; in a caller's arena, NULL when out of memory. */
struct fixed_room;
struct fixed_room *fixed_room_new(struct arena *arena, int rows, int in);

/* y [rows, out] += grain x W', x the quanta times counts [rows, in], which are at most
 * FIXED_COUNT_MOST; grain is a power of two. */
void fixed_add(const struct fixed *f, const int8_t *counts, int rows, float grain, struct fixed_room *room, float *y);

/* How fixed_add() takes rows: by itself, all inputs of all rows, or spike by spike. For tests and benchmarks: the bits are the
 * same. */
enum fixed_choice { FIXED_BY_DENSITY, FIXED_DENSE, FIXED_EVENTS };
void fixed_add_as(enum fixed_choice choice, const struct fixed *f, const int8_t *counts, int rows, float grain,
		  struct fixed_room *room, float *y);

#endif
