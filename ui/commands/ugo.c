/* Commands about UGOs that there are: list, show, compare, change, read and write. */
#include "ui/commands/commands.h"

#include "base/timing.h"
#include "db/store.h"
#include "study/assign.h"
#include "ui/commands/ugo_options.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what there is to say ----------------------------------------------------- */

void
output_ugo(struct output *o, const struct ugo *u)
{
	output_text(o, "name", u->name);
	output_text(o, "function", ugo_function_name(u));
	output_int(o, "hidden", u->hidden);
	output_json(o, "range", json_pack("[f,f]", u->lo, u->hi));
	output_text(o, "form", u->h ? "segment" : "relu");
	output_real(o, "rmse", u->rmse);
	output_real(o, "max_error", u->max_error);
	if (u->weighting == UGO_RELATIVE) {
		output_real(o, "relative_rmse", u->rel_rmse);
		output_real(o, "relative_max_error", u->rel_max_error);
	}
}

static const char *
density_text(const struct ugo *u)
{
	if (u->density)
		return "observed";
	if (u->normal.octaves)
		return "octaves";
	return u->normal.share > 0 ? (u->normal.share > 0.9 ? "normal" : "mixture") : "uniform";
}

/* What the fit lowered, over what is possible. */
static double
over_limit(const struct ugo *u, double rmse, double max_error)
{
	if (u->objective == UGO_PEAK)
		return (u->weighting == UGO_RELATIVE ? u->rel_max_error : u->max_error) / max_error;
	return u->goal_rmse / rmse;
}

void
output_ugo_limits(struct output *o, const struct ugo *u)
{
	double rmse, max_error;

	ugo_limit_of(u, u->hidden, &rmse, &max_error);
	output_text(o, "weighting", u->weighting == UGO_RELATIVE ? "relative" : "absolute");
	output_text(o, "objective", u->objective == UGO_PEAK ? "minimax" : "mse");
	output_text(o, "density", density_text(u));
	output_real(o, "goal_rmse", u->goal_rmse);
	output_real(o, "limit_rmse", rmse);
	output_real(o, "limit_max_error", max_error);
	output_real(o, "over_limit", over_limit(u, rmse, max_error));
	output_real(o, "certificate", ugo_certificate(u));
	output_real(o, "spike_cost", ugo_spike_cost(u));
}

void
record_ugo_metrics(struct app *app, int64_t run, const struct ugo *u)
{
	double rmse, max_error;

	ugo_limit_of(u, u->hidden, &rmse, &max_error);
	notebook_metric(app, run, 0, "hidden", u->hidden);
	notebook_metric(app, run, 0, "rmse", u->rmse);
	notebook_metric(app, run, 0, "max_error", u->max_error);
	notebook_metric(app, run, 0, "goal_rmse", u->goal_rmse);
	notebook_metric(app, run, 0, "limit_rmse", rmse);
	notebook_metric(app, run, 0, "limit_max_error", max_error);
	notebook_metric(app, run, 0, "spike_cost", ugo_spike_cost(u));
}

/* --- list ----------------------------------------------------------------- */

static void
output_ugo_row(struct output *o, const struct record_ugo *u, const char *kept)
{
	output_row(o);
	output_text(o, "name", u->name);
	output_text(o, "function", u->function);
	output_int(o, "hidden", u->hidden);
	output_real(o, "lo", u->lo);
	output_real(o, "hi", u->hi);
	output_text(o, "form", u->form);
	output_real(o, "rmse", u->rmse);
	output_real(o, "max_error", u->max_error);
	output_text(o, "kept", kept);
}

struct listing {
	struct app *app;
	struct output *o;
};

static bool
list_stored(void *ctx, const struct record_ugo *u)
{
	struct listing *l = ctx;

	if (lab_index(l->app, u->name) < 0)
		output_ugo_row(l->o, u, "notebook");
	return true;
}

bool
cmd_ugo_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;
	struct listing listing = {app, &o};

	(void)call;
	output_init(&o);
	output_table(&o, "ugos");
	for (int i = 0; i < app->ugos; i++) {
		const struct ugo *u = app->ugo[i];

		output_ugo_row(&o,
			       &(struct record_ugo){.name = u->name,
						    .function = ugo_function_name(u),
						    .lo = u->lo,
						    .hi = u->hi,
						    .hidden = u->hidden,
						    .form = u->h ? "segment" : "relu",
						    .rmse = u->rmse,
						    .max_error = u->max_error},
			       "session");
	}
	if (!store_ugo_list(app->store, NULL, list_stored, &listing, st)) {
		output_done(&o);
		return false;
	}
	if (json_array_size(o.table) == 0)
		app_say(app, "no UGOs yet; type: ugo fit gelu");
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- show, compare --------------------------------------------------------- */

