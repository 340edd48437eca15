#include "base/text.h"
#include "model/files/checkpoint.h"
#include "model/files/tensor_file.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header's cap is the reference implementation's. */
enum { HEADER_MAX = 100000000, INDEX_MAX = 64 << 20, SHARDS_MAX = 4096 };

static const struct {
	const char *name;
	size_t size;
} dtypes[] = {
    [DTYPE_F32] = {"F32", 4}, [DTYPE_F16] = {"F16", 2},   [DTYPE_BF16] = {"BF16", 2}, [DTYPE_F64] = {"F64", 8},
    [DTYPE_I64] = {"I64", 8}, [DTYPE_I32] = {"I32", 4},   [DTYPE_I16] = {"I16", 2},   [DTYPE_I8] = {"I8", 1},
    [DTYPE_U8] = {"U8", 1},   [DTYPE_BOOL] = {"BOOL", 1},
};

enum { DTYPES = sizeof(dtypes) / sizeof(*dtypes) };

static bool
parse_dtype(const json_t *value, enum dtype *dtype)
{
	const char *name = json_string_value(value);

	for (int i = 0; name && i < DTYPES; i++)
		if (strcmp(name, dtypes[i].name) == 0) {
			*dtype = (enum dtype)i;
			return true;
		}
	return false;
}

/* Dimensions and element count; false when they are no shape or overflow. */
static bool
parse_shape(const json_t *value, struct st_tensor *t)
{
	if (!json_is_array(value) || json_array_size(value) > ST_DIMS)
		return false;
	t->dims = (int)json_array_size(value);
	t->count = 1;
	for (int i = 0; i < t->dims; i++) {
		const json_t *dim = json_array_get(value, (size_t)i);

		if (!json_is_integer(dim) || json_integer_value(dim) < 0)
			return false;
		t->dim[i] = json_integer_value(dim);
		if (__builtin_mul_overflow(t->count, (size_t)t->dim[i], &t->count) || t->count > SIZE_MAX / sizeof(double))
			return false;
	}
	return true;
}

/* data_offsets [begin, end) within data_size bytes. */
static bool
parse_offsets(const json_t *value, size_t data_size, size_t *begin, size_t *end)
{
	const json_t *b = json_array_get(value, 0), *e = json_array_get(value, 1);

	if (json_array_size(value) != 2 || !json_is_integer(b) || !json_is_integer(e))
		return false;
	if (json_integer_value(b) < 0 || json_integer_value(e) < json_integer_value(b))
		return false;
	*begin = (size_t)json_integer_value(b);
	*end = (size_t)json_integer_value(e);
	return *end <= data_size;
}

static bool
parse_tensor(const struct st_source *source, const char *name, const json_t *entry, size_t start, struct st_tensor *t,
	     struct status *st)
{
	const char *path = source->path;
	size_t begin, end;

	if (!json_is_object(entry))
		return status_fail(st, STATUS_DATA, "%s: the header's entry '%.100s' is not an object; download the file again",
				   path, name);
	if (!parse_dtype(json_object_get(entry, "dtype"), &t->dtype))
		return status_fail(
		    st, STATUS_DATA,
		    "%s: tensor '%.100s' has the unknown dtype '%.20s'; F32, F16, BF16, F64, BOOL, U8 and I8 to I64 are read",
		    path, name, json_string_value(json_object_get(entry, "dtype")) ?: "");
	if (!parse_shape(json_object_get(entry, "shape"), t))
		return status_fail(st, STATUS_DATA, "%s: tensor '%.100s' has an impossible shape (up to %d dimensions are read)",
				   path, name, ST_DIMS);
	if (!parse_offsets(json_object_get(entry, "data_offsets"), source->size - start, &begin, &end))
		return status_fail(st, STATUS_DATA, "%s: tensor '%.100s' lies outside the file; is this a complete download?",
				   path, name);
	if (end - begin != t->count * dtypes[t->dtype].size)
		return status_fail(st, STATUS_DATA, "%s: tensor '%.100s' has %zu bytes but its shape and dtype need %zu", path,
				   name, end - begin, t->count * dtypes[t->dtype].size);
	t->source = source;
	t->offset = start + begin;
	return true;
}

bool
tensor_file_reserve(struct safetensors *file, size_t more, struct status *st)
{
	size_t room = file->count + more;
	struct st_tensor *tensors = realloc(file->tensors, (room ? room : 1) * sizeof(*tensors));

	if (!tensors)
		return status_nomem(st, "the list of tensors");
	file->tensors = tensors;
	file->room = room;
	return true;
}

