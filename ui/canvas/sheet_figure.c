/* The parts of a figure with true lines: charts, maps, their scales, pictures. */
#include "ui/canvas/axes.h"
#include "ui/canvas/heat_scale.h"
#include "ui/canvas/sheet.h"

#include <math.h>
#include <stdlib.h>

enum { RAMP_STEPS = 128, FEW_POINTS = 24 };

static const double hair = 0.5, curve = 1.1, tick_length = 2.5;

/* Where a chart stands on the page. */
struct view_box {
	const struct sheet *sheet;
	struct plate *plate;
	bool light;
	const struct chart *chart;
	struct axes axes;
	double x, y, w, h; /* of the curves */
	double train_h;    /* of the spikes below them */
};

static double
page_x(const struct view_box *b, double x)
{
	return b->x + (x - b->axes.x_lo) / (b->axes.x_hi - b->axes.x_lo) * b->w;
}

static double
page_y(const struct view_box *b, double y)
{
	return b->y + (b->axes.y_hi - y) / (b->axes.y_hi - b->axes.y_lo) * b->h;
}

static uint32_t
ink(const struct view_box *b, color c)
{
	return color_rgb(c, b->light, b->sheet->ink);
}

static void
stroke(struct plate *p, double x0, double y0, double x1, double y1, double width, uint32_t rgb)
{
	plate_line(p, (struct plate_point[]){{x0, y0}, {x1, y1}}, 2, width, 0, rgb);
}

static void
put(const struct view_box *b, double x, double y, enum plate_anchor anchor, uint32_t rgb, const char *text)
{
	plate_put(b->plate, &(struct plate_text){.x = x, .y = y, .size = b->sheet->font_size, .anchor = anchor, .rgb = rgb},
		  text);
}

/* Curves */

/* The points from i on that are finite and not interrupted; returns how many. */
static int
stretch(const struct view_box *b, const struct series *s, int i, struct plate_point *point)
{
	int n = 0;

	for (; i < s->count; i++, n++) {
		double y = chart_y(b->chart, (double)s->y[i]);

		if (!isfinite(y))
			break;
		point[n] = (struct plate_point){page_x(b, chart_x(b->chart, s, i)), page_y(b, y)};
	}
	return n;
}

static void
dot(struct plate *p, double x, double y, double r, uint32_t rgb)
{
	struct plate_point point[12];

	for (int i = 0; i < 12; i++)
		point[i] = (struct plate_point){x + r * cos(i * 0.5235987755982988), y + r * sin(i * 0.5235987755982988)};
	plate_polygon(p, point, 12, rgb);
}

static void
draw_intervals(const struct view_box *b, const struct series *s)
{
	for (int i = 0; s->lo && s->hi && i < s->count; i++) {
		double x = page_x(b, chart_x(b->chart, s, i));
		double lo = chart_y(b->chart, (double)s->lo[i]), hi = chart_y(b->chart, (double)s->hi[i]);

		if (!isfinite(lo) || !isfinite(hi))
			continue;
		stroke(b->plate, x, page_y(b, lo), x, page_y(b, hi), hair, ink(b, s->fg));
		stroke(b->plate, x - 1.5, page_y(b, lo), x + 1.5, page_y(b, lo), hair, ink(b, s->fg));
		stroke(b->plate, x - 1.5, page_y(b, hi), x + 1.5, page_y(b, hi), hair, ink(b, s->fg));
	}
}

static void
draw_bars(const struct view_box *b, const struct series *s)
{
	double half = chart_bar_width(b->chart, s) / 2, bottom = b->y + b->h;

	for (int i = 0; i < s->count; i++) {
		double x = chart_x(b->chart, s, i), y = chart_y(b->chart, (double)s->y[i]);

		if (isfinite(y) && page_y(b, y) < bottom)
			plate_rect(b->plate, page_x(b, x - half), page_y(b, y), page_x(b, x + half) - page_x(b, x - half),
				   bottom - page_y(b, y), ink(b, s->fg));
	}
}

static void
draw_curve(const struct view_box *b, const struct series *s)
{
	struct plate_point *point = malloc(((size_t)s->count + 1) * sizeof(*point));
	bool dots = s->points || s->count <= FEW_POINTS;

	for (int i = 0, n; point && i < s->count; i += n + 1) {
		n = stretch(b, s, i, point);
		if (n > 1 && !s->points)
			plate_line(b->plate, point, n, curve, 0, ink(b, s->fg));
		for (int k = 0; k < n && (dots || n == 1); k++)
			dot(b->plate, point[k].x, point[k].y, s->points ? 1.8 : 1.3, ink(b, s->fg));
	}
	free(point);
}

