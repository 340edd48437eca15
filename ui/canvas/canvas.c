#include "ui/canvas/canvas.h"

#include "base/text.h"
#include "ui/canvas/figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The grid */

static int
clip_side(int side)
{
	return side < 1 ? 1 : side > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : side;
}

bool
canvas_init(struct canvas *canvas, int w, int h, struct canvas_style style)
{
	struct cell *cell;

	w = clip_side(w);
	h = clip_side(h);
	cell = realloc(canvas->cell, sizeof(*cell) * (size_t)w * (size_t)h);
	if (!cell)
		return false;
	figure_free(canvas->figure);
	*canvas = (struct canvas){.w = w, .h = h, .style = style, .cell = cell};
	canvas_clear(canvas, canvas_all(canvas));
	return true;
}

void
canvas_done(struct canvas *canvas)
{
	free(canvas->cell);
	figure_free(canvas->figure);
	*canvas = (struct canvas){0};
}

struct rect
canvas_all(const struct canvas *canvas)
{
	return (struct rect){0, 0, canvas->w, canvas->h};
}

struct cell *
canvas_cell(struct canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->w || y >= canvas->h)
		return NULL;
	return &canvas->cell[(size_t)y * (size_t)canvas->w + (size_t)x];
}

void
canvas_clear(struct canvas *canvas, struct rect area)
{
	struct rect r = rect_intersect(area, canvas_all(canvas));
	int x, y;

	for (y = r.y; y < r.y + r.h; y++)
		for (x = r.x; x < r.x + r.w; x++)
			*canvas_cell(canvas, x, y) = (struct cell){.ch = ' '};
}

/* Rectangles */

struct rect
rect_inset(struct rect r, int by)
{
	struct rect in = {r.x + by, r.y + by, r.w - 2 * by, r.h - 2 * by};

	if (in.w < 0)
		in.w = 0;
	if (in.h < 0)
		in.h = 0;
	return in;
}

struct rect
rect_intersect(struct rect a, struct rect b)
{
	int x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
	int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
	int bottom = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;

	return (struct rect){x, y, right > x ? right - x : 0, bottom > y ? bottom - y : 0};
}

bool
rect_has(struct rect r, int x, int y)
{
	return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

/* Text */

/* The code point at *s, moving past it; '?' for a byte that is not UTF-8. */
static uint32_t
decode(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	uint32_t ch = n == 1 ? p[0] : n > 1 ? p[0] & (0xffu >> (n + 1)) : '?';
	int i;

	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*s += 1;
			return '?';
		}
		ch = ch << 6 | (p[i] & 0x3f);
	}
	*s += n > 0 ? n : 1;
	if (n > 1 && (ch < least[n] || (ch >= 0xd800 && ch < 0xe000) || ch > 0x10ffff))
		return '?';
	return ch < 0x20 || (ch >= 0x7f && ch < 0xa0) ? '?' : ch;
}

/* Columns of a code point; what the locale does not know takes one. */
static int
columns(uint32_t ch)
{
	int n = ch < 0x80 ? 1 : wcwidth((wchar_t)ch);

	return n < 0 ? 1 : n;
}

int
text_columns(const char *text)
{
	int n = 0;

	while (*text)
		n += columns(decode(&text));
	return n;
}

static void
set(struct canvas *canvas, struct rect clip, int x, int y, struct pen pen, uint32_t ch)
{
	struct cell *cell = rect_has(clip, x, y) ? canvas_cell(canvas, x, y) : NULL;

	if (cell)
		*cell = (struct cell){.ch = ch, .fg = pen.fg, .bg = pen.bg, .attr = pen.attr};
}

int
canvas_put(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *text)
{
	struct rect clip = rect_intersect(area, canvas_all(canvas));
	int right = clip.x + clip.w, start = x;
	bool fits = x + text_columns(text) <= right;

	while (*text) {
		uint32_t ch = decode(&text);
		int w = columns(ch);

		if (!fits && x + w >= right) {
			set(canvas, clip, x, y, pen, 0x2026);
			return x + 1 - start;
		}
		if (w == 0)
			continue; /* combining characters have no cell of their own */
		set(canvas, clip, x, y, pen, ch);
		if (w == 2)
			set(canvas, clip, x + 1, y, pen, 0);
		x += w;
	}
	return x - start;
}

int
canvas_printf(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_put(canvas, area, x, y, pen, text);
}

int
canvas_put_right(struct canvas *canvas, struct rect area, int x, int y, struct pen pen, const char *text)
{
	int n = text_columns(text);

	return canvas_put(canvas, area, x - n < area.x ? area.x : x - n, y, pen, text);
}

/* Bytes of text that fit in w columns, broken after a blank when possible. */
static size_t
line_length(const char *text, int w)
{
	const char *s = text, *blank = NULL;
	int n = 0;

	while (*s && *s != '\n') {
		const char *next = s;

		n += columns(decode(&next));
		if (n > w)
			return (size_t)((blank ? blank : s > text ? s : next) - text);
		if (*s == ' ')
			blank = next;
		s = next;
	}
	return (size_t)(s - text);
}

