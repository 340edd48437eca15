/* A canvas: a grid of character cells, and what can be drawn on it.
 *
 * There is no terminal in it. Views draw; back ends (canvas_text, canvas_curses,
 * canvas_cairo) turn the cells into lines, a screen or a file. The style says
 * what the destination can show, and every primitive degrades by it: half blocks
 * in 256 or 8 colours, the characters " .:-=+*#%@" without colour, ASCII alone
 * without Unicode.
 *
 *	struct canvas canvas = {0};
 *	canvas_init(&canvas, 80, 24, style);
 *	struct rect inside = canvas_frame(&canvas, canvas_all(&canvas), "attention", ROLE_DIM);
 *	canvas_heat(&canvas, inside, &(struct heat){.data = a, .rows = 17, .cols = 17});
 *	canvas_text_write(&canvas, stdout);
 *	canvas_done(&canvas);
 *
 * Drawing outside the canvas, or outside the rectangle given, is cut off. */
#ifndef SPIKESCOPE_UI_CANVAS_H
#define SPIKESCOPE_UI_CANVAS_H

#include "base/status.h"
#include "ui/canvas/theme.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CANVAS_SIDE_MAX = 2000 }; /* columns, rows */

enum { HARD_BLANK = 0xa0 }; /* a blank that frames do not cross; shows as ' ' */

enum { ATTR_BOLD = 1, ATTR_REVERSE = 2, ATTR_UNDERLINE = 4 };

/* How values become colours. Log: from the least of the many small values on; percentile:
 * linear up to the 98th, what is larger looks like it. SCALE_AUTO: log where a few
 * values are so large that linear would hide the others. */
enum heat_scale { SCALE_AUTO, SCALE_LINEAR, SCALE_LOG, SCALE_PERCENTILE };
extern const char *const heat_scale_names[]; /* ends with NULL */

struct canvas_style {
	enum palette palette;
	bool unicode; /* else only ASCII reaches the destination */
	bool light;   /* the background is */
	enum heat_scale scale;
};

struct cell {
	uint32_t ch; /* code point; 0: covered by the wide character to the left */
	color fg, bg;
	uint8_t attr;
};

struct rect {
	int x, y, w, h; /* cells; empty when w or h is 0 */
};

struct canvas {
	int w, h;
	struct canvas_style style;
	struct cell *cell;     /* [h, w] */
	struct figure *figure; /* charts and maps are noted there, for lines instead of cells; NULL: not (ui/canvas/figure.h) */
};

/* Sides are clipped to 1..CANVAS_SIDE_MAX. canvas must be zeroed or initialised:
 * it may be called again with another size. False when out of memory. */
bool canvas_init(struct canvas *canvas, int w, int h, struct canvas_style style);
void canvas_done(struct canvas *canvas);
void canvas_clear(struct canvas *canvas, struct rect area);
struct rect canvas_all(const struct canvas *canvas);
struct cell *canvas_cell(struct canvas *canvas, int x, int y); /* NULL outside */

/* Rectangles */
struct rect rect_inset(struct rect r, int by);
struct rect rect_intersect(struct rect a, struct rect b);
bool rect_has(struct rect r, int x, int y);

/* Text. UTF-8, cut at the end of the area with an ellipsis when it does not fit;
 * control and invalid bytes show as '?'. Returns the columns used. */
