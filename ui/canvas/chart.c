/* Curves with axes, in cells. */
#include "ui/canvas/axes.h"
#include "ui/canvas/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The chart's window on the canvas and in the data. */
struct plot {
	struct canvas *canvas;
	struct rect area;  /* of the curves */
	struct rect train; /* of the spikes below them; no rows: none */
	struct axes axes;
};

static int
dot_x(const struct plot *plot, double x)
{
	double f = (x - plot->axes.x_lo) / (plot->axes.x_hi - plot->axes.x_lo) * (2 * plot->area.w - 1);

	return (int)lround(fmin(fmax(f, -4000), 8000));
}

static int
dot_y(const struct plot *plot, double y)
{
	double f = (plot->axes.y_hi - y) / (plot->axes.y_hi - plot->axes.y_lo) * (4 * plot->area.h - 1);

	return (int)lround(fmin(fmax(f, -4000), 8000));
}

/* A dot, or the series' letter where there is no braille. */
static void
mark_dot(const struct plot *plot, int x, int y, const struct series *s)
{
	struct cell *cell;

	if (plot->canvas->style.unicode) {
		canvas_dot(plot->canvas, plot->area, x, y, s->fg);
		return;
	}
	if (x < 0 || y < 0 || x >= 2 * plot->area.w || y >= 4 * plot->area.h)
		return;
	cell = canvas_cell(plot->canvas, plot->area.x + x / 2, plot->area.y + y / 4);
	if (cell)
		*cell = (struct cell){.ch = s->letter ? (uint32_t)s->letter : '*', .fg = s->fg};
}

static void
segment(const struct plot *plot, int x0, int y0, int x1, int y1, const struct series *s)
{
	int n = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0), i;

	for (i = 0; i <= n; i++) {
		double f = n ? (double)i / n : 0;

		mark_dot(plot, x0 + (int)lround(f * (x1 - x0)), y0 + (int)lround(f * (y1 - y0)), s);
	}
}

/* The interval around every point, thinner than the point. */
static void
intervals(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	for (int i = 0; s->lo && s->hi && i < s->count; i++) {
		double lo = chart_y(chart, (double)s->lo[i]), hi = chart_y(chart, (double)s->hi[i]);
		int x = dot_x(plot, chart_x(chart, s, i));

		if (isfinite(lo) && isfinite(hi))
			segment(plot, x, dot_y(plot, lo), x, dot_y(plot, hi), s);
	}
}

static void
points(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	for (int i = 0; i < s->count; i++) {
		double y = chart_y(chart, (double)s->y[i]);

		if (isfinite(y))
			canvas_put(plot->canvas, plot->area, plot->area.x + dot_x(plot, chart_x(chart, s, i)) / 2,
				   plot->area.y + dot_y(plot, y) / 4, (struct pen){.fg = s->fg}, "o");
	}
}

/* A column of cells from the bottom up, its top in eighths. */
static void
bar(const struct plot *plot, int x, double y, color fg)
{
	double share = (y - plot->axes.y_lo) / (plot->axes.y_hi - plot->axes.y_lo);
	int eighths = (int)lround(fmin(fmax(share, 0), 1) * 8 * plot->area.h);

	for (int row = plot->area.h - 1; row >= 0 && eighths > 0; row--, eighths -= 8) {
		struct cell *cell = x < plot->area.w ? canvas_cell(plot->canvas, plot->area.x + x, plot->area.y + row) : NULL;

		if (cell)
			*cell = (struct cell){.ch = 0x2580u + (eighths < 8 ? (uint32_t)eighths : 8), .fg = fg};
	}
}

static void
bars(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	double half = chart_bar_width(chart, s) / 2;

	for (int i = 0; i < s->count; i++) {
		double x = chart_x(chart, s, i), y = chart_y(chart, (double)s->y[i]);
		int x0 = (dot_x(plot, x - half) + 1) / 2, x1 = (dot_x(plot, x + half) + 1) / 2;

		for (int c = x0 < 0 ? 0 : x0; isfinite(y) && (c < x1 || c == x0); c++)
			bar(plot, c, y, s->fg);
	}
}

