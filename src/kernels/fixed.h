/* Products of spikes, or of values, with weights in fixed point.
 *
 * What an input sends in a step is a small whole number k of quanta. So an output is a sum of
 * k_i times q_oi, whole numbers both: q_oi is W_oi times the quantum of input i in units of
 * scale_o, which is chosen so that the largest of an output's weights is FIXED_MOST. Such a sum
 * is exact whatever its order, on any number of threads, and is rounded only where it is added
 * to what is there: once for every FIXED_CHUNK inputs. A weight is rounded to within 2^-24 of
 * the largest, which is what a float has for that one.
 *
 * Machines that multiply matrices of bytes (AMX) do this several times faster than products of
 * floats; the others do it slowly, with the same bits. */
#ifndef SPIKESCOPE_ANN_FIXED_H
#define SPIKESCOPE_ANN_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIXED_CHUNK = 384, FIXED_MOST = (1 << 23) - 1, FIXED_COUNT_MOST = 127 };

/* The weights [out, in] of a layer. */
struct fixed {
	int in, out;
	uint8_t *weight; /* [fixed_size()]: digits to the base 256 */
	float *scale;    /* [out] */
};

struct arena;

/* Does this machine have the instructions, and may this process use them? The environment
 * variable SPIKESCOPE_AMX=0 says no. */
bool fixed_is_fast(void);

/* Weights in the arena, to be filled. NULL when out of memory. */
struct fixed *fixed_new(struct arena *arena, int in, int out);
size_t fixed_size(int in, int out);
/* w [out, in], and what a quantum [in] of every input is worth. */
void fixed_fill(struct fixed *f, const float *w, const float *quantum);

/* Counts as products read them: rows of fixed_row() bytes, fixed_counts_size() in all, which the
 * caller zeroes once: what is behind a row's last count stays 0. */
size_t fixed_row(int in);
size_t fixed_counts_size(int rows, int in);
/* How many quanta x [n] is: whole numbers of grain times the quantum. inverse [n]: 1 over the quantum,
 * 0 where that is 0; grain is a power of two. */
void fixed_counts(const float *x, const float *inverse, float grain, int n, int8_t *counts);

/* y [rows, out] += grain x W', x the quanta times counts [rows, in], which are at most
 * FIXED_COUNT_MOST; grain is a power of two. */
void fixed_add(const struct fixed *f, const int8_t *counts, int rows, float grain, float *y);
/* The same without those instructions. */
void fixed_add_plain(const struct fixed *f, const int8_t *counts, int rows, float grain, float *y);

/* Bytes that fixed_add_values() works in, zeroed at the start, aligned for floats. */
size_t fixed_values_scratch(int rows, int in);

/* y [rows, out] += x W', x [rows, in] of any values, with quanta of 1. A row of x is rounded to
 * whole multiples of a power of two, of which its largest value has more than 4.17 million: to
 * within 2^-22.9 of that value (or 2^-103 where all are below 2^-80). Of a product of two numbers of
 * 24 bits what is left out is below 2^-30 of the largest; sums are exact but for that, and are
 * rounded only where they are added to what is there, once for every FIXED_CHUNK inputs. A row that
 * is not finite gives NAN. */
void fixed_add_values(const struct fixed *f, const float *x, int rows, int8_t *scratch, float *y);
/* The same without those instructions. */
void fixed_add_values_plain(const struct fixed *f, const float *x, int rows, int8_t *scratch, float *y);

#endif
