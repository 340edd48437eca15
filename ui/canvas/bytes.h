/* Pictures as bytes within other files. */
#ifndef SPIKESCOPE_UI_CANVAS_BYTES_H
#define SPIKESCOPE_UI_CANVAS_BYTES_H

#include <cairo.h>
#include <stdio.h>

/* The surface as PNG [size], which the caller frees; NULL when out of memory. */
char *png_bytes(cairo_surface_t *surface, size_t *size);
/* RFC 4648, without line ends. */
void base64_write(FILE *out, const char *data, size_t size);

#endif