static void
draw_train(const struct view_box *b)
{
	const struct spike_train *train = b->chart->train;
	bool both = train && train_has_negative(train);
	double top = b->y + b->h, base = both ? top + b->train_h / 2 : top + b->train_h - 1, most = train ? train_most(train) : 1;
	double full = (both ? b->train_h / 2 : b->train_h) - 2;

	if (both)
		stroke(b->plate, b->x, base, b->x + b->w, base, hair / 2, ink(b, ROLE_DIM));
	for (int i = 0; train && i < train->count; i++) {
		double x = page_x(b, b->chart->first_x + i);

		if (train->sent[i] != 0 && isfinite(train->sent[i]))
			stroke(b->plate, x, base, x, base - full * (double)train->sent[i] / most, curve, ink(b, train->fg));
	}
}

/* Axes */

static void
draw_rules(const struct view_box *b)
{
	const struct chart *c = b->chart;
	double at[] = {c->mark_x, c->range_lo, c->range_hi};
	int lines = c->range_hi > c->range_lo ? 3 : 1;

	if (c->rule && isfinite(chart_y(c, *c->rule))) {
		double y = page_y(b, chart_y(c, *c->rule));

		plate_line(b->plate, (struct plate_point[]){{b->x, y}, {b->x + b->w, y}}, 2, 0.7, 2.5, ink(b, ROLE_DIM));
	}
	for (int i = 0; i < lines; i++)
		if (isfinite(at[i]))
			plate_line(b->plate, (struct plate_point[]){{page_x(b, at[i]), b->y}, {page_x(b, at[i]), b->y + b->h}}, 2,
				   0.7, 2.5, ink(b, i ? ROLE_WARN : ROLE_DIM));
}

static void
draw_x_axis(const struct view_box *b, const struct tick *tick, int n)
{
	double bottom = b->y + b->h + b->train_h, size = b->sheet->font_size, free_x = -INFINITY;

	stroke(b->plate, b->x, bottom, b->x + b->w, bottom, hair, b->sheet->ink);
	for (int i = 0; i < n; i++) {
		double x = page_x(b, tick[i].at), half = plate_text_width(b->plate, size, false, tick[i].text) / 2;

		stroke(b->plate, x, bottom, x, bottom + tick_length, hair, b->sheet->ink);
		if (x - half < free_x)
			continue;
		put(b, x, bottom + tick_length + size, PLATE_MIDDLE, b->sheet->ink, tick[i].text);
		free_x = x + half + size / 2;
	}
	if (b->chart->x_name)
		put(b, b->x + b->w / 2, bottom + tick_length + 2.25 * size, PLATE_MIDDLE, b->sheet->ink, b->chart->x_name);
}

static void
draw_y_axis(const struct view_box *b, const struct tick *tick, int n, double name_x)
{
	double size = b->sheet->font_size;

	stroke(b->plate, b->x, b->y, b->x, b->y + b->h, hair, b->sheet->ink);
	for (int i = 0; i < n; i++) {
		double y = page_y(b, tick[i].at);

		stroke(b->plate, b->x - tick_length, y, b->x, y, hair, b->sheet->ink);
		put(b, b->x - tick_length - 1.5, y + 0.35 * size, PLATE_RIGHT, b->sheet->ink, tick[i].text);
	}
	if (b->train_h > 0)
		put(b, b->x - tick_length - 1.5, b->y + b->h + b->train_h / 2 + 0.35 * size, PLATE_RIGHT, b->sheet->ink,
		    "spikes");
	if (b->chart->y_name)
		plate_put(b->plate,
			  &(struct plate_text){.x = name_x,
					       .y = b->y + b->h / 2,
					       .size = size,
					       .anchor = PLATE_MIDDLE,
					       .upward = true,
					       .rgb = b->sheet->ink},
			  b->chart->y_name);
}

/* A row above the curves: a stroke and the name of each. */
static void
draw_legend(const struct view_box *b, double y)
{
	const struct chart *c = b->chart;
	double x = b->x, size = b->sheet->font_size;

	for (int i = 0; i < c->count; i++) {
		const struct series *s = &c->series[i];

		if (!s->name)
			continue;
		if (s->points)
			dot(b->plate, x + size, y - 0.3 * size, 1.8, ink(b, s->fg));
		else
			stroke(b->plate, x, y - 0.3 * size, x + 1.6 * size, y - 0.3 * size, s->bars ? 4 : curve, ink(b, s->fg));
		put(b, x + 2 * size, y, PLATE_LEFT, b->sheet->ink, s->name);
		x += 3.2 * size + plate_text_width(b->plate, size, false, s->name);
	}
	if (c->rule && c->rule_name) {
		plate_line(b->plate, (struct plate_point[]){{x, y - 0.3 * size}, {x + 1.6 * size, y - 0.3 * size}}, 2, 0.7, 2.5,
			   ink(b, ROLE_DIM));
		put(b, x + 2 * size, y, PLATE_LEFT, b->sheet->ink, c->rule_name);
	}
}

