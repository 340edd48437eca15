/* The open files behind tensors, and what is read of them. */
#include "model/files/tensor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 64 << 10 }; /* bytes read at once */

void
tensor_file_close(struct st_source *source)
{
	if (!source)
		return;
	if (source->fd >= 0)
		close(source->fd);
	free(source->bytes);
	free(source->path);
	free(source);
}

static bool
check_file(const struct st_source *source, const struct stat *info, size_t least, struct status *st)
{
	if (!S_ISREG(info->st_mode))
		return status_fail(st, STATUS_DATA, "%s: not a regular file; give a .safetensors file", source->path);
	return info->st_size >= (off_t)least || status_fail(st, STATUS_DATA, "%s: only %lld bytes; is this a complete download?",
							    source->path, (long long)info->st_size);
}

/* A regular file of at least `least` bytes. */
struct st_source *
tensor_file_open(const char *path, size_t least, struct status *st)
{
	struct st_source *source = calloc(1, sizeof(*source));
	struct stat info;

	if (!source || !(source->path = strdup(path))) {
		free(source);
		status_nomem(st, path);
		return NULL;
	}
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
	if (source->fd < 0 || fstat(source->fd, &info) != 0)
		status_fail(st, STATUS_DATA, "%s: cannot be read: %s", path, strerror(errno));
	else if (check_file(source, &info, least, st)) {
		source->size = (size_t)info.st_size;
		return source;
	}
	tensor_file_close(source);
	return NULL;
}

bool
tensor_file_read(const struct st_source *source, size_t at, size_t size, void *out, struct status *st)
{
	char *to = out;

	while (size > 0) {
		ssize_t n = pread(source->fd, to, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return status_fail(st, STATUS_DATA, "%s: cannot be read: %s", source->path, strerror(errno));
		if (n == 0)
			return status_fail(st, STATUS_DATA,
					   "%s: ends at byte %zu of %zu: did the file change? open it again when it is whole",
					   source->path, at, source->size);
		to += n;
		at += (size_t)n;
		size -= (size_t)n;
	}
	return true;
}

/* size bytes from `at`, and a terminator; the caller frees. */
char *
tensor_file_bytes(const struct st_source *source, size_t at, size_t size, struct status *st)
{
	char *bytes = malloc(size + 1);

	if (!bytes) {
		status_nomem(st, source->path);
		return NULL;
	}
	if (!tensor_file_read(source, at, size, bytes, st)) {
		free(bytes);
		return NULL;
	}
	bytes[size] = '\0';
	return bytes;
}

static float
from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static float
from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 1023;

	if (exponent == 0) /* subnormal: fraction * 2^-24 */
		return (sign ? -1.0f : 1.0f) * (float)fraction * 0x1p-24f;
	if (exponent == 31)
		return from_bits(sign | 0x7f800000 | fraction << 13);
	return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* Takes element i as TYPE from bytes of any alignment. */
#define CONVERT(TYPE, EXPRESSION)                                                                                                \
	for (size_t i = 0; i < count; i++) {                                                                                     \
		TYPE v;                                                                                                          \
                                                                                                                                 \
		memcpy(&v, from + i * sizeof(v), sizeof(v));                                                                     \
		out[i] = (EXPRESSION);                                                                                           \
	}                                                                                                                        \
	break

static void
convert(enum dtype dtype, const unsigned char *from, size_t count, float *out)
{
	switch (dtype) {
	case DTYPE_F32:
		CONVERT(float, v);
	case DTYPE_F16:
		CONVERT(uint16_t, from_half(v));
	case DTYPE_BF16:
		CONVERT(uint16_t, from_bits((uint32_t)v << 16));
	case DTYPE_F64:
		CONVERT(double, (float)v);
	case DTYPE_I64:
		CONVERT(int64_t, (float)v);
	case DTYPE_I32:
		CONVERT(int32_t, (float)v);
	case DTYPE_I16:
		CONVERT(int16_t, (float)v);
	case DTYPE_I8:
		CONVERT(int8_t, (float)v);
	case DTYPE_U8:
	case DTYPE_BOOL:
		CONVERT(uint8_t, (float)v);
	}
}

/* size bytes of the tensor's from `at`. */
static bool
tensor_bytes(const struct st_tensor *t, size_t at, size_t size, void *out, struct status *st)
{
	if (!t->data)
		return tensor_file_read(t->source, t->offset + at, size, out, st);
	memcpy(out, (const unsigned char *)t->data + at, size);
	return true;
}

bool
safetensors_hash(const struct st_tensor *t, struct hash *hash, struct status *st)
{
	size_t size = t->count * dtype_size(t->dtype);
	unsigned char part[PART];

	hash_add(hash, t->name, strlen(t->name) + 1);
	hash_add(hash, &t->dtype, sizeof(t->dtype));
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < PART ? size - at : PART;
		if (!tensor_bytes(t, at, n, part, st))
			return false;
		hash_add(hash, part, n);
	}
	return true;
}

bool
safetensors_read(const struct st_tensor *t, size_t first, size_t count, float *out, struct status *st)
{
	size_t size = dtype_size(t->dtype);
	unsigned char part[PART];

	if (t->dtype == DTYPE_F32) /* this machine's own form, as is the order of bytes */
		return tensor_bytes(t, first * size, count * size, out, st);
	for (size_t n; count > 0; first += n, out += n, count -= n) {
		n = count < PART / size ? count : PART / size;
		if (!tensor_bytes(t, first * size, n * size, part, st))
			return false;
		convert(t->dtype, part, n, out);
	}
	return true;
}
