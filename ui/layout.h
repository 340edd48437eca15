/* Where the panes stand, at any size. */
#ifndef SPIKESCOPE_UI_LAYOUT_H
#define SPIKESCOPE_UI_LAYOUT_H

#include "ui/canvas.h"

enum pane { PANE_MODEL, PANE_ATTENTION, PANE_RASTER, PANE_SELECTED, PANE_READOUT, PANE_LOG, PANES };

enum { LAYOUT_MIN_W = 24, LAYOUT_MIN_H = 6 }; /* below: one line of text */

struct layout {
	bool tiny;               /* nothing but one line fits */
	struct rect pane[PANES]; /* frames, sharing borders; empty: not shown */
	struct rect status;      /* one row */
	struct rect command;     /* one row; empty when not wanted */
};

/* The attention maps' needs, so that their pane is no higher than they are. */
struct layout_maps {
	int tokens;  /* 0: unknown */
	int per_row; /* map rows in a row of cells: 2 with half blocks */
};

/* with_command: a log and a command line below the views. alone: the one pane to
 * show (PANES: all that fit). */
void layout_make(struct layout *layout, int w, int h, bool with_command, enum pane alone, struct layout_maps maps);

extern const char *const pane_views[PANES]; /* the view in each; NULL for the log */

#endif