static bool
is_named(const struct chart *chart)
{
	for (int i = 0; i < chart->count; i++)
		if (chart->series[i].name)
			return true;
	return chart->rule && chart->rule_name;
}

static double
widest(struct plate *p, double size, const struct tick *tick, int n)
{
	double most = 0;

	for (int i = 0; i < n; i++)
		most = fmax(most, plate_text_width(p, size, false, tick[i].text));
	return most;
}

/* Takes from the box what stands around the curves; returns where the y axis' name stands. */
static double
take_margins(struct view_box *b, struct tick *tick, int *n)
{
	double size = b->sheet->font_size, name_x = b->x + size, left = size * (b->chart->y_name ? 1.6 : 0.2);

	b->h -= tick_length + size * (b->chart->x_name ? 2.6 : 1.4);
	if (is_named(b->chart)) {
		b->y += 1.5 * size;
		b->h -= 1.5 * size;
	} else {
		b->y += 0.4 * size;
		b->h -= 0.4 * size;
	}
	b->train_h = b->chart->train ? (train_has_negative(b->chart->train) ? 2.6 : 1.6) * size : 0;
	b->h -= b->train_h;
	*n = axis_y_ticks(&b->axes, (int)fmin(fmax(b->h / (2.2 * size), 2), 8), tick);
	left += fmax(widest(b->plate, size, tick, *n), b->train_h > 0 ? plate_text_width(b->plate, size, false, "spikes") : 0);
	left += tick_length + 2;
	b->x += left;
	b->w -= left + size;
	return name_x;
}

void
sheet_chart(const struct sheet *sheet, bool light, struct plate *p, struct rect area, const struct chart *chart)
{
	struct view_box b = {.sheet = sheet, .plate = p, .light = light, .chart = chart};
	struct tick tick[AXIS_TICKS];
	double name_x, legend_y;
	int n;

	b.x = sheet->margin + area.x * sheet->cell_w;
	b.y = sheet->margin + area.y * sheet->cell_h;
	b.w = area.w * sheet->cell_w;
	b.h = area.h * sheet->cell_h;
	legend_y = b.y + sheet->font_size;
	axes_make(&b.axes, chart);
	name_x = take_margins(&b, tick, &n);
	if (b.w < 2 * sheet->font_size || b.h < sheet->font_size)
		return;
	plate_clip(p, b.x, b.y - 2, b.w + 2, b.h + 2 + b.train_h);
	draw_rules(&b);
	for (int i = 0; i < chart->count; i++) {
		draw_intervals(&b, &chart->series[i]);
		if (chart->series[i].bars)
			draw_bars(&b, &chart->series[i]);
		else
			draw_curve(&b, &chart->series[i]);
	}
	draw_train(&b);
	plate_unclip(p);
	draw_y_axis(&b, tick, n, name_x);
	n = axis_x_ticks(&b.axes, chart, (int)fmin(fmax(b.w / (4.5 * sheet->font_size), 2), 12), tick);
	draw_x_axis(&b, tick, n);
	if (is_named(chart))
		draw_legend(&b, legend_y);
}

/* Maps */

/* The largest square places for rows and columns within area, from its corner. */
static void
map_box(const struct sheet *s, struct rect area, int rows, int cols, double box[4])
{
	double side = fmin(area.w * s->cell_w / cols, area.h * s->cell_h / rows);

	box[0] = s->margin + area.x * s->cell_w;
	box[1] = s->margin + area.y * s->cell_h;
	box[2] = side * cols;
	box[3] = side * rows;
}

static uint32_t
tint(const struct heat *heat, bool light, double v)
{
	double f = heat_place(heat, v);

	if (!isfinite(v))
		return color_rgb(ROLE_BAD, light, 0);
	return color_rgb(heat->is_signed ? ramp_diverging(f, light) : ramp_sequential(f, light), light, 0);
}

