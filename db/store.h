/* The notebook: what was done and measured, in one SQLite file.
 *
 * The store knows records, not the engine: callers copy numbers and names in. It
 * does not decide what is worth recording, and prints nothing.
 *
 *	struct store *store = store_open(NULL, &st);
 *	store_model(store, &(struct record_model){.hash = vit_hash, .name = "digits-vit", ...}, &st);
 *	int64_t session = store_session_new(store, NULL, &st);
 *	int64_t command = store_command_begin(store, session, "step 4", &st);
 *	int64_t run = store_run_begin(store, &(struct record_run){.session = session, .command = command, .kind = "step", ...},
 *&st); for (t = 1; t <= 4; t++) { store_metric(store, run, t, "logit_rmse", rmse, &st); store_site_metric(store, run,
 *"blocks.0.attn.qk", t, "rate", rate, &st);
 *	}
 *	store_run_end(store, run, &(struct record_end){.status = "done", .seconds = seconds}, &st);
 *	store_command_end(store, command, &(struct record_end){.status = "done", .seconds = seconds}, &st);
 *	store_close(store);
 *
 * Failures: STATUS_DATA for everything that is wrong with the file, the disk or the
 * records in it, STATUS_USAGE for names that do not exist. A failed write changes
 * nothing and loses nothing that was written before; the store stays usable.
 * Functions that return an id return 0 on failure.
 *
 * Several processes may use one file. A store belongs to one thread, and functions
 * that it calls back may not call it.
 * Strings in records are UTF-8, copied before the call returns; where NULL is
 * allowed it means unknown. Times are UTC, "2026-01-31T12:00:00.123Z". */
#ifndef SPIKESCOPE_DB_STORE_H
#define SPIKESCOPE_DB_STORE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct store;

/* path NULL: $XDG_DATA_HOME/spikescope/spikescope.db (or ~/.local/share/...), whose
 * folders are made where missing. ":memory:": kept until closed. Another path: the
 * file is made where missing, its folder is not.
 * Brings an older file up to date, and marks runs and commands whose process is gone
 * as interrupted. Refuses what is not a spikescope database, or one of a newer
 * version, without changing it. */
struct store *store_open(const char *path, struct status *st);
/* Writes what is buffered, as far as possible; store may be NULL. */
void store_close(struct store *store);
const char *store_path(const struct store *store);
/* say is called once in each wait for another process that writes, after a second of it. */
void store_on_wait(struct store *store, void (*say)(void *ctx, const char *text), void *ctx); /* absolute, or ":memory:" */

/* --- things that runs refer to; recording the same hash again updates the rest --- */

struct record_model {
	const char *hash;          /* of the content */
	const char *name, *family; /* "digits-vit", "vit" */
	const char *path;
	int64_t parameters;
};
bool store_model(struct store *store, const struct record_model *model, struct status *st);

struct record_dataset {
	const char *hash;
	const char *path;
	int64_t images;
	int classes; /* 0: unlabelled */
};
bool store_dataset(struct store *store, const struct record_dataset *data, struct status *st);

struct record_plan {
	const char *hash;
	const char *model_hash; /* recorded before */
	const char *recipe;
	int T;
	const char *json;    /* canonical */
	const void *content; /* [size] the whole plan, from which it can be opened; NULL: unknown */
	size_t size;
	const char *name, *created, *model_name; /* filled when read; name and model_name may be NULL */
};
bool store_plan(struct store *store, const struct record_plan *plan, struct status *st);
bool store_plan_has(struct store *store, const char *hash); /* with its content */
/* Names a plan that is recorded. STATUS_USAGE when another has the name and force is false. */
bool store_plan_name(struct store *store, const char *name, const char *hash, bool force, struct status *st);
/* Every plan, newest first, once for each of its names. The record is valid within the
 * call; each returns false to stop. */
