/* A canvas on a plate: its cells, and the figure's parts in the place of theirs. */
#ifndef SPIKESCOPE_UI_CANVAS_SHEET_H
#define SPIKESCOPE_UI_CANVAS_SHEET_H

#include "ui/canvas/figure.h"
#include "ui/canvas/plate.h"

/* Lengths in the page's units, and its two plain colours. */
struct sheet {
	double cell_w, cell_h, margin, font_size;
	const char *font;
	bool is_figure; /* letters as wide as they are, instead of one to a cell */
	uint32_t paper, ink;
};

struct sheet sheet_of(const struct canvas *canvas);
void sheet_size(const struct canvas *canvas, double *w, double *h);
void sheet_draw(const struct canvas *canvas, struct plate *plate);

/* The parts of a figure. */
void sheet_chart(const struct sheet *sheet, bool light, struct plate *p, struct rect area, const struct chart *chart);
void sheet_heat(const struct sheet *sheet, bool light, struct plate *p, struct rect area, const struct heat *heat);
void sheet_ramp(const struct sheet *sheet, bool light, struct plate *p, struct rect area, const struct heat *heat);
void sheet_image(const struct sheet *sheet, struct plate *p, struct rect area, const struct figure_item *item);

#endif
