/* Dots, bars and sparklines. */
#include "ui/canvas/canvas.h"

#include <math.h>

enum { BRAILLE = 0x2800 };

void
canvas_dot(struct canvas *canvas, struct rect area, int x, int y, color fg)
{
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	struct cell *cell;

	if (x < 0 || y < 0 || x >= 2 * area.w || y >= 4 * area.h)
		return;
	cell = canvas_cell(canvas, area.x + x / 2, area.y + y / 4);
	if (!cell)
		return;
	if ((cell->ch & ~0xffu) != BRAILLE)
		cell->ch = BRAILLE;
	cell->ch |= bit[y % 4][x % 2];
	cell->fg = fg;
}

void
canvas_bar(struct canvas *canvas, struct rect area, int x, int y, int w, double fraction, color fg)
{
	int eighths = (int)lround(fmin(fmax(isfinite(fraction) ? fraction : 0, 0), 1) * 8 * w), i;

	for (i = 0; i < w && eighths > 0; i++, eighths -= 8) {
		struct cell *cell = rect_has(area, x + i, y) ? canvas_cell(canvas, x + i, y) : NULL;

		if (cell)
			*cell = (struct cell){.ch = eighths >= 8 ? 0x2588u : 0x2590u - (uint32_t)eighths, .fg = fg};
	}
	if (!isfinite(fraction))
		canvas_put(canvas, area, x, y, (struct pen){.fg = ROLE_BAD}, "!");
}

void
canvas_spark(struct canvas *canvas, struct rect area, int x, int y, int w, const float *values, int count, double hi, color fg)
{
	int first = count > w ? count - w : 0, i;

	for (i = first; i < count; i++) {
		struct cell *cell = rect_has(area, x + i - first, y) ? canvas_cell(canvas, x + i - first, y) : NULL;
		int eighths = hi > 0 && isfinite(values[i]) ? (int)lround(fmin(fmax(values[i] / hi, 0), 1) * 8) : 0;

		if (!cell)
			continue;
		*cell = (struct cell){.ch = eighths ? 0x2580u + (uint32_t)eighths : ' ', .fg = fg};
		if (!isfinite(values[i]))
			*cell = (struct cell){.ch = '!', .fg = ROLE_BAD};
	}
}