bool store_plan_list(struct store *store, bool (*each)(void *ctx, const struct record_plan *plan), void *ctx, struct status *st);
/* The plan of this name, or whose hash begins with text (at least 4 characters): one
 * call, or two when that fits several. STATUS_USAGE when there is none. */
bool store_plan_find(struct store *store, const char *text, bool (*each)(void *ctx, const struct record_plan *plan), void *ctx,
		     struct status *st);

struct record_ugo {
	int64_t id; /* filled when read */
	const char *name;
	const char *function; /* NULL: unknown (imported) */
	double lo, hi;
	int hidden;
	const char *form; /* "relu" or "segment" */
	double rmse, max_error;
	const float *weights; /* [rows, hidden]: w1, b1, w2 (rows 3), and the saturation h in segment form (rows 4) */
	int rows;
	float b2;
	const double *knots; /* [2, knot_count]: places and values; NULL: unknown */
	int knot_count;
	const char *created; /* filled when read */
};
/* The id of the new record, or of the one that is the same in name and content. */
int64_t store_ugo_put(struct store *store, const struct record_ugo *ugo, struct status *st);
/* Every UGO, newest first, whose name is `name` (NULL: the newest of each name). The record is valid
 * within the call only; each returns false to stop. */
bool store_ugo_list(struct store *store, const char *name, bool (*each)(void *ctx, const struct record_ugo *ugo), void *ctx,
		    struct status *st);

/* --- sessions and commands --- */

struct record_session {
	int64_t id;
	const char *name, *created;
	const char *note;       /* "" when there is none */
	int64_t commands, runs; /* recorded in it */
};
/* name NULL: "sN". STATUS_USAGE when the name is taken. */
int64_t store_session_new(struct store *store, const char *name, struct status *st);
/* By name, else by number; STATUS_USAGE when there is none. */
int64_t store_session_open(struct store *store, const char *name, struct status *st);
/* Appends a line to the note. */
bool store_session_note(struct store *store, int64_t session, const char *line, struct status *st);
/* Those with a name or a note of their own first, then the newest; each returns false to stop. */
bool store_session_list(struct store *store, bool (*each)(void *ctx, const struct record_session *session), void *ctx,
			struct status *st);

/* The session's state: a JSON object whose keys the caller defines. Every change is
 * kept, so that changes can be undone. store_command_end() adds one as well. */
bool store_session_state(struct store *store, int64_t session, const char *state, struct status *st);
/* The last; the caller frees. NULL when there is none, which is no failure. */
char *store_session_state_last(struct store *store, int64_t session, struct status *st);
/* Drops the last, unless it is the only one: *undone says whether it did. */
bool store_session_undo(struct store *store, int64_t session, bool *undone, struct status *st);
/* The session whose state was changed last, other than this one; STATUS_USAGE when there is none. */
int64_t store_session_latest(struct store *store, int64_t other_than, struct status *st);
/* Lines of the session's commands, oldest first; each returns false to stop. */
bool store_session_lines(struct store *store, int64_t session, bool (*each)(void *ctx, const char *line), void *ctx,
			 struct status *st);

/* How a command or a run ended. */
struct record_end {
	const char *status;  /* "done", "failed", "cancelled" */
	const char *message; /* NULL: none */
	double seconds;
	int64_t peak_memory_bytes; /* of runs; 0: unknown */
	const char *state;         /* of commands: the session's, where the command has changed it; NULL: not */
};

int64_t store_command_begin(struct store *store, int64_t session, const char *line, struct status *st);
bool store_command_end(struct store *store, int64_t command, const struct record_end *end, struct status *st);

/* --- runs and their measurements --- */

struct record_run {
	int64_t session, command;                          /* 0: none */
	const char *kind;                                  /* "step", "eval", "ann", "fit", "convert", ... */
	const char *model_hash, *plan_hash, *dataset_hash; /* recorded before; NULL: none */
	uint64_t seed;
	const char *version; /* of the program */
	int threads;
	int arithmetic;    /* its version; 0: unknown */
	const char *state; /* JSON: the session's before the command, for a replay; NULL: unknown */
};
/* Until it ends a run is 'running'; one whose process is gone is found by the next
 * store_open() on the same host. */