static void
output_knots(struct output *o, const struct ugo *u)
{
	output_table(o, "knots");
	for (int i = 0; i < u->nodes; i++) {
		output_row(o);
		output_int(o, "knot", i);
		output_real(o, "x", u->t[i]);
		output_real(o, "y", u->y[i]);
		if (ugo_has_function(u))
			output_real(o, "error", u->y[i] - ugo_function_at(u, u->t[i]));
	}
	output_end(o);
}

bool
cmd_ugo_show(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = lab_find(app, call->arg[0], st);
	struct output o;

	if (!u)
		return false;
	lab_show(app, u);
	output_init(&o);
	output_ugo(&o, u);
	if (ugo_has_function(u))
		output_ugo_limits(&o, u);
	output_knots(&o, u);
	return output_print(&o, app->options.format, app->out, st);
}

/* The function and range that all are compared by: --function and --range, else what the
 * first has and what all have in common. */
struct yardstick {
	bool known;
	enum function function;
	struct curve *curve;
	double lo, hi;
};

static bool
yardstick_make(struct yardstick *y, struct app *app, const struct call *call, const struct ugo *const *u, int count,
	       struct status *st)
{
	struct ugo_request request = {0};

	*y = (struct yardstick){
	    .known = u[0]->known, .function = u[0]->function, .curve = curve_keep(u[0]->curve), .lo = u[0]->lo, .hi = u[0]->hi};
	for (int i = 1; i < count; i++) {
		y->lo = fmax(y->lo, u[i]->lo);
		y->hi = fmin(y->hi, u[i]->hi);
	}
	if (call_has(call, "function")) {
		curve_free(y->curve);
		if (!lab_target(app, call_text(call, "function"), &request, &y->curve, st))
			return false;
		y->known = !y->curve;
		y->function = request.function;
	}
	if (call_has(call, "range"))
		value_range(call_text(call, "range"), &y->lo, &y->hi);
	if (!y->known && !y->curve)
		return status_fail(st, STATUS_USAGE, "%s has no function to compare by; give --function", u[0]->name);
	return y->lo < y->hi || status_fail(st, STATUS_USAGE, "the UGOs have no range in common; give --range LO,HI");
}

static bool
output_compared(struct output *o, const struct ugo *u, const struct yardstick *y, struct status *st)
{
	struct ugo same = {0};
	bool ok = ugo_copy(&same, u, st) &&
		  (y->known ? ugo_aim(&same, y->function, y->lo, y->hi, st) : ugo_aim_curve(&same, y->curve, y->lo, y->hi, st));

	if (ok) {
		output_row(o);
		output_text(o, "name", u->name);
		output_int(o, "hidden", u->hidden);
		output_text(o, "form", u->h ? "segment" : "relu");
		output_real(o, "lo", u->lo);
		output_real(o, "hi", u->hi);
		output_real(o, "rmse", same.rmse);
		output_real(o, "max_error", same.max_error);
		output_real(o, "relative_rmse", same.rel_rmse);
		output_real(o, "relative_max_error", same.rel_max_error);
		output_real(o, "spike_cost", ugo_spike_cost(u));
	}
	ugo_done(&same);
	return ok;
}

static bool
compare(struct app *app, const struct call *call, const struct ugo *const *u, struct output *o, struct status *st)
{
	struct yardstick y;
	bool ok = yardstick_make(&y, app, call, u, call->args, st);

	if (ok) {
		output_text(o, "function", y.curve ? curve_name(y.curve) : function_table[y.function].name);
		output_json(o, "range", json_pack("[f,f]", y.lo, y.hi));
		output_table(o, "ugos");
		for (int i = 0; ok && i < call->args; i++)
			ok = output_compared(o, u[i], &y, st);
		output_end(o);
	}
	curve_free(y.curve);
	return ok;
}

