/* The command `prompt`, as a user types it. */
#include "ui/workbench/app.h"

#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PICTURE "image tests/fixtures/hf_clip/expected.safetensors:pixel_values[0]"

enum { PROJECTION = 24 };

static struct app app;
static FILE *out, *talk;

/* A CLIP that knows a small vocabulary: the bytes, one merge, and the marks. */
static const char *
make_clip(void)
{
	static const char config[] =
	    "{\"model_type\":\"clip\",\"vision_config\":{\"hidden_size\":48,\"intermediate_size\":192,\"num_hidden_layers\":3,"
	    "\"num_attention_heads\":4,\"image_size\":32,\"patch_size\":8},\"text_config\":{\"vocab_size\":515,\"hidden_size\":"
	    "40,"
	    "\"intermediate_size\":160,\"num_hidden_layers\":2,\"num_attention_heads\":4,\"max_position_embeddings\":16,"
	    "\"eos_token_id\":514}}";

	models_edit("hf_clip",
		    &(struct model_edit){.config = config, .grow = "text_model.embeddings.token_embedding.weight", .rows = 515});
	models_text("broken/bpe_simple_vocab_16e6.txt.gz", "#version: 0.2\nc a\n");
	return scratch_path("broken");
}

static int
set_up(void **state)
{
	struct status st = {0};
	char line[600];

	(void)state;
	memset(&app, 0, sizeof(app));
	scratch_make();
	out = tmpfile();
	talk = tmpfile();
	app.options.format = FORMAT_JSON;
	if (!out || !talk || !app_init(&app, scratch_path("a.db"), out, talk, &st))
		return -1;
	snprintf(line, sizeof(line), "load %s", make_clip());
	return app_execute(&app, line) == STATUS_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	app_done(&app);
	fclose(out);
	fclose(talk);
	scratch_remove();
	return 0;
}

static const char *
all_of(FILE *file)
{
	static char text[1 << 16];
	size_t n;

	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	return text;
}

/* Runs the line and returns what it printed; the caller frees. */
static json_t *
run(const char *line)
{
	json_t *json;

	rewind(out);
	assert_int_equal(ftruncate(fileno(out), 0), 0);
	if (app_execute(&app, line) != STATUS_OK)
		fail_msg("%s: %s", line, all_of(talk));
	json = json_loads(all_of(out), JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(json);
	return json;
}

static void
run_only(const char *line)
{
	json_decref(run(line));
}

static void
refuse(const char *line, enum status_code code, const char *complaint)
{
	rewind(talk);
	assert_int_equal(ftruncate(fileno(talk), 0), 0);
	assert_int_equal(app_execute(&app, line), code);
	if (!strstr(all_of(talk), complaint))
		fail_msg("\"%s\" does not say \"%s\"", all_of(talk), complaint);
}

static int
int_of(const char *line, const char *key)
{
	json_t *json = run(line);
	int value = (int)json_integer_value(json_object_get(json, key));

	json_decref(json);
	return value;
}

static void
text_of(const char *line, const char *key, char value[64])
{
	json_t *json = run(line);

	snprintf(value, 64, "%s", json_string_value(json_object_get(json, key)));
	json_decref(json);
}

/* The class embeddings that the words after `prompt` give. */
static void
embed(const char *words, int classes, float *embeddings)
{
	char line[600];
	struct status st = {0};
	struct safetensors *file;
	const struct st_tensor *t;

	snprintf(line, sizeof(line), "prompt %s --write %s --force", words, scratch_path("e.safetensors"));
	run_only(line);
	file = safetensors_open(scratch_path("e.safetensors"), &st);
	t = safetensors_find(file, "text_embeds");
	assert_int_equal(t->count, classes * PROJECTION);
	assert_true(safetensors_read(t, 0, t->count, embeddings, NULL));
	safetensors_close(file);
}

static void
nothing_runs_before_there_are_classes(void **state)
{
	(void)state;
	refuse(PICTURE, STATUS_FAILED, "has no classes yet; type: prompt TEXT TEXT");
	refuse("convert", STATUS_FAILED, "type: prompt");
	refuse("ann", STATUS_FAILED, "type: prompt");
	refuse("view attention", STATUS_FAILED, "no classes yet: prompt");
	assert_int_equal(int_of("model", "classes"), 0);
	run_only("prompt cat dog");
	run_only(PICTURE);
	run_only("ann");
}

static void
texts_become_classes(void **state)
{
	json_t *json;

	(void)state;
	assert_int_equal(int_of("prompt 'a photo of a cat' \"dog's\"", "classes"), 2);
	json = run("classes");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(json, "classes"), 1), "label")),
			    "dog's");
	json_decref(json);
	run_only(PICTURE);
	json = run("ann");
	assert_int_equal(json_array_size(json_object_get(json, "logits")), 2);
	assert_int_equal(json_array_size(json_object_get(json, "image_embeds")), PROJECTION);
	json_decref(json);
}

