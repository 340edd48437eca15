/* What the workbench writes into the store: commands, runs and their numbers.
 *
 * A record that cannot be written never stops the work: the first failure is said
 * (app_say) and remembered in app->recording_failed, so that the program ends with
 * STATUS_DATA. */
#ifndef SPIKESCOPE_UI_NOTEBOOK_H
#define SPIKESCOPE_UI_NOTEBOOK_H

#include "study/energy/ledger.h"
#include "study/eval.h"
#include "ui/workbench/app.h"

/* Says and remembers that something could not be recorded. */
void notebook_failed(struct app *app, const struct status *st);

int64_t notebook_command_begin(struct app *app, const char *line);
/* st: how it ended. Also keeps the session's state, where the command has changed it. */
void notebook_command_end(struct app *app, int64_t command, const struct status *st, double seconds);

/* What follows is recorded in this session; the state that the workbench is in is
 * taken as it is. state_known: the notebook has a state of the session already. */
void notebook_session_enter(struct app *app, int64_t session, bool state_known);

/* Starts a run of this kind ("step", "ann", "eval", "fit", "convert") with the loaded
 * model, and the plan and data set that it is about (NULL: none). 0 when it failed. */
int64_t notebook_run_begin(struct app *app, const char *kind, const struct plan *plan, const struct dataset *data);
void notebook_run_end(struct app *app, int64_t run, const struct status *st, double seconds);
void notebook_metric(struct app *app, int64_t run, int t, const char *name, double value);

/* The measurements of step t of the walk: of the whole, and of each site. */
void notebook_walk_step(struct app *app, int64_t run, int t);
/* Points and sites of an evaluation so far, and its pictures from `from` on; written at once. */
void notebook_eval(struct app *app, int64_t run, const struct eval_options *options, const struct eval_result *so_far, int from);
/* What earlier evaluations of this plan and data set have recorded of the pictures from
 * options->first on, at the steps asked for; images 0 when there is nothing. *run is
 * theirs. The caller frees by eval_done(). */
bool notebook_eval_known(struct app *app, const struct plan *plan, const struct dataset *data, const struct eval_options *options,
			 struct eval_result *known, int64_t *run, struct status *st);

/* What a ledger has counted at a site in step t, of so many pictures: their mean. */
void notebook_ledger(struct app *app, int64_t run, int t, struct site site, const struct ledger_row *row, int pictures);

/* The sites of one rung of a ladder, under the rung's number as t. */
void notebook_rung(struct app *app, int64_t run, int t, const struct eval_result *result);

/* The plan, whole, so that it can be opened again. */
bool notebook_plan(struct app *app, const struct plan *plan, struct status *st);

/* A UGO into the collection. */
void notebook_ugo(struct app *app, const struct ugo *ugo);

#endif
