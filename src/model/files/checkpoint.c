#include "model/files/checkpoint.h"

#include "base/text.h"
#include "model/files/pickle.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { PICKLE_BYTES_MAX = 256 << 20, ENTRIES_MAX = 1 << 20 };

/* The values of one storage, once found. */
struct values {
	const char *key;
	const unsigned char *bytes;
	size_t size;
};

struct checkpoint {
	const char *path;
	const struct st_source *source;
	struct safetensors *file;
	struct values *values; /* sorted by key when all are there */
	size_t count, room;
	size_t unpacked, copied; /* bytes read from an archive, and laid out anew; each bounded by the file's size */
	struct status *st;
};

/* A pickle of protocol 2 whose first value is PyTorch's magic number 0x1950a86a20f9469cfc6c. */
static const unsigned char old_magic[] = {0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

bool
checkpoint_knows(const unsigned char *bytes, size_t size)
{
	return (size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0) ||
	       (size >= sizeof(old_magic) && memcmp(bytes, old_magic, sizeof(old_magic)) == 0);
}

static bool
nomem(struct checkpoint *c)
{
	return status_nomem(c->st, "the tensors of a checkpoint");
}

static bool
add_values(struct checkpoint *c, const char *key, const unsigned char *bytes, size_t size)
{
	if (c->count == c->room) {
		size_t room = c->room ? 2 * c->room : 256;
		struct values *larger = realloc(c->values, room * sizeof(*larger));

		if (!larger)
			return nomem(c);
		c->values = larger;
		c->room = room;
	}
	c->values[c->count++] = (struct values){key, bytes, size};
	return true;
}

static int
compare_key(const void *a, const void *b)
{
	return strcmp(((const struct values *)a)->key, ((const struct values *)b)->key);
}

static void
sort_values(struct checkpoint *c)
{
	if (c->count)
		qsort(c->values, c->count, sizeof(*c->values), compare_key);
}

static struct values *
find_storage(struct checkpoint *c, const char *key)
{
	struct values wanted = {.key = key};

	return c->count ? bsearch(&wanted, c->values, c->count, sizeof(wanted), compare_key) : NULL;
}

/* The state dict itself, or the one that a training script wrapped. */
static const struct pickle_value *
find_state(const struct pickle_value *root)
{
	static const char *const wraps[] = {"state_dict", "model_state_dict", "model", "state_dict_ema"};

	for (size_t i = 0; i < sizeof(wraps) / sizeof(*wraps); i++) {
		const struct pickle_value *inner = pickle_find(root, wraps[i]);

		if (inner && inner->kind == PICKLE_DICT)
			return inner;
	}
	return root;
}

/* Whether the elements follow each other in the order of the indices. */
static bool
is_contiguous(const struct pickle_tensor *t)
{
	int64_t expected = 1;

	for (int i = t->dims - 1; i >= 0; i--) {
		if (t->dim[i] != 1 && t->stride[i] != expected)
			return false;
		expected *= t->dim[i];
	}
	return true;
}

/* Counts the elements and finds the last one used; false when they overflow. */
static bool
measure(const struct pickle_tensor *t, size_t *count, uint64_t *end)
{
	*count = 1;
	*end = (uint64_t)t->offset + 1;
	for (int i = 0; i < t->dims; i++) {
		uint64_t reach;

		if (__builtin_mul_overflow(*count, (size_t)t->dim[i], count) || *count > SIZE_MAX / sizeof(double))
			return false;
		if (t->dim[i] > 0 && (__builtin_mul_overflow((uint64_t)t->dim[i] - 1, (uint64_t)t->stride[i], &reach) ||
				      __builtin_add_overflow(*end, reach, end)))
			return false;
	}
	if (*count == 0)
		*end = 0;
	return true;
}

/* Copies a strided window in the order of its indices. */
static void
lay_out(const struct pickle_tensor *t, const unsigned char *from, size_t size, size_t count, unsigned char *to)
{
	int64_t index[ST_DIMS] = {0};

	for (size_t n = 0; n < count; n++) {
		int64_t at = t->offset;
		int d = t->dims - 1;

		for (int i = 0; i < t->dims; i++)
			at += index[i] * t->stride[i];
		memcpy(to + n * size, from + (size_t)at * size, size);
		while (d >= 0 && ++index[d] == t->dim[d])
			index[d--] = 0;
	}
}

/* Where the tensor's values lie in the order of its indices, or NULL. */
static const void *
find_values(struct checkpoint *c, const char *name, const struct pickle_tensor *t, size_t count, uint64_t end)
{
	const struct values *v = find_storage(c, t->storage->key);
	size_t size = dtype_size(t->storage->dtype);
	unsigned char *copy;

	if (!v || !v->bytes || end > v->size / size) {
		status_fail(c->st, STATUS_DATA, "%s: tensor '%.100s' lies outside the file; is this a complete download?",
			    c->path, name);
		return NULL;
	}
	if (count == 0 || is_contiguous(t))
		return v->bytes + (count ? (size_t)t->offset * size : 0);
	if (count > v->size / size || (c->copied += count * size) > c->source->size) {
		status_fail(c->st, STATUS_DATA, "%s: tensor '%.100s' repeats the same values; save it with .contiguous()",
			    c->path, name);
		return NULL;
	}
	copy = arena_alloc(c->file->names, count * size);
	if (copy)
		lay_out(t, v->bytes, size, count, copy);
	else
		nomem(c);
	return copy;
}

static bool
add_tensor(struct checkpoint *c, const char *name, const struct pickle_tensor *from)
{
	struct st_tensor *to = &c->file->tensors[c->file->count];
	uint64_t end;

	*to = (struct st_tensor){.dtype = from->storage->dtype, .dims = from->dims};
	memcpy(to->dim, from->dim, sizeof(to->dim));
	if (!measure(from, &to->count, &end))
		return status_fail(c->st, STATUS_DATA, "%s: tensor '%.100s' has an impossible shape", c->path, name);
	to->data = find_values(c, name, from, to->count, end);
	to->name = arena_strdup(c->file->names, name);
	if (!to->data)
		return false;
	if (!to->name)
		return nomem(c);
	c->file->count++;
	return true;
}

static bool
add_tensors(struct checkpoint *c, const struct pickle_value *root)
{
	const struct pickle_value *state = find_state(root);
	size_t before = c->file->count;

	sort_values(c);
	if (state->kind == PICKLE_DICT && !tensor_file_reserve(c->file, state->list->count / 2, c->st))
		return false;
	for (size_t i = 0; state->kind == PICKLE_DICT && i + 1 < state->list->count; i += 2) {
		const struct pickle_value *key = &state->list->items[i], *value = key + 1;

		if (key->kind == PICKLE_TEXT && value->kind == PICKLE_TENSOR && !add_tensor(c, key->text, value->tensor))
			return false;
	}
	if (c->file->count > before)
		return true;
	return status_fail(c->st, STATUS_DATA,
			   "%s: holds no state dict; save one: torch.save(model.state_dict(), \"pytorch_model.bin\")", c->path);
}

/* The entry's bytes in the arena. Entries of PyTorch are never compressed: nothing can unpack to more than the file. */
static unsigned char *
read_entry(struct checkpoint *c, zip_t *zip, zip_uint64_t index, const zip_stat_t *info, size_t size)
{
	zip_file_t *entry = NULL;
	unsigned char *bytes = NULL;
	bool ok = false;

	if (info->comp_method != ZIP_CM_STORE || size > c->source->size || (c->unpacked += size) > c->source->size) {
		status_fail(c->st, STATUS_DATA, "%s: '%.100s' is compressed or larger than the file; PyTorch writes neither",
			    c->path, info->name);
		return NULL;
	}
	bytes = arena_alloc(c->file->names, size);
	entry = bytes ? zip_fopen_index(zip, index, 0) : NULL;
	if (entry)
		ok = zip_fread(entry, bytes, size) == (zip_int64_t)size;
	if (entry && zip_fclose(entry) != 0) /* compares the checksum */
		ok = false;
	if (!bytes)
		nomem(c);
	else if (!ok)
		status_fail(c->st, STATUS_DATA, "%s: '%.100s' is damaged; download the file again", c->path, info->name);
	return ok ? bytes : NULL;
}

/* What every entry's name begins with: "archive/" before "data.pkl". Its length, or -1. */
static int
find_prefix(zip_t *zip, zip_int64_t entries, zip_uint64_t *pickle)
{
	for (zip_int64_t i = 0; i < entries; i++) {
		const char *name = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
		const char *last = name ? strrchr(name, '/') : NULL;

		if (last && strcmp(last, "/data.pkl") == 0) {
			*pickle = (zip_uint64_t)i;
			return (int)(last + 1 - name);
		}
	}
	return -1;
}

/* Takes in one entry: a storage under data/, or the note on the order of bytes. */
static bool
take_entry(struct checkpoint *c, zip_t *zip, zip_uint64_t index, int prefix)
{
	zip_stat_t info;
	const char *name;
	unsigned char *bytes;

	if (zip_stat_index(zip, index, ZIP_FL_ENC_RAW, &info) != 0 || !(info.valid & ZIP_STAT_SIZE) ||
	    strlen(info.name) <= (size_t)prefix)
		return true;
	name = info.name + prefix;
	if (strncmp(name, "data/", 5) != 0 && strcmp(name, "byteorder") != 0)
		return true;
	bytes = read_entry(c, zip, index, &info, info.size);
	if (!bytes)
		return false;
	if (strcmp(name, "byteorder") == 0)
		return (info.size == 6 && memcmp(bytes, "little", 6) == 0) ||
		       status_fail(c->st, STATUS_DATA, "%s: written on a big-endian machine; save it on another", c->path);
	name = arena_strdup(c->file->names, name + 5);
	return name ? add_values(c, name, bytes, info.size) : nomem(c);
}

static bool
read_archive(struct checkpoint *c, zip_t *zip)
{
	zip_int64_t entries = zip_get_num_entries(zip, 0);
	zip_uint64_t index;
	zip_stat_t info;
	struct pickle pickle;
	unsigned char *bytes;
	int prefix = find_prefix(zip, entries, &index);

	if (prefix < 0 || entries > ENTRIES_MAX || zip_stat_index(zip, index, ZIP_FL_ENC_RAW, &info) != 0 ||
	    !(info.valid & ZIP_STAT_SIZE) || info.size > PICKLE_BYTES_MAX)
		return status_fail(c->st, STATUS_DATA, "%s: a zip archive, but none of torch.save(); nothing in it is read",
				   c->path);
	bytes = read_entry(c, zip, index, &info, info.size);
	if (!bytes || !pickle_read(&pickle, bytes, info.size, c->path, c->file->names, c->st))
		return false;
	for (zip_int64_t i = 0; i < entries; i++)
		if (!take_entry(c, zip, (zip_uint64_t)i, prefix))
			return false;
	return add_tensors(c, &pickle.root);
}

static bool
open_archive(struct checkpoint *c)
{
	zip_error_t error = {0};
	zip_source_t *source = zip_source_buffer_create(c->source->bytes, c->source->size, 0, &error);
	zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
	bool ok;

	if (!zip) {
		zip_source_free(source);
		return status_fail(c->st, STATUS_DATA, "%s: not a whole zip archive; is this a complete download?", c->path);
	}
	ok = read_archive(c, zip);
	zip_discard(zip);
	return ok;
}

/* The storages that the pickle names, sorted by key; until their values are found, size is that of one element. */
static bool
collect_storages(struct checkpoint *c, const struct pickle *pickle)
{
	for (const struct pickle_storage *s = pickle->storages; s; s = s->next)
		if (!add_values(c, s->key, NULL, dtype_size(s->dtype)))
			return false;
	sort_values(c);
	return true;
}

/* One storage: a count of elements, then their values. */
static bool
find_run(struct checkpoint *c, const char *key, size_t *at)
{
	struct values *v = find_storage(c, key);
	uint64_t count = 0;
	size_t size;

	if (!v || v->bytes || c->source->size - *at < 8)
		return false;
	memcpy(&count, c->source->bytes + *at, 8);
	*at += 8;
	size = v->size;
	if (count > (c->source->size - *at) / size)
		return false;
	/* Tensors that share a storage name it more than once. */
	while (v > c->values && strcmp(v[-1].key, key) == 0)
		v--;
	for (; v < c->values + c->count && strcmp(v->key, key) == 0; v++)
		*v = (struct values){v->key, c->source->bytes + *at, count * size};
	*at += count * size;
	return true;
}

static bool
find_runs(struct checkpoint *c, const struct pickle_value *keys, size_t at)
{
	for (size_t i = 0; keys->kind == PICKLE_LIST && i < keys->list->count; i++) {
		const struct pickle_value *key = &keys->list->items[i];

		if (key->kind != PICKLE_TEXT || !find_run(c, key->text, &at))
			return status_fail(c->st, STATUS_DATA, "%s: its values are cut short; is this a complete download?",
					   c->path);
	}
	return true;
}

/* Five pickles in a row (magic number, protocol, machine, value, keys), then the storages. */
static bool
read_old(struct checkpoint *c)
{
	struct pickle part[5];
	const struct pickle_value *little;
	size_t at = 0;

	for (int i = 0; i < 5; i++, at += part[i - 1].length) {
		size_t left = c->source->size - at < PICKLE_BYTES_MAX ? c->source->size - at : PICKLE_BYTES_MAX;

		if (!pickle_read(&part[i], c->source->bytes + at, left, c->path, c->file->names, c->st))
			return false;
	}
	little = pickle_find(&part[2].root, "little_endian");
	if (little && little->kind == PICKLE_INT && !little->number)
		return status_fail(c->st, STATUS_DATA, "%s: written on a big-endian machine; save it on another", c->path);
	return collect_storages(c, &part[3]) && find_runs(c, &part[4].root, at) && add_tensors(c, &part[3].root);
}

bool
checkpoint_read(struct safetensors *file, const struct st_source *source, bool *kept, struct status *st)
{
	struct checkpoint c = {.path = source->path, .source = source, .file = file, .st = st};
	bool archive = memcmp(source->bytes, "PK", 2) == 0, ok = archive ? open_archive(&c) : read_old(&c);

	free(c.values);
	*kept = !archive;
	return ok;
}
