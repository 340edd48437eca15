/* Heatmaps, their scales, and pictures. */
#include "ui/canvas/canvas.h"

#include <math.h>
#include <stdio.h>

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

static bool
half_blocks(const struct canvas *canvas)
{
	return canvas->style.unicode && canvas->style.palette != PALETTE_NONE;
}

struct heat_fit
canvas_heat_fit(const struct canvas *canvas, struct rect area, int rows, int cols)
{
	bool half = half_blocks(canvas);
	struct heat_fit fit = {.magnify = 1, .factor = 1, .unit = 1, .per_row = half ? 2 : 1};

	if (area.w <= 0 || area.h <= 0 || rows <= 0 || cols <= 0)
		return (struct heat_fit){.magnify = 1, .factor = 1, .unit = 1, .per_row = 1};
	if (!half && 2 * cols <= area.w)
		fit.unit = 2; /* a value as wide as it is high */
	fit.factor = greatest(ceil_div(cols, area.w), ceil_div(rows, fit.per_row * area.h));
	if (fit.factor == 1)
		fit.magnify = greatest(1, least(area.w / (cols * fit.unit), fit.per_row * area.h / rows));
	fit.rows = ceil_div(rows, fit.factor);
	fit.cols = ceil_div(cols, fit.factor);
	fit.w = fit.cols * fit.unit * fit.magnify;
	fit.h = ceil_div(fit.rows * fit.magnify, fit.per_row);
	return fit;
}

void
heat_range(const float *data, size_t count, double *lo, double *hi)
{
	bool any = false;
	size_t i;

	*lo = *hi = 0;
	for (i = 0; i < count; i++) {
		if (!isfinite(data[i]))
			continue;
		*lo = any ? fmin(*lo, data[i]) : data[i];
		*hi = any ? fmax(*hi, data[i]) : data[i];
		any = true;
	}
}

