/* Commands about the model, the data and the reference network. */
#include "ui/commands/commands.h"

#include "ann/ann.h"
#include "base/text.h"
#include "base/timing.h"
#include "model/graph.h"
#include "ui/workbench/notebook.h"

#include <stdlib.h>
#include <string.h>

bool
need_loaded(const struct app *app, struct status *st)
{
	return app->model || status_fail(st, STATUS_FAILED, "no model is loaded; type: load PATH");
}

/* What to type to give CLIP its classes. */
static const char *
prompt_hint(const struct app *app)
{
	return app->data && dataset_class(app->data, 0) ? "prompt (for the classes of the data set), or prompt TEXT TEXT ..."
							: "prompt TEXT TEXT ..., or prompt --classes FILE";
}

bool
need_model(const struct app *app, struct status *st)
{
	if (!need_loaded(app, st))
		return false;
	return app->model->classes > 0 ||
	       status_fail(st, STATUS_FAILED, "%s has no classes yet; type: %s", app->model->name, prompt_hint(app));
}

bool
need_data(const struct app *app, struct status *st)
{
	return app->data || status_fail(st, STATUS_FAILED, "no data set is open; type: data PATH");
}

bool
need_picture(const struct app *app, struct status *st)
{
	if (!need_model(app, st))
		return false;
	if (app->pixels)
		return true;
	if (app->data)
		return status_fail(st, STATUS_FAILED, "no picture is shown; type: image 0");
	return status_fail(st, STATUS_FAILED, "no picture is shown; type: image FILE, or data PATH and then image 0");
}

void
output_top(struct output *o, const struct app *app, const float *logits)
{
	int index[5], k = app->model->classes < 5 ? app->model->classes : 5;
	float probability[5];
	char label[16];

	walk_top(logits, app->model->classes, k, index, probability);
	output_table(o, "top");
	for (int i = 0; i < k; i++) {
		output_row(o);
		output_int(o, "class", index[i]);
		output_text(o, "label", model_label(app->model, index[i], label));
		output_real(o, "probability", (double)probability[i]);
	}
	output_end(o);
}

char *
shape_text(const struct model *model, struct site site, char out[48])
{
	int dim[3], dims = site_shape(model, site, dim), at = 0;

	for (int i = 0; i < dims; i++)
		at += snprintf(out + at, (size_t)(48 - at), "%s%d", i ? "x" : "", dim[i]);
	return out;
}

/* --- load, data, image ---------------------------------------------------- */

bool
open_model(struct app *app, const char *path, struct status *st)
{
	return open_model_at(app, path, 0, st);
}

bool
open_model_at(struct app *app, const char *path, int side, struct status *st)
{
	struct model *model = model_load_at(path, side, st);
	struct ann *ann = model ? ann_new(model, 1, st) : NULL;

	if (!ann) {
		model_free(model);
		return false;
	}
	app_set_model(app, model, ann);
	return true;
}

/* A residual network takes pictures of any size, and is loaded for another when there are such. */
static bool
fit_model(struct app *app, int side, struct status *st)
{
	char *path;
	bool ok;

	if (graph_has(app->model->graph, LAYER_EMBED) || side == 0 || side == app->model->image_size)
		return true;
	path = strdup(app->model->path);
	ok = path ? open_model_at(app, path, side, st) : status_nomem(st, "a path");
	free(path);
	if (ok)
		app_say(app, "the network is now for pictures of %d x %d; what was converted before is dropped", side, side);
	return ok;
}

static void
output_model(struct output *o, const struct model *model)
{
	struct patch_grid patches = graph_patches(model);
	struct attention_shape maps = graph_maps(model);

	output_text(o, "name", model->name);
	output_text(o, "family", model->family);
	output_text(o, "path", model->path);
	output_text(o, "hash", model->hash);
	output_int(o, "parameters", (int64_t)model->parameters);
	output_int(o, "image_size", model->image_size);
	if (patches.side > 0) {
		output_int(o, "patch_size", patches.size);
		output_int(o, "tokens", maps.tokens);
	}
	output_int(o, "blocks", model->depth);
	if (patches.side > 0) {
		output_int(o, "heads", maps.heads);
		output_int(o, "width", maps.heads * maps.head_dim);
		output_int(o, "mlp_width", model->mlp_width);
	} else {
		output_int(o, "layers", graph_weight_layers(model->graph));
	}
	output_int(o, "classes", model->classes);
	output_text(o, "activation", activation_name(graph_activation(model->graph)));
	if (model->projection.weight)
		output_int(o, "projection", model->projection.out);
}

bool
cmd_load(struct app *app, const struct call *call, struct status *st)
{
	double started = timing_now();
	struct output o;

	if (!open_model_at(app, call->arg[0], (int)call_int(call, "size", 0), st))
		return false;
	output_init(&o);
	output_model(&o, app->model);
	output_real(&o, "seconds", timing_now() - started);
	if (app->model->classes == 0)
		app_say(app, "%s has no classes yet; type: %s", app->model->name, prompt_hint(app));
	return output_print(&o, app->options.format, app->out, st);
}