bool
cmd_ugo_compare(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u[CALL_WORDS];
	struct output o;

	if (call->args < 2)
		return status_fail(st, STATUS_USAGE, "ugo compare: give at least two UGOs; type: ugo list");
	for (int i = 0; i < call->args; i++)
		if (!(u[i] = lab_find(app, call->arg[i], st)))
			return false;
	output_init(&o);
	if (!compare(app, call, u, &o, st)) {
		output_done(&o);
		return false;
	}
	return output_print(&o, app->options.format, app->out, st);
}

/* --- knots by hand ------------------------------------------------------------ */

static void
output_moved(struct output *o, const struct ugo *before, const struct ugo *after, int knot)
{
	output_text(o, "name", after->name);
	output_int(o, "knot", knot);
	output_real(o, "x", after->t[knot]);
	output_real(o, "y", after->y[knot]);
	output_real(o, "left", after->t[knot - 1]);
	output_real(o, "right", after->t[knot + 1]);
	if (!ugo_has_function(after))
		return;
	output_real(o, "error", after->y[knot] - ugo_function_at(after, after->t[knot]));
	output_real(o, "rmse", after->rmse);
	output_real(o, "max_error", after->max_error);
	output_real(o, "rmse_change", after->rmse - before->rmse);
	output_real(o, "max_error_change", after->max_error - before->max_error);
}

/* Moves the knot of a copy, so that a failure leaves what is kept as it is. That of the plan
 * becomes the session's. Returns what is kept. */
static const struct ugo *
move_knot(struct app *app, const struct ugo *u, int knot, double x, double y, struct status *st)
{
	struct ugo *moved = calloc(1, sizeof(*moved));
	double was = u->rmse;

	if (!moved) {
		status_nomem(st, "a UGO");
		return NULL;
	}
	if (!ugo_copy(moved, u, st) || !ugo_move_knot(moved, knot, x, y, st)) {
		ugo_done(moved);
		free(moved);
		return NULL;
	}
	if (lab_index(app, u->name) < 0)
		app_say(app, "the plan does not change: this is UGO %s of the session; type: ugo assign SITE %s", u->name,
			u->name);
	if (!lab_keep(app, moved, st))
		return NULL;
	app->lab->was_rmse = was;
	return moved;
}

static bool
knot_value(const struct call *call, int index, double otherwise, double *out, struct status *st)
{
	*out = otherwise;
	if (call->args <= index)
		return true;
	return value_real(call->arg[index], -INFINITY, INFINITY, out) ||
	       status_fail(st, STATUS_USAGE, "ugo knot: \"%s\" is not a number", call->arg[index]);
}

static bool
check_knot(const struct ugo *u, int knot, struct status *st)
{
	return (knot >= 1 && knot <= u->nodes - 2) ||
	       status_fail(st, STATUS_USAGE, "%s has inner knots 1 to %d, not %d", u->name, u->nodes - 2, knot);
}

/* Selects and, when told where, moves. */
static bool
change_knot(struct app *app, const struct ugo *u, int knot, bool move, double x, double y, struct status *st)
{
	struct ugo before = {0};
	const struct ugo *after = u;
	struct output o;
	bool ok = ugo_copy(&before, u, st) && (!move || (after = move_knot(app, u, knot, x, y, st)));

	if (ok) {
		lab_show(app, after);
		app->lab->knot = knot;
		output_init(&o);
		output_moved(&o, &before, after, knot);
		ok = output_print(&o, app->options.format, app->out, st);
	}
	ugo_done(&before);
	return ok;
}

bool
cmd_ugo_knot(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = lab_find(app, call->arg[0], st);
	int knot = (int)call_arg_int(call, 1, 0);
	double x, y;

	return u && ugo_lab(app) && check_knot(u, knot, st) && knot_value(call, 2, u->t[knot], &x, st) &&
	       knot_value(call, 3, u->y[knot], &y, st) && change_knot(app, u, knot, call->args > 2, x, y, st);
}

static const struct ugo *
need_shown(struct app *app, struct status *st)
{
	const struct ugo *u = ugo_lab(app) ? lab_shown(app) : NULL;

	if (!u)
		status_fail(st, STATUS_FAILED, "no UGO is shown; type: ugo fit gelu, or select a site that has one");
	return u;
}

const char *const nudge_names[] = {"left", "right", "up", "down", NULL};

