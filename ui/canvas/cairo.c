/* Canvas to SVG, PDF and PNG. */
#include "ui/canvas/cairo.h"

#include "ui/canvas/bytes.h"
#include "ui/canvas/sheet.h"

#include <cairo-pdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void
canvas_cairo_size(const struct canvas *canvas, double *w, double *h)
{
	sheet_size(canvas, w, h);
}

void
canvas_cairo_draw(const struct canvas *canvas, cairo_t *cr)
{
	struct plate plate = {.cr = cr};

	sheet_draw(canvas, &plate);
}

static cairo_status_t
write_bytes(void *ctx, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, ctx) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* Nothing is drawn on it: letters are measured. */
static cairo_t *
measure(void)
{
	cairo_surface_t *none = cairo_recording_surface_create(CAIRO_CONTENT_COLOR, NULL);
	cairo_t *cr = cairo_create(none);

	cairo_surface_destroy(none);
	return cr;
}

static bool
save_svg(const struct canvas *canvas, FILE *out)
{
	struct plate plate = {.svg = out, .cr = measure()};
	double w, h;

	sheet_size(canvas, &w, &h);
	plate_svg_begin(&plate, w, h);
	sheet_draw(canvas, &plate);
	plate_svg_end(&plate);
	cairo_destroy(plate.cr);
	return !ferror(out);
}

static bool
save_pdf(const struct canvas *canvas, FILE *out)
{
	cairo_surface_t *page;
	cairo_t *cr;
	double w, h;
	bool ok;

	sheet_size(canvas, &w, &h);
	page = cairo_pdf_surface_create_for_stream(write_bytes, out, w, h);
	cr = cairo_create(page);
	canvas_cairo_draw(canvas, cr);
	ok = cairo_status(cr) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cr);
	cairo_surface_finish(page);
	ok = ok && cairo_surface_status(page) == CAIRO_STATUS_SUCCESS;
	cairo_surface_destroy(page);
	return ok;
}

/* The canvas as pixels, so many a unit; a failure shows in the surface's status. */
static cairo_surface_t *
draw_pixels(const struct canvas *canvas, double scale)
{
	cairo_surface_t *page;
	cairo_t *cr;
	double w, h;

	sheet_size(canvas, &w, &h);
	page = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(scale * w), (int)ceil(scale * h));
	cr = cairo_create(page);
	cairo_scale(cr, scale, scale);
	canvas_cairo_draw(canvas, cr);
	cairo_destroy(cr);
	return page;
}

static bool
save_png(const struct canvas *canvas, FILE *out)
{
	cairo_surface_t *page = draw_pixels(canvas, canvas->figure ? canvas->figure->page.dpi / 72 : 1);
	bool ok = cairo_surface_status(page) == CAIRO_STATUS_SUCCESS &&
		  cairo_surface_write_to_png_stream(page, write_bytes, out) == CAIRO_STATUS_SUCCESS;

	cairo_surface_destroy(page);
	return ok;
}

bool
canvas_cairo_save(const struct canvas *canvas, FILE *out, const char *kind)
{
	if (canvas->figure && canvas->figure->failed)
		return false;
	return strcmp(kind, "svg") == 0   ? save_svg(canvas, out)
	       : strcmp(kind, "pdf") == 0 ? save_pdf(canvas, out)
					  : save_png(canvas, out);
}

char *
canvas_cairo_png(const struct canvas *canvas, double scale, size_t *size)
{
	cairo_surface_t *page = draw_pixels(canvas, scale);
	char *png = cairo_surface_status(page) == CAIRO_STATUS_SUCCESS ? png_bytes(page, size) : NULL;

	cairo_surface_destroy(page);
	return png;
}
