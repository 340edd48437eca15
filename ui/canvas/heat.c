/* Heatmaps, their scales, and pictures. */
#include "ui/canvas/figure.h"
#include "ui/canvas/heat_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HALF_BLOCK = 0x2580 };

static const char grey[] = " .:-=+*#%@";
static const char below[] = " abcdefghi"; /* negative values without colour */

static int
ceil_div(int a, int b)
{
	return (a + b - 1) / b;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static int
greatest(int a, int b)
{
	return a > b ? a : b;
}

bool
canvas_half_blocks(struct canvas_style style)
{
	return style.unicode && style.palette >= PALETTE_256;
}

/* More values than places: as many as fit, the same for both sides. */
static void
share_cells(struct heat_fit *fit, struct rect area)
{
	double share = fmin((double)area.w / fit->data_cols, (double)(fit->per_row * area.h) / fit->data_rows);

	fit->rows = greatest(1, (int)(fit->data_rows * share + 1e-9));
	fit->cols = greatest(1, (int)(fit->data_cols * share + 1e-9));
	fit->factor = greatest(ceil_div(fit->data_rows, fit->rows), ceil_div(fit->data_cols, fit->cols));
}

struct heat_fit
canvas_heat_fit(const struct canvas *canvas, struct rect area, int rows, int cols)
{
	bool half = canvas_half_blocks(canvas->style);
	struct heat_fit fit = {.magnify = 1, .factor = 1, .unit = 1, .per_row = half ? 2 : 1};

	if (area.w <= 0 || area.h <= 0 || rows <= 0 || cols <= 0)
		return (struct heat_fit){.magnify = 1, .factor = 1, .unit = 1, .per_row = 1};
	if (canvas->figure)
		return figure_heat_fit(canvas->figure, area, rows, cols);
	if (!half && 2 * cols <= area.w)
		fit.unit = 2; /* a value as wide as it is high */
	fit.rows = fit.data_rows = rows;
	fit.cols = fit.data_cols = cols;
	if (cols > area.w || rows > fit.per_row * area.h)
		share_cells(&fit, area);
	else
		fit.magnify = greatest(1, least(area.w / (cols * fit.unit), fit.per_row * area.h / rows));
	fit.w = fit.cols * fit.unit * fit.magnify;
	fit.h = ceil_div(fit.rows * fit.magnify, fit.per_row);
	return fit;
}

bool
heat_fit_at(const struct heat_fit *fit, int x, int y, int *row, int *col)
{
	int r, c;

	if (x < 0 || y < 0 || x >= fit->w || y >= fit->h)
		return false;
	c = x / (fit->unit * fit->magnify);
	r = y * fit->per_row / fit->magnify;
	if (r >= fit->rows || c >= fit->cols)
		return false;
	*row = (int)((long)r * fit->data_rows / fit->rows);
	*col = (int)((long)c * fit->data_cols / fit->cols);
	return true;
}

/* The place, of `shown`, where value i of `count` is: the one whose share holds it. */
static int
shown_place(int i, int shown, int count)
{
	return (int)((((long)i + 1) * shown - 1) / count);
}

void
heat_fit_cell(const struct heat_fit *fit, int row, int col, int *x, int *y)
{
	*x = *y = 0;
	if (fit->data_rows == 0 || fit->data_cols == 0)
		return;
	*x = shown_place(col, fit->cols, fit->data_cols) * fit->unit * fit->magnify + fit->unit * fit->magnify / 2;
	*y = (shown_place(row, fit->rows, fit->data_rows) * fit->magnify + fit->magnify / 2) / fit->per_row;
}

/* One shown value: the mean or the peak of those that share the place; NAN if any is not finite. */
static double
patch(const struct heat *heat, const struct heat_fit *fit, int row, int col)
{
	int stride = heat->stride ? heat->stride : heat->cols, n = 0, r, c;
	int r0 = (int)((long)row * heat->rows / fit->rows), r1 = (int)(((long)row + 1) * heat->rows / fit->rows);
	int c0 = (int)((long)col * heat->cols / fit->cols), c1 = (int)(((long)col + 1) * heat->cols / fit->cols);
	double sum = 0, peak = 0;

	for (r = r0; r < r1; r++) {
		for (c = c0; c < c1; c++) {
			double v = heat->data[(size_t)r * (size_t)stride + (size_t)c];

			if (!isfinite(v))
				return NAN;
			sum += v;
			peak = fabs(v) > fabs(peak) ? v : peak;
			n++;
		}
	}
	return heat->peak ? peak : n ? sum / n : 0;
}

static color
tint(const struct canvas *canvas, const struct heat *heat, double v)
{
	double x = heat_place(heat, v);

	return heat->is_signed ? ramp_diverging(x, canvas->style.light) : ramp_sequential(x, canvas->style.light);
}

static uint32_t
shade(const struct heat *heat, double v)
{
	double x = heat_place(heat, v), size = heat->is_signed ? fabs(2 * x - 1) : x;
	int level = (int)lround(fmin(fmax(size, 0), 1) * (sizeof(grey) - 2));

	return (unsigned char)(heat->is_signed && x < 0.5 ? below : grey)[level];
}

/* The row of shown values at a half row (or row) of the canvas; -1 past the end. */
static int
shown_row(const struct heat_fit *fit, int line)
{
	int row = line / fit->magnify;

	return row < fit->rows ? row : -1;
}

static void
heat_cell(struct canvas *canvas, const struct heat *heat, const struct heat_fit *fit, struct cell *cell, int x, int y)
{
	int col = x / (fit->unit * fit->magnify);
	int top = shown_row(fit, y * fit->per_row);
	int bottom = fit->per_row == 2 ? shown_row(fit, 2 * y + 1) : -1;
	double u = top < 0 ? 0 : patch(heat, fit, top, col);
	double v = bottom < 0 ? 0 : patch(heat, fit, bottom, col);

	if (isnan(u) || isnan(v)) {
		*cell = (struct cell){.ch = '!', .fg = ROLE_BAD, .attr = ATTR_BOLD};
	} else if (fit->per_row == 2) {
		*cell = (struct cell){.ch = HALF_BLOCK, .fg = tint(canvas, heat, u)};
		cell->bg = bottom < 0 ? 0 : tint(canvas, heat, v);
	} else {
		*cell = (struct cell){.ch = shade(heat, u)};
	}
}

static void
marks(struct canvas *canvas, struct rect area, const struct heat *heat, const struct heat_fit *fit)
{
	struct pen pen = {.fg = ROLE_MARK, .attr = ATTR_BOLD};
	int x, y;

	heat_fit_cell(fit, heat->mark_row, heat->mark_col, &x, &y);
	if (heat->mark_col >= 0 && heat->mark_col < heat->cols)
		canvas_put(canvas, area, area.x + 1 + x, area.y, pen, "▾");
	if (heat->mark_row >= 0 && heat->mark_row < heat->rows)
		canvas_put(canvas, area, area.x, area.y + 1 + y, pen, "▸");
}

void
canvas_heat(struct canvas *canvas, struct rect area, const struct heat *heat)
{
	struct heat h = *heat;
	bool marked = heat->mark_row >= 0 || heat->mark_col >= 0;
	struct rect in = marked ? (struct rect){area.x + 1, area.y + 1, area.w - 1, area.h - 1} : area;
	struct heat_fit fit = canvas_heat_fit(canvas, in, heat->rows, heat->cols);
	int x, y;

	heat_prepare(&h, canvas->style.scale);
	if (canvas->figure) {
		figure_add_heat(canvas->figure, in, &h);
		return;
	}
	for (y = 0; y < fit.h; y++)
		for (x = 0; x < fit.w; x++) {
			struct cell *cell = canvas_cell(canvas, in.x + x, in.y + y);

			if (cell)
				heat_cell(canvas, &h, &fit, cell, x, y);
		}
	if (marked)
		marks(canvas, area, heat, &fit);
}

static void
ramp_cells(struct canvas *canvas, const struct heat *h, int x, int y, int w)
{
	for (int i = 0; i < w; i++) {
		double f = w > 1 ? (double)i / (w - 1) : 0, v = heat_value(h, f);
		struct cell *cell = canvas_cell(canvas, x + i, y);

		if (cell && canvas_half_blocks(canvas->style))
			*cell = (struct cell){.ch = ' ', .bg = tint(canvas, h, v)};
		else if (cell)
			*cell = (struct cell){.ch = shade(h, v)};
	}
}

void
canvas_heat_scale(struct canvas *canvas, struct rect area, const struct heat *heat, int factor)
{
	struct heat h = *heat;
	struct pen dim = {.fg = ROLE_DIM};
	char lo[24], hi[24], name[48] = "";
	int x = area.x, w;

	heat_prepare(&h, canvas->style.scale);
	heat_ends(&h, lo, hi, sizeof(lo));
	if (canvas->figure) {
		figure_add_ramp(canvas->figure, area, &h);
		return;
	}
	if (h.scale == SCALE_LOG || h.scale == SCALE_PERCENTILE)
		snprintf(name, sizeof(name), " %s", h.scale == SCALE_LOG ? "log" : "p98");
	if (factor > 1)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), " ×%d", factor);
	if (factor > 1 && h.peak && area.w - text_columns(name) - text_columns(lo) - text_columns(hi) >= 16)
		strcat(name, " peak");
	w = least(area.w - text_columns(lo) - text_columns(hi) - 2 - text_columns(name), 24);
	x += canvas_put(canvas, area, x, area.y, dim, lo) + 1;
	ramp_cells(canvas, &h, x, area.y, w);
	x += greatest(w, 0) + 1;
	x += canvas_put(canvas, area, x, area.y, dim, hi);
	canvas_put(canvas, area, x, area.y, dim, name);
}

