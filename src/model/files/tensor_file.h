/* What the readers of weight files share: the open file, and mapped bytes.
 * Private to src/model/files; users of weights read safetensors.h. */
#ifndef SPIKESCOPE_MODEL_TENSOR_FILE_H
#define SPIKESCOPE_MODEL_TENSOR_FILE_H

#include "base/arena.h"
#include "model/files/safetensors.h"

struct mapping {
	const unsigned char *base;
	size_t size;
};

struct safetensors {
	struct mapping *maps;
	int map_count;
	struct st_tensor *tensors; /* sorted by name once the file is open */
	size_t count, room;
	struct arena *names; /* the tensors' names, and values that could not stay where they lay */
};

/* The mapping of a whole regular file of at least `least` bytes. */
bool tensor_file_map(const char *path, size_t least, struct mapping *map, struct status *st);
/* Room for more tensors behind file->count. */
bool tensor_file_reserve(struct safetensors *file, size_t more, struct status *st);

#endif
