/* Where the panes stand, at any size.
 *
 * A layout is a line of text: columns from left to right separated by |, in each the
 * panes from top to bottom separated by /. A column may start with a number, a pane
 * may end with :N: their shares of the width and height (default 1).
 *
 *	1 model | 3 attention:3/raster:2 | 2 selected/readout
 *
 * The layout "default" is made by rules of its own, which know the attention maps'
 * needs. What there is no room for is left out, from the right and from below; the
 * log stands below all unless the layout places it. */
#ifndef SPIKESCOPE_UI_LAYOUT_H
#define SPIKESCOPE_UI_LAYOUT_H

#include "base/status.h"
#include "ui/canvas/canvas.h"

enum { LAYOUT_MIN_W = 24, LAYOUT_MIN_H = 6 }; /* below: one line of text */
enum { LAYOUT_PANES = 16, LAYOUT_TEXT = 200 };

struct placed {
	const char *view; /* name */
	struct rect at;   /* frame, sharing borders */
};

struct layout {
	bool tiny; /* nothing but one line fits */
	struct placed pane[LAYOUT_PANES];
	int panes;
	struct rect status;  /* one row */
	struct rect command; /* one row; empty when not wanted */
	struct rect keys;    /* one row below it; empty where rows are dear */
};

/* The attention maps' needs, so that their pane is no higher than they are. */
struct layout_maps {
	int tokens;  /* 0: unknown; -1: there is no attention, and feature maps stand in its place */
	int per_row; /* map rows in a row of cells: 2 with half blocks */
};

/* A layout's text, read. */
struct layout_plan {
	struct layout_column {
		int share, panes;
		struct {
			const char *view;
			int share;
		} pane[LAYOUT_PANES];
	} column[LAYOUT_PANES];
	int columns;
};

/* STATUS_USAGE, with what is wrong, for text that is no layout or names no view. */
bool layout_parse(struct layout_plan *plan, const char *text, struct status *st);

/* with_command: a log and a command line below the views. plan NULL: the default.
 * alone: the view of the one pane to show, or NULL: all that fit. */
void layout_make(struct layout *layout, int w, int h, bool with_command, const struct layout_plan *plan, const char *alone,
		 struct layout_maps maps);
/* The pane of this view; NULL when it is not shown. */
const struct placed *layout_find(const struct layout *layout, const char *view);

#endif
