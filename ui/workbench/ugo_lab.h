/* The UGO laboratory's memory: what was fitted, swept and observed last, for its views, and
 * how UGOs and functions are found by name. */
#ifndef SPIKESCOPE_UI_UGO_LAB_H
#define SPIKESCOPE_UI_UGO_LAB_H

#include "ui/workbench/app.h"

/* Made at the first call; NULL when out of memory. */
struct ugo_lab *ugo_lab(struct app *app);
void ugo_lab_free(struct ugo_lab *lab);   /* NULL is fine */
void ugo_lab_forget(struct ugo_lab *lab); /* what was observed of a model that goes; NULL is fine */

/* The UGO that views show unless told: the last one named, or that of the selected site;
 * NULL when there is none. */
const struct ugo *lab_shown(const struct app *app);
/* Makes it that one. */
void lab_show(struct app *app, const struct ugo *ugo);

/* The index of a session's UGO by its exact name, or -1. */
int lab_index(const struct app *app, const char *name);
/* A UGO by its name in the session or in the notebook (which brings it into the session),
 * or that of a site of the plan. STATUS_USAGE: there is none. */
const struct ugo *lab_find(struct app *app, const char *name, struct status *st);
/* Takes ugo into the session and the notebook, in place of one of the same name, and makes
 * it the one that views show. Frees it on failure. */
bool lab_keep(struct app *app, struct ugo *ugo, struct status *st);
bool lab_rename(struct ugo *ugo, const char *name, struct status *st);

/* What a word names: a function of the table, a table (a file whose name ends in .csv) or
 * an expression in x; sets function or curve (which the caller frees) and the range. An
 * expression that does not parse is shown with a mark under the fault. */
bool lab_target(struct app *app, const char *text, struct ugo_request *request, struct curve **curve, struct status *st);

/* What the site's function receives, of `pictures` calibration pictures; runs them when they
 * were not observed yet. NULL on failure. */
const struct observed *lab_observed(struct app *app, struct site site, int pictures, struct status *st);
/* The same if it was observed already, else NULL. */
const struct observed *lab_seen(const struct app *app, struct site site);

/* What there is to say of a UGO: its size and errors, and how far it is from what is possible. */
struct output;
void output_ugo(struct output *o, const struct ugo *u);
void output_ugo_limits(struct output *o, const struct ugo *u);
/* The same numbers as metrics of a run. */
void record_ugo_metrics(struct app *app, int64_t run, const struct ugo *u);

#endif
