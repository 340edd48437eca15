/* Files of weights: safetensors, and what torch.save() writes; checked, never trusted.
 *
 * One object covers one file, or a folder's weights: model.safetensors, the shards of a
 * model.safetensors.index.json, pytorch_model.bin, the shards of its index, or the only
 * .bin, .pt or .pth file there is. The last four are read as model/files/checkpoint.h
 * says, and nothing in them is run. The rest holds for safetensors. The files stay open;
 * values are read when they are asked for, which fails when a file has been cut off since. The header is checked before use: its
 * length against the file, offsets against the data and against dtype times shape, overlaps, duplicate names, unknown dtypes,
 * nesting. */
#ifndef SPIKESCOPE_MODEL_SAFETENSORS_H
#define SPIKESCOPE_MODEL_SAFETENSORS_H

#include "base/hash.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum dtype { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPE_I64, DTYPE_I32, DTYPE_I16, DTYPE_I8, DTYPE_U8, DTYPE_BOOL };

size_t dtype_size(enum dtype dtype);      /* bytes of one element */
const char *dtype_name(enum dtype dtype); /* as files spell it: "BF16" */

enum { ST_DIMS = 8 };

struct st_source; /* an open file */

struct st_tensor {
	const char *name; /* owned by the file object; may hold any UTF-8 */
	enum dtype dtype;
	int dims;
	int64_t dim[ST_DIMS];
	size_t count; /* elements */
	/* Where its values are: bytes from the beginning of the file, or in memory (of any alignment). */
	const struct st_source *source;
	size_t offset;
	const void *data; /* NULL: in the file */
};

struct safetensors;

/* path: a file of weights, an .index.json, or a folder holding one of them.
 * Fails with STATUS_DATA (missing, truncated, lying, another format). */
struct safetensors *safetensors_open(const char *path, struct status *st);
void safetensors_close(struct safetensors *file); /* NULL is fine */

int safetensors_count(const struct safetensors *file);
const struct st_tensor *safetensors_at(const struct safetensors *file, int index); /* sorted by name */
const struct st_tensor *safetensors_find(const struct safetensors *file, const char *name);

/* The tensor's element `first` and `count - 1` following as floats. F32, F16,
 * BF16 and F64 convert; integer dtypes convert exactly up to 2^24. Fails with
 * STATUS_DATA when the file cannot be read or is shorter than it was. */
bool safetensors_read(const struct st_tensor *t, size_t first, size_t count, float *out, struct status *st);

/* Adds the tensor's name, dtype and bytes. */
bool safetensors_hash(const struct st_tensor *t, struct hash *hash, struct status *st);

/* Writes tensors to path (F32), through a temporary file and rename, so that a
 * failed write leaves what was there. Refuses an existing file unless force. */
struct st_out {
	const char *name;
	int dims;
	int64_t dim[ST_DIMS];
	const float *data;
};
bool safetensors_write(const char *path, const struct st_out *tensors, int count, bool force, struct status *st);

#endif
