/* Studies of UGOs: over sizes, and what spikes do to them. */
#include "ui/commands/commands.h"

#include "base/timing.h"
#include "ui/commands/ugo_options.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int usual_sizes[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128};
static const int usual_steps[] = {4, 8, 16, 32, 64};

enum { USUAL_SIZES = sizeof(usual_sizes) / sizeof(*usual_sizes), USUAL_STEPS = sizeof(usual_steps) / sizeof(*usual_steps) };

/* --- sizes ------------------------------------------------------------------------ */

static bool
sweep_size(struct lab_size *size, const struct ugo_request *request, int hidden, struct status *st)
{
	struct ugo_request sized = *request;
	double started = timing_now();
	struct ugo u = {0};

	sized.hidden = hidden;
	if (!ugo_fit(&u, &sized, st))
		return false;
	*size = (struct lab_size){.hidden = hidden, .rmse = u.goal_rmse, .seconds = timing_now() - started};
	size->max_error = u.weighting == UGO_RELATIVE ? u.rel_max_error : u.max_error;
	ugo_limit_of(&u, hidden, &size->limit_rmse, &size->limit_max_error);
	ugo_done(&u);
	return true;
}

static void
sweep_name(struct ugo_lab *lab, const struct ugo_request *request)
{
	snprintf(lab->sizes_of, sizeof(lab->sizes_of), "%.60s on %.4g..%.4g, %s%s",
		 request->curve ? curve_name(request->curve) : function_table[request->function].name, request->lo, request->hi,
		 request->weighting == UGO_RELATIVE ? "relative " : "", request->objective == UGO_PEAK ? "minimax" : "rmse");
	lab->sizes_function = request->function;
	lab->sizes_known = request->curve == NULL;
	lab->sizes_peak = request->objective == UGO_PEAK;
	lab->sizes_lo = request->lo;
	lab->sizes_hi = request->hi;
}

static bool
sweep_sizes(struct app *app, struct ugo_lab *lab, const struct ugo_request *request, const int *hidden, int sizes,
	    struct status *st)
{
	struct progress progress = app_progress(app);

	lab->sizes = 0;
	sweep_name(lab, request);
	for (int i = 0; i < sizes; i++) {
		if (!progress_report(&progress, "sizes", i, sizes))
			return status_fail(st, STATUS_CANCELLED, "stopped after %d of %d sizes", i, sizes);
		if (!sweep_size(&lab->size[i], request, hidden[i], st))
			return false;
		lab->sizes++;
	}
	return true;
}

static void
record_sizes(struct app *app, int64_t run, const struct ugo_lab *lab)
{
	for (int i = 0; i < lab->sizes; i++) {
		const struct lab_size *s = &lab->size[i];

		notebook_metric(app, run, s->hidden, "rmse", s->rmse);
		notebook_metric(app, run, s->hidden, "max_error", s->max_error);
		notebook_metric(app, run, s->hidden, "limit_rmse", s->limit_rmse);
		notebook_metric(app, run, s->hidden, "limit_max_error", s->limit_max_error);
		notebook_metric(app, run, s->hidden, "fit_seconds", s->seconds);
	}
}

static void
output_sizes(struct output *o, const struct ugo_lab *lab)
{
	output_table(o, "sizes");
	for (int i = 0; i < lab->sizes; i++) {
		const struct lab_size *s = &lab->size[i];

		output_row(o);
		output_int(o, "hidden", s->hidden);
		output_real(o, "rmse", s->rmse);
		output_real(o, "max_error", s->max_error);
		output_real(o, "limit_rmse", s->limit_rmse);
		output_real(o, "limit_max_error", s->limit_max_error);
		output_real(o, "over_limit", lab->sizes_peak ? s->max_error / s->limit_max_error : s->rmse / s->limit_rmse);
		output_real(o, "seconds", s->seconds);
	}
	output_end(o);
}

/* --- sizes and steps ----------------------------------------------------------------- */

