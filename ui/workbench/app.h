/* The workbench: everything a command can see or change.
 *
 * One struct app lives as long as the program. Commands (command.h) are the only
 * things that change what is loaded; views and panes read it, and may move the
 * selection. To do anything else they run a command:
 *
 *	app_execute(&app, "step 4");
 */
#ifndef SPIKESCOPE_UI_APP_H
#define SPIKESCOPE_UI_APP_H

#include "base/hash.h"
#include "base/progress.h"
#include "base/status.h"
#include "model/data/dataset.h"
#include "snn/plan/plan.h"
#include "ui/scene/lab.h"
#include "ui/scene/log.h"
#include "ui/scene/scene.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

struct answer;
struct chart_data;
struct findings;
struct json_t;
struct panes;

struct store;

enum output_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_MARKDOWN, FORMATS };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER, COLOR_256, COLOR_8, COLOR_MODES };

/* The words for --format and --color, by enum; end with NULL. */
extern const char *const format_names[];
extern const char *const color_names[];

struct options {
	enum output_format format;
	enum color_mode color;
	bool ascii;        /* no character beyond ASCII in views */
	int columns, rows; /* size of views printed as text; 0: the terminal's, or 80x24 */
	uint64_t seed;
	int threads;     /* 0: all cores */
	char pager[120]; /* shows long answers: a program, auto or empty ($PAGER, or less), off */
};

/* A second plan beside the first one (`split`): all NULL without. */
struct split {
	struct plan *plan;
	struct walk *walk;
	struct spike_log *spikes;
	struct history *history;
};

/* How the picture can be shown again. */
struct picture_source {
	char *text;      /* what `image` was given, files by their whole path; NULL: unknown */
	char *data_path; /* of the data set that text numbers a picture of; NULL: none */
	char data_hash[HASH_HEX];
};

enum { APP_KEEPS = 16 };

/* Sites whose numbers every step keeps in the notebook. */
struct kept_sites {
	char *glob;
	int what; /* enum what of ui/commands.h */
};

struct app {
	struct model *model;   /* NULL until a model is loaded */
	struct dataset *data;  /* NULL until a data set is opened */
	struct json_t *prompt; /* what gave a CLIP model its classes (ui/prompt.h); NULL without */
	char *model_path;      /* whole paths of both, as far as they can be told; NULL without them */
	char *data_path;
	struct ann *ann; /* scratch for one picture; NULL without a model */
	float *pixels;   /* the picture [channels, size, size]; NULL without one */
	char *title;     /* the picture's ("image 17"), control characters escaped; NULL without one */
	int label;       /* its class, or -1 */
	struct picture_source picture;
	float *logits;            /* the reference's for it [classes]; NULL until there is a picture */
	double ann_seconds;       /* what they took */
	struct plan *plan;        /* NULL until converted */
	struct walk *walk;        /* NULL until converted; walk->shown says whether it has the picture */
	struct spike_log *spikes; /* of the walk: spikes by step for the raster (study/walk/spike_log.h); NULL without a walk */
	struct history *history;  /* of the walk: what is selected, step by step; NULL without a walk */
	bool history_wanted;      /* a view has drawn less of it than there is to know */
	struct split split;
	enum side side;
	struct breakpoints breakpoints;
	struct single *single; /* NULL: none yet */
	struct stop stop;
	size_t checkpoint_bytes;   /* how much memory going back may use */
	struct findings *findings; /* of studies (ui/scene/findings.h); never NULL after app_init() */
	struct ugo *ugo[LAB_UGOS]; /* fitted or imported, by name, oldest first */
	int ugos;
	struct ugo_lab *lab; /* what the UGO views show (ui/ugo_lab.h); NULL until used */
	struct kept_sites keep[APP_KEEPS];
	int keeps;