static int
compare_place(const void *a, const void *b)
{
	const struct st_tensor *x = a, *y = b;

	return x->offset != y->offset ? (x->offset > y->offset) - (x->offset < y->offset)
				      : (x->count > y->count) - (x->count < y->count);
}

static int
compare_name(const void *a, const void *b)
{
	return strcmp(((const struct st_tensor *)a)->name, ((const struct st_tensor *)b)->name);
}

/* The tensors must tile the data: nothing shared, no holes, nothing behind the last. */
static bool
check_tiling(const struct st_source *source, struct st_tensor *tensors, size_t count, size_t start, struct status *st)
{
	const char *path = source->path;
	size_t at = start;

	qsort(tensors, count, sizeof(*tensors), compare_place);
	for (size_t i = 0; i < count; i++) {
		const struct st_tensor *t = &tensors[i];

		if (t->offset < at)
			return status_fail(st, STATUS_DATA, "%s: tensor '%.100s' overlaps '%.100s'; download the file again",
					   path, t->name, tensors[i - 1].name);
		if (t->offset > at)
			return status_fail(st, STATUS_DATA, "%s: the data before tensor '%.100s' belongs to no tensor", path,
					   t->name);
		at += t->count * dtypes[t->dtype].size;
	}
	if (at != source->size)
		return status_fail(st, STATUS_DATA, "%s: %zu bytes behind the last tensor; is this a complete safetensors file?",
				   path, source->size - at);
	return true;
}

static bool
parse_entries(const struct st_source *source, json_t *header, size_t start, struct safetensors *file, struct status *st)
{
	size_t first = file->count;
	const char *name;
	json_t *entry;

	if (!tensor_file_reserve(file, json_object_size(header), st))
		return false;
	json_object_foreach(header, name, entry)
	{
		struct st_tensor t = {0};

		if (strcmp(name, "__metadata__") == 0)
			continue;
		if (!parse_tensor(source, name, entry, start, &t, st))
			return false;
		t.name = arena_strdup(file->names, name);
		if (!t.name)
			return status_nomem(st, "tensor names");
		file->tensors[file->count++] = t;
	}
	return check_tiling(source, file->tensors + first, file->count - first, start, st);
}