int
canvas_wrap(struct canvas *canvas, struct rect area, struct pen pen, const char *text)
{
	char line[512];
	int rows = 0;

	while (*text && rows < area.h && area.w > 0) {
		size_t n = line_length(text, area.w);
		size_t kept = n < sizeof(line) ? n : sizeof(line) - 1;

		while (kept > 0 && text[kept - 1] == ' ')
			kept--;
		memcpy(line, text, kept);
		line[kept] = '\0';
		canvas_put(canvas, area, area.x, area.y + rows, pen, line);
		text += n + (text[n] == '\n');
		rows++;
	}
	return rows;
}

/* Frames */

enum { UP = 1, RIGHT = 2, DOWN = 4, LEFT = 8 };

static const uint32_t box[16] = {' ',    0x2575, 0x2576, 0x2514, 0x2577, 0x2502, 0x250c, 0x251c,
				 0x2574, 0x2518, 0x2500, 0x2534, 0x2510, 0x2524, 0x252c, 0x253c};

static int
box_arms(uint32_t ch)
{
	int i;

	for (i = 0; i < 16; i++)
		if (box[i] == ch)
			return i;
	return -1;
}

/* Adds the arms of a line to what the cell has; a title stays. */
static void
box_join(struct canvas *canvas, int x, int y, int arms, struct pen pen)
{
	struct cell *cell = canvas_cell(canvas, x, y);
	int had = cell ? box_arms(cell->ch) : -1;

	if (had >= 0)
		*cell = (struct cell){.ch = box[had | arms], .fg = pen.fg, .bg = pen.bg, .attr = pen.attr};
}

static void
box_draw(struct canvas *canvas, struct rect r, struct pen pen)
{
	int right = r.x + r.w - 1, bottom = r.y + r.h - 1, i;

	for (i = r.x + 1; i < right; i++) {
		box_join(canvas, i, r.y, LEFT | RIGHT, pen);
		box_join(canvas, i, bottom, LEFT | RIGHT, pen);
	}
	for (i = r.y + 1; i < bottom; i++) {
		box_join(canvas, r.x, i, UP | DOWN, pen);
		box_join(canvas, right, i, UP | DOWN, pen);
	}
	box_join(canvas, r.x, r.y, RIGHT | DOWN, pen);
	box_join(canvas, right, r.y, LEFT | DOWN, pen);
	box_join(canvas, r.x, bottom, RIGHT | UP, pen);
	box_join(canvas, right, bottom, LEFT | UP, pen);
}

struct rect
canvas_frame(struct canvas *canvas, struct rect area, const char *title, struct pen pen, struct pen title_pen)
{
	if (area.w < 2 || area.h < 2)
		return (struct rect){area.x, area.y, 0, 0};
	box_draw(canvas, area, pen);
	if (title && *title && area.w > 5) {
		struct rect top = {area.x + 2, area.y, area.w - 4, 1};
		int n = canvas_put(canvas, top, top.x, top.y, title_pen, title), x;

		/* Lines of other frames join plain blanks only. */
		for (x = area.x + 1; x <= top.x + n; x++) {
			struct cell *cell = canvas_cell(canvas, x, area.y);

			if (cell && (x == area.x + 1 || x == top.x + n || cell->ch == ' '))
				cell->ch = HARD_BLANK;
		}
	}
	return rect_inset(area, 1);
}

/* Numbers */

int
nice_ticks(double lo, double hi, int most, double *tick, int *digits)
{
	static const double step_of[] = {1, 2, 5, 10};
	double raw, base, step = 0, at;
	int i, n = 0;

	*digits = 0;
	if (most > 16)
		most = 16;
	if (!(hi > lo) || most < 2 || !isfinite(hi - lo))
		return 0;
	raw = (hi - lo) / (most - 1);
	base = pow(10, floor(log10(raw)));
	for (i = 0; i < 4; i++) {
		step = step_of[i] * base;
		if (step >= raw * (1 - 1e-9))
			break;
	}
	for (at = ceil(lo / step - 1e-6); at * step <= hi + step * 1e-6 && n < most; at++)
		tick[n++] = at == 0 ? 0 : at * step; /* never -0 */
	*digits = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
	return n;
}

/* "0.042" -> ".042", "4e-05" -> "4e-5", in place. */
static void
shorten(char *s)
{
	char *zero = strncmp(s, "-0.", 3) == 0 ? s + 1 : strncmp(s, "0.", 2) == 0 ? s : NULL;
	char *e;

	if (zero)
		memmove(zero, zero + 1, strlen(zero));
	e = strstr(s, "e-0");
	if (e)
		memmove(e + 2, e + 3, strlen(e + 2));
}

char *
short_number(double value, char *out, size_t size)
{
	if (!isfinite(value)) {
		snprintf(out, size, "!");
	} else if (fabs(value) >= 10000) {
		text_count(value, out, size);
	} else if (value == 0) {
		snprintf(out, size, "0");
	} else if (fabs(value) < 0.001) {
		snprintf(out, size, "%.0e", value);
		shorten(out);
	} else {
		snprintf(out, size, "%.*f", fabs(value) < 1 ? 3 : fabs(value) < 10 ? 2 : fabs(value) < 100 ? 1 : 0, value);
		shorten(out);
	}
	return out;
}