bool
open_data(struct app *app, const char *path, struct status *st)
{
	struct dataset *data = dataset_open(path, st);

	if (!data)
		return false;
	app_set_data(app, data);
	return true;
}

bool
cmd_data(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	if (!open_data(app, call->arg[0], st) || (app->model && !fit_model(app, dataset_side(app->data), st)))
		return false;
	if (app->prompt && dataset_classes(app->data) > 0 && dataset_classes(app->data) != app->model->classes)
		app_say(app, "%s has %d classes, this data set %d; for its classes type: prompt", app->model->name,
			app->model->classes, dataset_classes(app->data));
	output_init(&o);
	output_text(&o, "path", dataset_path(app->data));
	output_int(&o, "images", dataset_count(app->data));
	output_int(&o, "classes", dataset_classes(app->data));
	output_text(&o, "hash", dataset_hash(app->data));
	return output_print(&o, app->options.format, app->out, st);
}

bool
run_reference(struct app *app, struct status *st)
{
	size_t classes = (size_t)app->model->classes;
	float *logits = malloc(classes * sizeof(*logits));
	double started = timing_now();

	if (!logits)
		return status_nomem(st, "logits");
	if (!ann_forward(app->ann, app->pixels, 1, logits, NULL, st)) {
		free(logits);
		return false;
	}
	app->ann_seconds = timing_now() - started;
	free(app->logits);
	app->logits = logits;
	return true;
}

/* The text of a picture with the file in it by its whole path. */
static char *
whole_picture(const char *text)
{
	static const char end[] = ".safetensors:";
	const char *colon = strstr(text, end);
	char *file, *path, *whole;

	if (!colon)
		return realpath(text, NULL);
	file = strndup(text, (size_t)(colon - text) + strlen(end) - 1);
	path = file ? realpath(file, NULL) : NULL;
	whole = path ? text_format("%s%s", path, colon + strlen(end) - 1) : NULL;
	free(path);
	free(file);
	return whole;
}

static void
note_source(struct app *app, const char *text, const struct dataset *data)
{
	bool numbered = text[strspn(text, "0123456789")] == '\0';

	app->picture.text = numbered ? strdup(text) : whole_picture(text);
	if (!numbered || !data)
		return;
	app->picture.data_path = realpath(dataset_path(data), NULL);
	memcpy(app->picture.data_hash, dataset_hash(data), HASH_HEX);
}

static bool
show_fitting(struct app *app, const char *text, const struct dataset *data, struct status *st)
{
	const struct model *model = app->model;
	size_t side = (size_t)model->image_size;
	float *pixels = calloc((size_t)model->channels * side * side, sizeof(*pixels));
	char *title = NULL, *escaped;
	int label = -1;
	bool ok;

	if (!pixels)
		return status_nomem(st, "a picture");
	ok = picture_get(text, data, model, pixels, &label, &title, st);
	if (ok) {
		size_t size = 4 * strlen(title) + 1;

		escaped = malloc(size);
		ok = escaped ? app_set_picture(app, pixels, label, text_escape(title, escaped, size), st)
			     : status_nomem(st, "a picture's name");
	}
	if (ok)
		note_source(app, text, data);
	free(title);
	free(pixels);
	return ok && run_reference(app, st);
}

bool
show_picture(struct app *app, const char *text, const struct dataset *data, struct status *st)
{
	return fit_model(app, picture_side(text, data), st) && show_fitting(app, text, data, st);
}

bool
open_picture(struct app *app, const char *text, struct status *st)
{
	return show_picture(app, text, app->data, st);
}

static const char *
label_name(const struct app *app, int label, char out[16])
{
	const char *name = app->data ? dataset_class(app->data, label) : NULL;

	if (label < 0)
		return NULL;
	if (label < app->model->classes && (app->model->labels || !name))
		return model_label(app->model, label, out);
	return name;
}

static void
output_picture(struct output *o, const struct app *app)
{
	char label[16];

	output_text(o, "image", app->title);
	if (app->label >= 0)
		output_text(o, "label", label_name(app, app->label, label));
	else
		output_null(o, "label");
}

