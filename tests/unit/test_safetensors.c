/* safetensors: good files, what is written, and files that lie. */
#include "model/files/safetensors.h"

#include "tests/support/files.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of a header text and data of n bytes. */
static const char *
make_filled(const char *name, const char *header, const void *data, size_t n)
{
	size_t length = strlen(header), size = 8 + length + n;
	unsigned char *bytes = calloc(1, size);
	const char *path;

	assert_non_null(bytes);
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
	memcpy(bytes + 8, header, length);
	memcpy(bytes + 8 + length, data, n);
	path = models_write(name, bytes, size);
	free(bytes);
	return path;
}

/* The same with bytes 0, 1, 2, ... */
static const char *
make_file(const char *name, const char *header, size_t n)
{
	unsigned char *data = malloc(n + 1);
	const char *path;

	assert_non_null(data);
	for (size_t i = 0; i < n; i++)
		data[i] = (unsigned char)i;
	path = make_filled(name, header, data, n);
	free(data);
	return path;
}

static void
refuse_path(const char *path, const char *complaint)
{
	struct status st = {0};

	assert_null(safetensors_open(path, &st));
	models_refused(&st, STATUS_DATA, complaint);
}

static void
refuse(const char *header, size_t data, const char *complaint)
{
	refuse_path(make_file("hostile.safetensors", header, data), complaint);
}

#define ONE(rest) "{\"a\":{\"dtype\":\"F32\"," rest "}}"

static void
refuses_bad_entries(void **state)
{
	(void)state;
	refuse("{\"a\":1}", 0, "'a' is not an object");
	refuse("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype");
	refuse("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "unknown dtype 'F8_E4M3'");
	refuse("{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype");
	refuse(ONE("\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":4,\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[-1],\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[1.5],\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[1]"), 4, "outside the file");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[0]"), 4, "outside the file");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[0,4,8]"), 4, "outside the file");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[\"0\",4]"), 4, "outside the file");
}

static void
refuses_impossible_sizes(void **state)
{
	(void)state;
	refuse(ONE("\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[9223372036854775807],\"data_offsets\":[0,4]"), 4, "impossible shape");
	refuse(ONE("\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]"), 0, "impossible shape");
	refuse(ONE("\"shape\":[99999999999999999999],\"data_offsets\":[0,4]"), 4, "not valid JSON");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[0,9223372036854775807]"), 4, "outside the file");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[-4,0]"), 4, "outside the file");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[4,0]"), 4, "outside the file");
	refuse(ONE("\"shape\":[2],\"data_offsets\":[0,8]"), 4, "outside the file");
	refuse(ONE("\"shape\":[2],\"data_offsets\":[0,4]"), 4, "has 4 bytes but its shape and dtype need 8");
	refuse("{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "need 4");
}

static void
refuses_bad_layouts(void **state)
{
	(void)state;
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
	       "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
	       12, "'b' overlaps 'a'");
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
	       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
	       4, "overlaps");
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
	       "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
	       12, "belongs to no tensor");
	refuse(ONE("\"shape\":[1],\"data_offsets\":[0,4]"), 9, "5 bytes behind the last tensor");
	refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
	       "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
	       8, "duplicate");
}

static void
refuses_bad_headers(void **state)
{
	static const char *const names[] = {"", "{", "[]", "7", "null", "{\"a\":", "{\"a\\u0000\":1}", "{\"\xff\":1}"};
	char deep[6001];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		refuse(names[i], 0, "header is not valid JSON");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	deep[sizeof(deep) - 1] = '\0';
	refuse(deep, 0, "header is not valid JSON");
}

/* Every possible cut of a good file is noticed. */
static void
refuses_truncated(void **state)
{
	const char *path = make_file("whole.safetensors", ONE("\"shape\":[4],\"data_offsets\":[0,16]"), 16);
	char bytes[256];
	FILE *file = fopen(path, "rb");
	size_t size = fread(bytes, 1, sizeof(bytes), file);
	struct status st = {0};

	(void)state;
	fclose(file);
	for (size_t n = 0; n < size; n++) {
		assert_null(safetensors_open(models_write("cut.safetensors", bytes, n), &st));
		assert_int_equal(st.code, STATUS_DATA);
		status_clear(&st);
	}
	safetensors_close(safetensors_open(scratch_path("whole.safetensors"), &st));
	assert_int_equal(st.code, STATUS_OK);
}

