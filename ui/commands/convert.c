/* Conversion: from a model to a plan and its walk. */
#include "ui/commands/commands.h"

#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/timing.h"
#include "ui/workbench/notebook.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const rule_names[] = {"max", "percentile", "mmse", NULL};

/* Calibration pictures, and what they are called. */
struct pictures {
	float *pixels;
	int count;
	char hash[HASH_HEX];
	char from[400];
};

static size_t
picture_size(const struct model *model)
{
	return (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
}

static bool
pictures_alloc(struct pictures *p, const struct model *model, int count, struct status *st)
{
	p->count = count;
	p->pixels = calloc((size_t)count, picture_size(model) * sizeof(*p->pixels));
	return p->pixels || status_nomem(st, "calibration pictures");
}

/* Puts n of the numbers below all first, in an order that the seed decides. */
static void
shuffle(int *index, int all, int n, uint64_t seed)
{
	struct rng rng;

	rng_seed(&rng, seed);
	for (int i = 0; i < n; i++) {
		int other = i + (int)rng_below(&rng, (uint32_t)(all - i)), swapped = index[i];

		index[i] = index[other];
		index[other] = swapped;
	}
}

/* The numbers of all pictures, of which the first n are those to calibrate with; the caller frees. */
static int *
pick(int all, int n, bool random, uint64_t seed)
{
	int *index = calloc((size_t)all + 1, sizeof(*index));

	for (int i = 0; index && i < all; i++)
		index[i] = i;
	if (index && random)
		shuffle(index, all, n, seed);
	return index;
}

static bool
pictures_of_data(struct pictures *p, const struct app *app, const struct dataset *data, int count, bool random, uint64_t seed,
		 struct status *st)
{
	int label, all = dataset_count(data), n = all < count ? all : count;
	int *index = pick(all, n, random, seed);
	char path[200];
	bool ok = index || status_nomem(st, "calibration pictures");

	if (ok && n < 1)
		ok = status_fail(st, STATUS_DATA, "%s: no pictures to calibrate with", dataset_path(data));
	ok = ok && pictures_alloc(p, app->model, n, st);
	for (int i = 0; ok && i < n; i++)
		ok = dataset_get(data, index[i], app->model, p->pixels + (size_t)i * picture_size(app->model), &label, st);
	free(index);
	snprintf(p->from, sizeof(p->from), random ? "%d random pictures of %s" : "the first %d pictures of %s", n,
		 text_escape(dataset_path(data), path, sizeof(path)));
	return ok;
}

static bool
pictures_of_path(struct pictures *p, const struct app *app, const char *path, int count, bool random, struct status *st)
{
	struct dataset *data = dataset_open(path, st);
	bool ok = data && pictures_of_data(p, app, data, count, random, app->options.seed, st);

	dataset_close(data);
	return ok;
}

/* The first training batch of CIFAR beside the test batch that is open, so that what is evaluated is
 * not what was calibrated with; NULL: there is none. The caller frees. */
static char *
training_beside(const struct dataset *data)
{
	static const char *const batches[][2] = {{"test_batch.bin", "data_batch_1.bin"}, {"test.bin", "train.bin"}};
	const char *path = dataset_path(data), *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *found = NULL;

	for (size_t i = 0; i < 2 && !found; i++) {
		bool is_test = strcmp(name, batches[i][0]) == 0;
		int folder = is_test ? (int)(name - path) : (int)strlen(path);
		const char *between = is_test ? "" : "/";
		char *test = text_format("%.*s%s%s", folder, path, between, batches[i][0]);
		char *train = text_format("%.*s%s%s", folder, path, between, batches[i][1]);

		if (test && train && access(test, R_OK) == 0 && access(train, R_OK) == 0) {
			found = train;
			train = NULL;
		}
		free(test);
		free(train);
	}
	return found;
}

/* Of the open data set: its training pictures, or, which is said, those that will be evaluated too. */
static bool
pictures_of_open(struct pictures *p, const struct app *app, int count, bool random, struct status *st)
{
	char *train = training_beside(app->data);
	bool ok = train ? pictures_of_path(p, app, train, count, random, st)
			: pictures_of_data(p, app, app->data, count, random, app->options.seed, st);
	size_t used = strlen(p->from);

	if (!train)
		snprintf(p->from + used, sizeof(p->from) - used, ", which eval counts too; better: --calibration PATH");
	free(train);
	return ok;
}

static bool
pictures_shown(struct pictures *p, const struct app *app, struct status *st)
{
	if (!pictures_alloc(p, app->model, 1, st))
		return false;
	memcpy(p->pixels, app->pixels, picture_size(app->model) * sizeof(*p->pixels));
	snprintf(p->from, sizeof(p->from), "the picture that is shown alone, which is little; give --calibration PATH");
	return true;
}

/* From path; else the model's own calibration pictures; else the open data set;
 * else, better than nothing, the picture that is shown. */
static bool
pictures_find(struct pictures *p, const struct app *app, const struct calibration_pictures *which, struct status *st)
{
	const char *path = which->path;
	int count = which->count;
	bool random = which->random;
	char *sibling = text_format("%s/calibration.safetensors", app->model->path);
	bool ok;

	if (!sibling)
		return status_nomem(st, "a path");
	if (path)
		ok = pictures_of_path(p, app, path, count, random, st);
	else if (access(sibling, R_OK) == 0)
		ok = pictures_of_path(p, app, sibling, count, random, st);
	else if (app->data)
		ok = pictures_of_open(p, app, count, random, st);
	else if (app->pixels)
		ok = pictures_shown(p, app, st);
	else
		ok = status_fail(st, STATUS_FAILED,
				 "no pictures to calibrate with; type: data PATH, or convert --calibration PATH");
	free(sibling);
	if (ok)
		hash_of(p->pixels, (size_t)p->count * picture_size(app->model) * sizeof(*p->pixels), p->hash);
	return ok;
}

bool
calibration_pixels(struct app *app, const struct calibration_pictures *which, float **pixels, int *count, struct status *st)
{
	struct pictures pictures = {0};

	if (!pictures_find(&pictures, app, which, st)) {
		free(pictures.pixels);
		return false;
	}
	*pixels = pictures.pixels;
	*count = pictures.count;
	return true;
}

/* Was the plan calibrated with these pictures of data, in this order? */
static bool
calibrated_with(const struct app *app, const struct plan *plan, const struct dataset *data, bool random)
{
	struct pictures p = {0};
	struct status none = {0};
	bool same = pictures_of_data(&p, app, data, plan->calibration_pictures, random, plan->seed, &none);

	if (same)
		hash_of(p.pixels, (size_t)p.count * picture_size(app->model) * sizeof(*p.pixels), p.hash);
	same = same && p.count == plan->calibration_pictures && strcmp(p.hash, plan->calibration_hash) == 0;
	free(p.pixels);
	return same;
}

int
calibration_overlap(const struct app *app, const struct plan *plan, const struct dataset *data, int first, int count)
{
	int all = dataset_count(data), n = plan->calibration_pictures, end = count > 0 ? first + count : all, overlap = 0;
	bool random = false;
	int *index;

	if (n < 1 || n > all)
		return 0;
	if (!calibrated_with(app, plan, data, false) && !(random = calibrated_with(app, plan, data, true)))
		return 0;
	index = pick(all, n, random, plan->seed);
	for (int i = 0; index && i < n; i++)
		overlap += index[i] >= first && index[i] < end;
	free(index);
	return overlap;
}

void
say_overlap(struct app *app, int overlap, int count)
{
	if (overlap > 0)
		app_say(app, "note: %d of these %d pictures are those that the plan was calibrated with", overlap, count);
}

bool
adopt_plan(struct app *app, struct plan *plan, struct status *st)
{
	struct walk *walk = walk_new(plan, st);
	struct spike_log *spikes = walk ? spike_log_new(plan, st) : NULL;

	if (!spikes || (app->pixels && !walk_show(walk, app->pixels, app->label, st))) {
		spike_log_free(spikes);
		walk_free(walk);
		plan_free(plan);
		return false;
	}
	app_set_plan(app, plan, walk, spikes);
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

struct plan *
build_plan(struct app *app, struct plan_options *options, const struct calibration_pictures *which, struct status *st)
{
	struct progress progress = app_progress(app);
	struct pictures pictures = {0};
	struct plan *plan = NULL;

	if (pictures_find(&pictures, app, which, st)) {
		if (!which->silent)
			app_say(app, "calibrating with %s", pictures.from);
		options->pixels = pictures.pixels;
		options->pictures = pictures.count;
		options->pictures_hash = pictures.hash;
		options->seed = app->options.seed;
		plan = plan_build(app->model, options, &progress, st);
	}
	free(pictures.pixels);
	return plan;
}

bool
convert(struct app *app, struct plan_options *options, const struct calibration_pictures *which, struct status *st)
{
	double started = timing_now();
	struct plan *plan = build_plan(app, options, which, st);
	bool ok = plan && adopt_plan(app, plan, st);

	record_conversion(app, st, timing_now() - started);
	return ok;
}

struct plan *
plan_named(struct app *app, const char *name, int T, struct status *st)
{
	for (const struct recipe_info *r = recipe_table; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return build_plan(app, &(struct plan_options){.recipe = name, .rule = -1, .T = T},
					  &(struct calibration_pictures){.count = CALIBRATION_PICTURES}, st);
	return open_plan(app, name, st);
}

bool
need_plan_or_default(struct app *app, struct status *st)
{
	if (!need_model(app, st))
		return false;
	if (app->plan)
		return true;
	app_say(app, "no plan yet: converting with the default recipe (type: help convert)");
	return convert(app, &(struct plan_options){.rule = -1}, &(struct calibration_pictures){.count = CALIBRATION_PICTURES},
		       st);
}

bool
need_walk(struct app *app, struct status *st)
{
	return need_picture(app, st) && (app->walk || need_plan_or_default(app, st));
}

static double
spiking_neurons(const struct app *app)
{
	double neurons = 0;

	for (int i = 0; i < site_count(app->model); i++) {
		struct snn_activity activity;

		snn_activity(app->walk->snn, site_at(app->model, i), &activity);
		neurons += activity.neurons;
	}
	return neurons;
}

void
output_plan(struct output *o, const struct app *app)
{
	const struct plan *plan = app->plan;

	output_text(o, "recipe", plan->recipe);
	output_int(o, "T", plan->T);
	output_text(o, "plan", plan->hash);
	output_text(o, "model", plan->model->hash);
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
				       .repeat = (int)call_int(call, "repeat", 0),
				       .coarse = call_has(call, "coarse"),
				       .sites = call_text(call, "sites"),
				       .ugo_file = call_text(call, "ugo")};
	struct calibration_pictures which = {.path = call_text(call, "calibration"),
					     .count = (int)call_int(call, "images", CALIBRATION_PICTURES),
					     .random = call_has(call, "random")};
	double started = timing_now();
	struct output o;

	if (!need_model(app, st))
		return false;
	if (call_has(call, "percentile") && options.rule < 0)
		options.rule = THRESHOLD_PERCENTILE;
	if (call_has(call, "percentile") && options.rule != THRESHOLD_PERCENTILE)
		return status_fail(st, STATUS_USAGE, "convert: --percentile goes with --rule percentile");
	if (call_has(call, "seed"))
		app->options.seed = strtoull(call_text(call, "seed"), NULL, 10);
	if (!convert(app, &options, &which, st))
		return false;
	output_init(&o);
	output_plan(&o, app);
	output_real(&o, "seconds", timing_now() - started);
	return output_print(&o, app->options.format, app->out, st);
}
