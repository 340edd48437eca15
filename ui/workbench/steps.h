/* Moving the workbench through time: what the commands of time share.
 *
 * Both plans of a split move together; the record, the history of what is selected
 * and the notebook follow; breakpoints stop, and what they stopped at is selected. */
#ifndef SPIKESCOPE_UI_STEPS_H
#define SPIKESCOPE_UI_STEPS_H

#include "ui/workbench/app.h"

/* n steps, until a breakpoint stops or `until` (may be NULL) is true: app->stop says
 * so. There must be a walk. On cancel what was done is kept. */
bool steps_take(struct app *app, int n, const struct condition *until, struct status *st);
/* To the next site of the forward order, n times; stops at the end of a step that a
 * breakpoint stops. */
bool steps_take_sites(struct app *app, int n, struct status *st);
/* Back to t <= the walk's. */
bool steps_back(struct app *app, int t, struct status *st);

/* Brings the walk of a split to where the first one is. */
bool steps_follow(struct app *app, struct status *st);

/* Selects the site and element. */
void select_found(struct app *app, const struct condition_found *found);
/* "blocks.3.attn.q[5,17]", with the hidden neuron where there is one. Returns out. */
char *found_name(const struct app *app, const struct condition_found *found, char *out, size_t size);

#endif
