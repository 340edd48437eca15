#include "ui/workbench/ugo_lab.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/commands/commands.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ugo_lab *
ugo_lab(struct app *app)
{
	if (!app->lab)
		app->lab = calloc(1, sizeof(*app->lab));
	return app->lab;
}

void
ugo_lab_free(struct ugo_lab *lab)
{
	if (!lab)
		return;
	observation_done(&lab->observed);
	free(lab);
}

void
ugo_lab_forget(struct ugo_lab *lab)
{
	if (lab)
		observation_done(&lab->observed);
}

/* --- finding ----------------------------------------------------------------------- */

int
lab_index(const struct app *app, const char *name)
{
	for (int i = 0; i < app->ugos; i++)
		if (strcmp(app->ugo[i]->name, name) == 0)
			return i;
	return -1;
}

const struct ugo *
lab_shown(const struct app *app)
{
	const struct ugo_lab *lab = app->lab;
	struct site site = app->selection.site;
	int i = lab && lab->name[0] ? lab_index(app, lab->name) : -1;

	if (i >= 0 && (!app->model || (lab->at.kind == site.kind && lab->at.block == site.block)))
		return app->ugo[i];
	if (app->plan && app->plan->site[site_index(app->model, site)].ugo)
		return app->plan->site[site_index(app->model, site)].ugo;
	return i >= 0 ? app->ugo[i] : NULL;
}

void
lab_show(struct app *app, const struct ugo *ugo)
{
	struct ugo_lab *lab = ugo_lab(app);

	if (!lab)
		return;
	if (strcmp(lab->name, ugo->name) != 0 || lab->knot > ugo->nodes - 2)
		lab->knot = 0;
	if (lab->knot == 0)
		lab->was_rmse = 0;
	snprintf(lab->name, sizeof(lab->name), "%s", ugo->name);
	lab->at = app->selection.site;
}

struct recalling {
	struct ugo *ugo;
	bool failed;
};

/* Of the notebook: what it approximates is told by its name there. */
static void
aim_recalled(struct ugo *u, const struct record_ugo *record)
{
	struct curve *curve;
	enum function f;
	size_t at;

	if (!record->function)
		return;
	if (function_parse(record->function, &f)) {
		ugo_aim(u, f, record->lo, record->hi, NULL);
		return;
	}
	curve = curve_expression(record->function, &at, NULL);
	if (curve) /* a table is not kept, only its name */
		ugo_aim_curve(u, curve, record->lo, record->hi, NULL);
	curve_free(curve);
}

/* The knots as they were fitted, where the notebook has them: those derived from the weights
 * are rounded. They must be those, or they are none. */
static void
take_knots(struct ugo *u, const struct record_ugo *record)
{
	const double *t = record->knots, *y;

	if (!t || record->knot_count != u->nodes)
		return;
	y = t + record->knot_count;
	for (int i = 0; i < u->nodes; i++)
		if (!(fabs(t[i] - u->t[i]) <= 1e-4 * (u->hi - u->lo)) || !isfinite(y[i]) || (i > 0 && t[i] <= t[i - 1]))
			return;
	memcpy(u->t, t, (size_t)u->nodes * sizeof(*t));
	memcpy(u->y, y, (size_t)u->nodes * sizeof(*y));
	ugo_measure(u);
}

static bool
recall(void *ctx, const struct record_ugo *record)
{
	struct recalling *r = ctx;
	size_t n = (size_t)record->hidden;
	const float *w = record->weights;
	struct ugo_weights weights = {record->hidden, w, w + n, w + 2 * n, record->rows > 3 ? w + 3 * n : NULL, record->b2};
	struct ugo *u = calloc(1, sizeof(*u));

	if (!u || !ugo_of_weights(u, &weights, record->lo, record->hi, NULL)) {
		free(u);
		r->failed = true;
		return false;
	}
	text_escape(record->name, u->name, sizeof(u->name));
	aim_recalled(u, record);
	take_knots(u, record);
	r->ugo = u;
	return false; /* the newest will do */
}

static const struct ugo *
find_in_notebook(struct app *app, const char *name, struct status *st)
{
	struct recalling r = {0};

	if (!store_ugo_list(app->store, name, recall, &r, st))
		return NULL;
	if (r.failed)
		status_nomem(st, "a UGO");
	if (!r.ugo || !lab_keep(app, r.ugo, st))
		return NULL;
	return r.ugo;
}

const struct ugo *
lab_find(struct app *app, const char *name, struct status *st)
{
	struct status first = {0};
	const struct ugo *ugo;
	int i = lab_index(app, name);
	struct site site;

	if (i >= 0)
		return app->ugo[i];
	if (app->plan && site_parse(app->model, name, &site)) {
		ugo = app->plan->site[site_index(app->model, site)].ugo;
		if (!ugo)
			status_fail(st, STATUS_USAGE, "%s has no UGO under this plan; type: plan", name);
		return ugo;
	}
	ugo = find_in_notebook(app, name, &first);
	if (!ugo && first.code != STATUS_OK)
		status_fail(st, first.code, "%s", first.message);
	else if (!ugo)
		status_fail(st, STATUS_USAGE, "there is no UGO \"%s\"; type: ugo list, or ugo fit FUNCTION --name %s", name,
			    name);
	return ugo;
}

