/* The command that gives CLIP its classes. */
#include "ui/commands/commands.h"

#include "base/lines.h"
#include "base/text.h"
#include "base/timing.h"
#include "model/files/safetensors.h"
#include "ui/workbench/paths.h"
#include "ui/workbench/prompt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES_MAX = 1 << 20, TEMPLATES_MAX = 4096 };

static const char one_template[] = "a photo of a {}.";

static bool
append_text(json_t *array, const char *text, const char *where, struct status *st)
{
	if (json_array_append_new(array, json_string(text)) == 0)
		return true;
	return status_fail(st, STATUS_DATA, "%s: \"%.100s\" is not UTF-8", where, text);
}

/* The lines of a file that hold something; comments: those with # in front are left out. */
static bool
append_file(json_t *array, const char *path, bool comments, size_t most, struct status *st)
{
	struct arena *arena = arena_new();
	struct lines lines = {0};
	bool ok = arena ? lines_read(&lines, path, arena, st) : status_nomem(st, path);

	for (int i = 0; ok && i < lines.count; i++) {
		const char *text = lines.text[i] + strspn(lines.text[i], " \t");

		if (!*text || (comments && *text == '#'))
			continue;
		ok = json_array_size(array) < most || status_fail(st, STATUS_DATA, "%s: more than %zu lines", path, most);
		ok = ok && append_text(array, text, path, st);
	}
	arena_free(arena);
	return ok && (json_array_size(array) > 0 || status_fail(st, STATUS_DATA, "%s: no line holds anything", path));
}

/* Data sets join the words of a name by underscores. */
static bool
append_class(json_t *array, const struct dataset *data, int index, struct status *st)
{
	const char *name = dataset_class(data, index);
	char *text = name ? strdup(name) : NULL;
	bool ok;

	if (!name)
		return status_fail(st, STATUS_FAILED, "class %d of the data set has no name; type: prompt --classes FILE", index);
	if (!text)
		return status_nomem(st, "class names");
	for (char *c = text; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	ok = append_text(array, text, dataset_path(data), st);
	free(text);
	return ok;
}

static bool
append_data(json_t *array, const struct app *app, struct status *st)
{
	int classes = app->data ? dataset_classes(app->data) : 0;

	if (classes == 0)
		return status_fail(st, STATUS_FAILED,
				   "%s; type: prompt \"a photo of a cat\" \"a photo of a dog\" ..., or prompt --classes FILE",
				   app->data ? "the data set has no classes" : "no classes are given and no data set is open");
	for (int i = 0; i < classes; i++)
		if (!append_class(array, app->data, i, st))
			return false;
	return true;
}

static bool
gather_classes(const struct app *app, const struct call *call, json_t *array, struct status *st)
{
	const char *file = call_text(call, "classes");

	if (file && call->args > 0)
		return status_fail(st, STATUS_USAGE, "give texts or --classes, not both");
	if (file)
		return append_file(array, file, false, CLASSES_MAX, st);
	for (int i = 0; i < call->args; i++)
		if (!append_text(array, call->arg[i], "prompt", st))
			return false;
	return call->args > 0 || append_data(array, app, st);
}

/* A file, or the name of one that comes with the program. */
static bool
append_templates(json_t *array, const char *name, struct status *st)
{
	char *known = NULL, *file = text_format("templates/%s.txt", name);
	bool ok;

	if (!file)
		return status_nomem(st, "a file name");
	if (!strchr(name, '/') && access(name, F_OK) != 0)
		known = path_example(file);
	ok = append_file(array, known ? known : name, true, TEMPLATES_MAX, st);
	free(known);
	free(file);
	return ok;
}

static bool
gather_templates(const struct call *call, json_t *array, struct status *st)
{
	const char *file = call_text(call, "templates"), *one = call_text(call, "template");

	if (file && one)
		return status_fail(st, STATUS_USAGE, "give --template or --templates, not both");
	if (file)
		return append_templates(array, file, st);
	if (!one)
		one = call->args > 0 ? "{}" : one_template;
	return append_text(array, one, "prompt", st);
}

/* "FILE.safetensors:NAME", integers [texts, tokens]. */
static bool
gather_ids(const char *text, json_t *rows, struct status *st)
{
	static const char end[] = ".safetensors:";
	const char *colon = strstr(text, end);
	char *path = colon ? strndup(text, (size_t)(colon - text) + strlen(end) - 1) : NULL;
	struct safetensors *file = path ? safetensors_open(path, st) : NULL;
	const struct st_tensor *t = file ? safetensors_find(file, colon + strlen(end)) : NULL;
	bool ok = t && t->dims == 2 && t->dim[0] > 0 && t->dim[0] <= CLASSES_MAX && t->dim[1] > 0 && t->dim[1] <= 4096;

	for (int64_t i = 0; ok && i < t->dim[0]; i++) {
		json_t *row = json_array();

		for (int64_t k = 0; k < t->dim[1]; k++) {
			float id;

			ok = ok && safetensors_read(t, (size_t)(i * t->dim[1] + k), 1, &id, st);
			json_array_append_new(row, json_integer(ok && id >= -1 && id < (1 << 24) ? (json_int_t)id : -1));
		}
		ok = json_array_append_new(rows, row) == 0 || status_nomem(st, "token ids");
	}
	if (!ok)
		status_fail(st, STATUS_DATA, "%s: token ids are FILE.safetensors:NAME, a tensor of integers [texts, tokens]",
			    text);
	safetensors_close(file);
	free(path);
	return ok;
}

static void
put_path(json_t *prompt, const char *key, const char *path)
{
	char *whole = path ? realpath(path, NULL) : NULL;

	if (path)
		json_object_set_new(prompt, key, json_string(whole ? whole : path));
	free(whole);
}

/* Texts that are given as ids are called by what is typed, or by their number. */
static bool
name_ids(const struct call *call, size_t count, json_t *classes, struct status *st)
{
	const char *file = call_text(call, "classes");
	char number[32];

	if (call->args > 0 || file) {
		if (!gather_classes(NULL, call, classes, st))
			return false;
		return json_array_size(classes) == count ||
		       status_fail(st, STATUS_DATA, "%zu names for %zu texts", json_array_size(classes), count);
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "text %zu", i);
		json_array_append_new(classes, json_string(number));
	}
	return true;
}