static void
record_map(struct app *app, int64_t run, const struct spike_map *map)
{
	for (int i = 0; i < map->count; i++) {
		const struct spike_cell *c = &map->cell[i];
		char name[40];

		snprintf(name, sizeof(name), "spike_rmse_T%d", c->T);
		notebook_metric(app, run, c->hidden, name, c->result.rmse);
		snprintf(name, sizeof(name), "spikes_T%d", c->T);
		notebook_metric(app, run, c->hidden, name, c->result.spikes);
	}
}

static void
output_map(struct output *o, const struct spike_map *map)
{
	output_table(o, "cells");
	for (int i = 0; i < map->count; i++) {
		const struct spike_cell *c = &map->cell[i];

		output_row(o);
		output_int(o, "hidden", c->hidden);
		output_int(o, "T", c->T);
		output_real(o, "rmse", c->result.rmse);
		output_real(o, "max_error", c->result.max_error);
		output_real(o, "analog_rmse", c->result.analog_rmse);
		output_real(o, "spikes", c->result.spikes);
		output_real(o, "events", c->result.events);
		output_bool(o, "front", c->front);
	}
	output_end(o);
}

static bool
sweep_map(struct app *app, struct ugo_lab *lab, const struct call *call, struct spike_plan *plan, struct status *st)
{
	struct progress progress = app_progress(app);

	plan->steps = value_ints(call_text(call, "T"), plan->T, SPIKE_STEPS, 1, SPIKE_T_MAX, true);
	if (plan->steps < 1)
		return status_fail(st, STATUS_USAGE, "ugo sweep: --T takes at most %d numbers", SPIKE_STEPS);
	if (!spike_options_of_call(call, plan, st))
		return false;
	snprintf(lab->map_of, sizeof(lab->map_of), "%.60s, %s neurons, %s%s%s",
		 plan->request.curve ? curve_name(plan->request.curve) : function_table[plan->request.function].name,
		 neuron_name(plan->options.neuron), plan->ramps ? "ramps" : "ReLU form", plan->options.refit ? ", refit" : "",
		 plan->reduce ? ", reduced range" : "");
	return spike_map_make(&lab->map, plan, &progress, st);
}

static bool
sweep(struct app *app, struct ugo_lab *lab, const struct call *call, struct status *st)
{
	struct spike_plan plan = {.sizes = USUAL_SIZES};
	struct request_parts parts;
	bool ok = request_of_call(app, call, &plan.request, &parts, st);

	memcpy(plan.hidden, usual_sizes, sizeof(usual_sizes));
	if (ok && call_has(call, "hidden")) {
		plan.sizes = value_ints(call_text(call, "hidden"), plan.hidden, SPIKE_SIZES, 1, UGO_HIDDEN_MAX, true);
		ok = plan.sizes > 0 || status_fail(st, STATUS_USAGE, "ugo sweep: --hidden takes at most %d numbers", SPIKE_SIZES);
	}
	ok = ok && sweep_sizes(app, lab, &plan.request, plan.hidden, plan.sizes, st);
	if (ok && call_has(call, "T"))
		ok = sweep_map(app, lab, call, &plan, st);
	request_parts_done(&parts);
	return ok;
}

static bool
print_sweep(struct app *app, const struct ugo_lab *lab, bool map, double seconds, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "sweep", lab->sizes_of);
	output_sizes(&o, lab);
	if (map && lab->map.count > 0) {
		output_text(&o, "spikes", lab->map_of);
		output_map(&o, &lab->map);
	}
	output_real(&o, "seconds", seconds);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_ugo_sweep(struct app *app, const struct call *call, struct status *st)
{
	struct ugo_lab *lab = ugo_lab(app);
	double started = timing_now(), seconds;
	bool ok, map = call_has(call, "T");
	struct status printed = {0};
	int64_t run;

	if (!lab)
		return status_nomem(st, "the laboratory");
	run = notebook_run_begin(app, "ugo", NULL, NULL);
	lab->sizes = lab->map.count = map ? 0 : lab->map.count;
	lab->sizes = 0;
	ok = sweep(app, lab, call, st);
	seconds = timing_now() - started;
	record_sizes(app, run, lab);
	if (map)
		record_map(app, run, &lab->map);
	notebook_run_end(app, run, st, seconds);
	/* What was done before a cancel is worth seeing. */
	if ((ok || st->code == STATUS_CANCELLED) && lab->sizes > 0 && !print_sweep(app, lab, map, seconds, &printed))
		ok = status_fail(st, printed.code, "%s", printed.message);
	return ok;
}

