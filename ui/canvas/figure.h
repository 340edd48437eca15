/* A figure: what a canvas shows, for paper.
 *
 * With a figure attached, charts, maps and pictures that are drawn on a canvas are noted
 * with their data instead of becoming cells. Text stays text. The back ends of files then
 * draw true lines, whole maps and letters of any face in the place of the cells, so that a
 * view is written once:
 *
 *	struct figure_page page = {.width = 241, .font = "serif"};   in points
 *	canvas_figure_init(&canvas, &page, style);
 *	canvas_chart(&canvas, canvas_all(&canvas), &chart);
 *	canvas_save(&canvas, "plot.pdf", false, &st);
 *	canvas_done(&canvas);
 *
 * The page and the size of its letters say how many columns and rows the canvas has. */
#ifndef SPIKESCOPE_UI_CANVAS_FIGURE_H
#define SPIKESCOPE_UI_CANVAS_FIGURE_H

#include "ui/canvas/canvas.h"

struct figure_page {
	double width, height; /* points; 0: 384 (13.5 cm), and 5/8 of the width */
	const char *font;     /* family; NULL: sans-serif */
	double font_size;     /* points; 0: 8 */
	double dpi;           /* of a PNG; 0: 300 */
};

enum figure_kind { FIGURE_CHART, FIGURE_HEAT, FIGURE_RAMP, FIGURE_IMAGE };

struct figure_item {
	enum figure_kind kind;
	struct rect area; /* cells */
	struct chart chart;
	struct heat heat; /* prepared; data without a stride */
	const uint8_t *rgb;
	int rows, cols;
};

/* Owns what its items point to. */
struct figure {
	struct arena *arena;
	struct figure_page page;
	double cell_w, cell_h; /* points */
	struct figure_item *item;
	int count, capacity;
	bool failed; /* out of memory: saving says so */
};

/* The same as canvas_init() for the page; style.light is the paper's. */
bool canvas_figure_init(struct canvas *canvas, const struct figure_page *page, struct canvas_style style);
void figure_free(struct figure *figure); /* NULL is fine */

/* Copies what is given. */
void figure_add_chart(struct figure *figure, struct rect area, const struct chart *chart);
void figure_add_heat(struct figure *figure, struct rect area, const struct heat *heat);
void figure_add_ramp(struct figure *figure, struct rect area, const struct heat *heat);
void figure_add_image(struct figure *figure, struct rect area, const uint8_t *rgb, int rows, int cols);
/* Every value has a place of its own; w and h are the cells that the map touches. */
struct heat_fit figure_heat_fit(const struct figure *figure, struct rect area, int rows, int cols);

#endif