/* Pictures */

static uint32_t
pixel(const uint8_t *rgb, const struct heat_fit *fit, int row, int col)
{
	int r0 = (int)((long)row * fit->data_rows / fit->rows), r1 = (int)(((long)row + 1) * fit->data_rows / fit->rows);
	int c0 = (int)((long)col * fit->data_cols / fit->cols), c1 = (int)(((long)col + 1) * fit->data_cols / fit->cols);
	int sum[3] = {0, 0, 0}, n = 0, r, c, i;

	for (r = r0; r < r1; r++)
		for (c = c0; c < c1; c++, n++)
			for (i = 0; i < 3; i++)
				sum[i] += rgb[3 * ((size_t)r * (size_t)fit->data_cols + (size_t)c) + (size_t)i];
	if (n == 0)
		return 0;
	return (uint32_t)(sum[0] / n) << 16 | (uint32_t)(sum[1] / n) << 8 | (uint32_t)(sum[2] / n);
}

static char
pixel_grey(uint32_t rgb)
{
	double y = 0.299 * (rgb >> 16) + 0.587 * ((rgb >> 8) & 255) + 0.114 * (rgb & 255);

	return grey[(int)fmin(y / 255 * (sizeof(grey) - 1), sizeof(grey) - 2)];
}

struct heat_fit
canvas_image(struct canvas *canvas, struct rect area, const uint8_t *rgb, int rows, int cols)
{
	struct heat_fit fit = canvas_heat_fit(canvas, area, rows, cols);
	int x, y;

	if (canvas->figure)
		figure_add_image(canvas->figure, area, rgb, rows, cols);
	for (y = 0; y < fit.h && !canvas->figure; y++) {
		for (x = 0; x < fit.w; x++) {
			struct cell *cell = canvas_cell(canvas, area.x + x, area.y + y);
			int col = x / (fit.unit * fit.magnify);
			int top = shown_row(&fit, y * fit.per_row), bottom = shown_row(&fit, y * fit.per_row + 1);
			uint32_t u = pixel(rgb, &fit, top, col);

			if (!cell)
				continue;
			if (fit.per_row == 1) {
				*cell = (struct cell){.ch = (uint32_t)pixel_grey(u)};
				continue;
			}
			*cell = (struct cell){.ch = HALF_BLOCK, .fg = COLOR_RGB(u)};
			if (bottom >= 0)
				cell->bg = COLOR_RGB(pixel(rgb, &fit, bottom, col));
		}
	}
	return fit;
}
