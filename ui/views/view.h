/* Views: pictures of a scene.
 *
 * A view draws itself on a canvas, whatever that becomes: a pane, lines of text,
 * or a file. It knows the scene (ui/scene/scene.h) and nothing of the program. A view
 * that has nothing to show yet says what to type to change that.
 *
 * To add one: a file ui/views/NAME.c that ends with its `const struct view NAME_view`, and
 * its name in ui/views/list.h. */
#ifndef SPIKESCOPE_UI_VIEW_H
#define SPIKESCOPE_UI_VIEW_H

#include "ui/canvas/canvas.h"
#include "ui/scene/scene.h"
#include "ui/views/list.h"

/* What to look at. Zero or NULL where a field may be so: as the selection says. */
struct view_args {
	const char *site; /* exact name; "blocks.3" for a layer */
	bool has_head, has_q, has_k, has_neuron, has_unit;
	int head, q, k;
	int neuron, unit;     /* element of the site; hidden neuron of its UGO */
	const char *function; /* ugo, inputs: the name of scene->ugo_asked */
	int hidden;           /* ugo: the size of what is fitted when function names no UGO; 0: 32 */
	bool has_range;
	double lo, hi; /* ugo: the range to fit (has_range) */
	int steps;     /* sizes: the T whose error is drawn; 0: the largest */
	int zoom;      /* raster: 0 all, each step halves what is shown; ugo and curves ignore it */
	int scroll;    /* lines scrolled back (log) */
	int right;     /* cells scrolled to the right (log) */
	bool framed;   /* draw a frame with the title (else the title is left out) */
	bool focused;  /* its frame stands out */
};

/* What must be there for a view; each needs what stands before it. */
enum view_needs {
	NEEDS_UNSAID, /* a row that says nothing: refused by the tests */
	NEEDS_NOTHING,
	NEEDS_MODEL,
	NEEDS_PICTURE,
	NEEDS_WALK,
	NEEDS_STEP,
	NEEDS_UGO /* one to show; no model */
};

/* What a view shows of two plans that stand side by side (`split`). */
enum view_of {
	VIEW_OF_UNSAID,
	VIEW_OF_ONE,  /* nothing that depends on a plan, or the first one */
	VIEW_OF_EACH, /* drawn once for each plan and for the difference */
	VIEW_OF_BOTH, /* draws both itself */
};

/* All there is to know of a view. */
struct view {
	const char *name, *help;
	enum view_needs needs;
	enum view_of of;
	bool takes_site;
	bool takes_function; /* a word that is no site names a UGO, or a function to fit one to */
	bool observes;       /* what the site named receives is observed first */
	bool whole_screen;   /* it is the panes themselves: it frames its parts and cannot stand in a pane */
	const char *inside;  /* the view that `look` goes on to; NULL: none */
	/* What it says to a network that it cannot show; NULL when it can. NULL: it can show all. */
	const char *(*unfit)(const struct scene *scene);
	/* What the frame says ("raster blocks.3.mlp.act, neurons x t"). */
	void (*title)(const struct scene *scene, const struct view_args *args, char *out, size_t size);
	/* Only called when nothing that it needs is missing. */
	void (*draw)(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area);
	/* The command that selects what is drawn at a cell when area is the view's inside;
	 * false: nothing. NULL: nothing can be selected. */
	bool (*hit)(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x,
		    int y, char *command, size_t size);
};

#define VIEW_ONE(name) +1
enum { VIEW_COUNT = 0 VIEWS(VIEW_ONE) };
#undef VIEW_ONE

extern const struct view *const view_table[VIEW_COUNT + 1]; /* ends with NULL */
int view_index(const struct view *view);
/* Exact name or unambiguous prefix; STATUS_USAGE, naming the choices. */
const struct view *view_find(const char *name, struct status *st);

/* What is missing for the view and the command that makes it; NULL when nothing is. */
const char *view_lacks(const struct scene *scene, const struct view *view, const struct view_args *args);
/* Checks args against the scene: unknown sites, heads and tokens out of range
 * (STATUS_USAGE) and what is missing, with the command that makes it (STATUS_FAILED). */
bool view_check(const struct scene *scene, const struct view *view, const struct view_args *args, struct status *st);

/* Frame (when asked), title and contents. */
void view_draw(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
	       struct rect area);
/* A view alone on a canvas: framed, unless it frames its parts. */
void view_draw_alone(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas);

/* The line that says where one is: t, classes, spikes, error, picture, plan. What
 * matters least is left out when it is longer than columns. */
void view_status(const struct scene *scene, int columns, char *out, size_t size);

/* What the layout needs to know of the attention maps. */
struct layout_maps view_maps(const struct scene *scene, struct canvas_style style);

#endif
