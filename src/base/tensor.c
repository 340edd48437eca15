#include "base/tensor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t
tensor_size(const struct tensor *t)
{
	size_t n = 1;

	for (int i = 0; i < t->dims; i++)
		n *= (size_t)t->dim[i];
	return n;
}

bool
tensor_shape(struct tensor *t, int dims, const int *dim)
{
	struct tensor want = {.dims = dims};
	size_t n;

	memcpy(want.dim, dim, (size_t)dims * sizeof(*dim));
	n = tensor_size(&want);
	if (n > t->capacity) {
		float *data = n > SIZE_MAX / sizeof(*data) ? NULL : realloc(t->data, n * sizeof(*data));

		if (!data)
			return false;
		t->data = data;
		t->capacity = n;
	}
	t->dims = dims;
	memcpy(t->dim, want.dim, sizeof(t->dim));
	return true;
}

void
tensor_done(struct tensor *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}
