#include "ui/workbench/state.h"
#include "model/graph.h"

#include "ui/commands/commands.h"
#include "ui/workbench/prompt.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --- values --------------------------------------------------------------- */

static const char *
text_at(const json_t *value, const char *key)
{
	const char *text = json_string_value(json_object_get(value, key));

	return text ? text : "";
}

static int
int_at(const json_t *value, int lo, int hi)
{
	json_int_t n = json_integer_value(value);

	return n < lo ? lo : n > hi ? hi : (int)n;
}

static json_t *
place(const char *path, const char *hash)
{
	return json_pack("{s:s?, s:s}", "path", path, "hash", hash);
}

/* --- settings ------------------------------------------------------------- */

static json_t *
save_seed(const struct app *app)
{
	return json_integer((json_int_t)app->options.seed);
}

static bool
restore_seed(struct app *app, const json_t *value, struct status *st)
{
	(void)st;
	if (json_is_integer(value))
		app->options.seed = (uint64_t)json_integer_value(value);
	return true;
}

static json_t *
save_threads(const struct app *app)
{
	return json_integer(app->options.threads);
}

static bool
restore_threads(struct app *app, const json_t *value, struct status *st)
{
	(void)st;
	if (json_is_integer(value) && json_integer_value(value) != app->options.threads)
		app_set_threads(app, int_at(value, 0, 1024));
	return true;
}

/* --- model, plan, data, picture ------------------------------------------- */

static json_t *
save_model(const struct app *app)
{
	json_t *model;

	if (!app->model)
		return json_null();
	model = place(app->model_path, app->model->hash);
	if (app->prompt)
		json_object_set(model, "prompt", app->prompt);
	if (!graph_has(app->model->graph, LAYER_EMBED))
		json_object_set_new(model, "size", json_integer(app->model->image_size));
	return model;
}

/* The classes that a CLIP model had. */
static bool
restore_prompt(struct app *app, json_t *prompt, struct status *st)
{
	struct prompt_result result;
	bool ok;

	if (!json_is_object(prompt) || !app->model->projection.weight)
		return true;
	ok = prompt_apply(app, prompt, &result, st);
	free(result.embeddings);
	return ok;
}

static bool
changed(const char *what, const char *path, struct status *st)
{
	return status_fail(st, STATUS_DATA, "%s: this %s has changed since; open the one that was used, then try again", path,
			   what);
}

static bool
restore_model(struct app *app, const json_t *value, struct status *st)
{
	const char *path = text_at(value, "path"), *hash = text_at(value, "hash");

	if (!json_is_object(value)) {
		if (app->model)
			app_set_model(app, NULL, NULL);
		return true;
	}
	if (app->model && strcmp(app->model->hash, hash) == 0)
		return true;
	if (!open_model_at(app, path, int_at(json_object_get(value, "size"), 0, INT_MAX), st))
		return status_prefix(st, "the model is not where it was; load it from where it is, then try again");
	if (!restore_prompt(app, json_object_get(value, "prompt"), st))
		return false;
	return strcmp(app->model->hash, hash) == 0 || changed("model", path, st);
}

static json_t *
save_plan(const struct app *app)
{
	return app->plan ? json_string(app->plan->hash) : json_null();
}

static bool
restore_plan(struct app *app, const json_t *value, struct status *st)
{
	const char *hash = json_string_value(value);
	struct plan *plan;

	if (!hash) {
		app_set_plan(app, NULL, NULL, NULL);
		return true;
	}
	if (app->plan && strcmp(app->plan->hash, hash) == 0)
		return true;
	plan = open_plan(app, hash, st);
	return plan && adopt_plan(app, plan, st);
}

static json_t *
save_data(const struct app *app)
{
	return app->data ? place(app->data_path, dataset_hash(app->data)) : json_null();
}