	struct store *store;      /* never NULL after app_init() */
	int64_t session;          /* rows of the database; 0: none */
	int64_t command;          /* the one that runs */
	int64_t run;              /* the last one recorded */
	char *state;              /* of the session when the running command began (ui/state.h) */
	bool state_known;         /* the notebook has a state of the session, which a change comes after */
	int site_list;            /* of the model's sites in the store, plus 1; 0: not yet */
	struct answer *answer;    /* the last one that people were shown; NULL: none (ui/answer.h) */
	bool table_open;          /* the panes show it */
	struct chart_data *chart; /* the last `plot` or `compare`; NULL: none (ui/chart_data.h) */
	bool recording_failed;    /* something could not be written; it was said */

	struct options options;
	struct selection selection;
	struct panes *panes; /* what the panes show, also while there are none; never NULL after app_init() */
	int tutorial;        /* the scene that is on; 0: none */
	struct log log;
	FILE *out;        /* results: to where app_init() was told, and to the log */
	FILE *talk;       /* messages, likewise */
	bool capture;     /* panes are shown: out and talk go to the log alone */
	bool terminal;    /* results end on a terminal (isatty() cannot see it through out) */
	bool interactive; /* a person types: progress is shown, panes may be */
	bool quit;        /* `quit` was typed */
	/* While panes are shown: called where long work reports progress, to poll the
	 * terminal (it may set cancel) and to draw. NULL otherwise. */
	void (*poll)(void *ctx, const char *what, double done, double total);
	void *poll_ctx;
	int depth;          /* of `source` within `source` */
	atomic_bool cancel; /* set by Ctrl-C, cleared when a command starts */
	unsigned serial;    /* grows whenever views have to be drawn again */
	struct app_private *own;
};

/* db: database file, or NULL for the default ($XDG_DATA_HOME/spikescope/spikescope.db),
 * where a failure is told to talk and the session goes on in memory. Writes to out
 * and talk, does not close them. app must be zeroed, its options filled. */
bool app_init(struct app *app, const char *db, FILE *out, FILE *talk, struct status *st);
/* Ends the session and frees everything; an app that was never initialised is fine. */
void app_done(struct app *app);

/* Runs one command line, records it, writes its results to app->out (or, while
 * capture is on, to the log alone) and messages to app->talk. An empty line or a
 * comment (#) is fine. */
enum status_code app_execute(struct app *app, const char *line);

/* Runs a line that a person has typed: an empty one repeats the step before it, as in gdb. */
enum status_code app_typed(struct app *app, const char *line);

/* Runs the command of a key. Movements (CLASS_MOVEMENT) leave no trace in log and notebook. */
void app_key(struct app *app, const char *line);

/* Runs the command lines of file, stopping at the first failure when bail; else
 * the code is the last failure's. name is for messages. */
enum status_code app_source(struct app *app, FILE *file, const char *name, bool bail);

/* Says something beside the results: a line to talk (and to the log). */
void app_say(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Progress that obeys app->cancel and, on a terminal, is shown after one second. */
struct progress app_progress(struct app *app);

/* Size of a view printed as text, in cells. */
void app_size(const struct app *app, int *columns, int *rows);

/* Sets options.threads, for the engine's own threads too; 0: all cores. */
void app_set_threads(struct app *app, int threads);

/* Brings the selection into the bounds of the model. */
void app_clamp_selection(struct app *app);

/* Replacing what is loaded, with all that depends on it (a model: picture, plan,
 * walk; a plan: walk). They own what they are given. */
void app_set_model(struct app *app, struct model *model, struct ann *ann);
/* Of a CLIP model whose classes change: all that depends on them goes but the picture. */
void app_forget_classes(struct app *app);
void app_set_prompt(struct app *app, struct json_t *prompt); /* shares it */
void app_set_data(struct app *app, struct dataset *data);
void app_forget_picture(struct app *app);
/* Also shows the picture to the walk, when there is one. title is taken; pixels are copied. */
bool app_set_picture(struct app *app, const float *pixels, int label, char *title, struct status *st);
void app_set_plan(struct app *app, struct plan *plan, struct walk *walk, struct spike_log *spikes);
/* The plan to compare with; the walk has the picture and is at the first one's t. */
void app_set_split(struct app *app, struct plan *plan, struct walk *walk, struct spike_log *spikes);
void app_set_checkpoint_bytes(struct app *app, size_t bytes);

#endif