/* The mean of the normalised embeddings, normalised. */
static void
templates_are_averaged(void **state)
{
	float one[2 * PROJECTION], two[2 * PROJECTION], both[2 * PROJECTION];
	char line[300];

	(void)state;
	embed("cat dog --template 'a {}'", 2, one);
	embed("cat dog --template 'the {} {}'", 2, two);
	snprintf(line, sizeof(line), "cat dog --templates %s", models_text("t.txt", "# two\na {}\n\nthe {} {}\n"));
	embed(line, 2, both);
	for (int c = 0; c < 2; c++) {
		const float *a = one + c * PROJECTION, *b = two + c * PROJECTION;
		double square = 0;

		for (int i = 0; i < PROJECTION; i++)
			square += ((double)a[i] + (double)b[i]) * ((double)a[i] + (double)b[i]);
		for (int i = 0; i < PROJECTION; i++)
			assert_true(fabs((double)both[c * PROJECTION + i] - ((double)a[i] + (double)b[i]) / sqrt(square)) < 1e-6);
	}
}

static void
classes_come_from_files_and_data(void **state)
{
	char line[300];

	(void)state;
	snprintf(line, sizeof(line), "prompt --classes %s --templates examples/templates/photos.txt",
		 models_text("n.txt", "cat\r\nhot dog\n\nfrog\n"));
	assert_int_equal(int_of(line, "classes"), 3);
	assert_int_equal(int_of(line, "templates"), 80);
	refuse("prompt", STATUS_FAILED, "no data set is open");
	models_text("set/big_cat/a.png", "");
	models_text("set/dog/a.png", "");
	snprintf(line, sizeof(line), "data %s", scratch_path("set"));
	run_only(line);
	assert_int_equal(int_of("prompt", "classes"), 2);
	refuse("load examples/digits-vit", STATUS_OK, "");
	refuse("prompt cat", STATUS_FAILED, "has classes of its own");
}

/* A prompt names the model, and a replay makes it again. */
static void
prompts_are_kept(void **state)
{
	char first[64], second[64], again[64], line[600];
	json_t *json;

	(void)state;
	text_of("prompt cat dog", "hash", first);
	text_of("prompt cat dogs", "hash", second);
	text_of("prompt cat dog", "hash", again);
	assert_string_equal(first, again);
	assert_string_not_equal(first, second);
	run_only(PICTURE);
	run_only("ann");
	run_only("prompt frog");
	json = run("query SELECT json_extract(state, '$.model.prompt.classes[1]') AS name FROM runs");
	snprintf(line, sizeof(line), "%s",
		 json_string_value(json_object_get(json_array_get(json_object_get(json, "rows"), 0), "name")));
	json_decref(json);
	assert_string_equal(line, "dog");
	json = run("replay 1");
	assert_true(json_is_true(json_object_get(json, "same")));
	json_decref(json);
	json = run("classes");
	assert_int_equal(json_array_size(json_object_get(json, "classes")), 1);
	json_decref(json);
}

static void
wrong_prompts_change_nothing(void **state)
{
	char line[300];

	(void)state;
	run_only("prompt cat dog");
	run_only(PICTURE);
	run_only("convert --recipe delta --T 2");
	refuse("prompt cat --template 'no place'", STATUS_DATA, "has no {}");
	refuse("prompt cat --templates nowhere", STATUS_DATA, "nowhere");
	refuse("prompt --classes nowhere", STATUS_DATA, "nowhere");
	refuse("prompt cat --classes nowhere", STATUS_USAGE, "not both");
	refuse("prompt cat --vocabulary nowhere", STATUS_DATA, "nowhere");
	refuse("prompt cat --text-model tests/fixtures/hf_vit", STATUS_DATA, "no text tower");
	snprintf(line, sizeof(line), "prompt --classes %s", models_write("zero.txt", "a\0b\n", 4));
	refuse(line, STATUS_DATA, "NUL");
	snprintf(line, sizeof(line), "prompt --classes %s", models_text("empty.txt", "\n\n"));
	refuse(line, STATUS_DATA, "no line holds anything");
	snprintf(line, sizeof(line), "prompt --classes %s", models_text("latin.txt", "caf\xe9\n"));
	refuse(line, STATUS_DATA, "not UTF-8");
	refuse("prompt --tokens tests/fixtures/hf_clip/expected.safetensors:nope", STATUS_DATA, "token ids are");
	refuse("prompt a b --tokens tests/fixtures/hf_clip/expected.safetensors:input_ids", STATUS_DATA, "2 names for 5 texts");
	assert_int_equal(int_of("step 1", "t") >= 0, 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_runs_before_there_are_classes), TEST(texts_become_classes), TEST(templates_are_averaged),
	    TEST(classes_come_from_files_and_data),      TEST(prompts_are_kept),     TEST(wrong_prompts_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
