/* Conversion: from a model to a plan and its walk. */
#include "ui/commands.h"

#include "base/hash.h"
#include "base/text.h"
#include "ui/notebook.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALIBRATION_PICTURES = 64 };

const char *const rule_names[] = {"max", "percentile", "mmse", NULL};

/* Calibration pictures, and what they are called. */
struct pictures {
	float *pixels;
	int count;
	char hash[HASH_HEX];
	char from[300];
};

static size_t
picture_size(const struct vit *vit)
{
	return (size_t)vit->channels * (size_t)vit->image_size * (size_t)vit->image_size;
}

static bool
pictures_alloc(struct pictures *p, const struct vit *vit, int count, struct status *st)
{
	p->count = count;
	p->pixels = calloc((size_t)count, picture_size(vit) * sizeof(*p->pixels));
	return p->pixels || status_nomem(st, "calibration pictures");
}

static bool
pictures_of_data(struct pictures *p, const struct app *app, const struct dataset *data, int count, struct status *st)
{
	int label, n = dataset_count(data) < count ? dataset_count(data) : count;
	char path[200];

	if (n < 1)
		return status_fail(st, STATUS_DATA, "%s: no pictures to calibrate with", dataset_path(data));
	if (!pictures_alloc(p, app->vit, n, st))
		return false;
	for (int i = 0; i < n; i++)
		if (!dataset_get(data, i, app->vit, p->pixels + (size_t)i * picture_size(app->vit), &label, st))
			return false;
	snprintf(p->from, sizeof(p->from), "the first %d pictures of %s", n, text_escape(dataset_path(data), path, sizeof(path)));
	return true;
}

static bool
pictures_of_path(struct pictures *p, const struct app *app, const char *path, int count, struct status *st)
{
	struct dataset *data = dataset_open(path, st);
	bool ok = data && pictures_of_data(p, app, data, count, st);

	dataset_close(data);
	return ok;
}

static bool
pictures_shown(struct pictures *p, const struct app *app, struct status *st)
{
	if (!pictures_alloc(p, app->vit, 1, st))
		return false;
	memcpy(p->pixels, app->pixels, picture_size(app->vit) * sizeof(*p->pixels));
	snprintf(p->from, sizeof(p->from), "the picture that is shown alone, which is little; give --calibration PATH");
	return true;
}

/* From path; else the model's own calibration pictures; else the open data set;
 * else, better than nothing, the picture that is shown. */
static bool
pictures_find(struct pictures *p, const struct app *app, const char *path, int count, struct status *st)
{
	char *sibling = text_format("%s/calibration.safetensors", app->vit->path);
	bool ok;

	if (!sibling)
		return status_nomem(st, "a path");
	if (path)
		ok = pictures_of_path(p, app, path, count, st);
	else if (access(sibling, R_OK) == 0)
		ok = pictures_of_path(p, app, sibling, count, st);
	else if (app->data)
		ok = pictures_of_data(p, app, app->data, count, st);
	else if (app->pixels)
		ok = pictures_shown(p, app, st);
	else
		ok = status_fail(st, STATUS_FAILED,
				 "no pictures to calibrate with; type: data PATH, or convert --calibration PATH");
	free(sibling);
	if (ok)
		hash_of(p->pixels, (size_t)p->count * picture_size(app->vit) * sizeof(*p->pixels), p->hash);
	return ok;
}

/* Makes plan the workbench's, with a walk that has the picture. Takes plan. */
static bool
adopt_plan(struct app *app, struct plan *plan, struct status *st)
{
	struct walk *walk = walk_new(plan, st);
	struct record *record = walk ? record_new(plan, st) : NULL;

	if (!record || (app->pixels && !walk_show(walk, app->pixels, app->label, st))) {
		record_free(record);
		walk_free(walk);
		plan_free(plan);
		return false;
	}
	app_set_plan(app, plan, walk, record);
	return true;
}

static void
record_conversion(struct app *app, const struct status *st, double seconds)
{
	bool ok = st->code == STATUS_OK;
	int64_t run = notebook_run_begin(app, "convert", ok ? app->plan : NULL, NULL);

	if (ok) {
		notebook_metric(app, run, 0, "calibration_pictures", app->plan->calibration_pictures);
		notebook_metric(app, run, 0, "analog_functions", plan_analog_functions(app->plan));
	}
	notebook_run_end(app, run, st, seconds);
}

/* A calibrated plan that nobody has yet. */
static struct plan *
build(struct app *app, struct plan_options *options, const char *path, int count, struct status *st)
{
	struct progress progress = app_progress(app);
	struct pictures pictures = {0};
	struct plan *plan = NULL;

	if (pictures_find(&pictures, app, path, count, st)) {
		app_say(app, "calibrating with %s", pictures.from);
		options->pixels = pictures.pixels;
		options->pictures = pictures.count;
		options->pictures_hash = pictures.hash;
		options->seed = app->options.seed;
		plan = plan_build(app->vit, options, &progress, st);
	}
	free(pictures.pixels);
	return plan;
}

bool
convert(struct app *app, struct plan_options *options, const char *path, int count, struct status *st)
{
	double started = seconds_now();
	struct plan *plan = build(app, options, path, count, st);
	bool ok = plan && adopt_plan(app, plan, st);

	record_conversion(app, st, seconds_now() - started);
	return ok;
}

