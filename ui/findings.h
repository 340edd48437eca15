/* What studies have found, kept for their views until the next one or another model. */
#ifndef SPIKESCOPE_UI_FINDINGS_H
#define SPIKESCOPE_UI_FINDINGS_H

#include "study/ladder.h"
#include "ui/app.h"

/* Accuracy by t of one evaluation. */
struct curve {
	char name[64]; /* "delta T=4, run 12" */
	int64_t run;
	int count;
	struct curve_point {
		int t;
		double accuracy, agreement, logit_rmse, spikes, energy; /* spikes per picture; energy over the reference's */
	} * point;                                                      /* [count] */
};

struct findings {
	struct ladder ladder;           /* t 0: none */
	struct attribution attribution; /* items 0: none */
	struct curve *curve;            /* [curves] */
	int curves;
	double ann_accuracy; /* of the curves; NaN: unknown, or not the same for all */
};

/* Never NULL while the app lives. */
struct findings *findings_of(struct app *app);
void findings_free(struct app *app);
void findings_forget_model(struct app *app); /* ladder and attribution */
void findings_forget_curves(struct app *app);
/* Adds a curve with room for count points; NULL when out of memory. */
struct curve *findings_add_curve(struct app *app, const char *name, int64_t run, int count);

#endif
