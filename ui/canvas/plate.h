/* A plate: what files are drawn with. PDF and PNG through cairo; SVG as we write it, because
 * cairo turns letters into outlines, which can be neither searched nor edited.
 *
 * Lengths are the page's own units; y goes down. */
#ifndef SPIKESCOPE_UI_CANVAS_PLATE_H
#define SPIKESCOPE_UI_CANVAS_PLATE_H

#include <cairo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct plate {
	cairo_t *cr; /* draws, or with svg only measures letters */
	FILE *svg;   /* NULL: cairo draws */
	const char *font;
	int clips; /* so far: they are numbered */
};

struct plate_point {
	double x, y;
};

enum plate_anchor { PLATE_LEFT, PLATE_MIDDLE, PLATE_RIGHT };

struct plate_text {
	double x, y;        /* of the baseline, at the anchor */
	double size, width; /* width: squeezed or stretched to that; 0: as it comes */
	enum plate_anchor anchor;
	bool bold, upward; /* upward: turned, from the bottom to the top */
	uint32_t rgb;
};

void plate_rect(struct plate *p, double x, double y, double w, double h, uint32_t rgb);
/* dash: lengths of line and gap; 0: none. */
void plate_line(struct plate *p, const struct plate_point *point, int count, double width, double dash, uint32_t rgb);
void plate_polygon(struct plate *p, const struct plate_point *point, int count, uint32_t rgb);
void plate_put(struct plate *p, const struct plate_text *how, const char *text);
double plate_text_width(struct plate *p, double size, bool bold, const char *text);
/* rgb [rows, cols]: sharp, each pixel a rectangle. */
void plate_pixels(struct plate *p, double x, double y, double w, double h, const uint32_t *rgb, int rows, int cols);
/* What follows is cut off outside, until plate_unclip(). */
void plate_clip(struct plate *p, double x, double y, double w, double h);
void plate_unclip(struct plate *p);

/* The frame of an SVG of w x h points. */
void plate_svg_begin(struct plate *p, double w, double h);
void plate_svg_end(struct plate *p);

#endif