bool
lab_keep(struct app *app, struct ugo *ugo, struct status *st)
{
	int i = lab_index(app, ugo->name);

	if (i < 0 && app->ugos == LAB_UGOS) {
		ugo_done(ugo);
		free(ugo);
		return status_fail(st, STATUS_FAILED, "%d UGOs are kept already; give --name of one to replace", LAB_UGOS);
	}
	if (i < 0) {
		i = app->ugos++;
	} else {
		ugo_done(app->ugo[i]);
		free(app->ugo[i]);
	}
	app->ugo[i] = ugo;
	lab_show(app, ugo);
	notebook_ugo(app, ugo);
	return true;
}

bool
lab_rename(struct ugo *ugo, const char *name, struct status *st)
{
	if (!*name || strlen(name) >= sizeof(ugo->name))
		return status_fail(st, STATUS_USAGE, "a UGO's name has 1 to %d bytes, not \"%s\"", (int)sizeof(ugo->name) - 1,
				   name);
	text_escape(name, ugo->name, sizeof(ugo->name));
	return true;
}

/* --- functions ----------------------------------------------------------------------- */

static bool
is_name(const char *text)
{
	return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0' &&
	       strcmp(text, "x") != 0;
}

static bool
no_such_function(const char *name, struct status *st)
{
	char list[300];
	size_t at = 0;

	for (int i = 0; i < FUNCTIONS && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", function_table[i].name);
	return status_fail(st, STATUS_USAGE, "there is no function \"%s\"; there are %s, expressions in x and FILE.csv", name,
			   list);
}

/* Shows where the expression is wrong; what stands before it may be wider than its bytes, or narrower. */
static void
point_at(struct app *app, const char *text, size_t at)
{
	char shown[400], *before = strndup(text, at);
	int width = before ? output_width(text_escape(before, shown, sizeof(shown))) : 0;

	app_say(app, "  %s", text_escape(text, shown, sizeof(shown)));
	app_say(app, "  %*s^", width, "");
	free(before);
}

static struct curve *
parse_expression(struct app *app, const char *text, struct status *st)
{
	size_t at;
	struct curve *curve = curve_expression(text, &at, st);

	if (!curve)
		point_at(app, text, at);
	return curve;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcasecmp(text + n - m, end) == 0;
}

bool
lab_target(struct app *app, const char *text, struct ugo_request *request, struct curve **curve, struct status *st)
{
	const double *x, *y, *weight;
	int count;

	*curve = NULL;
	if (function_parse(text, &request->function)) {
		request->lo = function_table[request->function].lo;
		request->hi = function_table[request->function].hi;
		request->weighting = function_table[request->function].relative ? UGO_RELATIVE : UGO_ABSOLUTE;
		return true;
	}
	request->function = FUNCTION_IDENTITY; /* the curve says what it is */
	if (is_name(text))
		return no_such_function(text, st);
	*curve = ends_with(text, ".csv") ? curve_read(text, st) : parse_expression(app, text, st);
	if (!*curve)
		return false;
	request->curve = *curve;
	request->weighting = UGO_ABSOLUTE;
	count = curve_table(*curve, &x, &y, &weight);
	request->lo = count > 0 ? x[0] : -10;
	request->hi = count > 0 ? x[count - 1] : 10;
	return true;
}

/* --- what sites receive --------------------------------------------------------------- */

static bool
observe_model(struct app *app, struct ugo_lab *lab, int pictures, struct status *st)
{
	struct progress progress = app_progress(app);
	struct calibration_pictures which = {.count = pictures};
	float *pixels = NULL;
	int count = 0;
	bool ok;

	observation_done(&lab->observed);
	lab->observed_asked = pictures;
	ok = calibration_pixels(app, &which, &pixels, &count, st) &&
	     observe(&lab->observed, app->model, pixels, count, &progress, st);
	free(pixels);
	return ok;
}

const struct observed *
lab_seen(const struct app *app, struct site site)
{
	const struct ugo_lab *lab = app->lab;
	const struct observed *seen = NULL;

	if (lab && app->model && lab->observed.model == app->model)
		seen = &lab->observed.site[site_index(app->model, site)];
	return seen && seen->lo <= seen->hi ? seen : NULL;
}

const struct observed *
lab_observed(struct app *app, struct site site, int pictures, struct status *st)
{
	struct ugo_lab *lab = ugo_lab(app);
	char name[SITE_NAME_MAX];

	if (!lab) {
		status_nomem(st, "the laboratory");
		return NULL;
	}
	if (!need_model(app, st))
		return NULL;
	if (!plan_has_function(site.kind)) {
		status_fail(st, STATUS_USAGE, "%s has no function; choose a site such as blocks.0.mlp.act",
			    site_name(site, name));
		return NULL;
	}
	if ((lab->observed.model != app->model || (pictures > 0 && lab->observed_asked != pictures)) &&
	    !observe_model(app, lab, pictures > 0 ? pictures : CALIBRATION_PICTURES, st))
		return NULL;
	return lab_seen(app, site);
}
