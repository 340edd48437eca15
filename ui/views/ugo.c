/* A function beside the group of neurons that stands for it, and what that costs. */
#include "base/text.h"
#include "ui/views/parts.h"
#include "ui/workbench/ugo_lab.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 32, SAMPLES = 1024 };

/* The UGO to show: a borrowed one, or one fitted for the picture. */
struct shown {
	const struct ugo *ugo;
	struct ugo fitted;
	bool own;
};

static bool
fit(struct app *app, struct shown *shown, const struct view_args *args, struct status *st)
{
	struct ugo_request request = {0};
	struct curve *curve = NULL;

	if (!lab_target(app, args->function, &request, &curve, st))
		return false;
	request.hidden = args->hidden ? args->hidden : HIDDEN;
	if (args->has_range) {
		request.lo = args->lo;
		request.hi = args->hi;
	}
	shown->own = ugo_fit(&shown->fitted, &request, st);
	shown->ugo = shown->own ? &shown->fitted : NULL;
	curve_free(curve);
	return shown->own;
}

/* By name; what is no UGO is a function that is fitted for the view. */
static bool
find_named(struct app *app, const struct view_args *args, struct shown *shown, struct status *st)
{
	struct status unknown = {0};

	if (!args->hidden)
		shown->ugo = lab_find(app, args->function, &unknown);
	return shown->ugo || fit(app, shown, args, st);
}

static bool
find(struct app *app, const struct view_args *args, struct shown *shown, struct status *st)
{
	*shown = (struct shown){0};
	if (args->function)
		return find_named(app, args, shown, st);
	shown->ugo = args->site ? view_site_ugo(app, view_site(app, args)) : lab_shown(app);
	return shown->ugo ||
	       status_fail(st, STATUS_FAILED, "no UGO here: select a site with a nonlinearity, or type: ugo fit gelu");
}

bool
view_ugo_known(struct app *app, const struct view_args *args, struct status *st)
{
	struct shown shown;
	bool ok = find(app, args, &shown, st);

	if (ok && shown.own)
		ugo_done(&shown.fitted);
	return ok;
}

void
view_ugo_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (args->function)
		text_escape(args->function, out, size);
	else if (!args->site && lab_shown(app) && lab_index(app, lab_shown(app)->name) >= 0)
		snprintf(out, size, "UGO %s", lab_shown(app)->name);
	else if (app->model && view_site_ugo(app, view_site(app, args)))
		snprintf(out, size, "UGO of %s", site_name(view_site(app, args), name));
	else
		snprintf(out, size, "UGO");
}

struct picture {
	const struct ugo *u;
	bool known, relative;
	int knot;          /* selected; 0: none */
	double was_rmse;   /* before it was moved; 0: it was not */
	double limit_max;  /* NaN: none */
	double limit_rmse; /* likewise */
	float x[SAMPLES], f[SAMPLES], g[SAMPLES], error[SAMPLES];
};

/* " = 1.82 x limit" */
static const char *
times_limit(double reached, double limit, char out[32])
{
	out[0] = '\0';
	if (isfinite(limit) && limit > 0)
		snprintf(out, 32, " = %.3g x limit", reached / limit);
	return out;
}

/* "quick_gelu on -10..10, 16 neurons, ReLU form: rmse 6.87e-4 = .82 x limit, ..." */
static void
facts(const struct picture *p, char *text, size_t size)
{
	const struct ugo *u = p->u;
	double most = p->relative ? u->rel_max_error : u->max_error, rmse = p->relative ? u->rel_rmse : u->rmse;
	char times[2][32];
	int used = snprintf(text, size, "%.60s on %.5g..%.5g, %d neurons, %s", p->known ? ugo_function_name(u) : u->name, u->lo,
			    u->hi, u->hidden, u->h ? "segments" : "ReLU form");

	if (p->known)
		used += snprintf(text + used, size - (size_t)used, ": %srmse %.3g%s, max %.3g%s", p->relative ? "relative " : "",
				 rmse, times_limit(u->goal_rmse, p->limit_rmse, times[0]), most,
				 times_limit(most, p->limit_max, times[1]));
	used += snprintf(text + used, size - (size_t)used, "; spike cost %.3g", ugo_spike_cost(u));
	if (p->knot)
		used += snprintf(text + used, size - (size_t)used, "; knot %d of %d at (%.5g, %.5g)", p->knot, u->nodes - 2,
				 u->t[p->knot], u->y[p->knot]);
	if (p->knot && p->was_rmse > 0 && p->known)
		snprintf(text + used, size - (size_t)used, ", moved: rmse %+.3g%%", 100 * (u->rmse / p->was_rmse - 1));
}