/* --- spikes of one UGO -------------------------------------------------------------- */

/* Inputs for each T: made anew, or the first steps of one gathering. */
struct spike_source {
	const struct ugo *u; /* what is measured against: before a reduction */
	bool reduce, site;
	double noise;
	uint64_t seed;
	struct spike_inputs train, test; /* of the site */
};

static void
source_done(struct spike_source *s)
{
	spike_inputs_done(&s->train);
	spike_inputs_done(&s->test);
}

static bool
source_of_site(struct app *app, const struct call *call, struct spike_source *s, int T, struct status *st)
{
	struct calibration_pictures which = {.count = (int)call_int(call, "images", 8)};
	struct site_pictures from = {.plan = app->plan};
	struct progress progress = app_progress(app);
	float *pixels = NULL;
	bool ok;

	if (!need_plan(app, st))
		return false;
	if (!site_parse(app->model, call_text(call, "site"), &from.site))
		return status_fail(st, STATUS_USAGE, "ugo spikes: no site \"%s\" in the model; `model` lists them",
				   call_text(call, "site"));
	from.plan = app->plan;
	ok = calibration_pixels(app, &which, &pixels, &from.pictures, st);
	from.pixels = pixels;
	ok = ok && spike_inputs_site(&s->train, &s->test, s->u, &from, T, s->seed, &progress, st);
	free(pixels);
	s->site = ok;
	return ok;
}

static bool
source_inputs(const struct spike_source *s, int T, struct spike_inputs in[2], struct status *st)
{
	bool ok = true;

	for (int k = 0; ok && k < 2; k++) {
		double place = k == 0 ? 0.25 : 0.75;

		if (s->site)
			ok = spike_inputs_first(&in[k], k == 0 ? &s->train : &s->test, s->u, T, st);
		else if (s->noise > 0)
			ok = spike_inputs_noise(&in[k], s->u, place, SPIKE_POINTS, T, s->noise, s->seed + (uint64_t)k, st);
		else
			ok = spike_inputs_constant(&in[k], s->u, place, SPIKE_POINTS, st);
		if (ok && s->reduce)
			spike_inputs_reduce(&in[k], s->u->function);
	}
	return ok;
}

/* The UGO that spikes, of the one that was named. */
static bool
spiking_form(struct ugo *to, const struct ugo *u, const struct spike_plan *plan, bool form_given, struct status *st)
{
	struct spike_plan reduced = *plan;

	if (plan->reduce) {
		reduced.request = (struct ugo_request){.function = u->function, .curve = u->curve, .lo = u->lo, .hi = u->hi};
		return spike_make(to, &reduced, u->hidden, 8, st);
	}
	if (plan->ramps)
		return u->h ? ugo_copy(to, u, st) : ugo_ramps(to, u, st);
	if (form_given || plan->facing != UGO_FACING_BEST)
		return ugo_face(to, u, plan->facing, st);
	return ugo_copy(to, u, st);
}

static void
output_spike_row(struct output *o, int T, const struct spike_result *r, double outside)
{
	output_row(o);
	output_int(o, "T", T);
	output_real(o, "rmse", r->rmse);
	output_real(o, "max_error", r->max_error);
	output_real(o, "analog_rmse", r->analog_rmse);
	output_real(o, "spikes", r->spikes);
	output_real(o, "events", r->events);
	output_real(o, "cost", r->cost);
	output_real(o, "outside", outside);
	if (r->checked > 0) {
		output_int(o, "counts_checked", r->checked);
		output_int(o, "counts_unlike_closed_form", r->wrong);
	}
}