struct plan *
plan_named(struct app *app, const char *name, int T, struct status *st)
{
	for (const struct recipe_info *r = recipe_table; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return build(app, &(struct plan_options){.recipe = name, .rule = -1, .T = T}, NULL, CALIBRATION_PICTURES,
				     st);
	status_fail(st, STATUS_USAGE, "there is no recipe \"%s\"; type: help convert", name);
	return NULL;
}

bool
need_walk(struct app *app, struct status *st)
{
	if (!need_picture(app, st))
		return false;
	if (app->walk)
		return true;
	app_say(app, "no plan yet: converting with the default recipe (type: help convert)");
	return convert(app, &(struct plan_options){.rule = -1}, NULL, CALIBRATION_PICTURES, st);
}

static double
spiking_neurons(const struct app *app)
{
	double neurons = 0;

	for (int i = 0; i < site_count(app->vit); i++) {
		struct snn_activity activity;

		snn_activity(app->walk->snn, site_at(app->vit, i), &activity);
		neurons += activity.neurons;
	}
	return neurons;
}

static void
output_plan(struct output *o, const struct app *app)
{
	const struct plan *plan = app->plan;

	output_text(o, "recipe", plan->recipe);
	output_int(o, "T", plan->T);
	output_text(o, "plan", plan->hash);
	output_text(o, "model", plan->vit->hash);
	output_int(o, "calibration_pictures", plan->calibration_pictures);
	output_text(o, "calibration_hash", plan->calibration_hash);
	output_int(o, "seed", (int64_t)plan->seed);
	output_int(o, "analog_functions", plan_analog_functions(plan));
	output_real(o, "neurons", spiking_neurons(app));
}

bool
cmd_convert(struct app *app, const struct call *call, struct status *st)
{
	struct plan_options options = {.recipe = call_text(call, "recipe"),
				       .T = (int)call_int(call, "T", 0),
				       .rule = call_choice(call, "rule", -1),
				       .percentile = call_real(call, "percentile", 99.9),
				       .hidden = (int)call_int(call, "hidden", 0),
				       .ugo_file = call_text(call, "ugo")};
	double started = seconds_now();
	struct output o;

	if (!need_model(app, st))
		return false;
	if (call_has(call, "percentile") && options.rule < 0)
		options.rule = THRESHOLD_PERCENTILE;
	if (call_has(call, "percentile") && options.rule != THRESHOLD_PERCENTILE)
		return status_fail(st, STATUS_USAGE, "convert: --percentile goes with --rule percentile");
	if (call_has(call, "seed"))
		app->options.seed = strtoull(call_text(call, "seed"), NULL, 10);
	if (!convert(app, &options, call_text(call, "calibration"), (int)call_int(call, "images", CALIBRATION_PICTURES), st))
		return false;
	output_init(&o);
	output_plan(&o, app);
	output_real(&o, "seconds", seconds_now() - started);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- plan ----------------------------------------------------------------- */

static void
output_thresholds(struct output *o, const struct site_plan *p)
{
	int count = p->threshold ? p->channels * p->per_channel : 0;
	double lo = 0, hi = 0;

	for (int i = 0; i < count; i++) {
		double v = (double)p->threshold[i];

		lo = i == 0 || v < lo ? v : lo;
		hi = i == 0 || v > hi ? v : hi;
	}
	output_int(o, "thresholds", count);
	output_real(o, "threshold_lo", lo);
	output_real(o, "threshold_hi", hi);
}

static void
output_planned_site(struct output *o, const struct site_plan *p)
{
	char name[SITE_NAME_MAX];

	output_row(o);
	output_text(o, "site", site_name(p->site, name));
	output_text(o, "neuron", neuron_name(p->neuron));
	output_int(o, "burst", p->burst);
	output_text(o, "function", function_mode_name(p->mode));
	output_int(o, "hidden", p->ugo ? p->ugo->hidden : 0);
	output_real(o, "lo", p->ugo ? p->ugo->lo : (double)p->observed_lo);
	output_real(o, "hi", p->ugo ? p->ugo->hi : (double)p->observed_hi);
	output_real(o, "ugo_rmse", p->ugo ? p->ugo->rmse : 0);
	output_thresholds(o, p);
}

static bool
print_plan_json(struct app *app, struct status *st)
{
	char *text = plan_json(app->plan);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;
	struct output o;

	free(text);
	if (!json)
		return status_nomem(st, "the plan");
	output_init(&o);
	json_decref(o.root);
	o.root = json;
	output_text(&o, "hash", app->plan->hash);
	return output_print(&o, FORMAT_JSON, app->out, st);
}

bool
cmd_plan(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	(void)call;
	if (!need_model(app, st))
		return false;
	if (!app->plan)
		return status_fail(st, STATUS_FAILED, "there is no plan; type: convert");
	if (app->options.format == FORMAT_JSON)
		return print_plan_json(app, st);
	output_init(&o);
	output_plan(&o, app);
	output_table(&o, "sites");
	for (int i = 0; i < app->plan->sites; i++)
		if (app->plan->site[i].threshold || app->plan->site[i].mode != FUNCTION_MODE_NONE)
			output_planned_site(&o, &app->plan->site[i]);
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}
