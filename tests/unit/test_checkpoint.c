/* What torch.save() writes: values by Debian's PyTorch 1.13 (tests/fixtures/checkpoints/make.py), and files that would run
 * something. */
#include "model/files/safetensors.h"

#include "model/model.h"
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

#define FOLDER "tests/fixtures/checkpoints/"

static struct safetensors *
open_file(const char *name)
{
	struct status st = {0};
	char path[128];
	struct safetensors *file;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	file = safetensors_open(path, &st);
	if (!file)
		fail_msg("%s", st.message);
	return file;
}

/* The tensor has these dimensions (-1 ends them) and values. */
static void
expect(const struct safetensors *file, const char *name, const int64_t *dims, const float *values)
{
	const struct st_tensor *t = safetensors_find(file, name);
	float got[16];

	assert_non_null(t);
	assert_true(t->count <= 16);
	for (int i = 0; i < t->dims; i++)
		assert_int_equal(t->dim[i], dims[i]);
	assert_int_equal(dims[t->dims], -1);
	assert_true(safetensors_read(t, 0, t->count, got, NULL));
	for (size_t i = 0; i < t->count; i++)
		if (got[i] != values[i])
			fail_msg("%s[%zu] is %g, not %g", name, i, (double)got[i], (double)values[i]);
}

#define DIMS(...)   ((const int64_t[]){__VA_ARGS__, -1})
#define VALUES(...) ((const float[]){__VA_ARGS__})

static void
check_state(const char *name)
{
	struct safetensors *file = open_file(name);

	assert_int_equal(safetensors_count(file), 11);
	expect(file, "plain", DIMS(2, 3), VALUES(0, .25f, .5f, .75f, 1, 1.25f));
	expect(file, "half", DIMS(5), VALUES(0, .25f, .5f, .75f, 1));
	expect(file, "brain", DIMS(4), VALUES(0, .25f, .5f, .75f));
	expect(file, "double", DIMS(3), VALUES(0, .25f, .5f));
	expect(file, "long", DIMS(1, 2), VALUES(-1, 0x1p40f));
	expect(file, "transposed", DIMS(3, 2), VALUES(0, .75f, .25f, 1, .5f, 1.25f));
	expect(file, "window", DIMS(3), VALUES(100.5f, 100.75f, 101));
	expect(file, "shared", DIMS(6), VALUES(100, 100.25f, 100.5f, 100.75f, 101, 101.25f));
	expect(file, "scalar", ((const int64_t[]){-1}), VALUES(7.5f));
	expect(file, "empty", DIMS(0, 4), VALUES(0));
	expect(file, "parameter", DIMS(3), VALUES(-1, -.75f, -.5f));
	assert_int_equal(safetensors_find(file, "brain")->dtype, DTYPE_BF16);
	safetensors_close(file);
}

static void
reads_archives_and_the_old_container(void **state)
{
	(void)state;
	check_state("zip.pt");
	check_state("protocol4.pt");
	check_state("old.pt");
}

static void
finds_the_weights_that_a_training_script_wrapped(void **state)
{
	static const char *const names[] = {"wrapped.pt", "wrapped_old.pt"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct safetensors *file = open_file(names[i]);

		assert_int_equal(safetensors_count(file), 1);
		expect(file, "w", DIMS(2, 2), VALUES(0, .25f, .5f, .75f));
		safetensors_close(file);
	}
}

static void
reads_shards_by_their_index(void **state)
{
	struct safetensors *file = open_file("sharded");

	(void)state;
	expect(file, "a", DIMS(2), VALUES(0, .25f));
	expect(file, "b", DIMS(2), VALUES(1, 1.25f));
	safetensors_close(file);
}

static void
refuse(const char *path, const char *words)
{
	struct status st = {0};

	assert_null(safetensors_open(path, &st));
	models_refused(&st, STATUS_DATA, words);
}

static void
refuses_every_name_but_those_of_tensors(void **state)
{
	(void)state;
	refuse(FOLDER "evil.pt", "names '__builtin__.print'");
	refuse(FOLDER "module.pt", "names 'torch.nn.modules.linear.Linear'");
	refuse(FOLDER "script.pt", "a TorchScript program");
}

static void
refuses_what_is_no_state_dict(void **state)
{
	(void)state;
	refuse(FOLDER "list.pt", "holds no state dict");
	refuse(FOLDER "expanded.pt", "repeats the same values");
	refuse(models_write("plain.pkl", "\x80\4]\x94.aaaaaaaa", 12), "a pickle, but none of torch.save()");
	refuse(models_write("model.gguf", "GGUF\3\0\0\0\0\0\0\0", 12), "GGUF");
	refuse(models_text("lfs.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n"),
	       "git lfs pull");
}

/* Every file that is cut anywhere, or has a byte changed, is read or refused, and never more. */
static void
survives_damage(const char *name)
{
	size_t size;
	char path[128];
	unsigned char *bytes;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	bytes = files_read(path, &size);
	for (size_t i = 0; i < size; i++) {
		struct status st = {0};
		unsigned char was = bytes[i];

		safetensors_close(safetensors_open(models_write("cut.pt", bytes, i), &st));
		bytes[i] = (unsigned char)(was ^ (1u << (i * 7 % 8)));
		st = (struct status){0};
		safetensors_close(safetensors_open(models_write("cut.pt", bytes, size), &st));
		bytes[i] = was;
	}
	free(bytes);
}

static void
survives_damaged_files(void **state)
{
	(void)state;
	survives_damage("old.pt");
	survives_damage("zip.pt");
}

/* The weights decide a model's name, not the file that they came in. */
static void
loads_a_model_as_from_safetensors(void **state)
{
	struct status st = {0};
	struct model *model = model_load(FOLDER "hf_vit_fp16", &st), *same;
	struct model *by_file = model_load(FOLDER "hf_vit_fp16/pytorch_model.bin", &st);
	const char *shared = models_shared("fixtures/hf_vit_fp16");

	(void)state;
	assert_non_null(model);
	assert_non_null(by_file);
	assert_string_equal(model->hash, by_file->hash);
	same = shared ? model_load(shared, &st) : NULL;
	if (same)
		assert_string_equal(model->hash, same->hash);
	model_free(same);
	model_free(by_file);
	model_free(model);
	if (!shared)
		skip();
}

static void
refuse_model(const char *path, const char *words)
{
	struct status st = {0};

	assert_null(model_load(path, &st));
	models_refused(&st, STATUS_DATA, words);
}

static void
says_how_to_fetch_what_is_not_here(void **state)
{
	(void)state;
	refuse_model("google/vit-base-patch16-224", "hf download google/vit-base-patch16-224 --local-dir vit-base-patch16-224");
	refuse_model("https://huggingface.co/google/vit-base-patch16-224/tree/main",
		     "hf download google/vit-base-patch16-224 --local-dir vit-base-patch16-224");
	refuse_model("https://example.org/model.zip", "an address");
	refuse_model("no-such-folder", "give a model's folder");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_archives_and_the_old_container),
	    cmocka_unit_test(finds_the_weights_that_a_training_script_wrapped),
	    cmocka_unit_test(reads_shards_by_their_index),
	    cmocka_unit_test(refuses_every_name_but_those_of_tensors),
	    cmocka_unit_test(refuses_what_is_no_state_dict),
	    cmocka_unit_test(survives_damaged_files),
	    cmocka_unit_test(loads_a_model_as_from_safetensors),
	    cmocka_unit_test(says_how_to_fetch_what_is_not_here),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
