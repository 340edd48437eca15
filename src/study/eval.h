/* Evaluation over a data set: one pass gives the whole curve over t. */
#ifndef SPIKESCOPE_STUDY_EVAL_H
#define SPIKESCOPE_STUDY_EVAL_H

#include "base/progress.h"
#include "model/data/dataset.h"
#include "snn/plan/plan.h"

/* One picture after t steps. */
struct eval_outcome {
	int top;                    /* class */
	double squared_error;       /* of the logits against the reference, mean over classes */
	double events, units;       /* all steps up to t */
	double per_event, per_unit; /* energy up to t over the reference's (energy.h) */
};

struct eval_interval {
	double lo, hi;
};

/* Intervals have 95% confidence: Wilson's for fractions, Newcombe's for the gap, a normal one for
 * the error of the logits. */
struct eval_point {
	int t;
	double accuracy, agreement; /* 0..1 */
	struct eval_interval accuracy_in, agreement_in;
	double gap; /* accuracy minus the reference's on the same pictures */
	struct eval_interval gap_in;
	double logit_rmse;
	struct eval_interval logit_rmse_in;
	double events_per_image, units_per_image; /* all steps up to t */
	double per_event, per_unit;               /* energy over the reference's */
};

/* One site at the last step asked for, over all pictures. */
struct eval_site {
	double alarms;          /* inputs outside the UGO's range, all pictures and steps */
	double reach;           /* how far the farthest was outside, in widths of the range */
	double neurons, events; /* spiking neurons; events of all pictures and steps */
	/* With options.errors, against the reference's value, else 0: */
	double rmse, relative, cosine;
};

struct eval_result {
	int images; /* done (fewer than asked when cancelled) */
	double ann_accuracy;
	struct eval_point *point; /* [points] */
	int points;
	int *label, *ann_top;         /* [images] */
	struct eval_outcome *outcome; /* [images, points] */
	struct eval_site *site;       /* [sites] by site_index; 0: the reference alone */
	int sites;
	double seconds;
};

struct eval_options {
	int first, count; /* pictures [first, first + count); count 0: all */
	const int *t;     /* ascending steps to report */
	int ts;
	int threads; /* pictures in parallel; 0: all cores */
	bool errors; /* of every site too (slower) */
	/* What an earlier run of the same plan, pictures and steps did: its first pictures,
	 * which are not done again. NULL: nothing. */
	const struct eval_result *known;
	/* Called every few seconds and at the end, from the calling thread: so_far holds all
	 * that is done without a gap, of which the pictures from `from` on are new. */
	void (*keep)(void *ctx, const struct eval_result *so_far, int from);
	void *keep_ctx;
};

/* On cancel returns false with STATUS_CANCELLED, and result holds what was done.
 * Results do not depend on the number of threads. */
bool eval_run(const struct plan *plan, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	      const struct progress *progress, struct status *st);
/* The reference alone: accuracy and top-1 per picture (no points). */
bool eval_ann(const struct model *model, const struct dataset *data, const struct eval_options *options,
	      struct eval_result *result, const struct progress *progress, struct status *st);
void eval_done(struct eval_result *result);

/* Wilson's 95% interval of k of n. */
struct eval_interval eval_wilson(double k, double n);
/* 95% interval of the difference of two fractions of the same pictures, (both + own) / n minus
 * (both + other) / n: of n pictures `both` were right twice, `own` and `other` for one alone.
 * Newcombe's square-and-add with Wilson's intervals (Statistics in Medicine 17, 1998, 2635-2650,
 * method 10). It has a width however well they agree, as a finite sample must. */
struct eval_interval eval_paired(double both, double own, double other, double neither);

#endif
