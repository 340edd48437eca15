/* The state of a session: what is loaded and looked at, as a JSON object.
 *
 * The notebook keeps it after every command that changed it, so that a session can be
 * reopened, a command undone, and a run replayed from where it began. One table of
 * keys says what belongs to it; whoever adds something that a session has to bring
 * back (a layout, breakpoints) adds a row there.
 *
 *	char *before = state_capture(app);
 *	...
 *	if (!state_restore(app, before, false, &st))
 *		...
 *	free(before); */
#ifndef SPIKESCOPE_UI_STATE_H
#define SPIKESCOPE_UI_STATE_H

#include "ui/workbench/app.h"

#include <jansson.h>

struct state_key {
	const char *name;
	/* What is to be kept: a new reference; json_null() when there is nothing. */
	json_t *(*save)(const struct app *app);
	/* Brings it back. value is JSON null where it was not there, or was not yet known
	 * when the state was kept. What is as it should be already is left alone. It may
	 * come from a stranger's notebook. */
	bool (*restore)(struct app *app, const json_t *value, struct status *st);
	bool acts; /* what it holds does something later: not taken from another notebook unasked */
};
/* Breakpoints, the second plan, layouts and keys (state_screen.c). */
json_t *save_breakpoints(const struct app *app);
bool restore_breakpoints(struct app *app, const json_t *value, struct status *st);
json_t *save_split(const struct app *app);
bool restore_split(struct app *app, const json_t *value, struct status *st);
json_t *save_layouts(const struct app *app);
bool restore_layouts(struct app *app, const json_t *value, struct status *st);
json_t *save_keys(const struct app *app);
bool restore_keys(struct app *app, const json_t *value, struct status *st);
/* Says each breakpoint, layout and key of a state; returns how many. */
int say_what_acts(struct app *app, const json_t *state);

extern const struct state_key state_table[]; /* in the order of restoring; ends with a NULL name */

/* Compact and in the order of the table, so that equal states are equal strings; the
 * caller frees. NULL when out of memory. */
char *state_capture(const struct app *app);

/* Brings a state back. strict: stops at the first thing that cannot be brought back;
 * else says it (app_say) and goes on with the rest. */
bool state_restore(struct app *app, const char *state, bool strict, struct status *st);

/* A session that was imported is somebody else's: state_restore() leaves out its keys, layouts and breakpoints.
 * state_offer() says what they are and how they are taken, state_take() takes them; of an own state both do nothing. */
void state_offer(struct app *app, const char *state);
bool state_take(struct app *app, const char *state, struct status *st);

#endif