static json_t *
gather(const struct app *app, const struct call *call, struct status *st)
{
	const char *tokens = call_text(call, "tokens");
	json_t *prompt = json_object(), *classes = json_array(), *texts = json_array();
	bool ok;

	json_object_set_new(prompt, "classes", classes);
	json_object_set_new(prompt, tokens ? "ids" : "templates", texts);
	if (tokens)
		ok = gather_ids(tokens, texts, st) && name_ids(call, json_array_size(texts), classes, st);
	else
		ok = gather_classes(app, call, classes, st) && gather_templates(call, texts, st);
	put_path(prompt, "vocabulary", call_text(call, "vocabulary"));
	put_path(prompt, "text_model", call_text(call, "text-model"));
	if (ok)
		return prompt;
	json_decref(prompt);
	return NULL;
}

static bool
write_embeddings(const struct prompt_result *r, const struct call *call, struct status *st)
{
	const char *path = call_text(call, "write");
	struct st_out out = {"text_embeds", 2, {r->classes, r->width}, r->embeddings};

	return !path || safetensors_write(path, &out, 1, call_has(call, "force"), st);
}

static bool
print_prompt(struct app *app, const struct prompt_result *r, double seconds, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "model", app->model->name);
	output_text(&o, "hash", app->model->hash);
	output_int(&o, "classes", r->classes);
	output_int(&o, "templates", r->templates);
	output_int(&o, "texts", r->texts);
	output_real(&o, "seconds", seconds);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_prompt(struct app *app, const struct call *call, struct status *st)
{
	double started = timing_now();
	struct prompt_result result;
	json_t *prompt;
	bool ok;

	if (!need_loaded(app, st))
		return false;
	if (!app->model->projection.weight)
		return status_fail(st, STATUS_FAILED, "%s has classes of its own; prompts are for CLIP models (load one first)",
				   app->model->name);
	prompt = gather(app, call, st);
	if (!prompt)
		return false;
	ok = prompt_apply(app, prompt, &result, st) && write_embeddings(&result, call, st) &&
	     print_prompt(app, &result, timing_now() - started, st);
	free(result.embeddings);
	json_decref(prompt);
	return ok;
}
