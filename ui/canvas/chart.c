/* Dots, curves with axes, bars and sparklines. */
#include "ui/canvas/canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BRAILLE = 0x2800, TICKS = 16 };

void
canvas_dot(struct canvas *canvas, struct rect area, int x, int y, color fg)
{
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	struct cell *cell;

	if (x < 0 || y < 0 || x >= 2 * area.w || y >= 4 * area.h)
		return;
	cell = canvas_cell(canvas, area.x + x / 2, area.y + y / 4);
	if (!cell)
		return;
	if ((cell->ch & ~0xffu) != BRAILLE)
		cell->ch = BRAILLE;
	cell->ch |= bit[y % 4][x % 2];
	cell->fg = fg;
}

void
canvas_bar(struct canvas *canvas, struct rect area, int x, int y, int w, double fraction, color fg)
{
	int eighths = (int)lround(fmin(fmax(isfinite(fraction) ? fraction : 0, 0), 1) * 8 * w), i;

	for (i = 0; i < w && eighths > 0; i++, eighths -= 8) {
		struct cell *cell = rect_has(area, x + i, y) ? canvas_cell(canvas, x + i, y) : NULL;

		if (cell)
			*cell = (struct cell){.ch = eighths >= 8 ? 0x2588u : 0x2590u - (uint32_t)eighths, .fg = fg};
	}
	if (!isfinite(fraction))
		canvas_put(canvas, area, x, y, (struct pen){.fg = ROLE_BAD}, "!");
}

void
canvas_spark(struct canvas *canvas, struct rect area, int x, int y, int w, const float *values, int count, double hi, color fg)
{
	int first = count > w ? count - w : 0, i;

	for (i = first; i < count; i++) {
		struct cell *cell = rect_has(area, x + i - first, y) ? canvas_cell(canvas, x + i - first, y) : NULL;
		int eighths = hi > 0 && isfinite(values[i]) ? (int)lround(fmin(fmax(values[i] / hi, 0), 1) * 8) : 0;

		if (!cell)
			continue;
		*cell = (struct cell){.ch = eighths ? 0x2580u + (uint32_t)eighths : ' ', .fg = fg};
		if (!isfinite(values[i]))
			*cell = (struct cell){.ch = '!', .fg = ROLE_BAD};
	}
}

/* Charts */

/* The chart's window on the canvas and in the data. */
struct plot {
	struct canvas *canvas;
	struct rect area; /* of the curves */
	double x_lo, x_hi, y_lo, y_hi;
	bool log_y;
};

static double
point_x(const struct chart *chart, const struct series *s, int i)
{
	return s->x ? s->x[i] : chart->first_x + i;
}

static double
point_y(const struct chart *chart, double y)
{
	return !chart->log_y ? y : y > 0 ? log10(y) : NAN;
}

static void
widen(double *lo, double *hi, double v)
{
	if (!isfinite(v))
		return;
	*lo = fmin(*lo, v);
	*hi = fmax(*hi, v);
}

static void
data_range(const struct chart *chart, struct plot *plot)
{
	double x_lo = INFINITY, x_hi = -INFINITY, y_lo = INFINITY, y_hi = -INFINITY;
	int i, j;

	for (i = 0; i < chart->count; i++)
		for (j = 0; j < chart->series[i].count; j++) {
			widen(&x_lo, &x_hi, point_x(chart, &chart->series[i], j));
			widen(&y_lo, &y_hi, point_y(chart, chart->series[i].y[j]));
		}
	if (chart->rule)
		widen(&y_lo, &y_hi, point_y(chart, *chart->rule));
	if (chart->y_zero && !chart->log_y)
		widen(&y_lo, &y_hi, 0);
	if (!(x_hi >= x_lo))
		x_lo = x_hi = chart->first_x;
	if (!(y_hi >= y_lo))
		y_lo = y_hi = 0;
	*plot = (struct plot){.x_lo = x_lo, .x_hi = x_hi, .y_lo = y_lo, .y_hi = y_hi, .log_y = chart->log_y};
}