bool
cmd_image(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	if (!need_model(app, st))
		return false;
	if (!app->data && strspn(call->arg[0], "0123456789") == strlen(call->arg[0]))
		return need_data(app, st);
	if (!open_picture(app, call->arg[0], st))
		return false;
	output_init(&o);
	output_picture(&o, app);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- model, classes, ann -------------------------------------------------- */

static void
output_site_plan(struct output *o, const struct site_plan *p)
{
	output_text(o, "neuron", p->threshold || p->neuron != NEURON_NONE ? neuron_name(p->neuron) : "-");
	output_text(o, "function", p->mode == FUNCTION_MODE_NONE ? "-" : function_mode_name(p->mode));
	if (p->ugo)
		output_int(o, "hidden", p->ugo->hidden);
	else
		output_null(o, "hidden");
	if (p->mode == FUNCTION_MODE_NONE) {
		output_null(o, "observed_lo");
		output_null(o, "observed_hi");
		return;
	}
	output_real(o, "observed_lo", (double)p->observed_lo);
	output_real(o, "observed_hi", (double)p->observed_hi);
}

static void
output_site_walk(struct output *o, const struct walk_site *s)
{
	output_real(o, "rmse", (double)s->rmse);
	output_real(o, "relative", (double)s->relative);
	output_real(o, "rate", (double)s->rate);
	output_real(o, "alarms", (double)s->alarms);
}

static void
output_site(struct output *o, const struct app *app, int index, const char *name)
{
	const struct walk_step *last = app->walk && app->walk->t > 0 ? walk_last(app->walk) : NULL;
	char shape[48];

	output_row(o);
	output_text(o, "site", name);
	output_text(o, "shape", shape_text(app->model, site_at(app->model, index), shape));
	if (app->plan)
		output_site_plan(o, &app->plan->site[index]);
	if (last)
		output_site_walk(o, &last->site[index]);
}

/* For people, the sites of a block stand indented below its name. */
static bool
output_sites(struct output *o, const struct app *app, const char *glob)
{
	bool tree = app->options.format == FORMAT_TABLE && !glob;
	int block = -1, found = 0;

	output_table(o, "sites");
	for (int i = 0; i < site_count(app->model); i++) {
		struct site site = site_at(app->model, i);
		char name[SITE_NAME_MAX], row[SITE_NAME_MAX + 4];

		if (glob && !site_matches(site, glob))
			continue;
		found++;
		site_name(site, name);
		if (tree && site.block >= 0 && site.block != block) {
			struct site whole = site_of_block(app->model, site.block);
			char head[SITE_NAME_MAX];

			block = site.block;
			output_site(o, app, site_index(app->model, whole), site_name(whole, head));
		}
		if (tree && site_is_block(app->model, site))
			continue;
		snprintf(row, sizeof(row), "%s%s", tree && site.block >= 0 ? "  " : "",
			 tree && site.block >= 0 ? site_kind_name(site.kind) : name);
		output_site(o, app, i, row);
	}
	output_end(o);
	return found > 0;
}

bool
cmd_model(struct app *app, const struct call *call, struct status *st)
{
	const char *glob = call->args > 0 ? call->arg[0] : NULL;
	struct output o;

	if (!need_loaded(app, st))
		return false;
	output_init(&o);
	if (!glob)
		output_model(&o, app->model);
	if (!output_sites(&o, app, glob)) {
		output_done(&o);
		return status_fail(st, STATUS_USAGE, "no site matches \"%s\"; type: model", glob);
	}
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_classes(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	char label[16];

	(void)call;
	if (!need_model(app, st))
		return false;
	output_init(&o);
	output_table(&o, "classes");
	for (int i = 0; i < app->model->classes; i++) {
		output_row(&o);
		output_int(&o, "class", i);
		output_text(&o, "label", model_label(app->model, i, label));
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* Where a pass over the picture leaves its embedding. */
struct embedding {
	const struct model *model;
	float *value; /* [projection] */
};

static void
take_embedding(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	const struct embedding *e = ctx;

	(void)pictures;
	(void)input;
	if (site_index(e->model, site) == site_count(e->model) - 2)
		ann_embedding(e->model, data, e->value);
}

/* CLIP's embedding of the picture, for programs; people have no use for it. */
static bool
output_embedding(struct output *o, struct app *app, struct status *st)
{
	size_t width = (size_t)app->model->projection.out, classes = (size_t)app->model->classes;
	struct embedding e = {app->model, calloc(width + classes, sizeof(float))};
	struct ann_observer observer = {take_embedding, &e};
	bool ok =
	    e.value ? ann_forward(app->ann, app->pixels, 1, e.value + width, &observer, st) : status_nomem(st, "an embedding");

	if (ok)
		output_floats(o, "image_embeds", e.value, width);
	free(e.value);
	return ok;
}

bool
cmd_ann(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	int64_t run;
	bool ok;

	(void)call;
	if (!need_picture(app, st))
		return false;
	run = notebook_run_begin(app, "ann", NULL, app->data);
	ok = run_reference(app, st);
	if (ok) {
		int top;
		float p;

		walk_top(app->logits, app->model->classes, 1, &top, &p);
		notebook_metric(app, run, 0, "top", top);
		notebook_metric(app, run, 0, "probability", (double)p);
	}
	notebook_run_end(app, run, st, app->ann_seconds);
	if (!ok)
		return false;
	output_init(&o);
	output_picture(&o, app);
	output_floats(&o, "logits", app->logits, (size_t)app->model->classes);
	output_top(&o, app, app->logits);
	if (app->model->projection.weight && app->options.format == FORMAT_JSON && !output_embedding(&o, app, st)) {
		output_done(&o);
		return false;
	}
	output_real(&o, "seconds", app->ann_seconds);
	return output_print(&o, app->options.format, app->out, st);
}
