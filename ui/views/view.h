/* Views: pictures of what the workbench holds.
 *
 * A view draws itself on a canvas, whatever that becomes: a pane, lines of text,
 * or a file. One table gives each its name, help and drawing function. A view
 * that has nothing to show yet says what to type to change that. */
#ifndef SPIKESCOPE_UI_VIEW_H
#define SPIKESCOPE_UI_VIEW_H

#include "ui/canvas/canvas.h"
#include "ui/panes/layout.h"
#include "ui/workbench/app.h"

/* What to look at. Zero or NULL where a field may be so: as the selection says. */
struct view_args {
	const char *site; /* exact name; "blocks.3" for a layer */
	bool has_head, has_q, has_k, has_neuron, has_unit;
	int head, q, k;
	int neuron, unit;     /* element of the site; hidden neuron of its UGO */
	const char *function; /* ugo: a function or a UGO of app->ugo by name */
	int hidden;           /* ugo: fit one of this size (0: 32) when function names a function */
	bool has_range;
	double lo, hi; /* ugo: the range to fit (has_range) */
	int steps;     /* sizes: the T whose error is drawn; 0: the largest */
	int zoom;      /* raster: 0 all, each step halves what is shown; ugo and curves ignore it */
	int scroll;    /* lines scrolled back (log) */
	bool framed;   /* draw a frame with the title (else the title is left out) */
	bool focused;  /* its frame stands out */
};

/* What a view shows of two plans that stand side by side (`split`). */
enum view_of {
	VIEW_OF_ONE,  /* nothing that depends on a plan, or the first one */
	VIEW_OF_EACH, /* drawn once for each plan and for the difference */
	VIEW_OF_BOTH, /* draws both itself */
};

struct view {
	const char *name, *help;
	bool takes_site;
	enum view_of of;
	/* What the frame says ("raster blocks.3.mlp.act, neurons x t"). */
	void (*title)(struct app *app, const struct view_args *args, char *out, size_t size);
	void (*draw)(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area);
	/* The command that selects what is drawn at a cell when area is the view's inside;
	 * false: nothing. NULL: nothing can be selected. */
	bool (*hit)(struct app *app, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
		    char *command, size_t size);
};

/* Ends with a NULL name. */
extern const struct view view_table[];
/* Exact name or unambiguous prefix; STATUS_USAGE, naming the choices. */
const struct view *view_find(const char *name, struct status *st);

/* Checks args against what is loaded: unknown sites, heads and tokens out of range
 * (STATUS_USAGE) and what is missing, with the command that makes it (STATUS_FAILED). */
bool view_check(struct app *app, const struct view *view, const struct view_args *args, struct status *st);

/* Is there what view ugo is asked for? STATUS_USAGE, STATUS_FAILED. */
bool view_ugo_known(struct app *app, const struct view_args *args, struct status *st);

/* Frame (when asked), title and contents. */
void view_draw(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas, struct rect area);

/* As text of app_size() cells, in the colours and characters that the options allow. */
bool view_print(struct app *app, const struct view *view, const struct view_args *args, FILE *out, struct status *st);
/* As a file: .txt, .svg, .pdf, .png by the end of path. Refuses to overwrite unless force. */
bool view_save(struct app *app, const struct view *view, const struct view_args *args, const char *path, bool force,
	       struct status *st);

/* The line that says where one is: t, classes, spikes, error, picture, plan. What
 * matters least is left out when it is longer than columns. */
void view_status(struct app *app, int columns, char *out, size_t size);

/* What the layout needs to know of the attention maps. */
struct layout_maps view_maps(const struct app *app, struct canvas_style style);

/* How views may look, from the options, NO_COLOR, TERM, the locale and whether out is a terminal. */
struct canvas_style view_style(const struct app *app, FILE *out);

#endif
