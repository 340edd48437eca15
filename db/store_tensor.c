/* Tensors that were asked to be kept: packed, compressed, and read back with care. */
#include "db/store.h"
#include "db/store_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { TENSOR_DIMS = 8, SHAPE_TEXT = 128 };

/* zlib makes at most this of a byte: a longer claim is a lie. */
enum { ZLIB_RATIO = 1100 };

static size_t
element_count(const int *dim, int dims)
{
	size_t n = 1;

	for (int i = 0; i < dims; i++)
		n *= (size_t)dim[i];
	return n;
}

static bool
fits_bytes(const float *data, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(data[i] >= -128 && data[i] <= 127) || data[i] != rintf(data[i]) || (data[i] == 0 && signbit(data[i])))
			return false;
	return true;
}

/* The elements as stored, before compression; the caller frees. */
static void *
pack(const float *data, size_t count, bool bytes)
{
	int8_t *out = malloc(count * (bytes ? 1 : sizeof(*data)) + 1);

	if (out && !bytes)
		memcpy(out, data, count * sizeof(*data));
	for (size_t i = 0; out && bytes && i < count; i++)
		out[i] = (int8_t)data[i];
	return out;
}

static void
shape_write(const int *dim, int dims, char out[SHAPE_TEXT])
{
	int at = snprintf(out, SHAPE_TEXT, "[");

	for (int i = 0; i < dims; i++)
		at += snprintf(out + at, (size_t)(SHAPE_TEXT - at), "%s%d", i ? "," : "", dim[i]);
	snprintf(out + at, (size_t)(SHAPE_TEXT - at), "]");
}

bool
store_tensor(struct store *store, const struct record_tensor *t, struct status *st)
{
	size_t count = element_count(t->dim, t->dims);
	bool bytes = fits_bytes(t->data, count);
	size_t size = count * (bytes ? 1 : sizeof(*t->data));
	uLongf packed = compressBound(size);
	void *raw = pack(t->data, count, bytes);
	Bytef *data = malloc(packed);
	char shape[SHAPE_TEXT];
	bool ok;

	shape_write(t->dim, t->dims, shape);
	if (!raw || !data || compress(data, &packed, raw, size) != Z_OK)
		ok = status_nomem(st, "a tensor");
	else
		ok = store_exec(store, STATEMENT_TENSOR, NULL, st, "ittittb", t->run, t->site, t->quantity, (int64_t)t->t,
				bytes ? "I8" : "F32", shape, (const void *)data, (size_t)packed);
	free(raw);
	free(data);
	return ok;
}

/* "[17,64]" as numbers whose product is at most `most`; -1 when it is not that. */
static int
shape_read(const char *text, int dim[TENSOR_DIMS], size_t most)
{
	size_t product = 1;
	int dims = 0;

	if (*text++ != '[')
		return -1;
	while (*text != ']') {
		char *end;
		long n = strtol(text, &end, 10);

		if (end == text || n < 1 || n > INT32_MAX || dims == TENSOR_DIMS || (size_t)n > most / product)
			return -1;
		product *= (size_t)n;
		dim[dims++] = (int)n;
		text = end + (*end == ',');
		if (*end != ',' && *end != ']')
			return -1;
	}
	return text[1] ? -1 : dims;
}

/* Inflates the row's data into a new array of floats; NULL when it is damaged or memory is short. */
static float *
unpack(sqlite3_stmt *s, bool bytes, size_t count)
{
	const void *data = sqlite3_column_blob(s, 5);
	uLongf size = count * (bytes ? 1 : sizeof(float)), got = size;
	float *out = malloc(count * sizeof(*out));
	int8_t *raw = bytes ? malloc(count) : (int8_t *)out;
	bool ok =
	    data && out && raw && uncompress((Bytef *)raw, &got, data, (uLong)sqlite3_column_bytes(s, 5)) == Z_OK && got == size;

	for (size_t i = 0; ok && bytes && i < count; i++)
		out[i] = raw[i];
	if (bytes)
		free(raw);
	if (!ok)
		free(out);
	return ok ? out : NULL;
}

static bool
give_tensor(sqlite3_stmt *s, int64_t run, bool (*each)(void *ctx, const struct record_tensor *tensor), void *ctx, bool *stop,
	    struct status *st)
{
	const char *site = (const char *)sqlite3_column_text(s, 0), *quantity = (const char *)sqlite3_column_text(s, 1);
	const char *dtype = (const char *)sqlite3_column_text(s, 3), *shape = (const char *)sqlite3_column_text(s, 4);
	size_t most = (size_t)sqlite3_column_bytes(s, 5) * ZLIB_RATIO;
	struct record_tensor t = {.run = run, .site = site, .quantity = quantity, .t = sqlite3_column_int(s, 2)};
	int dim[TENSOR_DIMS];
	float *data = NULL;

	if (!site || !quantity || !dtype || !shape)
		return status_nomem(st, "a tensor");
	t.dims = shape_read(shape, dim, most);
	if (t.dims >= 0)
		data = unpack(s, strcmp(dtype, "I8") == 0, element_count(dim, t.dims));
	if (!data)
		return status_fail(st, STATUS_DATA,
				   "tensor %s of run %lld in the database is damaged: it is not what its shape says", site,
				   (long long)run);
	t.dim = dim;
	t.data = data;
	*stop = !each(ctx, &t);
	free(data);
	return true;
}

bool
store_tensor_list(struct store *store, int64_t run, const char *site_glob, const char *quantity,
		  bool (*each)(void *ctx, const struct record_tensor *tensor), void *ctx, struct status *st)
{
	static const char sql[] = "SELECT site, quantity, t, dtype, shape, data FROM tensors WHERE run_id = ?1 AND site GLOB ?2 "
				  "AND quantity = ?3 ORDER BY site, t";
	sqlite3_stmt *s = NULL;
	bool ok = true, stop = false;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, run);
		sqlite3_bind_text(s, 2, site_glob, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 3, quantity, -1, SQLITE_STATIC);
		rc = SQLITE_ROW;
	}
	while (ok && !stop && rc == SQLITE_ROW)
		if ((rc = sqlite3_step(s)) == SQLITE_ROW)
			ok = give_tensor(s, run, each, ctx, &stop, st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = sql_fail(store->db, store->path, "read tensors", st);
	sqlite3_finalize(s);
	return ok;
}
