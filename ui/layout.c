#include "ui/layout.h"

#include <string.h>

const char *const pane_views[PANES] = {
    [PANE_MODEL] = "model",       [PANE_ATTENTION] = "attention", [PANE_RASTER] = "raster",
    [PANE_SELECTED] = "selected", [PANE_READOUT] = "readout",     [PANE_LOG] = NULL,
};

static int
between(int value, int lo, int hi)
{
	return value < lo ? lo : value > hi ? hi : value;
}

/* Splits r by a border that both parts share, w columns for the left one. */
static struct rect
cut_left(struct rect *r, int w)
{
	struct rect left = *r;

	left.w = w;
	r->x += w - 1;
	r->w -= w - 1;
	return left;
}

static struct rect
cut_top(struct rect *r, int h)
{
	struct rect top = *r;

	top.h = h;
	r->y += h - 1;
	r->h -= h - 1;
	return top;
}

/* Rows of the attention pane with its three maps side by side: name, scale and frame included. */
static int
attention_rows(int w, int h, struct layout_maps maps)
{
	int room = (w - 2) / 3 - 2, per_row = maps.per_row > 1 ? 2 : 1, most = h * 3 / 5 > 13 ? h * 3 / 5 : 13, rows;

	if (maps.tokens < 1 || room < 1)
		return between(most, 13, 40);
	if (maps.tokens > room)
		rows = (maps.tokens + (maps.tokens + room - 1) / room - 1) / ((maps.tokens + room - 1) / room);
	else
		rows = maps.tokens * (per_row == 2 ? room / maps.tokens : 1);
	return between((rows + per_row - 1) / per_row + 4, 8, most);
}

/* A narrow screen has no room for the middle's right; a low one none for its bottom. */
static void
place_views(struct layout *l, struct rect r, struct layout_maps maps)
{
	struct rect side;
	int tree = between(r.w / 5, 22, 32);

	if (r.w >= 44)
		l->pane[PANE_MODEL] = cut_left(&r, tree);
	if (r.w >= 78) {
		side = r;
		r.w -= between(r.w / 3, 28, 46) - 1;
		side.x = r.x + r.w - 1;
		side.w -= r.w - 1;
		if (side.h >= 12) {
			l->pane[PANE_SELECTED] = cut_top(&side, side.h - between(side.h / 2, 6, 14) + 1);
			l->pane[PANE_READOUT] = side;
		} else {
			l->pane[PANE_SELECTED] = side;
		}
	}
	if (r.h >= 12)
		l->pane[PANE_ATTENTION] =
		    cut_top(&r, r.h >= 17 ? attention_rows(r.w, r.h, maps) : r.h - between(r.h / 3, 5, 7) + 1);
	if (r.h < 4)
		return;
	if (!l->pane[PANE_ATTENTION].w) {
		l->pane[PANE_ATTENTION] = r;
		return;
	}
	if (!l->pane[PANE_READOUT].w && r.w >= 50)
		l->pane[PANE_RASTER] = cut_left(&r, r.w - 27);
	l->pane[l->pane[PANE_RASTER].w ? PANE_READOUT : PANE_RASTER] = r;
}

static void
place_bottom(struct layout *l, struct rect *r, bool with_command)
{
	int log = r->h < 10 ? 0 : between(r->h / 6, 3, 10);

	if (with_command) {
		l->command = (struct rect){0, r->h - 1, r->w, 1};
		r->h--;
	}
	l->status = (struct rect){0, r->h - 1, r->w, 1};
	r->h--;
	if (with_command && log) {
		r->h -= log;
		/* The views' lower border is the log's upper one. */
		l->pane[PANE_LOG] = (struct rect){0, r->h - 1, r->w, log + 1};
	}
}

void
layout_make(struct layout *layout, int w, int h, bool with_command, enum pane alone, struct layout_maps maps)
{
	struct rect r = {0, 0, w, h};

	memset(layout, 0, sizeof(*layout));
	if (w < LAYOUT_MIN_W || h < LAYOUT_MIN_H) {
		layout->tiny = true;
		layout->status = (struct rect){0, 0, w, h > 0};
		if (with_command && h > 1)
			layout->command = (struct rect){0, h - 1, w, 1};
		return;
	}
	place_bottom(layout, &r, with_command);
	if (alone < PANES) {
		if (alone == PANE_LOG)
			r.h += layout->pane[PANE_LOG].h ? layout->pane[PANE_LOG].h - 1 : 0;
		else if (layout->pane[PANE_LOG].h)
			r.h = layout->pane[PANE_LOG].y + 1;
		layout->pane[alone] = r;
		return;
	}
	place_views(layout, r, maps);
}
