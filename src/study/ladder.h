/* Where accuracy is lost: the ladder from the reference to spikes, and what each class
 * of sites costs alone (docs/methods.md#the-ladder).
 *
 * Every rung is the same network with fewer things exact:
 *   ann         the reference
 *   activation  the activation by its UGO, analog
 *   analog      every function by its UGO, analog
 *   spiking     the plan
 *
 * An attribution lets one class of sites spike at a time and leaves the others graded,
 * their functions exact or by UGO (`others`). */
#ifndef SPIKESCOPE_STUDY_LADDER_H
#define SPIKESCOPE_STUDY_LADDER_H

#include "study/eval.h"

enum { LADDER_RUNGS = 4 };

struct ladder_rung {
	const char *name;
	bool done;
	struct eval_result result; /* one point; sites with their errors; of "ann" no sites */
};

struct ladder {
	struct ladder_rung rung[LADDER_RUNGS];
	int t;
	double seconds;
};

struct ladder_options {
	int first, count; /* pictures; count 0: all */
	int t;            /* steps of the spiking rung; 0: the plan's T */
	int threads;      /* 0: all cores */
};

/* On cancel false with STATUS_CANCELLED; rungs that are done, and the pictures of the
 * one in hand, are kept. ladder: ladder_done(). */
bool ladder_run(const struct plan *plan, const struct dataset *data, const struct ladder_options *options, struct ladder *ladder,
		const struct progress *progress, struct status *st);
void ladder_done(struct ladder *ladder);

/* A class of sites: all encoders or functions of one kind of place, in every block. */
struct site_class {
	const char *name; /* "softmax" */
	const char *help;
	enum site_kind kind[4]; /* ends with SITE_PATCH_EMBED, or is full */
};
extern const struct site_class site_class_table[]; /* ends with a NULL name */
bool site_class_has(const struct site_class *c, enum site_kind kind);

struct attribution_item {
	char name[SITE_NAME_MAX]; /* of the class, or of the site */
	double accuracy, agreement, logit_rmse;
	double excess; /* logit_rmse squared minus that of nothing spiking */
	bool done;
};

struct attribution {
	struct attribution_item nothing; /* no site spikes */
	struct attribution_item full;    /* the plan */
	struct attribution_item *item;   /* [items], in forward order */
	int items;
	double sum;         /* of all excesses */
	double interaction; /* the plan's excess minus sum: what sites cost together beyond what each costs alone */
	int t, images;
	double ann_accuracy, seconds;
};

struct attribution_options {
	struct ladder_options run;
	enum function_mode others; /* FUNCTION_MODE_EXACT or FUNCTION_MODE_ANALOG */
	const char *sites;         /* NULL: by class; else each site that matches the glob, one at a time */
};

/* STATUS_USAGE when nothing matches. On cancel as ladder_run(). */
bool attribution_run(const struct plan *plan, const struct dataset *data, const struct attribution_options *options,
		     struct attribution *attribution, const struct progress *progress, struct status *st);
void attribution_done(struct attribution *attribution);

/* A copy of the plan in which only the sites with keep [plan->sites] spike; the others
 * are graded, their functions as `others` says (exact where there is no UGO). */
struct plan *plan_isolate(const struct plan *plan, const bool *keep, enum function_mode others, struct status *st);

#endif