int64_t store_run_begin(struct store *store, const struct record_run *run, struct status *st);
/* Together with what is buffered: both are written or neither. After a failure it may
 * be called again. */
bool store_run_end(struct store *store, int64_t run, const struct record_end *end, struct status *st);

/* Measurements are buffered and written in transactions that hold whole steps: the
 * rows of one run and one t that follow each other are never parted, so record all
 * of a step before the next. The buffer is written when a new step begins and a
 * second or many thousand rows have passed, by store_flush(), and at the end of the
 * run and of the command. When a write fails the rows stay buffered and are tried
 * again; when too many wait, whole new steps are refused.
 * t is the step, 0 for what belongs to no step. NaN is kept as NULL.
 * The views v_runs and v_accuracy_vs_t know the names accuracy, ann_accuracy (t = 0),
 * agreement, logit_rmse, spikes_per_image, events_per_image and energy_ratio;
 * v_layer_error knows rmse, relative, cosine, rate and alarms of sites.
 * Recording the same measurement again replaces it. */
bool store_metric(struct store *store, int64_t run, int t, const char *name, double value, struct status *st);
bool store_site_metric(struct store *store, int64_t run, const char *site, int t, const char *name, double value,
		       struct status *st);

/* All sites of a step at once, packed: the way for what is measured at every step.
 * They show in v_site_metrics and v_layer_error like single ones. */
struct record_site {
	float rmse, relative, cosine, rate, events, spikes, alarms; /* NaN: not measured */
};
/* A number for store_site_step() that stands for these names, in forward order; the
 * same list has the same number. -1 when out of memory. */
int store_site_list(struct store *store, const char *const *names, int count, struct status *st);
/* sites: [count], as many as the list has. Within a run t ascends. */
bool store_site_step(struct store *store, int64_t run, int t, int list, const struct record_site *sites, int count,
		     struct status *st);

/* What an evaluation found of a picture after t steps. */
struct record_outcome {
	double squared_error;             /* of the logits against the reference, mean over classes */
	double events, spikes;            /* of all steps up to t */
	double energy_event, energy_unit; /* over the reference's, charged per event and per unit */
};
struct record_prediction {
	int64_t run;
	int picture;                          /* number in the data set */
	int label;                            /* -1: unknown */
	int ann, snn;                         /* classes; -1: not computed */
	int t;                                /* steps behind snn */
	const struct record_outcome *outcome; /* NULL: unknown */
};
bool store_prediction(struct store *store, const struct record_prediction *prediction, struct status *st);

/* Numbers of a site that were asked to be kept, compressed without loss: as I8 where
 * all are whole and fit, else as F32. Written at once. */
struct record_tensor {
	int64_t run;
	const char *site, *quantity; /* "blocks.0.attn.qk", "count" */
	int t;
	int dims;
	const int *dim;    /* [dims], at most 8 */
	const float *data; /* [product of dim] */
};
bool store_tensor(struct store *store, const struct record_tensor *tensor, struct status *st);
/* Those of a run whose site matches the glob, by site, then t; the record is valid
 * within the call, which returns false to stop. STATUS_DATA for damaged ones. */
bool store_tensor_list(struct store *store, int64_t run, const char *site_glob, const char *quantity,
		       bool (*each)(void *ctx, const struct record_tensor *tensor), void *ctx, struct status *st);

/* Questions with names. Saving replaces; store_question() gives a new string, or NULL
 * when there is none of this name, which is no failure. */
bool store_question_save(struct store *store, const char *name, const char *sql, struct status *st);
char *store_question(struct store *store, const char *name, struct status *st);
bool store_question_drop(struct store *store, const char *name, struct status *st); /* STATUS_USAGE: there is none */

/* Writes everything that is buffered, in one transaction. */
bool store_flush(struct store *store, struct status *st);

#endif