static uint64_t
read_le64(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* A file that is no safetensors: by how it begins, what it is and what to do about it. */
static bool
refuse_format(const struct st_source *source, const unsigned char *begin, uint64_t length, struct status *st)
{
	static const struct {
		const char *begin, *what;
		size_t size;
	} formats[] = {
	    {"GGUF", "a GGUF file of llama.cpp; load the original model's folder", 4},
	    {"\x89HDF", "an HDF5 file (Keras); load the original model's folder, or save it from PyTorch", 4},
	    {"\x80", "a pickle, but none of torch.save(), and nothing in it is run; save a state dict as safetensors", 1},
	    {"\x08", "an ONNX graph perhaps; load the folder of the model that it was exported from", 1},
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (memcmp(begin, formats[i].begin, formats[i].size) == 0)
			return status_fail(st, STATUS_DATA, "%s: not a safetensors file: %s", source->path, formats[i].what);
	return status_fail(st, STATUS_DATA,
			   "%s: the header claims %llu bytes of a file of %zu; not a safetensors file, or an incomplete download",
			   source->path, (unsigned long long)length, source->size);
}

/* The header as a JSON object of *length bytes. */
static json_t *
read_header(const struct st_source *source, size_t *length, struct status *st)
{
	unsigned char size[8];
	json_error_t error;
	json_t *header;
	uint64_t claimed;
	char *text;

	if (!tensor_file_read(source, 0, sizeof(size), size, st))
		return NULL;
	claimed = read_le64(size);
	if (claimed > HEADER_MAX || claimed > source->size - sizeof(size)) {
		refuse_format(source, size, claimed, st);
		return NULL;
	}
	*length = (size_t)claimed;
	if (!(text = tensor_file_bytes(source, sizeof(size), *length, st)))
		return NULL;
	header = json_loadb(text, *length, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (json_is_object(header))
		return header;
	if (!header && json_error_code(&error) == json_error_out_of_memory)
		status_nomem(st, source->path);
	else
		status_fail(st, STATUS_DATA, "%s: the header is not valid JSON (%.120s); download the file again", source->path,
			    header ? "not an object" : error.text);
	json_decref(header);
	return NULL;
}

/* Layout: 8 bytes of header length (little endian), header (JSON), data. */
static bool
parse_safetensors(const struct st_source *source, struct safetensors *file, struct status *st)
{
	size_t length;
	json_t *header = read_header(source, &length, st);
	bool ok = header && parse_entries(source, header, 8 + length, file, st);

	json_decref(header);
	return ok;
}

/* All of it, since its values lie anywhere; an archive's are copied once more, and the rest is given back. */
static bool
parse_checkpoint(struct st_source *source, struct safetensors *file, struct status *st)
{
	bool ok, kept;

	if (!(source->bytes = (unsigned char *)tensor_file_bytes(source, 0, source->size, st)))
		return false;
	ok = checkpoint_read(file, source, &kept, st);
	if (!kept) {
		free(source->bytes);
		source->bytes = NULL;
	}
	return ok;
}

/* A file that names its format by how it begins. */
static bool
parse_file(struct st_source *source, struct safetensors *file, struct status *st)
{
	static const char pointer[] = "version https://git-lfs";
	unsigned char begin[64];
	size_t size = source->size < sizeof(begin) ? source->size : sizeof(begin);

	if (!tensor_file_read(source, 0, size, begin, st))
		return false;
	if (size > sizeof(pointer) && memcmp(begin, pointer, sizeof(pointer) - 1) == 0)
		return status_fail(st, STATUS_DATA,
				   "%s: only a Git LFS pointer, not the weights; type: git lfs install && git lfs pull",
				   source->path);
	return checkpoint_knows(begin, size) ? parse_checkpoint(source, file, st) : parse_safetensors(source, file, st);
}

static bool
add_file(const char *path, struct safetensors *file, struct status *st)
{
	struct st_source **sources = realloc(file->sources, ((size_t)file->source_count + 1) * sizeof(*sources)), *source;

	if (!sources)
		return status_nomem(st, "the list of files");
	file->sources = sources;
	if (!(source = tensor_file_open(path, 8, st)))
		return false;
	file->sources[file->source_count++] = source;
	return parse_file(source, file, st);
}

/* Sorts by name; shards must not repeat each other's tensors. */
static bool
finish(const char *path, struct safetensors *file, struct status *st)
{
	qsort(file->tensors, file->count, sizeof(*file->tensors), compare_name);
	for (size_t i = 1; i < file->count; i++)
		if (compare_name(&file->tensors[i - 1], &file->tensors[i]) == 0)
			return status_fail(st, STATUS_DATA, "%s: tensor '%.100s' is in two shards", path, file->tensors[i].name);
	if (file->count > INT_MAX)
		return status_fail(st, STATUS_DATA, "%s: too many tensors", path);
	return true;
}

/* The set of the index's file names, as the keys of an object. */
static json_t *
shard_names(const char *path, const json_t *index, struct status *st)
{
	json_t *map = json_object_get(index, "weight_map"), *names = json_object(), *value;
	const char *tensor;

	if (!json_is_object(map) || json_object_size(map) == 0 || !names) {
		json_decref(names);
		status_fail(st, STATUS_DATA, "%s: has no weight_map; not a safetensors index", path);
		return NULL;
	}
	json_object_foreach(map, tensor, value)
	{
		const char *name = json_string_value(value);

		/* Shards lie beside their index; anything else is an attempt to read other files. */
		if (!name || !*name || name[0] == '.' || strchr(name, '/')) {
			status_fail(st, STATUS_DATA,
				    "%s: tensor '%.100s' names the file '%.100s', which is not one beside the index", path,
				    tensor, name ? name : "");
			json_decref(names);
			return NULL;
		}
		json_object_set_new(names, name, json_true());
	}
	return names;
}

static bool
add_shards(const char *path, const json_t *names, struct safetensors *file, struct status *st)
{
	const char *slash = strrchr(path, '/'), *name;
	int folder = slash ? (int)(slash + 1 - path) : 0;
	json_t *unused;

	if (json_object_size(names) > SHARDS_MAX)
		return status_fail(st, STATUS_DATA, "%s: names %zu shards; at most %d are read", path, json_object_size(names),
				   SHARDS_MAX);
	json_object_foreach((json_t *)names, name, unused)
	{
		char *shard = text_format("%.*s%s", folder, path, name);
		bool ok = shard ? add_file(shard, file, st) : status_nomem(st, "a shard's name");

		free(shard);
		if (!ok)
			return false;
	}
	return finish(path, file, st);
}

static bool
check_index(const char *path, const json_t *index, const struct safetensors *file, struct status *st)
{
	json_t *map = json_object_get(index, "weight_map"), *value;
	const char *name;

	json_object_foreach(map, name, value)
	{
		if (!safetensors_find(file, name))
			return status_fail(st, STATUS_DATA,
					   "%s: tensor '%.100s' is not in %.100s; is this a complete download of one version?",
					   path, name, json_string_value(value));
	}
	return true;
}

static json_t *
read_index(const char *path, struct status *st)
{
	struct st_source *source = tensor_file_open(path, 1, st);
	json_t *index = NULL;
	json_error_t error;
	char *text = NULL;

	if (source && source->size > INDEX_MAX)
		status_fail(st, STATUS_DATA, "%s: an index of more than %d MB; download the file again", path, INDEX_MAX >> 20);
	else if (source && (text = tensor_file_bytes(source, 0, source->size, st)) &&
		 !(index = json_loadb(text, source->size, JSON_REJECT_DUPLICATES, &error))) {
		if (json_error_code(&error) == json_error_out_of_memory)
			status_nomem(st, path);
		else
			status_fail(st, STATUS_DATA, "%s: not a valid JSON index; download the file again", path);
	}
	free(text);
	tensor_file_close(source);
	return index;
}

static bool
open_index(const char *path, struct safetensors *file, struct status *st)
{
	json_t *index = read_index(path, st), *names;
	bool ok;

	if (!index)
		return false;
	names = shard_names(path, index, st);
	ok = names && add_shards(path, names, file, st) && check_index(path, index, file, st);
	json_decref(names);
	json_decref(index);
	return ok;
}

static bool
has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}

static bool
open_path(const char *path, struct safetensors *file, struct status *st)
{
	if (has_suffix(path, ".index.json"))
		return open_index(path, file, st);
	return add_file(path, file, st) && finish(path, file, st);
}

/* Opens folder/name when it is there. *there says whether. */
static bool
open_beside(const char *folder, const char *name, bool *there, struct safetensors *file, struct status *st)
{
	char *path = text_format("%s/%s", folder, name);
	bool ok;

	*there = path && access(path, F_OK) == 0;
	ok = *there ? open_path(path, file, st) : path || status_nomem(st, "a file name");
	free(path);
	return ok;
}

static bool
is_checkpoint(const char *name)
{
	return has_suffix(name, ".bin") || has_suffix(name, ".pt") || has_suffix(name, ".pth");
}

/* The name of the folder's only .bin, .pt or .pth; empty when there is none or more than one. */
static void
find_checkpoint(const char *folder, char out[NAME_MAX + 1])
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int count = 0;

	*out = 0;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_checkpoint(entry->d_name) && count++ == 0)
			snprintf(out, NAME_MAX + 1, "%s", entry->d_name);
	if (dir)
		closedir(dir);
	if (count != 1)
		*out = 0;
}

