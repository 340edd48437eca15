#include "ui/workbench/prompt.h"

#include "ann/zero_shot.h"
#include "base/text.h"
#include "ui/commands/commands.h"

#include <stdlib.h>
#include <string.h>

/* One application of a prompt, while it goes on. */
struct work {
	const json_t *prompt;
	struct text_tower *tower;
	struct tokenizer *tokenizer;
	struct zero_shot zero_shot;
	const char **name, **template;
	struct text_ids *ids;
};

/* The texts of a JSON array; they stay the array's. */
static const char **
list_texts(const json_t *array, int *count)
{
	size_t n = json_array_size(array);
	const char **text = calloc(n + 1, sizeof(*text));

	for (size_t i = 0; text && i < n; i++) {
		const char *value = json_string_value(json_array_get(array, i));

		text[i] = value ? value : "";
	}
	*count = (int)n;
	return text;
}

static void
free_ids(struct work *w)
{
	for (int i = 0; w->ids && i < w->zero_shot.classes; i++)
		free((int *)w->ids[i].id);
	free(w->ids);
}

static bool
list_ids(struct work *w, const json_t *array, struct status *st)
{
	w->ids = calloc((size_t)w->zero_shot.classes + 1, sizeof(*w->ids));
	for (int i = 0; w->ids && i < w->zero_shot.classes; i++) {
		const json_t *row = json_array_get(array, (size_t)i);
		size_t n = json_array_size(row);
		int *id = calloc(n + 1, sizeof(*id));

		if (!id)
			return status_nomem(st, "token ids");
		for (size_t k = 0; k < n; k++)
			id[k] = (int)json_integer_value(json_array_get(row, k));
		w->ids[i] = (struct text_ids){id, (int)n};
	}
	w->zero_shot.ids = w->ids;
	return w->ids || status_nomem(st, "token ids");
}

static bool
read_prompt(struct work *w, struct status *st)
{
	const json_t *ids = json_object_get(w->prompt, "ids");

	w->name = list_texts(json_object_get(w->prompt, "classes"), &w->zero_shot.classes);
	w->template = list_texts(json_object_get(w->prompt, "templates"), &w->zero_shot.templates);
	if (!w->name || !w->template)
		return status_nomem(st, "prompts");
	w->zero_shot.name = w->name;
	w->zero_shot.template = w->template;
	return !ids || list_ids(w, ids, st);
}

static const char *
path_of(const json_t *prompt, const char *key, const char *otherwise)
{
	const char *path = json_string_value(json_object_get(prompt, key));

	return path ? path : otherwise;
}

static bool
load_text(struct work *w, const struct model *model, const char *folder, struct status *st)
{
	const char *text = path_of(w->prompt, "text_model", folder);

	w->tower = text_tower_load(text, st);
	if (!w->tower)
		return false;
	if (w->tower->projection.out != model->projection.out)
		return status_fail(st, STATUS_DATA, "%s: texts are projected to %d numbers, pictures to %d; these are two models",
				   text, w->tower->projection.out, model->projection.out);
	if (w->zero_shot.ids)
		return true;
	w->tokenizer = tokenizer_load(path_of(w->prompt, "vocabulary", text), st);
	return w->tokenizer != NULL;
}

static bool
embed(struct app *app, struct work *w, struct prompt_result *result, char hash[HASH_HEX], struct status *st)
{
	struct progress progress = app_progress(app);

	result->width = w->tower->projection.out;
	result->embeddings = calloc((size_t)w->zero_shot.classes * (size_t)result->width, sizeof(float));
	if (!result->embeddings)
		return status_nomem(st, "class embeddings");
	if (!zero_shot_embed(w->tower, w->tokenizer, &w->zero_shot, result->embeddings, hash, &progress, st))
		return false;
	result->classes = w->zero_shot.classes;
	result->templates = w->zero_shot.ids ? 1 : w->zero_shot.templates;
	result->texts = result->classes * result->templates;
	result->vocabulary = w->tower->vocabulary;
	result->context = w->tower->context;
	return true;
}

/* What the classes were made from: the texts' ids, and the tower when it is not the model's own. */
static bool
set_classes(struct app *app, struct work *w, const struct prompt_result *result, const char *ids_hash, struct status *st)
{
	bool own = !json_object_get(w->prompt, "text_model");
	char *made_from = text_format("%s %d %s", ids_hash, result->templates, own ? "" : w->tower->hash);
	bool ok;

	if (!made_from)
		return status_nomem(st, "prompts");
	app_forget_classes(app);
	ok = model_set_classes(app->model, result->classes, w->name, result->embeddings, made_from, st);
	free(made_from);
	return ok;
}

bool
prompt_apply(struct app *app, json_t *prompt, struct prompt_result *result, struct status *st)
{
	struct work w = {.prompt = prompt};
	char hash[HASH_HEX];
	bool ok;

	*result = (struct prompt_result){0};
	ok = read_prompt(&w, st) && load_text(&w, app->model, app->model->path, st) && embed(app, &w, result, hash, st) &&
	     set_classes(app, &w, result, hash, st);
	if (ok) {
		app_set_prompt(app, prompt);
		ok = !app->pixels || run_reference(app, st);
	}
	text_tower_free(w.tower);
	tokenizer_free(w.tokenizer);
	free_ids(&w);
	free(w.name);
	free(w.template);
	return ok;
}
