/* Evaluation over a data set: one pass gives the whole curve over t. */
#ifndef SPIKESCOPE_STUDY_EVAL_H
#define SPIKESCOPE_STUDY_EVAL_H

#include "base/progress.h"
#include "model/dataset.h"
#include "snn/plan.h"

struct eval_point {
	int t;
	double accuracy, agreement; /* 0..1 */
	double logit_rmse;
	double events_per_image, units_per_image; /* all steps up to t */
};

struct eval_options {
	int first, count; /* pictures [first, first + count); count 0: all */
	const int *t;     /* ascending steps to report */
	int ts;
	int threads; /* pictures in parallel; 0: all cores */
};

struct eval_result {
	int images; /* done (fewer than asked when cancelled) */
	double ann_accuracy;
	struct eval_point *point; /* [ts] */
	int points;
	int *label, *ann_top, *snn_top; /* [images] per picture; snn_top at the last t */
	double seconds;
};

/* On cancel returns false with STATUS_CANCELLED, and result holds what was done. */
bool eval_run(const struct plan *plan, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	      const struct progress *progress, struct status *st);
/* The reference alone: accuracy and top-1 per picture (point NULL). */
bool eval_ann(const struct vit *vit, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	      const struct progress *progress, struct status *st);
void eval_done(struct eval_result *result);

#endif
