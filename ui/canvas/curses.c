/* Canvas to the curses screen. */
#include "ui/canvas/canvas.h"

#include <curses.h>
#include <wchar.h>

enum { HALF_BLOCK = 0x2580 };

/* Terminals of 8 colours have 64 pairs. Leaving out those that look like another
 * one keeps within that, and alloc_pair() from taking a pair that is in use. */
static void
save_pairs(uint32_t *ch, int *fg, int *bg)
{
	if (*bg >= 0 && (*fg == *bg || *ch == ' ')) {
		*ch = ' ';
		*fg = (*bg + 1) % 8;
	} else if (*fg == 0 && *bg < 0) {
		*fg = -1;
		*ch = *ch == HALF_BLOCK ? ' ' : *ch;
	}
}

static void
cell_char(const struct canvas *canvas, const struct cell *cell, cchar_t *out)
{
	int fg = color_index(cell->fg, canvas->style.palette, canvas->style.light),
	    bg = color_index(cell->bg, canvas->style.palette, canvas->style.light), pair = 0;
	uint32_t ch = cell->ch == HARD_BLANK ? ' ' : cell->ch;
	wchar_t text[2] = {0, 0};
	attr_t attr = A_NORMAL;

	if (canvas->style.palette == PALETTE_8)
		save_pairs(&ch, &fg, &bg);
	text[0] = canvas->style.unicode ? (wchar_t)ch : (wchar_t)canvas_ascii(ch);
	if (cell->attr & ATTR_BOLD)
		attr |= A_BOLD;
	if (cell->attr & ATTR_REVERSE)
		attr |= A_REVERSE;
	if (cell->attr & ATTR_UNDERLINE)
		attr |= A_UNDERLINE;
	if (fg >= 0 || bg >= 0)
		pair = alloc_pair(fg, bg);
	if (pair < 0)
		pair = 0;
	setcchar(out, text, attr, (short)0, &pair);
}

void
canvas_curses_show(const struct canvas *canvas)
{
	int x, y;

	for (y = 0; y < canvas->h && y < LINES; y++) {
		const struct cell *row = &canvas->cell[(size_t)y * (size_t)canvas->w];

		for (x = 0; x < canvas->w && x < COLS; x++) {
			cchar_t out;

			if (row[x].ch == 0)
				continue;
			cell_char(canvas, &row[x], &out);
			mvadd_wch(y, x, &out);
		}
	}
}