/* The letter stands where the curve ends, or, where another one's does, before it. */
static void
name_curve(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	for (int i = s->count - 1; i >= 0 && s->letter; i--) {
		double y = chart_y(chart, (double)s->y[i]);
		int x = plot->area.x + dot_x(plot, chart_x(chart, s, i)) / 2;
		const struct cell *cell;

		if (!isfinite(y) || !rect_has(plot->area, x, plot->area.y + dot_y(plot, y) / 4))
			continue;
		cell = canvas_cell(plot->canvas, x, plot->area.y + dot_y(plot, y) / 4);
		if (i > 0 && cell && cell->attr & ATTR_BOLD && cell->ch < 0x80)
			continue;
		canvas_put(plot->canvas, plot->area, x, plot->area.y + dot_y(plot, y) / 4,
			   (struct pen){.fg = s->fg, .attr = ATTR_BOLD}, (char[]){s->letter, 0});
		return;
	}
}

static void
curve(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	int px = 0, py = 0;
	bool had = false;

	for (int i = 0; i < s->count; i++) {
		double y = chart_y(chart, (double)s->y[i]);
		int x = dot_x(plot, chart_x(chart, s, i));

		if (!isfinite(y)) {
			if (!isfinite(s->y[i]))
				canvas_put(plot->canvas, plot->area, plot->area.x + x / 2, plot->area.y,
					   (struct pen){.fg = ROLE_BAD, .attr = ATTR_BOLD}, "!");
			had = false;
			continue;
		}
		segment(plot, had ? px : x, had ? py : dot_y(plot, y), x, dot_y(plot, y), s);
		px = x;
		py = dot_y(plot, y);
		had = true;
	}
}

static void
draw_series(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	intervals(plot, chart, s);
	if (s->bars)
		bars(plot, chart, s);
	else if (s->points)
		points(plot, chart, s);
	else
		curve(plot, chart, s);
}

/* Spikes stand in the column of their step; where several steps share one, the largest. */
static void
draw_train(const struct plot *plot, const struct chart *chart)
{
	const struct spike_train *train = chart->train;
	double most = train ? train_most(train) : 1;

	for (int i = 0; train && i < train->count; i++) {
		int x = plot->area.x + dot_x(plot, chart->first_x + i) / 2, row = plot->train.y + (train->sent[i] < 0);
		int eighths = (int)lround(fabs((double)train->sent[i]) / most * 8);
		uint32_t ch = 0x2580u + (uint32_t)(eighths < 1 ? 1 : eighths);
		struct cell *cell = rect_has(plot->train, x, row) ? canvas_cell(plot->canvas, x, row) : NULL;

		if (cell && train->sent[i] != 0 && (cell->ch < ch || cell->ch > 0x2588))
			*cell = (struct cell){.ch = ch, .fg = train->fg};
	}
}

/* Labels of the y axis and its line */

static int
label_width(const struct tick *tick, int n)
{
	int widest = 1;

	for (int i = 0; i < n; i++)
		if (text_columns(tick[i].text) > widest)
			widest = text_columns(tick[i].text);
	return widest;
}

static void
y_axis(struct plot *plot, struct rect area, const struct tick *tick, int n)
{
	struct pen dim = {.fg = ROLE_DIM};

	for (int i = 0; i < plot->area.h + plot->train.h; i++)
		canvas_put(plot->canvas, area, plot->area.x - 1, plot->area.y + i, dim, "│");
	for (int i = 0; i < n; i++) {
		int y = plot->area.y + dot_y(plot, tick[i].at) / 4;

		if (y < plot->area.y || y >= plot->area.y + plot->area.h)
			continue;
		canvas_put_right(plot->canvas, area, plot->area.x - 1, y, dim, tick[i].text);
		canvas_put(plot->canvas, area, plot->area.x - 1, y, dim, "┤");
	}
	for (int i = 0; i < plot->train.h; i++)
		canvas_put_right(plot->canvas, area, plot->area.x - 1, plot->train.y + i, dim,
				 i                           ? "−"
				 : plot->area.x - area.x < 6 ? "+"
							     : "sent+");
}

static void
x_axis(struct plot *plot, struct rect area, const struct chart *chart)
{
	struct pen dim = {.fg = ROLE_DIM};
	const char *name = chart->x_name;
	struct tick tick[AXIS_TICKS];
	int y = plot->area.y + plot->area.h + plot->train.h, free_x = area.x, limit = area.x + area.w;
	int n = axis_x_ticks(&plot->axes, chart, plot->area.w / 7 + 2, tick);

	canvas_put(plot->canvas, area, plot->area.x - 1, y, dim, "└");
	for (int i = 0; i < plot->area.w; i++)
		canvas_put(plot->canvas, area, plot->area.x + i, y, dim, "─");
	if (name && text_columns(name) + 8 < plot->area.w) {
		canvas_put_right(plot->canvas, area, limit, y + 1, dim, name);
		limit -= text_columns(name) + 1;
	}
	for (int i = 0; i < n; i++) {
		int x = plot->area.x + dot_x(plot, tick[i].at) / 2, w = text_columns(tick[i].text);
		int at = x - w / 2 < free_x ? free_x : x - w / 2;

		canvas_put(plot->canvas, area, x, y, dim, "┬");
		if (at > x || at + w > limit)
			continue;
		canvas_put(plot->canvas, area, at, y + 1, dim, tick[i].text);
		free_x = at + w + 1;
	}
}