static bool
spike_rows(struct app *app, const struct ugo *u, struct spike_plan *plan, const struct spike_source *source, int64_t run,
	   struct output *o, struct status *st)
{
	struct progress progress = app_progress(app);
	bool ok = true;

	output_table(o, "steps");
	for (int i = 0; ok && i < plan->steps; i++) {
		struct spike_inputs in[2] = {{0}, {0}};
		struct spike_result result;

		plan->options.T = plan->T[i];
		ok = progress_report(&progress, "spikes", i, plan->steps) ||
		     status_fail(st, STATUS_CANCELLED, "stopped after %d of %d", i, plan->steps);
		ok = ok && source_inputs(source, plan->T[i], in, st) && spike_run(u, &plan->options, &in[0], &in[1], &result, st);
		if (ok) {
			output_spike_row(o, plan->T[i], &result, in[1].outside);
			notebook_metric(app, run, plan->T[i], "rmse", result.rmse);
			notebook_metric(app, run, plan->T[i], "max_error", result.max_error);
			notebook_metric(app, run, plan->T[i], "analog_rmse", result.analog_rmse);
			notebook_metric(app, run, plan->T[i], "spikes", result.spikes);
			notebook_metric(app, run, plan->T[i], "events", result.events);
		}
		spike_inputs_done(&in[0]);
		spike_inputs_done(&in[1]);
	}
	output_end(o);
	return ok;
}

/* Both ways, so that it is seen what the other one would cost. */
static bool
output_facings(struct output *o, const struct ugo *u, struct status *st)
{
	static const enum ugo_facing facing[2] = {UGO_FACING_RIGHT, UGO_FACING_LEFT};

	output_real(o, "spike_cost", ugo_spike_cost(u));
	for (int i = 0; i < 2; i++) {
		struct ugo faced = {0};

		if (!ugo_face(&faced, u, facing[i], st))
			return false;
		output_real(o, i == 0 ? "spike_cost_right" : "spike_cost_left", ugo_spike_cost(&faced));
		ugo_done(&faced);
	}
	return true;
}

static void
output_spike_head(struct output *o, const struct ugo *u, const struct spike_plan *plan, const struct spike_source *s)
{
	output_text(o, "name", s->u->name);
	output_text(o, "function", ugo_function_name(s->u));
	output_int(o, "hidden", u->hidden);
	output_text(o, "form", u->h ? "ramps" : "relu");
	output_text(o, "neuron", neuron_name(plan->options.neuron));
	output_text(o, "threshold", spike_threshold_names[u->h ? SPIKE_THRESHOLD_MAX : plan->options.threshold]);
	output_text(o, "potential", spike_potential_names[plan->options.potential]);
	output_bool(o, "refit", plan->options.refit);
	output_text(o, "input", s->site ? "site" : s->noise > 0 ? "noise" : "constant");
	output_text(o, "price", spike_price(plan));
}

static bool
spikes(struct app *app, const struct call *call, const struct ugo *whole, struct spike_plan *plan, int64_t run, struct output *o,
       struct status *st)
{
	struct spike_source source = {.u = whole,
				      .reduce = plan->reduce,
				      .noise = call_real(call, "noise", 0),
				      .seed = (uint64_t)call_int(call, "seed", (long)app->options.seed)};
	struct ugo u = {0};
	bool ok = spiking_form(&u, whole, plan, call_has(call, "form"), st);

	if (ok && (call_has(call, "site") || source.noise > 0) && plan->reduce)
		ok = status_fail(st, STATUS_USAGE,
				 "ugo spikes: a reduced range wants constant input, for the exponent must be "
				 "known before the first spike");
	if (ok && call_has(call, "site"))
		ok = source_of_site(app, call, &source, plan->T[plan->steps - 1], st);
	if (ok) {
		output_spike_head(o, &u, plan, &source);
		ok = output_facings(o, &u, st) && spike_rows(app, &u, plan, &source, run, o, st);
	}
	source_done(&source);
	ugo_done(&u);
	return ok;
}