static void
refuses_lying_lengths(void **state)
{
	static const unsigned char lengths[][8] = {
	    {255, 255, 255, 255, 255, 255, 255, 255},
	    {248, 255, 255, 255, 255, 255, 255, 255},
	    {3, 0, 0, 0, 0, 0, 0, 0},
	    {0, 0, 0, 0, 1, 0, 0, 0},
	    {1, 225, 245, 5, 0, 0, 0, 0}, /* 100,000,001 */
	};
	unsigned char file[10] = {0};

	(void)state;
	file[8] = '{';
	file[9] = '}';
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		memcpy(file, lengths[i], 8);
		refuse_path(models_write("length.safetensors", file, sizeof(file)), "the header claims");
	}
	assert_int_equal(truncate(scratch_path("length.safetensors"), 100000100), 0); /* a hole that would hold the last */
	refuse_path(scratch_path("length.safetensors"), "the header claims");
}

static void
refuses_other_things(void **state)
{
	(void)state;
	refuse_path(scratch_path("absent.safetensors"), "No such file");
	models_text("folder/readme", "x");
	refuse_path(scratch_path("folder"), "has no model.safetensors");
	refuse_path("/dev/null", "not a regular file");
	refuse_path(models_text("empty.safetensors", ""), "only 0 bytes");
	assert_int_equal(mkfifo(scratch_path("pipe.safetensors"), 0600), 0);
	refuse_path(scratch_path("pipe.safetensors"), "not a regular file");
}

static void
names_are_escaped(void **state)
{
	(void)state;
	refuse("{\"evil\\u001b[2J\":1}", 0, "'evil\\x1b[2J'");
}

static void
reads_every_dtype(void **state)
{
	static const struct {
		const char *dtype;
		unsigned char bytes[8];
		size_t size;
		float value;
	} cases[] = {
	    {"F32", {0, 0, 0x80, 0x3f}, 4, 1},
	    {"F16", {0x00, 0x3c}, 2, 1},
	    {"F16", {0xff, 0xfb}, 2, -65504},
	    {"F16", {0x01, 0x00}, 2, 0x1p-24f},
	    {"F16", {0xff, 0x83}, 2, -0x1.ff8p-15f},
	    {"BF16", {0xc0, 0xbf}, 2, -1.5f},
	    {"F64", {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, 8, -1.5f},
	    {"I64", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, -1},
	    {"I32", {0, 0, 0, 1}, 4, 16777216},
	    {"I16", {0xfe, 0xff}, 2, -2},
	    {"I8", {0x80}, 1, -128},
	    {"U8", {0xff}, 1, 255},
	    {"BOOL", {1}, 1, 1},
	};
	char header[128];
	unsigned char file[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct status st = {0};
		struct safetensors *f;
		float value;
		size_t length =
		    (size_t)snprintf(header, sizeof(header), "{\"x\":{\"dtype\":\"%s\",\"shape\":[],\"data_offsets\":[0,%zu]}}",
				     cases[i].dtype, cases[i].size);

		memset(file, 0, 8);
		file[0] = (unsigned char)length;
		memcpy(file + 8, header, length);
		memcpy(file + 8 + length, cases[i].bytes, cases[i].size);
		f = safetensors_open(models_write("dtype.safetensors", file, 8 + length + cases[i].size), &st);
		assert_non_null(f);
		assert_int_equal(safetensors_at(f, 0)->dims, 0);
		assert_true(safetensors_read(safetensors_at(f, 0), 0, 1, &value, NULL));
		assert_true(value == cases[i].value);
		assert_string_equal(dtype_name(safetensors_at(f, 0)->dtype), cases[i].dtype);
		assert_int_equal(dtype_size(safetensors_at(f, 0)->dtype), cases[i].size);
		safetensors_close(f);
	}
}

static void
half_specials(void **state)
{
	static const unsigned char bits[] = {0x00, 0x7c, 0x00, 0xfc, 0x00, 0x7e, 0x00, 0x80};
	static const char header[] = "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}";
	struct status st = {0};
	struct safetensors *f = safetensors_open(make_filled("half.safetensors", header, bits, sizeof(bits)), &st);
	const struct st_tensor *t = safetensors_find(f, "h");
	float v[4];

	(void)state;
	assert_true(safetensors_read(t, 0, 4, v, &st));
	assert_true(v[0] > 3e38f && v[1] < -3e38f && v[2] != v[2]);
	assert_true(v[3] == 0 && 1 / v[3] < 0);
	assert_true(safetensors_read(t, 1, 1, v, &st));
	assert_true(v[0] < -3e38f);
	safetensors_close(f);
}

/* Another program may cut a file off that is open: what is left is read, the rest is an error and no signal. */
static void
survives_truncation(void **state)
{
	static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},"
				     "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[16,24]}}";
	static const float data[6] = {1, 2, 3, 4};
	struct status st = {0};
	const char *path = make_filled("cut.safetensors", header, data, sizeof(data));
	struct safetensors *f = safetensors_open(path, &st);
	struct hash *hash = hash_new();
	float v[4];

	(void)state;
	assert_int_equal(truncate(path, (off_t)(8 + strlen(header) + 8)), 0);
	assert_true(safetensors_read(safetensors_find(f, "a"), 0, 2, v, &st));
	assert_true(v[1] == 2);
	assert_false(safetensors_read(safetensors_find(f, "a"), 0, 4, v, &st));
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "did the file change?"));
	assert_false(safetensors_read(safetensors_find(f, "b"), 0, 4, v, NULL));
	assert_false(safetensors_hash(safetensors_find(f, "a"), hash, NULL));
	hash_drop(hash);
	safetensors_close(f);
}

