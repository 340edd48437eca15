/* Arrays of NumPy: .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)
 * and .npz archives of them. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_NPY_H
#define SPIKESCOPE_MODEL_NPY_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { NPY_DIMS = 8, NPY_HEADER_MAX = 1 << 16 };

struct npy_header {
	char kind; /* 'u', 'i' or 'f' */
	int size;  /* bytes of an element: 1, 2, 4 or 8 */
	int dims;
	int64_t dim[NPY_DIMS];
	size_t start; /* of the data: bytes from the start of the file */
	size_t count; /* elements */
};

/* bytes: the start of a file, at least its header (up to NPY_HEADER_MAX + 12 bytes). Refuses pickled objects, structures,
 * Fortran's order, big-endian numbers and headers that lie. name is for messages. */
bool npy_parse(struct npy_header *header, const uint8_t *bytes, size_t size, const char *name, struct status *st);

/* Element `index` of an array of integers, whose data starts at data; -1 when it is negative or over 2^30. */
int npy_integer(const struct npy_header *header, const uint8_t *data, size_t index);

#endif
