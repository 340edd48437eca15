/* A function beside the group of neurons that stands for it, and what that costs. */
#include "base/text.h"
#include "ui/scene/lab.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 1024 };

/* Is it one of the session's, or one of that name? */
static bool
is_kept(const struct scene *scene, const struct ugo *u)
{
	for (int i = 0; u && i < scene->ugos; i++)
		if (strcmp(scene->ugo[i]->name, u->name) == 0)
			return true;
	return false;
}

static void
ugo_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (args->function)
		text_escape(args->function, out, size);
	else if (!args->site && is_kept(scene, scene->ugo_shown))
		snprintf(out, size, "UGO %s", scene->ugo_shown->name);
	else if (scene->model && scene_site_ugo(scene, view_site(scene, args)))
		snprintf(out, size, "UGO of %s", site_name(view_site(scene, args), name));
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

static void
ugo_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct picture *p = calloc(1, sizeof(*p));
	const struct ugo_lab *lab = scene->lab;

	if (!p)
		return;
	p->u = view_ugo(scene, args);
	if (lab && p->u == scene->ugo_shown && lab->knot <= p->u->nodes - 2) {
		p->knot = lab->knot;
		p->was_rmse = lab->was_rmse;
	}
	sample(p);
	draw_picture(p, canvas, area);
	free(p);
}

const struct view ugo_view = {
    .name = "ugo",
    .help = "a function and its UGO with knots, and the residual between the limits",
    .needs = NEEDS_UGO,
    .of = VIEW_OF_ONE,
    .takes_site = true,
    .takes_function = true,
    .inside = "histogram",
    .title = ugo_title,
    .draw = ugo_draw,
};
