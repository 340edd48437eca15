/* The panes without a terminal: what they show and what keys do in them.
 *
 * Keys run commands through app_execute(); what only concerns the looking (focus,
 * zoom, scrolling, maximising) stays here. */
#ifndef SPIKESCOPE_UI_SCREEN_PANES_H
#define SPIKESCOPE_UI_SCREEN_PANES_H

#include "ui/app.h"
#include "ui/canvas.h"
#include "ui/layout.h"

/* Keys beside characters. */
enum pane_key {
	PANE_KEY_UP = 0x110000,
	PANE_KEY_DOWN,
	PANE_KEY_LEFT,
	PANE_KEY_RIGHT,
	PANE_KEY_PAGE_UP,
	PANE_KEY_PAGE_DOWN,
	PANE_KEY_HOME,
	PANE_KEY_END,
	PANE_KEY_BACK_TAB,
	PANE_KEY_ENTER = '\r',
	PANE_KEY_ESCAPE = 27,
	PANE_KEY_TAB = '\t'
};

struct panes {
	enum pane focus;
	bool on_line;     /* the command line has the keys */
	enum pane alone;  /* maximised; PANES: none */
	bool keys_shown;  /* of the focused pane, until the next key */
	int zoom, scroll; /* of the raster */
	int log_back;     /* lines scrolled up in the log */
	bool leave;       /* `q` */
	bool table_shown; /* the table pane covers the others (app->table_open) */
	bool table_alone; /* the panes were entered for it: they end with it */
	char doing[80];   /* progress of what runs, for the status line; "" */
	struct layout layout;
};

/* The command line as it is to be shown. */
struct command_line {
	const char *prompt, *text;
	size_t point; /* byte of text where the cursor is */
};

void panes_init(struct panes *panes);

/* Draws all on the canvas, whose size decides the layout; line may be NULL. Where
 * the cursor belongs goes to cursor_x and cursor_y (-1: nowhere). */
void panes_draw(struct panes *panes, struct app *app, struct canvas *canvas, const struct command_line *line, int *cursor_x,
		int *cursor_y);

/* A key while a pane has the focus. False when it means nothing there. */
bool panes_key(struct panes *panes, struct app *app, int key);

/* The same in the table pane. */
bool panes_table_key(struct panes *panes, struct app *app, int key);

/* Moves the focus to the next (or, by -1, the last) pane shown; past the ends lies the command line. */
void panes_next(struct panes *panes, int by);

#endif