static void
legend(struct canvas *canvas, struct rect area, const struct chart *chart)
{
	int x = area.x, i;

	if (chart->y_name)
		x += canvas_put(canvas, area, x, area.y, (struct pen){.fg = ROLE_DIM}, chart->y_name) + 2;
	for (i = 0; i < chart->count; i++) {
		const struct series *s = &chart->series[i];

		if (!s->name || x >= area.x + area.w)
			continue;
		if (s->letter)
			x += canvas_put(canvas, area, x, area.y, (struct pen){.fg = s->fg, .attr = ATTR_BOLD},
					(char[]){s->letter, ' ', 0});
		x += canvas_put(canvas, area, x, area.y, (struct pen){.fg = s->fg}, s->name) + 2;
	}
	if (chart->rule && chart->rule_name && x < area.x + area.w)
		canvas_printf(canvas, area, x, area.y, (struct pen){.fg = ROLE_DIM}, "┄ %s", chart->rule_name);
}

static void
vertical(struct plot *plot, double at, enum role role)
{
	int x = isfinite(at) ? dot_x(plot, at) : -1;

	for (int i = 0; x >= 0 && x < 2 * plot->area.w && i < plot->area.h; i++)
		canvas_put(plot->canvas, plot->area, plot->area.x + x / 2, plot->area.y + i, (struct pen){.fg = (color)role},
			   "┊");
}

static void
rules(struct plot *plot, const struct chart *chart)
{
	int y = chart->rule ? dot_y(plot, chart_y(chart, *chart->rule)) : -1;

	for (int i = 0; y >= 0 && y < 4 * plot->area.h && i < plot->area.w; i++)
		canvas_put(plot->canvas, plot->area, plot->area.x + i, plot->area.y + y / 4, (struct pen){.fg = ROLE_DIM}, "┄");
	vertical(plot, chart->mark_x, ROLE_DIM);
	if (chart->range_hi > chart->range_lo) {
		vertical(plot, chart->range_lo, ROLE_WARN);
		vertical(plot, chart->range_hi, ROLE_WARN);
	}
}

/* Divides area into legend, curves, spikes and axes, and draws the latter. */
static void
lay_out(struct plot *plot, struct rect area, const struct chart *chart)
{
	int top = area.h >= 3 && chart_has_legend(chart) ? 1 : 0, left, n;
	int train = chart->train && area.h >= 7 ? 1 + train_has_negative(chart->train) : 0;
	struct tick tick[AXIS_TICKS];

	plot->area = (struct rect){area.x, area.y + top, area.w, area.h - top};
	plot->train = (struct rect){0};
	if (area.w < 16 || area.h < 5)
		return;
	plot->area.h -= 2 + train;
	n = axis_y_ticks(&plot->axes, plot->area.h / 2 + 1 < 3 ? 3 : plot->area.h / 2 + 1, tick);
	left = label_width(tick, n) + 1;
	if (train && left < 6 && area.w >= 30)
		left = 6;
	plot->area.x += left;
	plot->area.w -= left;
	plot->train = (struct rect){plot->area.x, plot->area.y + plot->area.h, plot->area.w, train};
	y_axis(plot, area, tick, n);
	x_axis(plot, area, chart);
}

void
canvas_chart(struct canvas *canvas, struct rect area, const struct chart *chart)
{
	struct plot plot = {.canvas = canvas};

	if (area.w < 1 || area.h < 1)
		return;
	if (canvas->figure) {
		figure_add_chart(canvas->figure, area, chart);
		return;
	}
	axes_make(&plot.axes, chart);
	lay_out(&plot, area, chart);
	if (area.h >= 3 && chart_has_legend(chart))
		legend(canvas, area, chart);
	rules(&plot, chart);
	for (int i = 0; i < chart->count; i++)
		draw_series(&plot, chart, &chart->series[i]);
	for (int i = 0; i < chart->count; i++)
		name_curve(&plot, chart, &chart->series[i]);
	draw_train(&plot, chart);
}