static void
sample(struct picture *p)
{
	const struct ugo *u = p->u;

	p->known = ugo_has_function(u);
	p->relative = p->known && u->weighting == UGO_RELATIVE;
	p->limit_rmse = p->limit_max = NAN;
	if (p->known)
		ugo_limit_of(u, u->hidden, &p->limit_rmse, &p->limit_max);
	for (int i = 0; i < SAMPLES; i++) {
		double x = u->lo + (u->hi - u->lo) * i / (SAMPLES - 1), g = ugo_eval(u, x);
		double f = p->known ? ugo_function_at(u, x) : g;

		p->x[i] = (float)x;
		p->f[i] = (float)f;
		p->g[i] = (float)g;
		p->error[i] = (float)(p->relative ? (f != 0 ? g / f - 1 : 0) : g - f);
	}
}

static void
draw_function(const struct picture *p, struct canvas *canvas, struct rect area)
{
	const struct ugo *u = p->u;
	struct series series[3] = {{.x = p->x, .y = p->f, .count = SAMPLES, .letter = 'f', .name = "function", .fg = ROLE_ANN},
				   {.x = p->x, .y = p->g, .count = SAMPLES, .letter = 'g', .name = "UGO", .fg = ROLE_SNN},
				   {.points = true, .name = "o knots", .fg = ROLE_SNN}};
	struct chart chart = {.series = series, .count = 3, .x_lo = u->lo, .x_hi = u->hi, .mark_x = NAN, .x_name = "x"};
	float *knots = malloc(2 * (size_t)(u->nodes + 1) * sizeof(*knots));

	for (int i = 0; knots && i < u->nodes; i++) {
		knots[i] = (float)u->t[i];
		knots[u->nodes + i] = (float)u->y[i];
	}
	if (knots) {
		series[2].x = knots;
		series[2].y = knots + u->nodes;
		series[2].count = u->nodes;
	}
	if (p->knot)
		chart.mark_x = u->t[p->knot];
	canvas_chart(canvas, area, &chart);
	free(knots);
}

/* The residual, between the lines that the best possible fit would touch. */
static void
draw_residual(const struct picture *p, struct canvas *canvas, struct rect area)
{
	const struct ugo *u = p->u;
	float ends[2] = {(float)u->lo, (float)u->hi}, above[2], below[2];
	struct series series[3] = {{.x = ends, .y = above, .count = 2, .name = "± limit", .fg = ROLE_GOOD},
				   {.x = ends, .y = below, .count = 2, .fg = ROLE_GOOD},
				   {.x = p->x, .y = p->error, .count = SAMPLES, .letter = 'e', .fg = ROLE_SERIES_C}};
	bool band = isfinite(p->limit_max);
	struct chart chart = {.series = band ? series : series + 2,
			      .count = band ? 3 : 1,
			      .x_lo = u->lo,
			      .x_hi = u->hi,
			      .y_zero = true,
			      .mark_x = p->knot ? u->t[p->knot] : NAN,
			      .x_name = "x",
			      .y_name = p->relative ? "g/f − 1" : "g − f"};

	above[0] = above[1] = (float)p->limit_max;
	below[0] = below[1] = (float)-p->limit_max;
	canvas_chart(canvas, area, &chart);
}

static void
draw_picture(const struct picture *p, struct canvas *canvas, struct rect area)
{
	char text[400];
	int rows;

	facts(p, text, sizeof(text));
	rows = canvas_wrap(canvas, area, (struct pen){0}, text);
	area.y += rows;
	area.h -= rows;
	if (p->known && area.h >= 10) {
		int half = (area.h + 1) / 2;

		draw_residual(p, canvas, (struct rect){area.x, area.y + half, area.w, area.h - half});
		area.h = half;
	}
	draw_function(p, canvas, area);
}

void
view_ugo_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct picture *p = calloc(1, sizeof(*p));
	struct status st = {0};
	struct shown shown;

	if (!p || !find(app, args, &shown, &st)) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, st.message);
		free(p);
		return;
	}
	p->u = shown.ugo;
	if (app->lab && p->u == lab_shown(app) && app->lab->knot <= p->u->nodes - 2) {
		p->knot = app->lab->knot;
		p->was_rmse = app->lab->was_rmse;
	}
	sample(p);
	draw_picture(p, canvas, area);
	if (shown.own)
		ugo_done(&shown.fitted);
	free(p);
}