/* Small pointers outside the map's upper and left edge. */
static void
draw_marks(const struct sheet *s, bool light, struct plate *p, const struct heat *heat, const double box[4])
{
	double side = box[2] / heat->cols, x = box[0] + (heat->mark_col + 0.5) * side, y = box[1] + (heat->mark_row + 0.5) * side;
	uint32_t rgb = color_rgb(ROLE_MARK, light, s->ink);

	if (heat->mark_col >= 0 && heat->mark_col < heat->cols)
		plate_polygon(p, (struct plate_point[]){{x, box[1] - 0.8}, {x - 2, box[1] - 4.5}, {x + 2, box[1] - 4.5}}, 3, rgb);
	if (heat->mark_row >= 0 && heat->mark_row < heat->rows)
		plate_polygon(p, (struct plate_point[]){{box[0] - 0.8, y}, {box[0] - 4.5, y - 2}, {box[0] - 4.5, y + 2}}, 3, rgb);
}

static void
draw_edge(struct plate *p, const double box[4], uint32_t rgb)
{
	double x = box[0], y = box[1], right = box[0] + box[2], bottom = box[1] + box[3];

	plate_line(p, (struct plate_point[]){{x, y}, {right, y}, {right, bottom}, {x, bottom}, {x, y}}, 5, hair, 0, rgb);
}

void
sheet_heat(const struct sheet *s, bool light, struct plate *p, struct rect area, const struct heat *heat)
{
	size_t count = (size_t)heat->rows * (size_t)heat->cols;
	uint32_t *rgb = malloc(count * sizeof(*rgb) + 1);
	double box[4];

	if (!rgb || count == 0 || area.w < 1 || area.h < 1) {
		free(rgb);
		return;
	}
	for (size_t i = 0; i < count; i++)
		rgb[i] = tint(heat, light, (double)heat->data[i]);
	map_box(s, area, heat->rows, heat->cols, box);
	plate_pixels(p, box[0], box[1], box[2], box[3], rgb, heat->rows, heat->cols);
	draw_edge(p, box, color_rgb(ROLE_DIM, light, s->ink));
	draw_marks(s, light, p, heat, box);
	free(rgb);
}

static const char *
scale_words(const struct heat *heat, char *out, size_t size)
{
	static const char *const words[] = {"", "", "log", "to the 98th percentile"};
	const char *word = words[heat->scale];

	snprintf(out, size, "%s%s%s", heat->label ? heat->label : "", heat->label && *word ? ", " : "", word);
	return out;
}

/* One row: least, colours, greatest, and what they mean. */
void
sheet_ramp(const struct sheet *s, bool light, struct plate *p, struct rect area, const struct heat *heat)
{
	uint32_t rgb[RAMP_STEPS];
	char lo[24], hi[24], words[120];
	double x = s->margin + area.x * s->cell_w, y = s->margin + (area.y + 0.2) * s->cell_h, w = area.w * s->cell_w, bar,
	       box[4];
	struct plate_text how = {.y = y + 0.75 * s->font_size, .size = s->font_size, .rgb = s->ink};

	heat_ends(heat, lo, hi, sizeof(lo));
	scale_words(heat, words, sizeof(words));
	for (int i = 0; i < RAMP_STEPS; i++)
		rgb[i] = tint(heat, light, heat_value(heat, i / (RAMP_STEPS - 1.0)));
	how.x = x;
	plate_put(p, &how, lo);
	x += plate_text_width(p, s->font_size, false, lo) + 3;
	w -= plate_text_width(p, s->font_size, false, lo) + plate_text_width(p, s->font_size, false, hi) + 6;
	bar = fmin(fmax(w - plate_text_width(p, s->font_size, false, words) - 4, w / 3), 90);
	box[0] = x;
	box[1] = y;
	box[2] = bar;
	box[3] = 0.75 * s->font_size;
	plate_pixels(p, box[0], box[1], box[2], box[3], rgb, 1, RAMP_STEPS);
	draw_edge(p, box, color_rgb(ROLE_DIM, light, s->ink));
	how.x = x + bar + 3;
	plate_put(p, &how, hi);
	how.x += plate_text_width(p, s->font_size, false, hi) + 4;
	how.width = plate_text_width(p, s->font_size, false, words) > w - bar - 4 ? w - bar - 4 : 0;
	if (w - bar > 4)
		plate_put(p, &how, words);
}

void
sheet_image(const struct sheet *s, struct plate *p, struct rect area, const struct figure_item *item)
{
	size_t count = (size_t)item->rows * (size_t)item->cols;
	uint32_t *rgb = malloc(count * sizeof(*rgb) + 1);
	double box[4];

	if (rgb && count && area.w > 0 && area.h > 0) {
		for (size_t i = 0; i < count; i++)
			rgb[i] = (uint32_t)item->rgb[3 * i] << 16 | (uint32_t)item->rgb[3 * i + 1] << 8 | item->rgb[3 * i + 2];
		map_box(s, area, item->rows, item->cols, box);
		plate_pixels(p, box[0], box[1], box[2], box[3], rgb, item->rows, item->cols);
	}
	free(rgb);
}
