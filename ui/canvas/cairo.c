/* Canvas to SVG, PDF and PNG.
 *
 * Cells become rectangles and letters. Blocks, frames and braille are drawn as
 * shapes, so that a file looks the same whatever fonts there are. */
#include "ui/canvas/cairo.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_W = 9, CELL_H = 18, MARGIN = 9, FONT = 15 };

/* One cell's place on the page. */
struct spot {
	cairo_t *cr;
	double x, y;
};

static void
use_color(cairo_t *cr, uint32_t rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void
fill(const struct spot *at, double x, double y, double w, double h)
{
	cairo_rectangle(at->cr, at->x + x, at->y + y, w, h);
	cairo_fill(at->cr);
}

static void
draw_block(const struct spot *at, uint32_t ch)
{
	if (ch == 0x2580)
		fill(at, 0, 0, CELL_W, CELL_H / 2.0);
	else if (ch <= 0x2588)
		fill(at, 0, CELL_H * (1 - (ch - 0x2580) / 8.0), CELL_W, CELL_H * (ch - 0x2580) / 8.0);
	else
		fill(at, 0, 0, CELL_W * (0x2590 - ch) / 8.0, CELL_H);
}

static void
draw_braille(const struct spot *at, uint32_t ch)
{
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	double w = CELL_W / 2.0, h = CELL_H / 4.0;
	int r, c;

	for (r = 0; r < 4; r++)
		for (c = 0; c < 2; c++)
			if (ch & bit[r][c])
				fill(at, c * w + w / 2 - 1.3, r * h + h / 2 - 1.3, 2.6, 2.6);
}

/* Arms of a frame: 1 up, 2 right, 4 down, 8 left; 0 for other characters. */
static int
arms(uint32_t ch)
{
	switch (ch) {
	case 0x2500:
	case 0x2504:
		return 10;
	case 0x2502:
	case 0x250a:
		return 5;
	case 0x250c:
		return 6;
	case 0x2510:
		return 12;
	case 0x2514:
		return 3;
	case 0x2518:
		return 9;
	case 0x251c:
		return 7;
	case 0x2524:
		return 13;
	case 0x252c:
		return 14;
	case 0x2534:
		return 11;
	case 0x253c:
		return 15;
	default:
		return 0;
	}
}

static void
draw_arms(const struct spot *at, int a, bool dashed)
{
	double cx = CELL_W / 2.0, cy = CELL_H / 2.0, line = 1;

	if (dashed) {
		fill(at, a & 2 ? 1 : cx - line / 2, a & 2 ? cy - line / 2 : 2, a & 2 ? 4 : line, a & 2 ? line : 7);
		return;
	}
	if (a & 1)
		fill(at, cx - line / 2, 0, line, cy + line / 2);
	if (a & 4)
		fill(at, cx - line / 2, cy - line / 2, line, cy + line / 2);
	if (a & 8)
		fill(at, 0, cy - line / 2, cx + line / 2, line);
	if (a & 2)
		fill(at, cx - line / 2, cy - line / 2, cx + line / 2, line);
}

static void
draw_pointer(const struct spot *at, bool down)
{
	if (down) {
		cairo_move_to(at->cr, at->x + 1, at->y + 7);
		cairo_line_to(at->cr, at->x + CELL_W - 1, at->y + 7);
		cairo_line_to(at->cr, at->x + CELL_W / 2.0, at->y + 14);
	} else {
		cairo_move_to(at->cr, at->x + 1, at->y + 5);
		cairo_line_to(at->cr, at->x + 1, at->y + 13);
		cairo_line_to(at->cr, at->x + CELL_W - 1, at->y + 9);
	}
	cairo_close_path(at->cr);
	cairo_fill(at->cr);
}

static void
draw_letter(const struct spot *at, const struct cell *cell)
{
	char utf8[5] = {0};
	uint32_t ch = cell->ch;

	if (ch < 0x80) {
		utf8[0] = (char)ch;
	} else if (ch < 0x800) {
		utf8[0] = (char)(0xc0 | ch >> 6);
		utf8[1] = (char)(0x80 | (ch & 63));
	} else if (ch < 0x10000) {
		utf8[0] = (char)(0xe0 | ch >> 12);
		utf8[1] = (char)(0x80 | (ch >> 6 & 63));
		utf8[2] = (char)(0x80 | (ch & 63));
	} else {
		utf8[0] = '?';
	}
	cairo_select_font_face(at->cr, "monospace", CAIRO_FONT_SLANT_NORMAL,
			       cell->attr & ATTR_BOLD ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_move_to(at->cr, at->x, at->y + CELL_H * 0.74);
	cairo_show_text(at->cr, utf8);
}

static void
draw_glyph(const struct spot *at, const struct cell *cell)
{
	uint32_t ch = cell->ch;

	if (ch == 0 || ch == ' ' || ch == HARD_BLANK)
		return;
	if (ch >= 0x2580 && ch <= 0x258f)
		draw_block(at, ch);
	else if ((ch & ~0xffu) == 0x2800)
		draw_braille(at, ch);
	else if (arms(ch))
		draw_arms(at, arms(ch), ch == 0x2504 || ch == 0x250a);
	else if (ch == 0x25b8 || ch == 0x25be)
		draw_pointer(at, ch == 0x25be);
	else
		draw_letter(at, cell);
}

static void
draw_cell(const struct canvas *canvas, cairo_t *cr, int x, int y, uint32_t paper, uint32_t ink)
{
	const struct cell *cell = &canvas->cell[(size_t)y * (size_t)canvas->w + (size_t)x];
	struct spot at = {cr, MARGIN + (double)x * CELL_W, MARGIN + (double)y * CELL_H};
	uint32_t fg = color_rgb(cell->fg, false, ink), bg = color_rgb(cell->bg, false, paper);

	if (cell->attr & ATTR_REVERSE) {
		uint32_t swap = fg;

		fg = bg;
		bg = swap;
	}
	if (bg != paper) {
		use_color(cr, bg);
		fill(&at, 0, 0, CELL_W, CELL_H);
	}
	use_color(cr, fg);
	draw_glyph(&at, cell);
}

void
canvas_cairo_size(const struct canvas *canvas, double *w, double *h)
{
	*w = 2.0 * MARGIN + (double)canvas->w * CELL_W;
	*h = 2.0 * MARGIN + (double)canvas->h * CELL_H;
}

void
canvas_cairo_draw(const struct canvas *canvas, cairo_t *cr)
{
	const uint32_t paper = 0xffffff, ink = 0x202020;
	double w, h;
	int x, y;

	canvas_cairo_size(canvas, &w, &h);
	use_color(cr, paper);
	cairo_rectangle(cr, 0, 0, w, h);
	cairo_fill(cr);
	/* Neighbouring rectangles must not show seams. */
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_DEFAULT);
	cairo_set_font_size(cr, FONT);
	for (y = 0; y < canvas->h; y++)
		for (x = 0; x < canvas->w; x++)
			draw_cell(canvas, cr, x, y, paper, ink);
}

static bool
check(cairo_status_t code, const char *path, struct status *st)
{
	return code == CAIRO_STATUS_SUCCESS || status_fail(st, STATUS_FAILED, "%s: %s", path, cairo_status_to_string(code));
}

bool
canvas_cairo_save(const struct canvas *canvas, const char *path, const char *kind, struct status *st)
{
	double w, h;
	bool png = strcmp(kind, "png") == 0;
	cairo_surface_t *page;
	cairo_t *cr;
	bool ok;

	canvas_cairo_size(canvas, &w, &h);
	if (png)
		page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
	else if (strcmp(kind, "pdf") == 0)
		page = cairo_pdf_surface_create(path, w, h);
	else
		page = cairo_svg_surface_create(path, w, h);
	cr = cairo_create(page);
	canvas_cairo_draw(canvas, cr);
	ok = check(cairo_status(cr), path, st);
	cairo_destroy(cr);
	if (ok && png)
		ok = check(cairo_surface_write_to_png(page, path), path, st);
	cairo_surface_finish(page);
	ok = ok && check(cairo_surface_status(page), path, st);
	cairo_surface_destroy(page);
	return ok;
}

/* What a PNG is written into. */
struct byte_buffer {
	char *byte;
	size_t size, capacity;
};

static cairo_status_t
add_bytes(void *ctx, const unsigned char *data, unsigned length)
{
	struct byte_buffer *b = ctx;

	if (b->size + length > b->capacity) {
		size_t capacity = 2 * (b->size + length);
		char *byte = realloc(b->byte, capacity);

		if (!byte)
			return CAIRO_STATUS_NO_MEMORY;
		b->byte = byte;
		b->capacity = capacity;
	}
	memcpy(b->byte + b->size, data, length);
	b->size += length;
	return CAIRO_STATUS_SUCCESS;
}

char *
canvas_cairo_png(const struct canvas *canvas, double scale, size_t *size)
{
	struct byte_buffer b = {NULL, 0, 0};
	double w, h;
	cairo_surface_t *page;
	cairo_t *cr;
	bool ok;

	canvas_cairo_size(canvas, &w, &h);
	page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(scale * w), (int)(scale * h));
	cr = cairo_create(page);
	cairo_scale(cr, scale, scale);
	canvas_cairo_draw(canvas, cr);
	ok = cairo_status(cr) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cr);
	ok = ok && cairo_surface_write_to_png_stream(page, add_bytes, &b) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(page);
	if (!ok) {
		free(b.byte);
		return NULL;
	}
	*size = b.size;
	return b.byte;
}