static bool
restore_data(struct app *app, const json_t *value, struct status *st)
{
	const char *path = text_at(value, "path"), *hash = text_at(value, "hash");

	if (!json_is_object(value)) {
		app_set_data(app, NULL);
		return true;
	}
	if (app->data && strcmp(dataset_hash(app->data), hash) == 0)
		return true;
	if (!open_data(app, path, st))
		return status_prefix(st, "the data set is not where it was; open it from where it is, then try again");
	return strcmp(dataset_hash(app->data), hash) == 0 || changed("data set", path, st);
}

static json_t *
save_image(const struct app *app)
{
	const char *hash = app->picture.data_hash;

	if (!app->pixels || !app->picture.text)
		return json_null();
	if (!app->picture.data_path)
		return json_pack("{s:s}", "text", app->picture.text);
	return json_pack("{s:s, s:o}", "text", app->picture.text, "data", place(app->picture.data_path, hash));
}

/* A picture by its number may be of a data set that is no longer the open one. */
static bool
show_numbered(struct app *app, const char *text, const json_t *from, struct status *st)
{
	const char *path = text_at(from, "path"), *hash = text_at(from, "hash");
	struct dataset *data;
	bool ok;

	if (app->data && strcmp(dataset_hash(app->data), hash) == 0)
		return show_picture(app, text, app->data, st);
	data = dataset_open(path, st);
	ok =
	    data && (strcmp(dataset_hash(data), hash) == 0 || changed("data set", path, st)) && show_picture(app, text, data, st);
	dataset_close(data);
	return ok;
}

static bool
restore_image(struct app *app, const json_t *value, struct status *st)
{
	const char *text = text_at(value, "text");
	const json_t *from = json_object_get(value, "data");
	json_t *now = save_image(app);
	bool same = json_equal(now, value);

	json_decref(now);
	if (same)
		return true;
	if (!json_is_object(value)) {
		app_forget_picture(app);
		return true;
	}
	if (!need_model(app, st))
		return false;
	return from ? show_numbered(app, text, from, st) : show_picture(app, text, NULL, st);
}

/* --- time ----------------------------------------------------------------- */

static json_t *
save_t(const struct app *app)
{
	return json_integer(app->walk && app->walk->shown ? app->walk->t : 0);
}

/* Steps again what was stepped: the states are the same to the bit. */
static bool
restore_t(struct app *app, const json_t *value, struct status *st)
{
	struct progress progress = app_progress(app);
	int t = int_at(value, 0, WALK_STEPS_MAX);

	if (!app->walk || !app->walk->shown)
		return t == 0 || status_fail(st, STATUS_FAILED, "t = %d cannot be gone back to without a plan and a picture", t);
	if (t < app->walk->t) {
		walk_reset(app->walk);
		spike_log_back(app->spikes, 0);
	}
	app->serial++;
	return spike_log_steps(app->spikes, app->walk, t - app->walk->t, &progress, st);
}

/* --- what views look at --------------------------------------------------- */

static json_t *
save_selection(const struct app *app)
{
	const struct selection *s = &app->selection;
	char site[SITE_NAME_MAX];

	if (!app->model)
		return json_null();
	return json_pack("{s:i, s:i, s:i, s:i, s:s, s:i, s:i}", "layer", s->layer, "head", s->head, "q", s->q, "k", s->k, "site",
			 site_name(s->site, site), "neuron", s->neuron, "unit", s->unit);
}

static bool
restore_selection(struct app *app, const json_t *value, struct status *st)
{
	struct selection *s = &app->selection;
	const char *site = text_at(value, "site");

	(void)st;
	if (!app->model || !json_is_object(value))
		return true;
	s->layer = int_at(json_object_get(value, "layer"), 0, INT_MAX);
	s->head = int_at(json_object_get(value, "head"), 0, INT_MAX);
	s->q = int_at(json_object_get(value, "q"), 0, INT_MAX);
	s->k = int_at(json_object_get(value, "k"), 0, INT_MAX);
	s->neuron = int_at(json_object_get(value, "neuron"), 0, INT_MAX);
	s->unit = json_object_get(value, "unit") ? int_at(json_object_get(value, "unit"), -1, INT_MAX) : -1;
	site_parse(app->model, site, &s->site);
	app_clamp_selection(app);
	app->serial++;
	return true;
}

