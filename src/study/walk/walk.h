/* A walk: one picture stepped through time beside its reference, forwards and back.
 *
 * Holds the network, the reference's value of every site and, for every step so
 * far, the readout and a few numbers per site, so that views can draw curves.
 *
 * A step may be entered: walk_next_site() goes on to the next site in forward order.
 * What a step does at a site depends only on the sites before it, so within step
 * t + 1 the sites up to `site` are read from the network after the step and the
 * others from one that was left before it. walk_network() knows which. */
#ifndef SPIKESCOPE_STUDY_WALK_H
#define SPIKESCOPE_STUDY_WALK_H

#include "ann/ann.h"
#include "base/progress.h"
#include "snn/snn.h"
#include "study/walk/timeline.h"

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
	const struct model *model;
	const struct plan *plan;
	struct snn *snn;
	struct ann_trace reference;
	int ann_top;
	int label;              /* of the picture, or -1 */
	bool shown;             /* a picture has been given */
	unsigned pictures;      /* how many have been */
	int t;                  /* whole steps done */
	int site;               /* within step t + 1: index of the last site done; -1: between steps */
	struct walk_step *step; /* [recorded], step[i] after i + 1 steps */
	int recorded;           /* at least t; more after going back */
	int capacity;
	struct timeline timeline;
	struct snn *before; /* the network at t while a step is entered; NULL until one is */
	struct ann *ann;
	float *pixels; /* the picture [channels, size, size] */
};

struct walk *walk_new(const struct plan *plan, struct status *st);
void walk_free(struct walk *walk);
/* Shows a picture: runs the reference, goes to t = 0. */
bool walk_show(struct walk *walk, const float *pixels, int label, struct status *st);
void walk_reset(struct walk *walk);
/* n steps; stops between steps when progress says so (STATUS_CANCELLED). What is left
 * of an entered step counts as one. */
bool walk_steps(struct walk *walk, int n, const struct progress *progress, struct status *st);
/* Back to t <= walk->t, with the state that was there to the bit; leaves an entered
 * step. Stops somewhere before t when progress says so (STATUS_CANCELLED). */
bool walk_back(struct walk *walk, int t, const struct progress *progress, struct status *st);
/* On to the next site that has a value; after the last one the step is done (site -1, t + 1). */
bool walk_next_site(struct walk *walk, struct status *st);
/* The network in which this site is as far as the walk. */
const struct snn *walk_network(const struct walk *walk, struct site site);
/* The numbers of a site as far as the walk; NULL when it has done no step. */
const struct walk_site *walk_site_now(const struct walk *walk, int site_index);
/* Names the state: within a step, of both networks and the site. */
void walk_hash(const struct walk *walk, char hex[HASH_HEX]);
/* The last step's record, or NULL at t = 0. */
const struct walk_step *walk_last(const struct walk *walk);
/* The class with the largest logit; the first of equals. */
int walk_best(const float *logits, int classes);
/* softmax of logits, the k best: class indices and probabilities. */
void walk_top(const float *logits, int classes, int k, int *index, float *probability);

#endif