/* One shown value: the mean or the peak of a factor x factor patch; NAN if any is not finite. */
static double
patch(const struct heat *heat, int row, int col, int factor)
{
	int stride = heat->stride ? heat->stride : heat->cols, n = 0, r, c;
	double sum = 0, peak = 0;

	for (r = row * factor; r < least((row + 1) * factor, heat->rows); r++) {
		for (c = col * factor; c < least((col + 1) * factor, heat->cols); c++) {
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

/* Where v lies on the ramp, 0..1. */
static double
place(const struct heat *heat, double v)
{
	if (heat->is_signed)
		return heat->hi > 0 ? 0.5 + v / heat->hi / 2 : 0.5;
	return heat->hi > heat->lo ? (v - heat->lo) / (heat->hi - heat->lo) : 0;
}

static color
tint(const struct canvas *canvas, const struct heat *heat, double v)
{
	double x = place(heat, v);

	return heat->is_signed ? ramp_diverging(x, canvas->style.palette) : ramp_sequential(x, canvas->style.palette);
}

static uint32_t
shade(const struct heat *heat, double v)
{
	double x = place(heat, v), size = heat->is_signed ? fabs(2 * x - 1) : x;
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
	double u = top < 0 ? 0 : patch(heat, top, col, fit->factor);
	double v = bottom < 0 ? 0 : patch(heat, bottom, col, fit->factor);

	if (isnan(u) || isnan(v)) {
		*cell = (struct cell){.ch = '!', .fg = ROLE_BAD, .attr = ATTR_BOLD};
	} else if (fit->per_row == 2) {
		*cell = (struct cell){.ch = HALF_BLOCK, .fg = tint(canvas, heat, u)};
		cell->bg = bottom < 0 ? 0 : tint(canvas, heat, v);
	} else {
		*cell = (struct cell){.ch = shade(heat, u)};
		if (canvas->style.palette != PALETTE_NONE)
			cell->fg = tint(canvas, heat, u);
	}
}

static void
marks(struct canvas *canvas, struct rect area, const struct heat *heat, const struct heat_fit *fit)
{
	struct pen pen = {.fg = ROLE_MARK, .attr = ATTR_BOLD};
	int half = fit->unit * fit->magnify / 2;

	if (heat->mark_col >= 0 && heat->mark_col < heat->cols)
		canvas_put(canvas, area, area.x + 1 + heat->mark_col / fit->factor * fit->unit * fit->magnify + half, area.y, pen,
			   "▾");
	if (heat->mark_row >= 0 && heat->mark_row < heat->rows)
		canvas_put(canvas, area, area.x,
			   area.y + 1 + (heat->mark_row / fit->factor * fit->magnify + fit->magnify / 2) / fit->per_row, pen,
			   "▸");
}

static struct heat
with_range(const struct heat *heat)
{
	struct heat out = *heat;
	double lo, hi;

	if (out.lo == out.hi && out.rows > 0) {
		int stride = out.stride ? out.stride : out.cols;

		heat_range(out.data, (size_t)(out.rows - 1) * (size_t)stride + (size_t)out.cols, &lo, &hi);
		out.lo = lo;
		out.hi = out.is_signed ? fmax(fabs(lo), fabs(hi)) : hi;
	}
	return out;
}

void
canvas_heat(struct canvas *canvas, struct rect area, const struct heat *heat)
{
	struct heat h = with_range(heat);
	bool marked = heat->mark_row >= 0 || heat->mark_col >= 0;
	struct rect in = marked ? (struct rect){area.x + 1, area.y + 1, area.w - 1, area.h - 1} : area;
	struct heat_fit fit = canvas_heat_fit(canvas, in, heat->rows, heat->cols);
	int x, y;

	for (y = 0; y < fit.h; y++)
		for (x = 0; x < fit.w; x++) {
			struct cell *cell = canvas_cell(canvas, in.x + x, in.y + y);

			if (cell)
				heat_cell(canvas, &h, &fit, cell, x, y);
		}
	if (marked)
		marks(canvas, area, heat, &fit);
}

void
canvas_heat_scale(struct canvas *canvas, struct rect area, const struct heat *heat, int factor)
{
	struct heat h = with_range(heat);
	struct pen dim = {.fg = ROLE_DIM};
	char lo[16], hi[16];
	int x = area.x, i, w;

	short_number(h.is_signed ? -h.hi : h.lo, lo, sizeof(lo));
	short_number(h.hi, hi, sizeof(hi));
	w = area.w - text_columns(lo) - text_columns(hi) - 2 - (factor > 1 ? 4 : 0);
	w = least(w, 16);
	x += canvas_put(canvas, area, x, area.y, dim, lo) + 1;
	for (i = 0; i < w; i++) {
		double f = w > 1 ? (double)i / (w - 1) : 0;
		double v = h.is_signed ? (2 * f - 1) * h.hi : h.lo + f * (h.hi - h.lo);
		struct cell *cell = canvas_cell(canvas, x + i, area.y);

		if (cell && canvas->style.palette != PALETTE_NONE)
			*cell = (struct cell){.ch = ' ', .bg = tint(canvas, &h, v)};
		else if (cell)
			*cell = (struct cell){.ch = shade(&h, v)};
	}
	x += greatest(w, 0) + 1;
	x += canvas_put(canvas, area, x, area.y, dim, hi) + 1;
	if (factor > 1)
		canvas_printf(canvas, area, x, area.y, dim, "×%d", factor);
}

/* Pictures */

static uint32_t
pixel(const uint8_t *rgb, int rows, int cols, int row, int col, int factor)
{
	int sum[3] = {0, 0, 0}, n = 0, r, c, i;

	for (r = row * factor; r < least((row + 1) * factor, rows); r++)
		for (c = col * factor; c < least((col + 1) * factor, cols); c++, n++)
			for (i = 0; i < 3; i++)
				sum[i] += rgb[3 * ((size_t)r * (size_t)cols + (size_t)c) + (size_t)i];
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

	for (y = 0; y < fit.h; y++) {
		for (x = 0; x < fit.w; x++) {
			struct cell *cell = canvas_cell(canvas, area.x + x, area.y + y);
			int col = x / (fit.unit * fit.magnify);
			int top = shown_row(&fit, y * fit.per_row), bottom = shown_row(&fit, y * fit.per_row + 1);
			uint32_t u = pixel(rgb, rows, cols, top, col, fit.factor);

			if (!cell)
				continue;
			if (fit.per_row == 1) {
				*cell = (struct cell){.ch = (uint32_t)pixel_grey(u)};
				continue;
			}
			*cell = (struct cell){.ch = HALF_BLOCK, .fg = COLOR_RGB(u)};
			if (bottom >= 0)
				cell->bg = COLOR_RGB(pixel(rgb, rows, cols, bottom, col, fit.factor));
		}
	}
	return fit;
}