/* Sideways by a part of the gap, along the function; up and down by a part of the largest error. */
bool
cmd_ugo_nudge(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = need_shown(app, st);
	double part = call_real(call, "by", 0.1), x, y, dy;
	int way = call_arg_choice(call, 0, 0), knot;

	if (!u)
		return false;
	knot = app->lab->knot;
	if (knot == 0)
		return status_fail(st, STATUS_FAILED, "no knot is selected; type: knot first");
	if (!check_knot(u, knot, st))
		return false;
	x = u->t[knot];
	y = u->y[knot];
	dy = u->max_error > 0 ? u->max_error : 1e-3 * (u->hi - u->lo);
	switch (way) {
	case 0:
		x -= part * (u->t[knot] - u->t[knot - 1]);
		break;
	case 1:
		x += part * (u->t[knot + 1] - u->t[knot]);
		break;
	default:
		y += (way == 2 ? part : -part) * dy;
	}
	if (ugo_has_function(u))
		y += ugo_function_at(u, x) - ugo_function_at(u, u->t[knot]);
	return change_knot(app, u, knot, true, x, y, st);
}

/* What arrow keys run: from no knot to the first or last, and no further than they. */
bool
cmd_knot(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = need_shown(app, st);
	const char *text = call->arg[0];
	long n, last;

	if (!u)
		return false;
	last = u->nodes - 2;
	if (last < 1)
		return status_fail(st, STATUS_FAILED, "%s has no inner knots", u->name);
	if (strcmp(text, "first") == 0 || strcmp(text, "last") == 0)
		n = text[0] == 'f' ? 1 : last;
	else if (!value_int(text + (text[0] == '+'), -4096, 4096, &n))
		return status_fail(st, STATUS_USAGE, "knot: \"%s\" is not a number; as 3, +1, -1, first or last", text);
	else if (text[0] == '+' || text[0] == '-')
		n += app->lab->knot == 0 && n < 0 ? last + 1 : app->lab->knot;
	else if (!check_knot(u, (int)n, st))
		return false;
	app->lab->knot = (int)(n < 1 ? 1 : n > last ? last : n);
	app->lab->was_rmse = 0;
	return true;
}

/* --- import, export ------------------------------------------------------------ */

/* --function says what the weights approximate, so that errors can be told. */
static bool
import_function(struct app *app, struct ugo *ugo, const struct call *call, struct status *st)
{
	struct ugo_request request = {0};
	struct curve *curve = NULL;
	bool own = !call_has(call, "function") || !lab_target(app, call_text(call, "function"), &request, &curve, st), ok;

	if (own) {
		if (call_has(call, "function"))
			return false;
		if (!call_has(call, "range"))
			return true;
		return status_fail(st, STATUS_USAGE, "ugo import: --range goes with --function");
	}
	if (call_has(call, "range"))
		value_range(call_text(call, "range"), &request.lo, &request.hi);
	ok = curve ? ugo_aim_curve(ugo, curve, request.lo, request.hi, st)
		   : ugo_aim(ugo, request.function, request.lo, request.hi, st);
	curve_free(curve);
	return ok;
}

static bool
is_csv(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcasecmp(path + n - 4, ".csv") == 0;
}

/* "folder/gelu.csv" -> "gelu" */
static bool
name_of_file(struct ugo *ugo, const char *path, struct status *st)
{
	const char *slash = strrchr(path, '/'), *first = slash ? slash + 1 : path;
	char name[sizeof(ugo->name)];

	snprintf(name, sizeof(name), "%.*s", (int)(strlen(first) - 4), first);
	return lab_rename(ugo, name, st);
}

static bool
import(struct app *app, struct ugo *ugo, const struct call *call, struct status *st)
{
	const char *path = call->arg[0];

	if (is_csv(path))
		return ugo_import_csv(ugo, path, st) &&
		       (call->args > 1 ? lab_rename(ugo, call->arg[call->args - 1], st) : name_of_file(ugo, path, st)) &&
		       import_function(app, ugo, call, st);
	if (call->args < 2)
		return status_fail(st, STATUS_USAGE, "ugo import: say which tensors of %s: PREFIX.w1, PREFIX.b1 ...", path);
	return ugo_import(ugo, path, call->arg[1], st) && lab_rename(ugo, call->arg[call->args - 1], st) &&
	       import_function(app, ugo, call, st);
}

