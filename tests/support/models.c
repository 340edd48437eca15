#include "tests/support/models.h"

#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
models_shared(const char *name)
{
	static char paths[4][512];
	static int turn;
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", shared ? shared : "../shared", name);
	if (access(path, R_OK) == 0)
		return path;
	print_message("skipped: %s is not there\n", path);
	return NULL;
}

const char *
models_write(const char *name, const void *data, size_t size)
{
	char part[128];

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name);
		mkdir(scratch_path(part), 0777);
	}
	scratch_write(name, data, size);
	return scratch_path(name);
}

const char *
models_text(const char *name, const char *text)
{
	return models_write(name, text, strlen(text));
}

void
models_refused(const struct status *st, enum status_code code, const char *words)
{
	assert_int_equal(st->code, code);
	if (!strstr(st->message, words))
		fail_msg("\"%s\" does not say \"%s\"", st->message, words);
}

struct dataset *
models_dataset(const char *path)
{
	struct status st = {0};
	struct dataset *data = dataset_open(path, &st);

	if (!data)
		fail_msg("%s", st.message);
	return data;
}

struct model *
models_digits(float **pixels, int pictures)
{
	enum { PICTURE = 3 * 8 * 8 };
	struct status st = {0};
	struct model *model = model_load("examples/digits-vit", &st);
	struct dataset *data = models_dataset("examples/digits-vit/calibration.safetensors");

	*pixels = malloc((size_t)pictures * PICTURE * sizeof(**pixels));
	assert_true(model && *pixels);
	for (int i = 0; i < pictures; i++)
		if (!dataset_get(data, i, model, *pixels + (size_t)i * PICTURE, NULL, &st))
			fail_msg("%s", st.message);
	dataset_close(data);
	return model;
}

enum { MODEL_TENSORS_MAX = 256 };

static void
write_config(const char *model, const struct model_edit *edit, const char *folder)
{
	const char *name = edit->config_name ? edit->config_name : "config.json";
	char path[256], to[256], text[8192];
	size_t n;
	FILE *file;

	snprintf(to, sizeof(to), "%s/%s", folder, name);
	if (edit->config) {
		models_text(to, edit->config);
		return;
	}
	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", model, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text), file);
	fclose(file);
	models_write(to, text, n);
}

static bool
same(const char *a, const char *b)
{
	return b && strcmp(a, b) == 0;
}

static struct st_out
edit_tensor(const struct st_tensor *t, const struct model_edit *edit)
{
	struct st_out out = {.name = t->name, .dims = t->dims};
	char *renamed;
	size_t row = t->dims ? t->count / (size_t)t->dim[0] : 0, prefix = edit->cut_prefix ? strlen(edit->cut_prefix) : 0;
	size_t room = same(t->name, edit->grow) ? row * (size_t)edit->rows : t->count + row + 1;
	float *data = calloc(room, sizeof(*data));

	assert_non_null(data);
	assert_true(safetensors_read(t, 0, t->count, data, NULL));
	memcpy(out.dim, t->dim, sizeof(out.dim));
	if (same(t->name, edit->reshape))
		out.dim[0]++;
	if (same(t->name, edit->grow)) {
		out.dim[0] = edit->rows;
		for (size_t i = t->count; i < room; i++)
			data[i] = (float)(i * 7919 % 1000) / 1000 - 0.5f;
	}
	if (same(t->name, edit->poison))
		data[t->count - 1] = edit->value;
	if (prefix && strncmp(t->name, edit->cut_prefix, prefix) == 0)
		out.name += prefix;
	renamed = calloc(1, MODEL_NAME_MAX);
	assert_non_null(renamed);
	if (edit->rename)
		edit->rename(out.name, renamed);
	else
		snprintf(renamed, MODEL_NAME_MAX, "%s", out.name);
	out.name = renamed;
	out.data = data;
	return out;
}

const char *
models_edit(const char *model, const struct model_edit *edit)
{
	static const float one[1] = {1};
	struct st_out out[MODEL_TENSORS_MAX];
	const char *folder = edit->folder ? edit->folder : "broken";
	struct status st = {0};
	struct safetensors *file;
	char path[256], to[256];
	int count = 0;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", model, edit->weights ? edit->weights : "");
	snprintf(to, sizeof(to), "%s/model.safetensors", folder);
	file = safetensors_open(path, &st);
	assert_non_null(file);
	for (int i = 0; i < safetensors_count(file) && count < MODEL_TENSORS_MAX - 1; i++)
		if (!same(safetensors_at(file, i)->name, edit->drop))
			out[count++] = edit_tensor(safetensors_at(file, i), edit);
	write_config(model, edit, folder);
	if (edit->add)
		out[count++] = (struct st_out){edit->add, 1, {1}, one};
	assert_true(safetensors_write(scratch_path(to), out, count, true, &st));
	for (int i = 0; i < count - !!edit->add; i++) {
		free((void *)out[i].data);
		free((void *)out[i].name);
	}
	safetensors_close(file);
	return scratch_path(folder);
}