static bool
open_folder(const char *folder, struct safetensors *file, struct status *st)
{
	static const char *const names[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
					    "pytorch_model.bin.index.json"};
	char checkpoint[NAME_MAX + 1];
	bool there, ok;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ok = open_beside(folder, names[i], &there, file, st);
		if (there || !ok)
			return ok;
	}
	find_checkpoint(folder, checkpoint);
	if (*checkpoint)
		return open_beside(folder, checkpoint, &there, file, st);
	return status_fail(
	    st, STATUS_DATA,
	    "%s: has no model.safetensors, no pytorch_model.bin, no index of one, and not just one .pt or .pth file; "
	    "`help load` says what is read",
	    folder);
}

struct safetensors *
safetensors_open(const char *path, struct status *st)
{
	struct safetensors *file = calloc(1, sizeof(*file));
	struct stat info;
	bool ok;

	if (!file || !(file->names = arena_new())) {
		free(file);
		status_nomem(st, path);
		return NULL;
	}
	if (stat(path, &info) != 0)
		ok = status_fail(st, STATUS_DATA, "%s: %s", path, strerror(errno));
	else
		ok = S_ISDIR(info.st_mode) ? open_folder(path, file, st) : open_path(path, file, st);
	if (ok)
		return file;
	safetensors_close(file);
	return NULL;
}

void
safetensors_close(struct safetensors *file)
{
	if (!file)
		return;
	for (int i = 0; i < file->source_count; i++)
		tensor_file_close(file->sources[i]);
	arena_free(file->names);
	free(file->sources);
	free(file->tensors);
	free(file);
}

int
safetensors_count(const struct safetensors *file)
{
	return (int)file->count;
}

const struct st_tensor *
safetensors_at(const struct safetensors *file, int index)
{
	return &file->tensors[index];
}

const struct st_tensor *
safetensors_find(const struct safetensors *file, const char *name)
{
	struct st_tensor key = {.name = name};

	return bsearch(&key, file->tensors, file->count, sizeof(key), compare_name);
}

size_t
dtype_size(enum dtype dtype)
{
	return dtypes[dtype].size;
}

const char *
dtype_name(enum dtype dtype)
{
	return dtypes[dtype].name;
}
