/* What the network costs against the reference: by rule, by place, by step. */
#include "ui/scene/findings.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME = 15, NUMBER = 8, SHARE = 6 };

static void
energy_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct energy_finding *e = &view_findings(scene)->energy;

	(void)args;
	if (!e->network)
		snprintf(out, size, "energy");
	else
		snprintf(out, size, "energy: %d pictures, t = %d, plan %.4s", e->network->pictures, e->network->steps, e->plan);
}

static color
judged(double ratio)
{
	return ratio < 1 ? ROLE_GOOD : ROLE_BAD;
}

/* --- by rule -------------------------------------------------------------- */

/* A bar over decades, where the reference (a ratio of 1) stands at the same place for all. */
static void
draw_ratio(struct canvas *canvas, struct rect line, int x, double ratio, double most)
{
	int w = line.x + line.w - x, one = (int)(w / most);

	if (w < 4)
		return;
	canvas_bar(canvas, line, x, line.y, w, ratio / most, judged(ratio));
	if (one < w)
		canvas_put(canvas, line, x + one, line.y, (struct pen){.fg = ROLE_ANN}, "|");
}

static void
draw_rule(const struct energy_finding *e, const struct rule *rule, double most, struct canvas *canvas, struct rect line)
{
	struct rule_verdict v = rule_compare(rule, e->network, e->reference);
	int x = line.x + NAME;
	char text[24];

	canvas_put(canvas, (struct rect){line.x, line.y, NAME - 1, 1}, line.x, line.y, (struct pen){0}, rule->name);
	canvas_put_right(canvas, line, x + NUMBER - 1, line.y, (struct pen){.fg = judged(v.ratio), .attr = ATTR_BOLD},
			 short_number(v.ratio, text, sizeof(text)));
	canvas_put_right(canvas, line, x + 2 * NUMBER - 1, line.y, (struct pen){0}, short_number(v.rate, text, sizeof(text)));
	canvas_put_right(canvas, line, x + 3 * NUMBER - 1, line.y, (struct pen){.fg = ROLE_DIM},
			 isfinite(v.break_even) ? short_number(v.break_even, text, sizeof(text)) : "none");
	draw_ratio(canvas, line, x + 3 * NUMBER + 1, v.ratio, most);
}

static int
draw_rules(const struct energy_finding *e, struct canvas *canvas, struct rect area)
{
	struct pen head = {.fg = ROLE_DIM};
	int x = area.x + NAME, y = area.y + 1;
	double most = 1;

	for (int i = 0; i < e->rules.count; i++)
		most = fmax(most, rule_compare(&e->rules.rule[i], e->network, e->reference).ratio);
	canvas_put(canvas, area, area.x, area.y, head, "rule");
	canvas_put_right(canvas, area, x + NUMBER - 1, area.y, head, "of ANN");
	canvas_put_right(canvas, area, x + 2 * NUMBER - 1, area.y, head, "rate");
	canvas_put_right(canvas, area, x + 3 * NUMBER - 1, area.y, head, "even at");
	for (int i = 0; i < e->rules.count && y < area.y + area.h; i++, y++)
		draw_rule(e, &e->rules.rule[i], most, canvas, (struct rect){area.x, y, area.w, 1});
	return y - area.y;
}

/* --- by place ------------------------------------------------------------- */

static int
dearer(const void *a, const void *b)
{
	double x = ((const struct account_place *)a)->network, y = ((const struct account_place *)b)->network;

	return (x < y) - (x > y);
}

