/* What this machine does with a plan: where the time of a step goes, and what a whole
 * step, a whole run and the reference take. Medians over repetitions, one thread. */
#ifndef SPIKESCOPE_STUDY_PROFILE_H
#define SPIKESCOPE_STUDY_PROFILE_H

#include "base/progress.h"
#include "snn/plan/plan.h"

struct profile_site {
	double seconds;       /* a step, mean */
	double events, units; /* a step, mean */
	double neurons;
	double bytes; /* of state */
};

struct profile {
	int steps, repeats;        /* steps 0: nothing measured */
	double *step;              /* [steps] seconds of each step */
	double run;                /* seconds of all steps, layer by layer */
	double reference;          /* seconds of the reference */
	struct profile_site *site; /* [sites] by site_index */
	int sites;
	double state_bytes;
	char hash[HASH_HEX]; /* the plan's */
};

enum { PROFILE_STEPS_MAX = 256, PROFILE_REPEATS_MAX = 1000 };

struct profile_options {
	const float *pixels; /* the picture */
	int steps;           /* 1..PROFILE_STEPS_MAX; 0: the plan's T, at most that */
	int repeats;         /* 1..PROFILE_REPEATS_MAX; 0: 5 */
};

/* Stopped, it keeps the repetitions that were done: STATUS_CANCELLED, and steps is 0 when
 * there were none. */
bool profile_run(const struct plan *plan, const struct profile_options *options, struct profile *profile,
		 const struct progress *progress, struct status *st);
void profile_done(struct profile *profile);

#endif
