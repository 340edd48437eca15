/* What studies have found, kept for their views until the next one or another model. */
#ifndef SPIKESCOPE_UI_FINDINGS_H
#define SPIKESCOPE_UI_FINDINGS_H

#include "study/energy/account.h"
#include "study/ladder.h"
#include "study/profile.h"
#include "study/tune.h"

/* What was counted last, and the rule that is looked at. */
struct energy_finding {
	struct ledger *network; /* NULL: nothing; its plan may be gone */
	struct ledger *reference;
	struct rules rules;
	char rule[40], plan[HASH_HEX];
	double seconds;
};
void energy_finding_done(struct energy_finding *energy);

/* What was tuned last. */
struct tune_finding {
	struct tune tune; /* candidates 0: nothing */
	struct tune_options options;
	char rule[40], name[64]; /* name: of the plan; "": none was kept */
};

struct findings {
	struct ladder ladder;           /* t 0: none */
	struct attribution attribution; /* items 0: none */
	struct profile profile;         /* steps 0: none */
	struct energy_finding energy;
	struct tune_finding tune;
};

struct findings *findings_new(void);             /* NULL when out of memory */
void findings_free(struct findings *findings);   /* NULL is fine */
void findings_forget(struct findings *findings); /* when the model goes */

#endif
