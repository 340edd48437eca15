/* CLIP's tokenizer: ids against OpenAI's, each form of the vocabulary, and broken ones. */
#include "model/text/tokenizer.h"

#include "tests/support/files.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CONTEXT = 77 };

static struct tokenizer *
load(const char *path)
{
	struct status st = {0};
	struct tokenizer *t = tokenizer_load(path, &st);

	if (!t)
		fail_msg("%s", st.message);
	return t;
}

static void
refuse(const char *path, const char *complaint)
{
	struct status st = {0};

	assert_null(tokenizer_load(path, &st));
	models_refused(&st, STATUS_DATA, complaint);
}

static int
encode(const struct tokenizer *t, const char *text, int context, int *ids)
{
	struct status st = {0};
	int n = tokenizer_encode(t, text, context, ids, &st);

	if (n < 0)
		fail_msg("%s", st.message);
	return n;
}

/* Every case of shared/fixtures/clip_tokens.json. */
static void
ids_are_those_of_open_ai(void **state)
{
	const char *vocabulary = models_shared("data/clip/bpe_simple_vocab_16e6.txt.gz"),
		   *cases = models_shared("fixtures/clip_tokens.json");
	json_t *json, *item;
	struct tokenizer *t;
	size_t i;

	(void)state;
	if (!vocabulary || !cases)
		skip();
	json = json_load_file(cases, 0, NULL);
	t = load(vocabulary);
	assert_int_equal(tokenizer_size(t), 49408);
	assert_true(json_array_size(json_object_get(json, "cases")) > 30);
	json_array_foreach(json_object_get(json, "cases"), i, item)
	{
		const char *text = json_string_value(json_object_get(item, "text"));
		const json_t *want = json_object_get(item, "ids");
		int ids[CONTEXT], n = encode(t, text, CONTEXT, ids);

		if (n != (int)json_array_size(want))
			fail_msg("\"%s\" is %d ids, not %d", text, n, (int)json_array_size(want));
		for (int k = 0; k < n; k++)
			if (ids[k] != (int)json_integer_value(json_array_get(want, (size_t)k)))
				fail_msg("\"%s\": id %d is %d", text, k, ids[k]);
	}
	tokenizer_free(t);
	json_decref(json);
}

static void
add_utf8(char *to, unsigned c)
{
	size_t n = strlen(to);

	if (c < 0x80) {
		to[n] = (char)c;
		to[n + 1] = '\0';
	} else {
		to[n] = (char)(0xc0 | (c >> 6));
		to[n + 1] = (char)(0x80 | (c & 0x3f));
		to[n + 2] = '\0';
	}
}

/* A small vocabulary in each form: the bytes, the merges "h e", "l l", "he ll", "hell o</w>" and the marks. */
static const char *const small[][2] = {{"h", "e"}, {"l", "l"}, {"he", "ll"}, {"hell", "o</w>"}};

static json_t *
small_vocabulary(void)
{
	json_t *vocabulary = json_object();
	int id = 0;
	char text[32];

	for (int end = 0; end < 2; end++) {
		unsigned next = 0x100;

		for (unsigned byte = 0; byte < 256; byte++) {
			bool itself = (byte > ' ' && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);

			text[0] = '\0';
			add_utf8(text, itself ? byte : next++);
			strcat(text, end ? "</w>" : "");
			json_object_set_new(vocabulary, text, json_integer(id++));
		}
	}
	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "%s%s", small[i][0], small[i][1]);
		json_object_set_new(vocabulary, text, json_integer(id++));
	}
	json_object_set_new(vocabulary, "<|startoftext|>", json_integer(id++));
	json_object_set_new(vocabulary, "<|endoftext|>", json_integer(id));
	return vocabulary;
}

static void
write_json(const char *name, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	models_text(name, text);
	free(text);
	json_decref(json);
}

static void
check_small(const char *path)
{
	static const int hello[] = {516, 515, 'h', 'e' + 256, 515, 517};
	struct tokenizer *t = load(path);
	int ids[16], n = encode(t, " Hello  HE hello", 16, ids);

	assert_int_equal(tokenizer_size(t), 518);
	assert_int_equal(n, 6);
	for (int i = 0; i < n; i++)
		assert_int_equal(ids[i], hello[i]);
	tokenizer_free(t);
}