/* Ends of the axes: as asked, else the data's with a little air. */
static void
set_range(const struct chart *chart, struct plot *plot)
{
	double air;

	data_range(chart, plot);
	if (chart->x_hi > chart->x_lo) {
		plot->x_lo = chart->x_lo;
		plot->x_hi = chart->x_hi;
	}
	if (plot->x_hi == plot->x_lo)
		plot->x_hi = plot->x_lo + 1;
	if (chart->y_hi > chart->y_lo) {
		plot->y_lo = point_y(chart, chart->y_lo);
		plot->y_hi = point_y(chart, chart->y_hi);
		return;
	}
	air = plot->y_hi > plot->y_lo ? 0.04 * (plot->y_hi - plot->y_lo) : fmax(fabs(plot->y_hi), 1e-12) * 0.5;
	plot->y_hi += air;
	if (!chart->y_zero || plot->y_lo < 0)
		plot->y_lo -= air;
}

static int
dot_x(const struct plot *plot, double x)
{
	double f = (x - plot->x_lo) / (plot->x_hi - plot->x_lo) * (2 * plot->area.w - 1);

	return (int)lround(fmin(fmax(f, -4000), 8000));
}

static int
dot_y(const struct plot *plot, double y)
{
	double f = (plot->y_hi - y) / (plot->y_hi - plot->y_lo) * (4 * plot->area.h - 1);

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

static void
points(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	int i;

	for (i = 0; i < s->count; i++) {
		double y = point_y(chart, s->y[i]);

		if (isfinite(y))
			canvas_put(plot->canvas, plot->area, plot->area.x + dot_x(plot, point_x(chart, s, i)) / 2,
				   plot->area.y + dot_y(plot, y) / 4, (struct pen){.fg = s->fg}, "o");
	}
}

static void
curve(const struct plot *plot, const struct chart *chart, const struct series *s)
{
	int px = 0, py = 0, i;
	bool had = false;

	if (s->points) {
		points(plot, chart, s);
		return;
	}

	for (i = 0; i < s->count; i++) {
		double y = point_y(chart, s->y[i]);
		int x = dot_x(plot, point_x(chart, s, i));

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
	if (had && s->letter && rect_has(plot->area, plot->area.x + px / 2, plot->area.y + py / 4))
		canvas_put(plot->canvas, plot->area, plot->area.x + px / 2, plot->area.y + py / 4,
			   (struct pen){.fg = s->fg, .attr = ATTR_BOLD}, (char[]){s->letter, 0});
}

/* Labels of the y axis and its line; returns the columns they take. */
static int
y_labels(struct plot *plot, double *tick, int n, int digits, char label[][16])
{
	int widest = 1, i;

	for (i = 0; i < n; i++) {
		if (plot->log_y)
			short_number(pow(10, tick[i]), label[i], 16);
		else
			snprintf(label[i], 16, "%.*f", digits > 6 ? 6 : digits, tick[i]);
		if (text_columns(label[i]) > widest)
			widest = text_columns(label[i]);
	}
	return widest;
}

static void
y_axis(struct plot *plot, struct rect area, double *tick, int n, char label[][16])
{
	struct pen dim = {.fg = ROLE_DIM};
	int i;

	for (i = 0; i < plot->area.h; i++)
		canvas_put(plot->canvas, area, plot->area.x - 1, plot->area.y + i, dim, "│");
	for (i = 0; i < n; i++) {
		int y = plot->area.y + dot_y(plot, tick[i]) / 4;

		if (y < plot->area.y || y >= plot->area.y + plot->area.h)
			continue;
		canvas_put_right(plot->canvas, area, plot->area.x - 1, y, dim, label[i]);
		canvas_put(plot->canvas, area, plot->area.x - 1, y, dim, "┤");
	}
}

static void
x_axis(struct plot *plot, struct rect area, const struct chart *chart)
{
	struct pen dim = {.fg = ROLE_DIM};
	const char *name = chart->x_name;
	bool whole = chart->x_whole || chart->x_log2;
	double tick[TICKS];
	int y = plot->area.y + plot->area.h, digits, i, free_x = area.x, n, limit = area.x + area.w;
	char label[16];

	canvas_put(plot->canvas, area, plot->area.x - 1, y, dim, "└");
	for (i = 0; i < plot->area.w; i++)
		canvas_put(plot->canvas, area, plot->area.x + i, y, dim, "─");
	if (name && text_columns(name) + 8 < plot->area.w) {
		canvas_put_right(plot->canvas, area, limit, y + 1, dim, name);
		limit -= text_columns(name) + 1;
	}
	n = nice_ticks(plot->x_lo, plot->x_hi, plot->area.w / 7 + 2, tick, &digits);
	for (i = 0; i < n; i++) {
		int x = plot->area.x + dot_x(plot, tick[i]) / 2, w, at;

		if (whole && tick[i] != rint(tick[i]))
			continue;
		snprintf(label, sizeof(label), "%.*f",
			 whole        ? 0
			 : digits > 6 ? 6
				      : digits,
			 chart->x_log2 ? exp2(tick[i]) : tick[i]);
		w = text_columns(label);
		at = x - w / 2 < free_x ? free_x : x - w / 2;
		canvas_put(plot->canvas, area, x, y, dim, "┬");
		if (at > x || at + w > limit)
			continue;
		canvas_put(plot->canvas, area, at, y + 1, dim, label);
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
rules(struct plot *plot, const struct chart *chart)
{
	int i, y = chart->rule ? dot_y(plot, point_y(chart, *chart->rule)) : -1;
	int x = isfinite(chart->mark_x) ? dot_x(plot, chart->mark_x) : -1;

	for (i = 0; y >= 0 && y < 4 * plot->area.h && i < plot->area.w; i++)
		canvas_put(plot->canvas, plot->area, plot->area.x + i, plot->area.y + y / 4, (struct pen){.fg = ROLE_DIM}, "┄");
	for (i = 0; x >= 0 && x < 2 * plot->area.w && i < plot->area.h; i++)
		canvas_put(plot->canvas, plot->area, plot->area.x + x / 2, plot->area.y + i, (struct pen){.fg = ROLE_DIM}, "┊");
}

static bool
has_legend(const struct chart *chart)
{
	int i;

	for (i = 0; i < chart->count; i++)
		if (chart->series[i].name)
			return true;
	return chart->y_name || chart->rule_name;
}

void
canvas_chart(struct canvas *canvas, struct rect area, const struct chart *chart)
{
	struct plot plot;
	char label[TICKS][16];
	double tick[TICKS];
	int n = 0, digits, left = 0, top, i;
	bool axes = area.w >= 16 && area.h >= 5;

	if (area.w < 1 || area.h < 1)
		return;
	set_range(chart, &plot);
	plot.canvas = canvas;
	top = area.h >= 3 && has_legend(chart) ? 1 : 0;
	plot.area = (struct rect){area.x, area.y + top, area.w, area.h - top};
	if (axes) {
		plot.area.h -= 2;
		n = nice_ticks(plot.y_lo, plot.y_hi, plot.area.h / 2 + 1 < 3 ? 3 : plot.area.h / 2 + 1, tick, &digits);
		left = y_labels(&plot, tick, n, digits, label) + 1;
		plot.area.x += left;
		plot.area.w -= left;
		y_axis(&plot, area, tick, n, label);
		x_axis(&plot, area, chart);
	}
	if (top)
		legend(canvas, area, chart);
	rules(&plot, chart);
	for (i = 0; i < chart->count; i++)
		curve(&plot, chart, &chart->series[i]);
}