struct pen {
	color fg, bg;
	uint8_t attr;
};
int canvas_put(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *text);
int canvas_printf(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same, ending at column x (exclusive). */
int canvas_put_right(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *text);
/* Several lines, wrapped at words; returns the rows used. */
int canvas_wrap(struct canvas *canvas, struct rect area, struct pen pen, const char *text);
int text_columns(const char *text);           /* width in cells */
size_t text_encode(uint32_t ch, char out[4]); /* as UTF-8, not terminated; returns the bytes */

/* A frame that joins the frames it touches; returns the inside. */
struct rect canvas_frame(struct canvas *canvas, struct rect area, const char *title, struct pen pen, struct pen title_pen);

/* Heatmap of data[rows, cols]; stride: floats from row to row (0: cols). lo..hi
 * are the ends of the ramp; signed data uses the diverging ramp on
 * [-hi, hi]. Data larger than the area is aggregated (mean, or the
 * value of largest magnitude with `peak`); smaller data is magnified by whole numbers.
 * Half blocks from 256 colours on; with fewer, or without Unicode, the characters
 * " .:-=+*#%@" in the terminal's own colour, and " abcdefghi" for negative values. */
struct heat {
	const float *data;
	int rows, cols, stride;
	double lo, hi;
	bool is_signed, peak;
	enum heat_scale scale;  /* SCALE_AUTO: as the canvas' style says */
	double floor;           /* log: where the ramp begins; 0: from the data */
	int mark_row, mark_col; /* pointed at from the edges; -1: none */
	const char *label;      /* what the colours mean, with the unit, for figures; NULL: not said */
};
/* Fills what is open (lo and hi when equal, scale, floor) as canvas_heat() would: so that
 * maps can share them. */
void heat_prepare(struct heat *heat, enum heat_scale wanted);
/* Where v lies on the ramp, 0..1. heat has been prepared. */
double heat_place(const struct heat *heat, double v);

/* How heat is laid out in area: a value covers `magnify` columns and half rows (or,
 * when 1, up to `factor` values along each side share a cell). */
struct heat_fit {
	int magnify, factor;
	int unit;       /* columns of a value when magnify is 1 */
	int per_row;    /* values above each other in a cell when magnify is 1: 2 with half blocks */
	int rows, cols; /* shown, after aggregation */
	int w, h;       /* cells used */
	int data_rows, data_cols;
};
struct heat_fit canvas_heat_fit(const struct canvas *canvas, struct rect area, int rows, int cols);
/* The first value that is shown at a cell of the map (x, y from its corner); false: none. */
bool heat_fit_at(const struct heat_fit *fit, int x, int y, int *row, int *col);
/* The cell in whose middle (or nearest) a value is shown. */
void heat_fit_cell(const struct heat_fit *fit, int row, int col, int *x, int *y);
void canvas_heat(struct canvas *canvas, struct rect area, const struct heat *heat);
/* The ramp with its ends on one row, the scale's name and how many values share a cell:
 * "0 [ramp] .42 ×4", "4e-4 [ramp] .51 log". */
void canvas_heat_scale(struct canvas *canvas, struct rect area, const struct heat *heat, int factor);
/* Least and greatest finite value (0, 0 when there is none). */
void heat_range(const float *data, size_t count, double *lo, double *hi);
/* Do maps show two values in a cell? */
bool canvas_half_blocks(struct canvas_style style);

/* A picture: rgb [rows, cols, 3], by half blocks; grey characters without colour. */
struct heat_fit canvas_image(struct canvas *canvas, struct rect area, const uint8_t *rgb, int rows, int cols);

/* Dots: two columns and four rows in a cell. x, y count dots from the area's corner. */
void canvas_dot(struct canvas *canvas, struct rect area, int x, int y, color fg);

/* Curves with axes. Points that are not finite are left out and show as '!' on
 * the upper edge. */
struct series {
	const float *x, *y;   /* [count]; x NULL: first_x, first_x + 1, ... */
	const float *lo, *hi; /* [count]: ends of an interval around y; NULL: none */
	int count;
	char letter;      /* names it on the canvas and in the legend; 0: none */
	const char *name; /* for the legend; NULL: not in it */
	color fg;
	bool points; /* only an 'o' at every point */
	bool bars;   /* a bar at every point, from the bottom and as wide as points are apart */
};
/* What a neuron sent by time, on the chart's own axis below the curves: up for positive
 * counts, down for negative ones. */
struct spike_train {
	const float *sent; /* [count], at first_x, first_x + 1, ... of the chart */
	int count;
	color fg;
};
struct chart {
	const struct series *series;
	int count;
	double first_x;
	double x_lo, x_hi; /* equal: from the data */
	double y_lo, y_hi;
	bool y_zero;        /* the y axis includes 0 */
	bool log_y;         /* decades; values <= 0 are left out */
	const double *rule; /* horizontal lines at these values */
	const char *rule_name;
	const char *x_name, *y_name;     /* with units */
	double mark_x;                   /* vertical line; NAN: none */
	double range_lo, range_hi;       /* vertical lines where a range of x ends; equal: none */
	bool x_whole;                    /* x counts something: no ticks between whole numbers */
	bool x_log2;                     /* x are logarithms to base 2: ticks show the powers */
	const struct spike_train *train; /* NULL: none */
};
void canvas_chart(struct canvas *canvas, struct rect area, const struct chart *chart);

/* Bars and sparklines in eighths of a cell. */
void canvas_bar(struct canvas *canvas, struct rect area, int x, int y, int w, double fraction, color fg);
void canvas_spark(struct canvas *canvas, struct rect area, int x, int y, int w, const float *values, int count, double hi,
		  color fg);

/* Ticks at 1, 2 or 5 times a power of ten within lo..hi, at most `most` (<= 16) of
 * them; returns how many. *digits: decimals to print. */
int nice_ticks(double lo, double hi, int most, double *tick, int *digits);
/* A short form for a scale or table: three significant digits, no leading zero
 * (".042"), '!' when not finite. Returns out. */
char *short_number(double value, char *out, size_t size);

/* Back end: lines of text, with ANSI colours when the style has any. Trailing blanks are left out. */
void canvas_text_write(const struct canvas *canvas, FILE *out);
/* Back end: a file by the end of path (.txt, .svg, .pdf, .png), written whole or not
 * at all. STATUS_USAGE for another end, STATUS_FAILED when it exists and force is
 * false or when it cannot be written. */
bool canvas_save(const struct canvas *canvas, const char *path, bool force, struct status *st);
bool canvas_cairo_save(const struct canvas *canvas, FILE *out, const char *kind);

/* Back end: the standard screen of curses, which must be running; the caller refreshes. */
void canvas_curses_show(const struct canvas *canvas);

/* The nearest ASCII for a code point, for styles without Unicode. */
char canvas_ascii(uint32_t ch);

#endif