bool
cmd_ugo_import(struct app *app, const struct call *call, struct status *st)
{
	struct ugo *ugo = calloc(1, sizeof(*ugo));
	double started = timing_now();
	struct output o;
	int64_t run;
	bool ok;

	if (!ugo)
		return status_nomem(st, "a UGO");
	run = notebook_run_begin(app, "ugo", NULL, NULL);
	ok = import(app, ugo, call, st);
	if (ok) {
		record_ugo_metrics(app, run, ugo);
		output_init(&o);
		output_ugo(&o, ugo);
		ok = lab_keep(app, ugo, st);
	} else {
		ugo_done(ugo);
		free(ugo);
	}
	notebook_run_end(app, run, st, timing_now() - started);
	return ok && output_print(&o, app->options.format, app->out, st);
}

bool
cmd_ugo_export(struct app *app, const struct call *call, struct status *st)
{
	const struct ugo *u = lab_find(app, call->arg[0], st);
	const char *path = call->arg[1];
	bool force = call_has(call, "force");
	struct output o;

	if (!u)
		return false;
	if (!(is_csv(path) ? ugo_export_csv(u, path, force, st)
			   : ugo_export(u, path, call_has(call, "prefix") ? call_text(call, "prefix") : u->name, force, st)))
		return false;
	output_init(&o);
	output_text(&o, "name", u->name);
	output_text(&o, "file", path);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- assign --------------------------------------------------------------------- */

static void
output_assigned(struct output *o, const struct site_plan *was, const struct site_plan *now)
{
	char name[SITE_NAME_MAX];

	output_row(o);
	output_text(o, "site", site_name(now->site, name));
	output_text(o, "was", was->ugo ? was->ugo->name : function_mode_name(was->mode));
	output_int(o, "was_hidden", was->ugo ? was->ugo->hidden : 0);
	output_real(o, "was_rmse", was->ugo ? was->ugo->rmse : NAN);
	output_int(o, "hidden", now->ugo->hidden);
	output_real(o, "rmse", now->ugo->rmse);
	output_text(o, "form", now->ugo->h ? "segment" : "relu");
	output_json(o, "observed", json_pack("[f,f]", (double)now->observed_lo, (double)now->observed_hi));
	output_bool(o, "range_covers_observed",
		    now->ugo->lo <= (double)now->observed_lo && now->ugo->hi >= (double)now->observed_hi);
}

/* Of the sites that match, those with a function; how many, or -1 on failure. */
static int
assign_sites(struct plan *to, const struct call *call, const struct ugo *u, const struct plan *was, struct output *o,
	     struct status *st)
{
	enum assign_form form = call_has(call, "form") ? (enum assign_form)(1 + call_choice(call, "form", 0)) : ASSIGN_SAME;
	int count = 0;

	for (int i = 0; i < to->sites; i++) {
		struct site site = to->site[i].site;

		if (!site_matches(site, call->arg[0]) || to->site[i].mode == FUNCTION_MODE_NONE)
			continue;
		if (!assign_ugo(to, site, u, form, call_has(call, "force"), st))
			return -1;
		output_assigned(o, &was->site[i], &to->site[i]);
		count++;
	}
	if (count == 0) {
		status_fail(st, STATUS_USAGE, "no site with a function matches \"%s\"; type: plan", call->arg[0]);
		return -1;
	}
	return count;
}

static bool
assign(struct app *app, const struct call *call, const struct ugo *u, struct output *o, struct status *st)
{
	struct plan *plan = plan_copy(app->plan, st);

	if (!plan)
		return false;
	output_table(o, "sites");
	if (assign_sites(plan, call, u, app->plan, o, st) < 0 || !plan_finish(plan, st)) {
		plan_free(plan);
		return false;
	}
	output_end(o);
	return adopt_plan(app, plan, st);
}

bool
cmd_ugo_assign(struct app *app, const struct call *call, struct status *st)
{
	double started = timing_now();
	const struct ugo *u;
	struct output o;
	int64_t run;
	bool ok;

	if (!need_plan(app, st) || !(u = lab_find(app, call->arg[1], st)))
		return false;
	output_init(&o);
	ok = assign(app, call, u, &o, st);
	run = notebook_run_begin(app, "ugo", ok ? app->plan : NULL, NULL);
	notebook_run_end(app, run, st, timing_now() - started);
	if (!ok) {
		output_done(&o);
		return false;
	}
	output_text(&o, "ugo", call->arg[1]);
	output_text(&o, "plan", app->plan->hash);
	return output_print(&o, app->options.format, app->out, st);
}