/* The named UGO under the density that was asked for: a copy. */
static bool
measured_ugo(struct app *app, const struct call *call, struct ugo *copy, struct status *st)
{
	const struct ugo *u = lab_find(app, call->arg[0], st);
	struct ugo_request request = {0};
	struct request_parts parts = {0};
	bool ok = u && ugo_copy(copy, u, st);

	if (!ok || !call_has(call, "density"))
		return ok;
	request.lo = u->lo;
	request.hi = u->hi;
	ok = density_of_call(app, call, &request, &parts, st);
	copy->normal = request.normal;
	free(copy->density);
	copy->density = NULL;
	copy->bins = 0;
	if (ok && request.density && (copy->density = malloc(sizeof(parts.density)))) {
		memcpy(copy->density, parts.density, sizeof(parts.density));
		copy->bins = request.bins;
	}
	return ok;
}

bool
cmd_ugo_spikes(struct app *app, const struct call *call, struct status *st)
{
	struct spike_plan plan = {.steps = USUAL_STEPS};
	double started = timing_now();
	struct ugo whole = {0};
	struct output o;
	int64_t run;
	bool ok;

	memcpy(plan.T, usual_steps, sizeof(usual_steps));
	if (call_has(call, "T") && (plan.steps = value_ints(call_text(call, "T"), plan.T, SPIKE_STEPS, 1, SPIKE_T_MAX, true)) < 1)
		return status_fail(st, STATUS_USAGE, "ugo spikes: --T takes at most %d numbers", SPIKE_STEPS);
	if (!spike_options_of_call(call, &plan, st))
		return false;
	run = notebook_run_begin(app, "ugo", NULL, NULL);
	output_init(&o);
	ok = measured_ugo(app, call, &whole, st) && spikes(app, call, &whole, &plan, run, &o, st);
	notebook_run_end(app, run, st, timing_now() - started);
	ugo_done(&whole);
	if (!ok && st->code != STATUS_CANCELLED) {
		output_done(&o);
		return false;
	}
	output_real(&o, "seconds", timing_now() - started);
	return output_print(&o, app->options.format, app->out, ok ? st : NULL) && ok;
}

/* --- what sites receive --------------------------------------------------------------- */

static void
output_observed(struct output *o, const struct app *app, struct site site, const struct observed *seen)
{
	const struct ugo *u = app->plan ? app->plan->site[site_index(app->model, site)].ugo : NULL;
	double spread[OBSERVE_BINS];
	char name[SITE_NAME_MAX];

	output_row(o);
	output_text(o, "site", site_name(site, name));
	output_text(o, "function", function_table[plan_function(app->model, site.kind)].name);
	output_real(o, "lo", seen->lo);
	output_real(o, "hi", seen->hi);
	output_real(o, "inputs", seen->count);
	if (!u)
		return;
	output_real(o, "ugo_lo", u->lo);
	output_real(o, "ugo_hi", u->hi);
	output_real(o, "outside", observed_spread(seen, u->lo, u->hi, spread, OBSERVE_BINS));
}

bool
cmd_ugo_observe(struct app *app, const struct call *call, struct status *st)
{
	const char *glob = call->args > 0 ? call->arg[0] : "*";
	int pictures = (int)call_int(call, "images", CALIBRATION_PICTURES), rows = 0;
	struct output o;

	if (!need_model(app, st))
		return false;
	output_init(&o);
	output_table(&o, "sites");
	for (int i = 0; i < site_count(app->model); i++) {
		struct site site = site_at(app->model, i);
		const struct observed *seen;

		if (!plan_has_function(site.kind) || !site_matches(site, glob))
			continue;
		if (!(seen = lab_observed(app, site, pictures, st))) {
			output_done(&o);
			return false;
		}
		output_observed(&o, app, site, seen);
		rows++;
	}
	output_end(&o);
	if (rows == 0) {
		output_done(&o);
		return status_fail(st, STATUS_USAGE, "no site with a function matches \"%s\"; type: model", glob);
	}
	output_int(&o, "pictures", ugo_lab(app)->observed.pictures);
	return output_print(&o, app->options.format, app->out, st);
}
