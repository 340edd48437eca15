#include "ui/canvas/plate.h"

#include "ui/canvas/bytes.h"

#include <stdlib.h>
#include <string.h>

static void
use_color(cairo_t *cr, uint32_t rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void
use_font(struct plate *p, double size, bool bold)
{
	cairo_select_font_face(p->cr, p->font, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(p->cr, size);
}

/* Text of an element or an attribute. */
static void
put_escaped(FILE *svg, const char *text)
{
	for (; *text; text++) {
		if (*text == '&' || *text == '<' || *text == '>' || *text == '"')
			fprintf(svg, "&#%d;", *text);
		else
			fputc(*text, svg);
	}
}

void
plate_rect(struct plate *p, double x, double y, double w, double h, uint32_t rgb)
{
	if (p->svg) {
		fprintf(p->svg,
			"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%06x\" "
			"shape-rendering=\"crispEdges\"/>\n",
			x, y, w, h, (unsigned)rgb);
		return;
	}
	use_color(p->cr, rgb);
	cairo_rectangle(p->cr, x, y, w, h);
	cairo_fill(p->cr);
}

static void
put_points(FILE *svg, const char *element, const struct plate_point *point, int count)
{
	fprintf(svg, "<%s points=\"", element);
	for (int i = 0; i < count; i++)
		fprintf(svg, "%s%.2f,%.2f", i ? " " : "", point[i].x, point[i].y);
	fputc('"', svg);
}

static void
make_path(cairo_t *cr, const struct plate_point *point, int count)
{
	cairo_new_path(cr);
	for (int i = 0; i < count; i++)
		cairo_line_to(cr, point[i].x, point[i].y);
}

void
plate_line(struct plate *p, const struct plate_point *point, int count, double width, double dash, uint32_t rgb)
{
	if (p->svg) {
		put_points(p->svg, "polyline", point, count);
		fprintf(p->svg, " fill=\"none\" stroke=\"#%06x\" stroke-width=\"%.2f\" stroke-linejoin=\"round\"", (unsigned)rgb,
			width);
		if (dash > 0)
			fprintf(p->svg, " stroke-dasharray=\"%.2f\"", dash);
		fputs("/>\n", p->svg);
		return;
	}
	use_color(p->cr, rgb);
	make_path(p->cr, point, count);
	cairo_set_line_width(p->cr, width);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_dash(p->cr, &dash, dash > 0, 0);
	cairo_stroke(p->cr);
}

void
plate_polygon(struct plate *p, const struct plate_point *point, int count, uint32_t rgb)
{
	if (p->svg) {
		put_points(p->svg, "polygon", point, count);
		fprintf(p->svg, " fill=\"#%06x\"/>\n", (unsigned)rgb);
		return;
	}
	use_color(p->cr, rgb);
	make_path(p->cr, point, count);
	cairo_fill(p->cr);
}

double
plate_text_width(struct plate *p, double size, bool bold, const char *text)
{
	cairo_text_extents_t e;

	use_font(p, size, bold);
	cairo_text_extents(p->cr, text, &e);
	return e.x_advance;
}

static void
put_svg(struct plate *p, const struct plate_text *how, const char *text)
{
	static const char *const anchor[] = {"start", "middle", "end"};

	fprintf(p->svg, "<text x=\"%.2f\" y=\"%.2f\" font-family=\"", how->x, how->y);
	put_escaped(p->svg, p->font);
	fprintf(p->svg, "\" font-size=\"%.2f\" fill=\"#%06x\"", how->size, (unsigned)how->rgb);
	if (how->anchor != PLATE_LEFT)
		fprintf(p->svg, " text-anchor=\"%s\"", anchor[how->anchor]);
	if (how->bold)
		fputs(" font-weight=\"bold\"", p->svg);
	if (how->width > 0)
		fprintf(p->svg, " textLength=\"%.2f\" lengthAdjust=\"spacingAndGlyphs\"", how->width);
	if (how->upward)
		fprintf(p->svg, " transform=\"rotate(-90 %.2f %.2f)\"", how->x, how->y);
	fputs(" xml:space=\"preserve\">", p->svg);
	put_escaped(p->svg, text);
	fputs("</text>\n", p->svg);
}

void
plate_put(struct plate *p, const struct plate_text *how, const char *text)
{
	double natural = plate_text_width(p, how->size, how->bold, text), stretch;

	if (!*text)
		return;
	if (p->svg) {
		put_svg(p, how, text);
		return;
	}
	stretch = how->width > 0 && natural > 0 ? how->width / natural : 1;
	use_color(p->cr, how->rgb);
	cairo_save(p->cr);
	cairo_translate(p->cr, how->x, how->y);
	if (how->upward)
		cairo_rotate(p->cr, -3.14159265358979323846 / 2);
	cairo_scale(p->cr, stretch, 1);
	cairo_move_to(p->cr, -natural * how->anchor / 2, 0);
	cairo_show_text(p->cr, text);
	cairo_restore(p->cr);
}

static cairo_surface_t *
pixel_surface(const uint32_t *rgb, int rows, int cols)
{
	cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, cols, rows);
	unsigned char *data = cairo_image_surface_get_data(image);
	size_t stride = (size_t)cairo_image_surface_get_stride(image), width = (size_t)cols;

	for (size_t row = 0; data && row < (size_t)rows; row++)
		memcpy(data + row * stride, rgb + row * width, width * sizeof(*rgb));
	cairo_surface_mark_dirty(image);
	return image;
}

static void
put_image(struct plate *p, double x, double y, double w, double h, cairo_surface_t *image)
{
	size_t size = 0;
	char *png = png_bytes(image, &size);

	fprintf(p->svg,
		"<image x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" preserveAspectRatio=\"none\" "
		"style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,",
		x, y, w, h);
	base64_write(p->svg, png, png ? size : 0);
	fputs("\"/>\n", p->svg);
	free(png);
}

void
plate_pixels(struct plate *p, double x, double y, double w, double h, const uint32_t *rgb, int rows, int cols)
{
	cairo_surface_t *image = pixel_surface(rgb, rows, cols);

	if (p->svg) {
		put_image(p, x, y, w, h, image);
	} else {
		cairo_save(p->cr);
		cairo_translate(p->cr, x, y);
		cairo_scale(p->cr, w / cols, h / rows);
		cairo_set_source_surface(p->cr, image, 0, 0);
		cairo_pattern_set_filter(cairo_get_source(p->cr), CAIRO_FILTER_NEAREST);
		cairo_rectangle(p->cr, 0, 0, cols, rows);
		cairo_fill(p->cr);
		cairo_restore(p->cr);
	}
	cairo_surface_destroy(image);
}

void
plate_clip(struct plate *p, double x, double y, double w, double h)
{
	if (p->svg) {
		p->clips++;
		fprintf(p->svg,
			"<clipPath id=\"c%d\"><rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/></clipPath>"
			"<g clip-path=\"url(#c%d)\">\n",
			p->clips, x, y, w, h, p->clips);
		return;
	}
	cairo_save(p->cr);
	cairo_rectangle(p->cr, x, y, w, h);
	cairo_clip(p->cr);
}

void
plate_unclip(struct plate *p)
{
	if (p->svg)
		fputs("</g>\n", p->svg);
	else
		cairo_restore(p->cr);
}

void
plate_svg_begin(struct plate *p, double w, double h)
{
	fprintf(p->svg,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"%.2fpt\" height=\"%.2fpt\" viewBox=\"0 0 %.2f %.2f\">\n",
		w, h, w, h);
}

void
plate_svg_end(struct plate *p)
{
	fputs("</svg>\n", p->svg);
}
