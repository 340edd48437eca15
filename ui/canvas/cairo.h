/* Canvases on cairo's surfaces, for documents that hold several. */
#ifndef SPIKESCOPE_UI_CANVAS_CAIRO_H
#define SPIKESCOPE_UI_CANVAS_CAIRO_H

#include "ui/canvas/canvas.h"

#include <cairo.h>

/* Width and height of the picture, in cairo's units. */
void canvas_cairo_size(const struct canvas *canvas, double *w, double *h);
void canvas_cairo_draw(const struct canvas *canvas, cairo_t *cr);
/* As PNG [size] of so many pixels a unit, which the caller frees; NULL when out of memory. */
char *canvas_cairo_png(const struct canvas *canvas, double scale, size_t *size);

#endif