/* SNN above ANN would take two lines: the SNN is the bar, the ANN a mark on it. */
static void
draw_place(const struct account_place *p, double all, double most, struct canvas *canvas, struct rect line)
{
	int x = line.x + NAME, left;
	char text[24];

	canvas_put(canvas, (struct rect){line.x, line.y, NAME - 1, 1}, line.x, line.y, (struct pen){0}, p->name);
	snprintf(text, sizeof(text), "%.1f%%", 100 * p->network / all);
	canvas_put_right(canvas, line, x + SHARE, line.y, (struct pen){.attr = ATTR_BOLD}, text);
	canvas_put_right(canvas, line, x + SHARE + NUMBER, line.y, (struct pen){0},
			 p->reference > 0 ? short_number(p->network / p->reference, text, sizeof(text)) : "-");
	canvas_put_right(canvas, line, x + SHARE + 2 * NUMBER, line.y, (struct pen){.fg = ROLE_DIM},
			 p->rate > 0 ? short_number(p->rate, text, sizeof(text)) : "-");
	x += SHARE + 2 * NUMBER + 2;
	left = line.x + line.w - x;
	if (left < 4)
		return;
	canvas_bar(canvas, line, x, line.y, left, p->network / most, ROLE_SNN);
	if (p->reference > 0 && p->reference < most)
		canvas_put(canvas, line, x + (int)(left * p->reference / most), line.y, (struct pen){.fg = ROLE_ANN}, "|");
}

static int
draw_places(const struct energy_finding *e, const struct rule *rule, struct canvas *canvas, struct rect area)
{
	struct account_place place[SITE_KINDS];
	struct pen head = {.fg = ROLE_DIM};
	int n = account_places(rule, e->network, e->reference, place), x = area.x + NAME, y = area.y + 1;
	double all = 0, most = 0;

	qsort(place, (size_t)n, sizeof(*place), dearer);
	for (int i = 0; i < n; i++) {
		all += place[i].network;
		most = fmax(most, fmax(place[i].network, place[i].reference));
	}
	canvas_printf(canvas, area, area.x, area.y, head, "%s", rule->name);
	canvas_put_right(canvas, area, x + SHARE, area.y, head, "share");
	canvas_put_right(canvas, area, x + SHARE + NUMBER, area.y, head, "of ANN");
	canvas_put_right(canvas, area, x + SHARE + 2 * NUMBER, area.y, head, "rate");
	for (int i = 0; i < n && y < area.y + area.h && place[i].network > 0; i++, y++)
		draw_place(&place[i], all, most, canvas, (struct rect){area.x, y, area.w, 1});
	return y - area.y;
}

/* --- by step -------------------------------------------------------------- */

static void
draw_steps(const struct energy_finding *e, const struct rule *rule, struct canvas *canvas, struct rect area)
{
	size_t n = (size_t)e->network->steps;
	struct account_step *step = calloc(n, sizeof(*step));
	float *y = calloc(n, sizeof(*y));
	struct series series = {.y = y, .count = (int)n, .letter = 'S', .name = rule->name, .fg = ROLE_SNN};
	double one = 1;
	struct chart chart = {.series = &series,
			      .count = 1,
			      .first_x = 1,
			      .y_zero = true,
			      .x_name = "t",
			      .x_whole = true,
			      .y_name = "of ANN",
			      .rule = &one,
			      .rule_name = "ANN",
			      .mark_x = NAN};

	if (step && y) {
		account_steps(rule, e->network, e->reference, step);
		for (size_t t = 0; t < n; t++)
			y[t] = (float)step[t].ratio;
		canvas_chart(canvas, area, &chart);
	}
	free(step);
	free(y);
}

static void
energy_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct energy_finding *e = &view_findings(scene)->energy;
	const struct rule *rule = e->network ? rules_find(&e->rules, e->rule) : NULL;
	int chart = area.h >= 30 && rule && e->network->steps > 1 ? 9 : 0, end = area.y + area.h;
	struct account_advice advice;

	(void)args;
	if (!rule || !scene->model) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "nothing counted yet: energy 100");
		return;
	}
	account_advise(rule, e->network, e->reference, &advice);
	area.y += canvas_wrap(canvas, area, (struct pen){0}, advice.needs);
	area.h = end - area.y;
	area.y += draw_rules(e, canvas, area) + 1;
	area.h = end - area.y - chart;
	if (area.h > 1)
		area.y += draw_places(e, rule, canvas, area) + 1;
	area.h = end - area.y;
	if (chart > 0 && area.h > 5)
		draw_steps(e, rule, canvas, area);
}

const struct view energy_view = {
    .name = "energy",
    .help = "energy against the ANN: by rule, by place and by step",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = energy_title,
    .draw = energy_draw,
};
