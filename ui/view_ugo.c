/* A function beside the group of neurons that stands for it, and what that costs. */
#include "base/text.h"
#include "ui/view_parts.h"

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

static const struct ugo *
by_name(const struct app *app, const char *name)
{
	int i;

	for (i = 0; i < app->ugos; i++)
		if (strcmp(app->ugo[i]->name, name) == 0)
			return app->ugo[i];
	return NULL;
}

static bool
fit(struct shown *shown, const struct view_args *args, struct status *st)
{
	struct ugo_request request = {.hidden = args->hidden ? args->hidden : HIDDEN};

	if (!function_parse(args->function, &request.function))
		return status_fail(st, STATUS_USAGE, "no function or UGO '%s'; `ugo list` names them", args->function);
	request.lo = args->has_range ? args->lo : function_table[request.function].lo;
	request.hi = args->has_range ? args->hi : function_table[request.function].hi;
	request.weighting = function_table[request.function].relative ? UGO_RELATIVE : UGO_ABSOLUTE;
	shown->own = ugo_fit(&shown->fitted, &request, st);
	shown->ugo = shown->own ? &shown->fitted : NULL;
	return shown->own;
}

static bool
find(struct app *app, const struct view_args *args, struct shown *shown, struct status *st)
{
	*shown = (struct shown){0};
	if (args->function) {
		shown->ugo = by_name(app, args->function);
		return shown->ugo || fit(shown, args, st);
	}
	if (app->vit)
		shown->ugo = view_site_ugo(app, view_site(app, args));
	if (!shown->ugo && !args->site && app->ugos > 0)
		shown->ugo = app->ugo[app->ugos - 1];
	return shown->ugo ||
	       status_fail(st, STATUS_FAILED, "no UGO here: select a site with a nonlinearity, or say --function gelu");
}

void
view_ugo_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (args->function)
		text_escape(args->function, out, size);
	else if (app->vit && view_site_ugo(app, view_site(app, args)))
		snprintf(out, size, "UGO of %s", site_name(view_site(app, args), name));
	else
		snprintf(out, size, "UGO");
}

/* "gelu on -8..8, 32 neurons: rmse 1e-4 (best possible 9e-5), max ..." */
static int
draw_facts(const struct ugo *u, bool relative, double limit_rmse, double limit_max, struct canvas *canvas, struct rect area)
{
	char n[6][16], text[300];

	snprintf(text, sizeof(text), "%s on %s..%s, %d neurons", u->known ? function_table[u->function].name : u->name,
		 short_number(u->lo, n[0], 16), short_number(u->hi, n[1], 16), u->hidden);
	if (u->known)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; %srmse %s (limit %s), max %s (limit %s)",
			 relative ? "relative " : "", short_number(relative ? u->rel_rmse : u->rmse, n[2], 16),
			 short_number(limit_rmse, n[3], 16), short_number(relative ? u->rel_max_error : u->max_error, n[4], 16),
			 short_number(limit_max, n[5], 16));
	return canvas_wrap(canvas, area, (struct pen){0}, text);
}

struct samples {
	float x[SAMPLES], f[SAMPLES], g[SAMPLES], error[SAMPLES];
};

static void
sample(const struct ugo *u, bool relative, struct samples *s)
{
	int i;

	for (i = 0; i < SAMPLES; i++) {
		double x = u->lo + (u->hi - u->lo) * i / (SAMPLES - 1), g = ugo_eval(u, x);
		double f = u->known ? function_eval(u->function, x) : g;

		s->x[i] = (float)x;
		s->f[i] = (float)f;
		s->g[i] = (float)g;
		s->error[i] = (float)fabs(g - f);
		if (relative)
			s->error[i] = f != 0 ? (float)fabs(g / f - 1) : 0;
	}
}

static void
draw_function(const struct ugo *u, const struct samples *s, struct canvas *canvas, struct rect area)
{
	struct series series[3] = {{.x = s->x, .y = s->f, .count = SAMPLES, .letter = 'f', .name = "function", .fg = ROLE_ANN},
				   {.x = s->x, .y = s->g, .count = SAMPLES, .letter = 'g', .name = "UGO", .fg = ROLE_SNN},
				   {.points = true, .name = "o knots", .fg = ROLE_SNN}};
	struct chart chart = {.series = series, .count = 3, .x_lo = u->lo, .x_hi = u->hi, .mark_x = NAN, .x_name = "x"};
	float *knots = malloc(2 * (size_t)(u->nodes + 1) * sizeof(*knots));
	int i;

	for (i = 0; knots && i < u->nodes; i++) {
		knots[i] = (float)u->t[i];
		knots[u->nodes + i] = (float)u->y[i];
	}
	if (knots) {
		series[2].x = knots;
		series[2].y = knots + u->nodes;
		series[2].count = u->nodes;
	}
	canvas_chart(canvas, area, &chart);
	free(knots);
}

static void
draw_error(const struct ugo *u, const struct samples *s, bool relative, double limit, struct canvas *canvas, struct rect area)
{
	struct series series = {.x = s->x, .y = s->error, .count = SAMPLES, .fg = ROLE_SERIES_C};
	struct chart chart = {.series = &series, .count = 1, .x_lo = u->lo, .x_hi = u->hi, .y_zero = true, .mark_x = NAN};

	chart.x_name = "x";
	chart.y_name = relative ? "|g/f − 1|" : "|g − f|";
	chart.rule = &limit;
	chart.rule_name = "best possible maximum";
	canvas_chart(canvas, area, &chart);
}

void
view_ugo_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct status st = {0};
	struct shown shown;
	struct samples *s = malloc(sizeof(*s));
	double limit_rmse = NAN, limit_max = NAN;
	const struct ugo *u;
	bool relative;
	int rows;

	if (!s || !find(app, args, &shown, &st)) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, st.message);
		free(s);
		return;
	}
	u = shown.ugo;
	relative = u->known && function_table[u->function].relative;
	if (u->known && u->nodes > 1)
		ugo_limit(u->function, u->lo, u->hi, relative ? UGO_RELATIVE : UGO_ABSOLUTE, u->nodes - 1, &limit_rmse,
			  &limit_max);
	sample(u, relative, s);
	rows = draw_facts(u, relative, limit_rmse, limit_max, canvas, area);
	area.y += rows;
	area.h -= rows;
	if (u->known && area.h >= 10) {
		int half = (area.h + 1) / 2;

		draw_error(u, s, relative, limit_max, canvas, (struct rect){area.x, area.y + half, area.w, area.h - half});
		area.h = half;
	}
	draw_function(u, s, canvas, area);
	if (shown.own)
		ugo_done(&shown.fitted);
	free(s);
}
