/* A dense float tensor that owns its data: what probes and observers hand out. */
#ifndef SPIKESCOPE_BASE_TENSOR_H
#define SPIKESCOPE_BASE_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

enum { TENSOR_DIMS = 4 };

struct tensor {
	int dims;             /* 0..TENSOR_DIMS */
	int dim[TENSOR_DIMS]; /* outermost first, row major */
	float *data;          /* [product of dim] */
	size_t capacity;      /* floats allocated */
};

/* Gives t the shape dim[dims], growing its data where needed; the contents are
 * undefined. t must be zeroed before its first use. False when out of memory. */
bool tensor_shape(struct tensor *t, int dims, const int *dim);
size_t tensor_size(const struct tensor *t); /* floats */
void tensor_done(struct tensor *t);         /* frees the data and zeroes t */

#endif
