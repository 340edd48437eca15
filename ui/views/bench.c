/* Where the time of a step goes: by kind of site, and by t. */
#include "ui/scene/findings.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 19, TIME = 9, SHARE = 6, RATE = 7 };

struct kind_cost {
	enum site_kind kind;
	double seconds, events, neurons;
};

static void
bench_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct profile *p = &view_findings(scene)->profile;

	(void)args;
	if (p->steps == 0)
		snprintf(out, size, "bench");
	else
		snprintf(out, size, "bench: where a step goes (plan %.4s)", p->hash);
}

static int
dearer(const void *a, const void *b)
{
	double x = ((const struct kind_cost *)a)->seconds, y = ((const struct kind_cost *)b)->seconds;

	return (x < y) - (x > y);
}

/* All blocks' sites of a kind together, the dearest first. Returns how many cost anything. */
static int
sum_kinds(const struct scene *scene, const struct profile *p, struct kind_cost cost[SITE_KINDS])
{
	int n = 0;

	for (int kind = 0; kind < SITE_KINDS; kind++)
		cost[kind] = (struct kind_cost){.kind = (enum site_kind)kind};
	for (int i = 0; i < p->sites; i++) {
		struct kind_cost *c = &cost[site_at(scene->model, i).kind];

		c->seconds += p->site[i].seconds;
		c->events += p->site[i].events;
		c->neurons += p->site[i].neurons;
	}
	qsort(cost, SITE_KINDS, sizeof(*cost), dearer);
	while (n < SITE_KINDS && cost[n].seconds > 0)
		n++;
	return n;
}

static const char *
milliseconds(double seconds, char *out, size_t size)
{
	snprintf(out, size, seconds < 0.01 ? "%.3f ms" : "%.1f ms", seconds * 1e3);
	return out;
}

static void
draw_kind(const struct kind_cost *c, double all, double most, struct canvas *canvas, struct rect line)
{
	int x = line.x + NAME, left;
	char text[24];

	canvas_put(canvas, (struct rect){line.x, line.y, NAME - 1, 1}, line.x, line.y, (struct pen){0}, site_kind_name(c->kind));
	canvas_put_right(canvas, line, x + TIME, line.y, (struct pen){0}, milliseconds(c->seconds, text, sizeof(text)));
	snprintf(text, sizeof(text), "%.1f%%", 100 * c->seconds / all);
	canvas_put_right(canvas, line, x + TIME + SHARE + 1, line.y, (struct pen){.attr = ATTR_BOLD}, text);
	if (c->neurons > 0) {
		snprintf(text, sizeof(text), "%.3f", c->events / c->neurons);
		canvas_put_right(canvas, line, x + TIME + SHARE + RATE + 1, line.y, (struct pen){.fg = ROLE_DIM}, text);
	}
	x += TIME + SHARE + RATE + 3;
	left = line.x + line.w - x;
	if (left > 1)
		canvas_bar(canvas, line, x, line.y, left, c->seconds / most, ROLE_SNN);
}

static int
draw_kinds(const struct scene *scene, const struct profile *p, struct canvas *canvas, struct rect area)
{
	struct kind_cost cost[SITE_KINDS];
	struct pen head = {.fg = ROLE_DIM};
	int n = sum_kinds(scene, p, cost), x = area.x + NAME, y = area.y + 1;
	double all = 0;

	for (int i = 0; i < n; i++)
		all += cost[i].seconds;
	canvas_put(canvas, area, area.x, area.y, head, "sites of all blocks");
	canvas_put_right(canvas, area, x + TIME, area.y, head, "a step");
	canvas_put_right(canvas, area, x + TIME + SHARE + 1, area.y, head, "share");
	canvas_put_right(canvas, area, x + TIME + SHARE + RATE + 1, area.y, head, "rate");
	for (int i = 0; i < n && y < area.y + area.h; i++, y++)
		draw_kind(&cost[i], all, cost[0].seconds, canvas, (struct rect){area.x, y, area.w, 1});
	return y - area.y;
}

/* Steps against the reference, which is the rule. */
static void
draw_steps(const struct profile *p, struct canvas *canvas, struct rect area)
{
	float *y = malloc((size_t)p->steps * sizeof(*y));
	struct series series = {.y = y, .count = p->steps, .letter = 'S', .name = "step", .fg = ROLE_SNN};
	double reference = p->reference * 1e3;
	struct chart chart = {.series = &series,
			      .count = 1,
			      .first_x = 1,
			      .y_zero = true,
			      .x_name = "t",
			      .x_whole = true,
			      .y_name = "ms",
			      .rule = &reference,
			      .rule_name = "ANN",
			      .mark_x = NAN};

	for (int t = 0; y && t < p->steps; t++)
		y[t] = (float)(p->step[t] * 1e3);
	if (y)
		canvas_chart(canvas, area, &chart);
	free(y);
}

static int
draw_totals(const struct profile *p, struct canvas *canvas, struct rect area)
{
	char step[24], run[24], reference[24], line[120];
	double stepped = 0;

	for (int t = 0; t < p->steps; t++)
		stepped += p->step[t];
	snprintf(line, sizeof(line), "%d steps %s, layer by layer %s, ANN %s", p->steps,
		 milliseconds(stepped, step, sizeof(step)), milliseconds(p->run, run, sizeof(run)),
		 milliseconds(p->reference, reference, sizeof(reference)));
	canvas_put(canvas, area, area.x, area.y, (struct pen){0}, line);
	return 1;
}

static void
bench_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct profile *p = &view_findings(scene)->profile;
	struct rect rest = area;
	int chart = area.h >= 24 ? 9 : 0, rows;

	(void)args;
	if (p->steps == 0 || !scene->model) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "nothing measured yet: bench");
		return;
	}
	rows = draw_totals(p, canvas, area);
	rest.y += rows;
	rest.h -= rows + chart;
	if (rest.h > 1)
		rows += draw_kinds(scene, p, canvas, rest);
	if (chart > 0 && p->steps > 1)
		draw_steps(p, canvas, (struct rect){area.x, area.y + rows + 1, area.w, area.h - rows - 1});
}

const struct view bench_view = {
    .name = "bench",
    .help = "where the time of a step goes",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = bench_title,
    .draw = bench_draw,
};
