/* The basics: status, text, arena, tensor, hash, random numbers. */
#include "base/arena.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/tensor.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
status_keeps_the_first_failure(void **state)
{
	struct status st = {0};

	(void)state;
	assert_false(status_fail(&st, STATUS_DATA, "tensor '%s' is missing", "x"));
	assert_false(status_fail(&st, STATUS_USAGE, "later"));
	assert_int_equal(st.code, STATUS_DATA);
	assert_string_equal(st.message, "tensor 'x' is missing");
	assert_false(status_prefix(&st, "file %d", 7));
	assert_string_equal(st.message, "file 7: tensor 'x' is missing");
	status_clear(&st);
	assert_int_equal(st.code, STATUS_OK);
	assert_string_equal(st.message, "");
	assert_false(status_nomem(&st, "a list"));
	assert_int_equal(st.code, STATUS_FAILED);
	assert_false(status_fail(NULL, STATUS_DATA, "nobody asked"));
	assert_false(status_prefix(NULL, "nobody"));
}

static void
status_is_one_clean_line(void **state)
{
	struct status st = {0};
	char longer[2000];

	(void)state;
	status_fail(&st, STATUS_DATA, "%s", "a\nb\x1b[2J");
	assert_string_equal(st.message, "a\\x0ab\\x1b[2J");
	status_clear(&st);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	status_fail(&st, STATUS_DATA, "%s", longer);
	status_prefix(&st, "%s", longer);
	assert_true(strlen(st.message) < sizeof(st.message));
}

static void
escapes_text(void **state)
{
	static const char *const pairs[][2] = {
	    {"plain", "plain"},
	    {"caf\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x90\x88", "caf\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x90\x88"},
	    {"\t\x7f", "\\x09\\x7f"},
	    {"\xff", "\\xff"},
	    {"\xc3", "\\xc3"},
	    {"\xc0\x80", "\\xc0\\x80"},          /* overlong */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
	    {"\xc2\x9b", "\\xc2\\x9b"},          /* C1: control sequence introducer */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(text_escape(pairs[i][0], out, sizeof(out)), pairs[i][1]);
}

static void
escape_cuts_at_characters(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(text_escape("abc\xe2\x86\x92", out, 6), "abc");
	assert_string_equal(text_escape("abc\xe2\x86\x92", out, 7), "abc\xe2\x86\x92");
	assert_string_equal(text_escape("ab\x01", out, 6), "ab");
	assert_string_equal(text_escape("ab", out, 1), "");
}

static void
counts_are_short(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"},          {1234, "1234"}, {41234, "41.2k"},   {5300000, "5.30M"}, {999499, "999k"},
		     {999600, "1.00M"}, {0.5, "0.5"},   {-41234, "-41.2k"}, {2.69e12, "2.69T"}, {INFINITY, "!"}};
	char out[32], *made;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(text_count(cases[i].value, out, sizeof(out)), cases[i].text);
	made = text_format("%s-%d", "a", 5);
	assert_string_equal(made, "a-5");
	free(made);
}

static void
arena_gives_zeroed_aligned_memory(void **state)
{
	struct arena *arena = arena_new();
	size_t used = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t size = 0; size < 3000000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 64, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
		used += size;
	}
	assert_true(arena_used(arena) >= used);
	assert_ptr_not_equal(arena_alloc(arena, 0), arena_alloc(arena, 0));
	assert_string_equal(arena_strdup(arena, "name"), "name");
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - 100));
	assert_null(arena_floats(arena, SIZE_MAX / 2));
	arena_free(arena);
	arena_free(NULL);
}

static void
tensors_grow(void **state)
{
	struct tensor t = {0};

	(void)state;
	assert_true(tensor_shape(&t, 2, (int[]){3, 4}));
	assert_int_equal(tensor_size(&t), 12);
	t.data[11] = 5;
	assert_true(tensor_shape(&t, 1, (int[]){2}));
	assert_int_equal(t.capacity, 12);
	assert_true(tensor_shape(&t, 0, (int[]){1}));
	assert_int_equal(tensor_size(&t), 1);
	assert_true(tensor_shape(&t, 4, (int[]){2, 3, 4, 5}));
	t.data[119] = 1;
	tensor_done(&t);
	assert_null(t.data);
}

static void
hashes_are_of_contents(void **state)
{
	char whole[HASH_HEX], parts[HASH_HEX];
	struct hash *hash = hash_new();

	(void)state;
	hash_of("abcdef", 6, whole);
	hash_add(hash, "abc", 3);
	hash_add(hash, "def", 3);
	hash_finish(hash, parts);
	assert_string_equal(whole, parts);
	hash_of("abcdeg", 6, parts);
	assert_string_not_equal(whole, parts);
	hash_of("", 0, whole);
	assert_string_equal(whole, "99aa06d3014798d86001c324468d497f"); /* published XXH3_128bits of nothing */
}

/* The first outputs for these seeds by the authors' splitmix64 and xoshiro256**. */
static void
random_numbers_repeat(void **state)
{
	struct rng a, b;
	double sum = 0, squares = 0, least = 1, most = 0;

	(void)state;
	rng_seed(&a, 0);
	assert_true(rng_next(&a) == UINT64_C(0x99ec5f36cb75f2b4));
	assert_true(rng_next(&a) == UINT64_C(0xbf6e1f784956452a));
	rng_seed(&a, 42);
	rng_seed(&b, 42);
	for (int i = 0; i < 20000; i++) {
		double x = rng_normal(&a), u;

		assert_true(x == rng_normal(&b));
		sum += x;
		squares += x * x;
		u = rng_uniform(&a);
		assert_true(u == rng_uniform(&b) && u >= 0 && u < 1);
		least = fmin(least, u);
		most = fmax(most, u);
		assert_true(rng_below(&a, 7) < 7 && rng_below(&b, 7) < 7);
	}
	assert_true(fabs(sum / 20000) < 0.03 && fabs(squares / 20000 - 1) < 0.05);
	assert_true(least < 0.001 && most > 0.999);
	assert_true(rng_below(&a, 1) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_keeps_the_first_failure),
	    cmocka_unit_test(status_is_one_clean_line),
	    cmocka_unit_test(escapes_text),
	    cmocka_unit_test(escape_cuts_at_characters),
	    cmocka_unit_test(counts_are_short),
	    cmocka_unit_test(arena_gives_zeroed_aligned_memory),
	    cmocka_unit_test(tensors_grow),
	    cmocka_unit_test(hashes_are_of_contents),
	    cmocka_unit_test(random_numbers_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
