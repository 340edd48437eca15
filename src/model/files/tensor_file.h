/* What the readers of weight files share: the open files. Private to src/model/files; users of weights read safetensors.h. */
#ifndef SPIKESCOPE_MODEL_TENSOR_FILE_H
#define SPIKESCOPE_MODEL_TENSOR_FILE_H

#include "base/arena.h"
#include "model/files/safetensors.h"

/* An open file: read where and when values are asked for, and not mapped, since reading what another program has cut off
 * meanwhile fails, where touching it would end this one. */
struct st_source {
	char *path;
	int fd;
	size_t size;
	unsigned char *bytes; /* [size] all of it, of formats that are read at once; else NULL */
};

struct safetensors {
	struct st_source **sources;
	int source_count;
	struct st_tensor *tensors; /* sorted by name once the file is open */
	size_t count, room;
	struct arena *names; /* the tensors' names, and values that could not stay where they lay */
};

/* A regular file of at least `least` bytes; never waits for one that is none. */
struct st_source *tensor_file_open(const char *path, size_t least, struct status *st);
void tensor_file_close(struct st_source *source); /* NULL is fine */
/* size bytes from `at`. Fails with STATUS_DATA when they are no longer there. */
bool tensor_file_read(const struct st_source *source, size_t at, size_t size, void *out, struct status *st);
/* The same and a terminator; the caller frees. */
char *tensor_file_bytes(const struct st_source *source, size_t at, size_t size, struct status *st);
/* Room for more tensors behind file->count. */
bool tensor_file_reserve(struct safetensors *file, size_t more, struct status *st);

#endif
