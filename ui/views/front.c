/* What `tune` has measured: error against energy. */
#include "ui/scene/findings.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>

static void
front_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct tune_finding *f = &view_findings(scene)->tune;

	(void)args;
	if (f->tune.candidates == 0)
		snprintf(out, size, "front");
	else
		snprintf(out, size, "front: %d candidates by rule %s, %d pictures", f->tune.candidates, f->rule,
			 f->tune.candidate[f->tune.candidates > 1].images);
}

/* Every step of every candidate that was searched, without those far off. */
static int
all_points(const struct tune *tune, float *x, float *y)
{
	double most = 0;
	int n = 0;

	for (int i = 0; i < tune->candidates; i++)
		most = fmax(most, tune->candidate[i].point[tune->candidate[i].best].squared_error);
	for (int i = 0; i < tune->candidates; i++)
		for (int k = 0; tune_compares(&tune->candidate[i]) && k < tune->candidate[i].points; k++) {
			const struct tune_point *p = &tune->candidate[i].point[k];

			if (p->squared_error > 4 * most)
				continue;
			x[n] = (float)p->energy;
			y[n++] = (float)sqrt(p->squared_error);
		}
	return n;
}

static int
front_points(const struct tune *tune, float *x, float *y)
{
	int front[TUNE_CANDIDATES], n = tune_front(tune, front);

	for (int i = 0; i < n; i++) {
		const struct tune_candidate *c = &tune->candidate[front[i]];

		x[i] = (float)c->point[c->best].energy;
		y[i] = (float)sqrt(c->point[c->best].squared_error);
	}
	return n;
}

static void
draw_chart(const struct tune_finding *f, struct canvas *canvas, struct rect area)
{
	static float x[TUNE_CANDIDATES * TUNE_STEPS], y[TUNE_CANDIDATES * TUNE_STEPS];
	float front_x[TUNE_CANDIDATES], front_y[TUNE_CANDIDATES];
	const struct tune_candidate *chosen = &f->tune.candidate[f->tune.chosen];
	struct series series[] = {
	    {.x = x,
	     .y = y,
	     .count = all_points(&f->tune, x, y),
	     .letter = 'o',
	     .name = "measured",
	     .fg = ROLE_DIM,
	     .points = true},
	    {.x = front_x,
	     .y = front_y,
	     .count = front_points(&f->tune, front_x, front_y),
	     .letter = 'F',
	     .name = "front",
	     .fg = ROLE_SNN},
	};
	struct chart chart = {.series = series,
			      .count = 2,
			      .y_zero = true,
			      .x_name = "energy of ANN",
			      .y_name = "logit RMSE",
			      .mark_x = chosen->point[chosen->best].energy};

	canvas_chart(canvas, area, &chart);
}

static int
draw_choice(const struct tune_finding *f, struct canvas *canvas, struct rect area)
{
	const struct tune *t = &f->tune;
	const struct tune_candidate *c = &t->candidate[t->chosen], *held = t->held >= 0 ? &t->candidate[t->held] : NULL;
	const struct tune_point *p = &c->point[c->best];

	canvas_printf(canvas, area, area.x, area.y, (struct pen){.fg = t->met ? ROLE_GOOD : ROLE_WARN},
		      "%s: t %d, energy %.3f, agreement %.2f%%, expected drop %.2f", *f->name ? f->name : "best so far", p->t,
		      p->energy, 100 * p->agreement, 100 * p->expected);
	if (!held)
		return 1;
	p = &held->point[held->best];
	canvas_printf(canvas, area, area.x, area.y + 1, (struct pen){.fg = t->confirmed ? ROLE_GOOD : ROLE_BAD},
		      "held out: %d pictures, energy %.3f, drop %.2f [%.2f, %.2f], %s", held->images, p->energy, 100 * p->drop,
		      100 * p->drop_in.lo, 100 * p->drop_in.hi, t->confirmed ? "confirmed" : "not confirmed");
	return 2;
}

static void
front_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct tune_finding *f = &view_findings(scene)->tune;
	int rows;

	(void)args;
	if (f->tune.candidates == 0 || f->tune.chosen < 0) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "nothing tuned yet: tune 400 --max-drop 0.3");
		return;
	}
	rows = draw_choice(f, canvas, area);
	if (area.h - rows > 5)
		draw_chart(f, canvas, (struct rect){area.x, area.y + rows + 1, area.w, area.h - rows - 1});
}

const struct view front_view = {
    .name = "front",
    .help = "what tune has measured: error against energy, and the front",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = front_title,
    .draw = front_draw,
};