static void
sorts_and_skips_metadata(void **state)
{
	struct status st = {0};
	struct safetensors *f = safetensors_open(make_file("two.safetensors",
							   "{\"__metadata__\":{\"format\":\"pt\"},"
							   "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]},"
							   "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[3,3]},"
							   "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}   ",
							   5),
						 &st);
	float v[2];

	(void)state;
	assert_non_null(f);
	assert_int_equal(safetensors_count(f), 3);
	assert_string_equal(safetensors_at(f, 0)->name, "a");
	assert_int_equal(safetensors_find(f, "e")->count, 0);
	assert_true(safetensors_read(safetensors_find(f, "b"), 0, 2, v, NULL));
	assert_true(v[0] == 3 && v[1] == 4);
	assert_null(safetensors_find(f, "c"));
	assert_null(safetensors_find(f, "__metadata__"));
	safetensors_close(f);
	safetensors_close(NULL);
}

static void
writes_what_it_reads(void **state)
{
	static const float a[6] = {1, -2, 3.5f, 0, 1e-30f, 7}, b[1] = {42};
	const struct st_out out[] = {{"z.last", 2, {2, 3}, a}, {"a.first", 0, {0}, b}, {"none", 1, {0}, a}};
	const char *path = scratch_path("written.safetensors");
	struct status st = {0};
	struct safetensors *f;
	float back[6];

	(void)state;
	assert_true(safetensors_write(path, out, 3, false, &st));
	f = safetensors_open(path, &st);
	assert_non_null(f);
	assert_int_equal(safetensors_count(f), 3);
	assert_int_equal(safetensors_find(f, "z.last")->dim[1], 3);
	assert_true(safetensors_read(safetensors_find(f, "z.last"), 0, 6, back, NULL));
	assert_memory_equal(a, back, sizeof(a));
	safetensors_close(f);
}

static size_t
file_size(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return (size_t)info.st_size;
}

