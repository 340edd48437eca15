/* What studies have found, kept for their views until the next one or another model. */
#ifndef SPIKESCOPE_UI_FINDINGS_H
#define SPIKESCOPE_UI_FINDINGS_H

#include "study/ladder.h"
#include "study/profile.h"
#include "ui/app.h"

struct findings {
	struct ladder ladder;           /* t 0: none */
	struct attribution attribution; /* items 0: none */
	struct profile profile;         /* steps 0: none */
};

/* Never NULL. */
struct findings *findings_of(struct app *app);
void findings_free(struct app *app);
void findings_forget(struct app *app); /* when the model goes */

#endif
