/* The panes without a terminal: what they show, and where the focus is.
 *
 * Keys and the mouse run commands, and commands change this; so a script does what a
 * key does, and `view overview` prints what the panes would show. */
#ifndef SPIKESCOPE_UI_PANES_H
#define SPIKESCOPE_UI_PANES_H

#include "ui/canvas/canvas.h"
#include "ui/panes/keys.h"
#include "ui/views/layout.h"
#include "ui/views/view.h"
#include "ui/workbench/app.h"

enum { LAYOUTS_MAX = 32, LOOKS_MAX = 8 };

struct named_layout {
	char name[24], text[LAYOUT_TEXT];
};

/* What Esc goes back to. */
struct looked {
	const char *focus, *alone;
};

struct panes {
	const char *focus;               /* name of the view that has it */
	bool on_line;                    /* the command line has the keys */
	const char *alone;               /* maximised; NULL: none */
	struct looked looked[LOOKS_MAX]; /* ways in */
	int looks;
	bool keys_shown;      /* of the focused pane, until the next key */
	int zoom[VIEW_COUNT]; /* by view_index() */
	int log_back;         /* lines scrolled up in the log */
	int log_right;        /* cells scrolled to the right there */
	bool reading;         /* the log covers the others: a long answer is read in it */
	int answer;           /* lines of an answer that has just come; 0: none */
	bool table_shown;     /* the table covers the others (app->table_open) */
	bool table_alone;     /* the panes were entered for it: they end with it */
	bool leave;           /* the panes are to be left */
	char doing[80];       /* progress of what runs, for the status line; "" */
	char *line;           /* to be put on the command line; NULL: nothing */
	bool mouse;           /* clicks are commands */
	struct keys keys;
	char layout_name[24];
	struct layout_plan plan; /* of the layout, unless it is the default */
	struct named_layout own[LAYOUTS_MAX];
	int owns;
	struct layout layout; /* where all stands, since the last drawing */
};

/* The command line as it is to be shown. */
struct command_line {
	const char *prompt, *text;
	size_t point; /* byte of text where the cursor is */
};

/* The layouts there are from the start; ends with an empty name. */
extern const struct named_layout layout_defaults[];

struct panes *panes_new(struct status *st);
void panes_free(struct panes *panes); /* NULL is fine */

/* Places the panes on a canvas of this size, as drawing does. */
void panes_place(struct panes *panes, const struct scene *scene, const struct canvas *canvas, bool with_command);

/* Draws all on the canvas, whose size decides the layout; line may be NULL. Where
 * the cursor belongs goes to cursor_x and cursor_y (-1: nowhere). */
void panes_draw(struct panes *panes, struct app *app, struct canvas *canvas, const struct command_line *line, int *cursor_x,
		int *cursor_y);

/* A key while a pane has the focus: runs its command. False when it means nothing there. */
bool panes_key(struct panes *panes, struct app *app, int key);
/* The same while the table covers the panes. */
bool panes_table_key(struct panes *panes, struct app *app, int key);
/* A click at a cell: focuses the pane there and runs the command of what was hit. */
void panes_click(struct panes *panes, struct app *app, const struct canvas *canvas, int x, int y);
/* The wheel there; by -1 (up) or 1. */
void panes_wheel(struct panes *panes, struct app *app, int x, int y, int by);

/* What the command line's last command printed, by the lines the log had before and what it
 * printed: a long answer is shown from its beginning. */
void panes_answered(struct panes *panes, const struct app *app, const char *line, long before);
/* Back from reading it. False when nothing was read. */
bool panes_read_end(struct panes *panes);

/* Moves the focus to the next (or, by -1, the last) pane shown; past the ends lies the command line. */
void panes_next(struct panes *panes, int by);
/* To the pane of this view: where it is, else alone. Remembers the way back. */
void panes_look(struct panes *panes, const char *view);
/* Out of what is innermost: a look, a maximised pane, a pane, the panes. */
void panes_out(struct panes *panes);
/* What `look` looks at from here. */
const char *panes_inside(const struct panes *panes, const struct app *app);

/* Shows a layout by name: one of the user's or of layout_defaults. */
bool panes_set_layout(struct panes *panes, const char *name, struct status *st);
/* Gives text a name; replaces the user's layout of that name. */
bool panes_name_layout(struct panes *panes, const char *name, const char *text, struct status *st);
bool panes_forget_layout(struct panes *panes, const char *name);

#endif
