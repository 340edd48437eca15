/* Documents as PDF: A4, one column, a picture as wide as it has to be. */
#include "ui/canvas/cairo.h"
#include "ui/output/document.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Points. */
static const double PAGE_W = 595, PAGE_H = 842, EDGE = 50, LINE = 1.4;

struct page {
	cairo_t *cr;
	double y;
};

static void
use_font(struct page *p, const char *family, bool bold, double size)
{
	cairo_select_font_face(p->cr, family, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
	cairo_set_source_rgb(p->cr, 0.13, 0.13, 0.13);
}

/* Makes sure that so much fits below. */
static void
need(struct page *p, double height)
{
	if (p->y + height <= PAGE_H - EDGE)
		return;
	cairo_show_page(p->cr);
	p->y = EDGE;
}

static double
width_of(struct page *p, const char *text)
{
	cairo_text_extents_t e;

	cairo_text_extents(p->cr, text, &e);
	return e.x_advance;
}

/* How many bytes of text fit, whole words where there are any; at least a character. */
static size_t
fitting(struct page *p, const char *text, double width)
{
	char line[1024];
	size_t most = 0, word = 0, n = strcspn(text, "\n");

	n = n < sizeof(line) - 1 ? n : sizeof(line) - 1;
	for (size_t i = 0; i < n; i++) {
		line[i] = text[i] == '\t' ? ' ' : text[i];
		line[i + 1] = '\0';
		if (((unsigned char)text[i + 1] & 0xc0) == 0x80)
			continue;
		if (most > 0 && width_of(p, line) > width)
			return word > 0 ? word : most;
		most = i + 1;
		if (text[i] == ' ')
			word = i + 1;
	}
	return most;
}

/* Text wrapped into the column from x on. */
static void
put_wrapped(struct page *p, const char *text, double x, double size)
{
	do {
		size_t n = fitting(p, text, PAGE_W - EDGE - x), skip = 0;
		char line[1024];

		memcpy(line, text, n);
		line[n] = '\0';
		need(p, size * LINE);
		cairo_move_to(p->cr, x, p->y + size);
		cairo_show_text(p->cr, line);
		p->y += size * LINE;
		skip = text[n] == '\n';
		text += n + skip;
	} while (*text);
}

/* Widths of a table's columns: what they need, less where that is more than there is. */
static void
column_widths(struct page *p, const struct block *b, double *width)
{
	double sum = 0, all = PAGE_W - 2 * EDGE;

	for (int c = 0; c < b->columns; c++) {
		width[c] = 0;
		for (int r = 0; r <= b->rows; r++)
			width[c] = fmax(width[c], width_of(p, b->cell[r * b->columns + c]) + 10);
		width[c] = fmin(width[c], all * 0.6);
		sum += width[c];
	}
	for (int c = 0; sum > all && c < b->columns; c++)
		width[c] *= all / sum;
}

static void
put_row(struct page *p, const struct block *b, int row, const double *width, double size)
{
	double x = EDGE;

	need(p, size * LINE);
	for (int c = 0; c < b->columns; c++) {
		char text[1024];
		size_t n;

		snprintf(text, sizeof(text), "%s", b->cell[row * b->columns + c]);
		n = fitting(p, text, width[c] - 4);
		text[n] = '\0';
		cairo_move_to(p->cr, b->number[c] ? x + width[c] - 8 - width_of(p, text) : x, p->y + size);
		cairo_show_text(p->cr, text);
		x += width[c];
	}
	p->y += size * LINE;
}

static void
put_rule(struct page *p)
{
	cairo_set_line_width(p->cr, 0.5);
	cairo_move_to(p->cr, EDGE, p->y + 1);
	cairo_line_to(p->cr, PAGE_W - EDGE, p->y + 1);
	cairo_stroke(p->cr);
	p->y += 2;
}

static void
put_table(struct page *p, const struct block *b)
{
	double size = b->columns > 8 ? 6.5 : 8, *width = calloc((size_t)b->columns + 1, sizeof(*width));

	if (!width)
		return;
	use_font(p, "sans-serif", true, size);
	column_widths(p, b, width);
	need(p, 3 * size * LINE);
	put_row(p, b, 0, width, size);
	put_rule(p);
	use_font(p, "sans-serif", false, size);
	for (int r = 1; r <= b->rows; r++)
		put_row(p, b, r, width, size);
	p->y += 8;
	free(width);
}

static void
put_picture(struct page *p, const struct block *b)
{
	double w, h, scale;

	canvas_cairo_size(&b->canvas, &w, &h);
	scale = fmin(fmin((PAGE_W - 2 * EDGE) / w, (PAGE_H - 2 * EDGE - 20) / h), 0.6);
	need(p, h * scale + 20);
	cairo_save(p->cr);
	cairo_translate(p->cr, EDGE, p->y);
	cairo_scale(p->cr, scale, scale);
	canvas_cairo_draw(&b->canvas, p->cr);
	cairo_restore(p->cr);
	p->y += h * scale + 2;
	use_font(p, "sans-serif", false, 8);
	put_wrapped(p, b->text, EDGE, 8);
	p->y += 8;
}

static void
put_block(struct page *p, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		need(p, 60);
		p->y += 10;
		use_font(p, "sans-serif", true, 13);
		put_wrapped(p, b->text, EDGE, 13);
		p->y += 2;
		break;
	case BLOCK_TEXT:
		use_font(p, "sans-serif", false, 9.5);
		put_wrapped(p, b->text, EDGE, 9.5);
		p->y += 4;
		break;
	case BLOCK_LINES:
		use_font(p, "monospace", false, 8);
		put_wrapped(p, b->text, EDGE + 8, 8);
		p->y += 6;
		break;
	case BLOCK_TABLE:
		put_table(p, b);
		break;
	case BLOCK_PICTURE:
		put_picture(p, b);
		break;
	}
}

static cairo_status_t
write_out(void *ctx, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, ctx) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

bool
document_write_pdf(const struct document *d, FILE *out)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_out, out, PAGE_W, PAGE_H);
	struct page p = {cairo_create(surface), EDGE};
	bool ok;

	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, d->title);
	use_font(&p, "sans-serif", true, 18);
	put_wrapped(&p, d->title, EDGE, 18);
	p.y += 6;
	for (int i = 0; i < d->count; i++)
		put_block(&p, &d->block[i]);
	ok = cairo_status(p.cr) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(p.cr);
	cairo_surface_finish(surface);
	ok = ok && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(surface);
	return ok;
}