static void
vocabularies_come_in_three_forms(void **state)
{
	json_t *merges = json_array(), *pairs = json_array();

	(void)state;
	for (int i = 0; i < 4; i++) {
		json_array_append_new(merges, json_sprintf("%s %s", small[i][0], small[i][1]));
		json_array_append_new(pairs, json_pack("[s, s]", small[i][0], small[i][1]));
	}
	write_json("pair/vocab.json", small_vocabulary());
	models_text("pair/merges.txt", "#version: 0.2\nh e\nl l\nhe ll\nhell o</w>\n");
	check_small(scratch_path("pair"));
	check_small(scratch_path("pair/vocab.json"));
	write_json("one/tokenizer.json", json_pack("{s:{s:s, s:o, s:o}}", "model", "end_of_word_suffix", "</w>", "vocab",
						   small_vocabulary(), "merges", merges));
	check_small(scratch_path("one"));
	write_json("two/tokenizer.json", json_pack("{s:{s:s, s:o, s:o}}", "model", "end_of_word_suffix", "</w>", "vocab",
						   small_vocabulary(), "merges", pairs));
	check_small(scratch_path("two/tokenizer.json"));
}

static void
open_ai_lists_may_be_plain(void **state)
{
	struct tokenizer *t = load(models_text("list.txt", "\"#version: 0.2\nh e\nl l\nhe ll\nhell o</w>\n"));
	int ids[16];

	(void)state;
	assert_int_equal(encode(t, "hello!", 16, ids), 4);
	assert_int_equal(ids[0], 516);
	assert_int_equal(ids[1], 515);
	assert_int_equal(ids[2], 256); /* '!' that ends a word: the first printing byte of the second half */
	assert_int_equal(ids[3], 517);
	tokenizer_free(t);
}

static void
texts_are_cut_and_cleaned(void **state)
{
	struct tokenizer *t = load(models_text("list.txt", "\"#version: 0.2\nh e\n"));
	int ids[16], other[16];
	struct status st = {0};
	static char line[TOKENIZER_TEXT_MAX + 2];

	(void)state;
	assert_int_equal(encode(t, "a b c d e f", 4, ids), 4);
	assert_int_equal(ids[3], 514);
	assert_int_equal(encode(t, "  \t\n ", 4, ids), 2);
	/* Curly quotes, decomposed accents, other blanks. */
	assert_int_equal(encode(t, "it\u2019s cafe\u0301\u00a0x", 16, ids), encode(t, "it's caf\u00e9 x", 16, other));
	assert_memory_equal(ids, other, 8 * sizeof(*ids));
	/* The marks may stand in a text. */
	assert_int_equal(encode(t, "<|endoftext|>", 16, ids), 3);
	assert_int_equal(ids[1], 514);
	assert_int_equal(tokenizer_encode(t, "bad \xff", 16, ids, &st), -1);
	assert_non_null(strstr(st.message, "not UTF-8"));
	st = (struct status){0};
	memset(line, 'a', sizeof(line) - 1);
	assert_int_equal(tokenizer_encode(t, line, 16, ids, &st), -1);
	assert_non_null(strstr(st.message, "longer than"));
	line[TOKENIZER_TEXT_MAX] = '\0';
	assert_int_equal(encode(t, line, 16, ids), 16);
	tokenizer_free(t);
	tokenizer_free(NULL);
}

static void
broken_vocabularies_are_refused(void **state)
{
	gzFile file;

	(void)state;
	refuse(scratch_folder(), "no vocabulary here");
	refuse(scratch_path("nowhere.gz"), "No such file");
	refuse(models_text("bad/vocab.json", "{\"a\": \"b\"}"), "the id of token 'a'");
	refuse(models_text("bad/vocab.json", "{\"a\": 99999999}"), "ids are 0 to");
	refuse(models_text("bad/vocab.json", "{\"a\": -1}"), "ids are 0 to");
	refuse(models_text("bad/vocab.json", "{\"a\": 0}"), "merges.txt");
	models_text("bad/merges.txt", "#version: 0.2\na b c\n");
	refuse(scratch_path("bad/vocab.json"), "line 2: 'a b c' is not a merge");
	models_text("bad/merges.txt", "#version: 0.2\n");
	refuse(scratch_path("bad/vocab.json"), "is it CLIP's?");
	write_json("bad/vocab.json", small_vocabulary());
	models_text("bad/merges.txt", "#version: 0.2\nh e\nx yz\n");
	refuse(scratch_path("bad/vocab.json"), "merge 1 ('x' 'yz')");
	refuse(models_text("bad/tokenizer.json", "{\"model\":{\"type\":\"WordPiece\"}}"), "not CLIP's byte pair encoding");
	file = gzopen(scratch_path("cut.gz"), "wb");
	for (int i = 0; i < 5000; i++)
		gzprintf(file, "%d %d\n", i * 7919, i);
	gzclose(file);
	{
		FILE *cut = fopen(scratch_path("cut.gz"), "rb");
		static char bytes[1 << 16];
		size_t n = fread(bytes, 1, sizeof(bytes), cut);

		fclose(cut);
		refuse(models_write("cut.gz", bytes, n / 2), "damaged or cut short");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(ids_are_those_of_open_ai, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(vocabularies_come_in_three_forms, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(open_ai_lists_may_be_plain, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(texts_are_cut_and_cleaned, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(broken_vocabularies_are_refused, files_setup, files_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