/* --- what steps keep ------------------------------------------------------ */

static json_t *
save_keep(const struct app *app)
{
	json_t *list = json_array();

	for (int i = 0; i < app->keeps; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "sites", app->keep[i].glob, "what", what_names[app->keep[i].what]));
	return list;
}

static bool
restore_keep(struct app *app, const json_t *value, struct status *st)
{
	bool ok = true;

	forget_kept(app, NULL);
	for (size_t i = 0; ok && i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		int what = value_choice(text_at(item, "what"), what_names);

		if (what >= 0)
			ok = keep_sites(app, text_at(item, "sites"), (enum what)what, st);
	}
	return ok;
}

const struct state_key state_table[] = {
    {"seed", save_seed, restore_seed, false},
    {"threads", save_threads, restore_threads, false},
    {"model", save_model, restore_model, false},
    {"plan", save_plan, restore_plan, false},
    {"data", save_data, restore_data, false},
    {"image", save_image, restore_image, false},
    {"t", save_t, restore_t, false},
    {"split", save_split, restore_split, false},
    {"keep", save_keep, restore_keep, false},
    {"selection", save_selection, restore_selection, false},
    {"breakpoints", save_breakpoints, restore_breakpoints, true},
    {"layouts", save_layouts, restore_layouts, true},
    {"keys", save_keys, restore_keys, true},
    {NULL, NULL, NULL, false},
};

/* --- the whole ------------------------------------------------------------ */

char *
state_capture(const struct app *app)
{
	json_t *state = json_object();
	char *text;

	for (const struct state_key *k = state_table; state && k->name; k++)
		if (json_object_set_new(state, k->name, k->save(app)) != 0) {
			json_decref(state);
			return NULL;
		}
	text = json_dumps(state, JSON_COMPACT);
	json_decref(state);
	return text;
}

/* Import has put a stranger's state into an object of its own (more than once, if it went from one to the next). */
static const json_t *
unwrap(const json_t *state, bool *theirs)
{
	const json_t *inner;

	for (*theirs = false; (inner = json_object_get(state, "foreign")); state = inner)
		*theirs = true;
	return state;
}

/* acting: of a stranger's state only what acts, else only the rest. */
static bool
restore_all(struct app *app, const char *text, bool acting, bool strict, struct status *st)
{
	json_t *whole = json_loads(text, 0, NULL), *none = json_null();
	bool theirs, ok;
	const json_t *state = unwrap(whole, &theirs);

	ok = json_is_object(state) || status_fail(st, STATUS_DATA, "the state that the notebook has kept is damaged");
	for (const struct state_key *k = state_table; ok && k->name; k++) {
		const json_t *value = json_object_get(state, k->name);
		struct status why = {0};

		if ((theirs || acting) && (k->acts != acting || !theirs))
			continue;
		if (k->restore(app, value ? value : none, &why))
			continue;
		if (strict || why.code == STATUS_CANCELLED)
			ok = status_fail(st, why.code, "%s", why.message);
		else
			app_say(app, "warning: %s", why.message);
	}
	json_decref(whole);
	return ok;
}

bool
state_restore(struct app *app, const char *state, bool strict, struct status *st)
{
	return restore_all(app, state, false, strict, st);
}

bool
state_take(struct app *app, const char *state, struct status *st)
{
	return restore_all(app, state, true, false, st);
}

void
state_offer(struct app *app, const char *text)
{
	json_t *whole = json_loads(text, 0, NULL);
	bool theirs;
	const json_t *state = unwrap(whole, &theirs);

	if (theirs && say_what_acts(app, state) > 0)
		app_say(app, "these came from another notebook and were not taken; add --take to take them");
	json_decref(whole);
}
