/* What commands do: the handlers that command_table names, and what they share. */
#ifndef SPIKESCOPE_UI_COMMANDS_H
#define SPIKESCOPE_UI_COMMANDS_H

#include "ui/output/output.h"
#include "ui/shell/command.h"

typedef bool command_fn(struct app *app, const struct call *call, struct status *st);

command_fn cmd_load, cmd_prompt, cmd_data, cmd_image, cmd_model, cmd_classes, cmd_ann;
command_fn cmd_convert, cmd_plan, cmd_plan_list, cmd_plan_save, cmd_plan_open, cmd_step, cmd_run, cmd_until, cmd_reset, cmd_back,
    cmd_goto, cmd_state, cmd_print, cmd_write, cmd_keep;
command_fn cmd_break, cmd_watch, cmd_info_breakpoints, cmd_enable, cmd_disable, cmd_delete, cmd_split, cmd_neuron;
command_fn cmd_ugo_list, cmd_ugo_fit, cmd_ugo_show, cmd_ugo_import, cmd_ugo_export, cmd_ugo_compare, cmd_ugo_knot, cmd_ugo_nudge,
    cmd_ugo_observe, cmd_knot;
command_fn cmd_ugo_sweep, cmd_ugo_spikes, cmd_ugo_assign;
command_fn cmd_view, cmd_save, cmd_panes;
command_fn cmd_focus, cmd_look, cmd_out, cmd_maximise, cmd_keys, cmd_line, cmd_leave, cmd_zoom, cmd_scroll, cmd_select, cmd_find;
command_fn cmd_layout, cmd_layout_list, cmd_layout_save, cmd_layout_delete, cmd_bind, cmd_unbind, cmd_tutorial;
command_fn cmd_audit, cmd_eval, cmd_ladder, cmd_attribution, cmd_sweep, cmd_curves, cmd_bench, cmd_energy, cmd_tune, cmd_ugo_tune;
command_fn cmd_session_new, cmd_session_open, cmd_session_list, cmd_session_note, cmd_session_resume, cmd_undo;
command_fn cmd_runs, cmd_show, cmd_compare, cmd_query, cmd_plot, cmd_replay, cmd_report, cmd_export, cmd_import;
command_fn cmd_db_check, cmd_db_backup, cmd_db_vacuum, cmd_db_prune;
command_fn cmd_set, cmd_source, cmd_history, cmd_help, cmd_apropos, cmd_quit;

/* The words of `print --what`, in the order of enum what; end with NULL. */
extern const char *const what_names[];
enum what {
	WHAT_VALUE,
	WHAT_REFERENCE,
	WHAT_ERROR,
	WHAT_CORRECTION,
	WHAT_SENT,
	WHAT_COUNT,
	WHAT_MEMBRANE,
	WHAT_THRESHOLD,
	WHAT_INPUT
};
extern const char *const rule_names[];   /* of enum threshold_rule */
extern const char *const select_names[]; /* what `select` knows */

/* What `set` knows; the words for completion and help. */
struct setting_info {
	const char *name, *value, *help;
	enum value_kind kind;
	const char *const *choices;
	double lo, hi;
};
extern const struct setting_info setting_table[]; /* ends with a NULL name */

/* The numbers of a site; STATUS_USAGE where it has none of these under the plan. */
struct tensor;
bool read_site(struct app *app, struct site site, enum what what, struct tensor *out, struct status *st);
bool site_has(const struct app *app, struct site site, enum what what);

/* What every step keeps in the notebook (cmd_keep.c). glob NULL: forget all. */
bool keep_sites(struct app *app, const char *glob, enum what what, struct status *st);
void forget_kept(struct app *app, const char *glob);
bool keep_step(struct app *app, int64_t run, int t, struct status *st);
/* Writes what a run has kept, the steps as first dimension. *tensors: how many sites. */
bool write_kept(struct app *app, int64_t run, const char *glob, enum what what, const char *path, bool force, int *tensors,
		struct status *st);

/* Fail with what to type next when something is missing. */
bool need_loaded(const struct app *app, struct status *st);
bool need_model(const struct app *app, struct status *st); /* with classes: CLIP has them from `prompt` */
bool need_data(const struct app *app, struct status *st);
bool need_picture(const struct app *app, struct status *st);
/* Converts with the default recipe first when there is no plan yet, and says so. */
bool need_walk(struct app *app, struct status *st);
bool need_plan_or_default(struct app *app, struct status *st); /* likewise, without a picture */
bool need_plan(struct app *app, struct status *st);