static void
keeps_existing_files(void **state)
{
	static const float a[2] = {1, 2};
	const struct st_out out = {"x", 1, {2}, a};
	const char *path = models_text("kept.safetensors", "precious");
	struct status st = {0};

	(void)state;
	assert_false(safetensors_write(path, &out, 1, false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	assert_non_null(strstr(st.message, "exists; choose"));
	assert_int_equal(file_size(path), 8);
	status_clear(&st);
	assert_true(safetensors_write(path, &out, 1, true, &st));
	assert_true(file_size(path) > 8);
}

static void
failed_writes_leave_nothing(void **state)
{
	static const float a[2] = {1, 2};
	const struct st_out good = {"x", 1, {2}, a}, bad = {"\xff\xfe", 1, {2}, a};
	struct status st = {0};

	(void)state;
	assert_false(safetensors_write(scratch_path("nowhere/x.safetensors"), &good, 1, false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	status_clear(&st);
	assert_false(safetensors_write(scratch_path("bad.safetensors"), &bad, 1, false, &st));
	assert_non_null(strstr(st.message, "UTF-8"));
	assert_int_not_equal(access(scratch_path("bad.safetensors"), F_OK), 0);
	status_clear(&st);
	assert_false(safetensors_write("/dev/full/x", &good, 1, false, &st));
	status_clear(&st);
	models_text("taken/inside", "x");
	assert_false(safetensors_write(scratch_path("taken"), &good, 1, true, &st)); /* the rename fails */
	assert_int_equal(file_size(scratch_path("taken/inside")), 1);
}

static void
write_shards(void)
{
	static const float a[2] = {1, 2}, b[1] = {3};
	const struct st_out one = {"a", 1, {2}, a}, two = {"b", 1, {1}, b};
	struct status st = {0};

	models_text("shards/readme", "x");
	assert_true(safetensors_write(scratch_path("shards/1.safetensors"), &one, 1, true, &st));
	assert_true(safetensors_write(scratch_path("shards/2.safetensors"), &two, 1, true, &st));
	assert_true(safetensors_write(scratch_path("shards/again.safetensors"), &one, 1, true, &st));
}

static void
opens_shards(void **state)
{
	struct status st = {0};
	struct safetensors *f;
	float v;

	(void)state;
	write_shards();
	models_text("shards/model.safetensors.index.json", "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
	f = safetensors_open(scratch_path("shards"), &st);
	assert_non_null(f);
	assert_int_equal(safetensors_count(f), 2);
	assert_true(safetensors_read(safetensors_find(f, "b"), 0, 1, &v, NULL));
	assert_true(v == 3);
	safetensors_close(f);
}

static void
refuse_index(const char *json, const char *complaint)
{
	refuse_path(models_text("shards/hostile.index.json", json), complaint);
}

static void
refuses_bad_indices(void **state)
{
	(void)state;
	write_shards();
	refuse_index("{", "not a valid JSON index");
	refuse_index("[]", "no weight_map");
	refuse_index("{\"weight_map\":{}}", "no weight_map");
	refuse_index("{\"weight_map\":{\"a\":7}}", "not one beside the index");
	refuse_index("{\"weight_map\":{\"a\":\"../1.safetensors\"}}", "not one beside the index");
	refuse_index("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "not one beside the index");
	refuse_index("{\"weight_map\":{\"a\":\"..\"}}", "not one beside the index");
	refuse_index("{\"weight_map\":{\"a\":\"3.safetensors\"}}", "3.safetensors: cannot be read");
	refuse_index("{\"weight_map\":{\"a\":\"1.safetensors\",\"c\":\"1.safetensors\"}}", "'c' is not in 1.safetensors");
	refuse_index("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"again.safetensors\"}}", "'a' is in two shards");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_bad_entries),         cmocka_unit_test(refuses_impossible_sizes),
	    cmocka_unit_test(refuses_bad_layouts),         cmocka_unit_test(refuses_bad_headers),
	    cmocka_unit_test(refuses_truncated),           cmocka_unit_test(refuses_lying_lengths),
	    cmocka_unit_test(refuses_other_things),        cmocka_unit_test(names_are_escaped),
	    cmocka_unit_test(reads_every_dtype),           cmocka_unit_test(half_specials),
	    cmocka_unit_test(survives_truncation),         cmocka_unit_test(sorts_and_skips_metadata),
	    cmocka_unit_test(writes_what_it_reads),        cmocka_unit_test(keeps_existing_files),
	    cmocka_unit_test(failed_writes_leave_nothing), cmocka_unit_test(opens_shards),
	    cmocka_unit_test(refuses_bad_indices),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
