/* A walk: one picture stepped through time beside its reference.
 *
 * Holds the network, the reference's value of every site and, for every step so
 * far, the readout and a few numbers per site, so that views can draw curves. */
#ifndef SPIKESCOPE_STUDY_WALK_H
#define SPIKESCOPE_STUDY_WALK_H

#include "ann/ann.h"
#include "base/progress.h"
#include "snn/snn.h"

struct walk_site {
	float rmse;     /* value against the reference, root mean square */
	float relative; /* rmse / root mean square of the reference (0 when that is 0) */
	float cosine;
	float rate;          /* events per neuron in this step */
	float events, units; /* in this step */
	float alarms;        /* inputs outside the UGO's range in this step */
	float reach;         /* how far the farthest was outside so far, in widths of the range */
};

struct walk_step {
	float *logits;        /* [classes] */
	float logit_rmse;     /* against the reference */
	int top;              /* class */
	double events, units; /* in this step, all sites */
	double seconds;
	struct walk_site *site; /* [site_count] by site_index */
};

enum { WALK_STEPS_MAX = 4096 };

struct walk {
	const struct vit *vit;
	const struct plan *plan;
	struct snn *snn;
	struct ann_trace reference;
	int ann_top;
	int label;              /* of the picture, or -1 */
	bool shown;             /* a picture has been given */
	int t;                  /* steps done */
	struct walk_step *step; /* [t], step[i] after i + 1 steps */
	int capacity;
	struct ann *ann;
	float *pixels; /* the picture [channels, size, size] */
};

struct walk *walk_new(const struct plan *plan, struct status *st);
void walk_free(struct walk *walk);
/* Shows a picture: runs the reference, goes to t = 0. */
bool walk_show(struct walk *walk, const float *pixels, int label, struct status *st);
void walk_reset(struct walk *walk);
/* n steps; stops between steps when progress says so (STATUS_CANCELLED). */
bool walk_steps(struct walk *walk, int n, const struct progress *progress, struct status *st);
/* The last step's record, or NULL at t = 0. */
const struct walk_step *walk_last(const struct walk *walk);
/* The class with the largest logit; the first of equals. */
int walk_best(const float *logits, int classes);
/* softmax of logits, the k best: class indices and probabilities. */
void walk_top(const float *logits, int classes, int k, int *index, float *probability);

#endif