/* Which pictures to calibrate with. */
enum { CALIBRATION_PICTURES = 64 };
struct calibration_pictures {
	const char *path; /* NULL: as `convert` explains */
	int count;
	bool random; /* chosen by the seed, else the first */
	bool silent; /* says nothing of where they come from */
};
/* Those pictures [*count, channels, size, size], which the caller frees; a model is loaded. */
bool calibration_pixels(struct app *app, const struct calibration_pictures *which, float **pixels, int *count, struct status *st);
/* How many of data's pictures [first, first + count) (count 0: all) the plan was calibrated with, as far
 * as its hash of them tells: the first so many of the set, or so many drawn by its seed. */
int calibration_overlap(const struct app *app, const struct plan *plan, const struct dataset *data, int first, int count);
void say_overlap(struct app *app, int overlap, int count); /* nothing when there is none */
/* Builds a plan with options (pictures filled in by this function), records it and makes
 * it the workbench's. */
struct plan_options;
struct plan *build_plan(struct app *app, struct plan_options *options, const struct calibration_pictures *which,
			struct status *st);
bool convert(struct app *app, struct plan_options *options, const struct calibration_pictures *which, struct status *st);

/* Makes plan the workbench's, with a walk that has the picture. Takes plan. */
bool adopt_plan(struct app *app, struct plan *plan, struct status *st);
/* Makes plan the second one of a split, at the first one's t. Takes plan. */
bool adopt_split(struct app *app, struct plan *plan, struct status *st);
/* A plan of the notebook by its name or the beginning of its hash, for the loaded model. */
struct plan *open_plan(struct app *app, const char *text, struct status *st);
/* Its canonical JSON, which the caller frees, and its whole hash. */
char *plan_description(struct app *app, const char *text, char hash[HASH_HEX], struct status *st);
/* recipe, T, hash and the rest of what convert prints. */
void output_plan(struct output *o, const struct app *app);

/* The rule of this name; STATUS_USAGE, naming those there are. */
struct rule;
struct rules;
const struct rule *find_rule(const struct rules *rules, const char *name, struct status *st);

/* Evaluates a plan (NULL: the reference) as a recorded run of this kind ("eval", "sweep"),
 * which keeps what is done while it goes on. result: eval_done(). */
struct eval_options;
struct eval_result;
/* 1, 2, 4, ... up to T, and T itself, at most so many. Returns how many. */
int default_points(int T, int *t, int most);
/* Are the data set's classes the model's, as far as both have names? STATUS_USAGE, saying which are not. */
bool check_classes(const struct app *app, const struct dataset *data, struct status *st);
/* The pictures that N and --first name. */
bool eval_bounds(const struct dataset *data, const struct call *call, struct eval_options *options, struct status *st);
/* Makes the curves of these runs the plot; against and measure as in the names. */
bool plot_runs(struct app *app, const int64_t *run, int count, int against, int measure, struct status *st);
extern const char *const against_names[]; /* t, spikes, energy */
extern const char *const measure_names[]; /* accuracy, agreement, error */
bool run_eval(struct app *app, const char *kind, const struct plan *plan, const struct dataset *data,
	      const struct eval_options *options, struct eval_result *result, struct status *st);

/* A plan by the name of a recipe, calibrated as `convert` would for T, or one of the notebook;
 * the caller owns it. */
struct plan *plan_named(struct app *app, const char *name, int T, struct status *st);

/* The condition that is the call's first argument, to be read under the walk's plan;
 * its fault becomes the call's. */
struct condition *read_condition(struct app *app, const struct call *call, struct status *st);

/* Opens a model, shows a picture of the open data set or a file: as the commands do. */
bool open_model(struct app *app, const char *path, struct status *st);
bool open_model_at(struct app *app, const char *path, int side, struct status *st); /* as model_load_at() */
bool open_data(struct app *app, const char *path, struct status *st);
bool open_picture(struct app *app, const char *text, struct status *st);
/* The same with another data set for numbers. */
bool show_picture(struct app *app, const char *text, const struct dataset *data, struct status *st);
/* The reference's logits for the picture. */
bool run_reference(struct app *app, struct status *st);
/* What `state` prints. */
bool print_state(struct app *app, struct status *st);

/* The five best classes of logits as table "top": class, label, probability. */
void output_top(struct output *o, const struct app *app, const float *logits);
/* "17x17x64" */
char *shape_text(const struct model *model, struct site site, char out[48]);

#endif
