/* The cheapest plan that is good enough: settings of each class of sites (study/ladder.h),
 * found by measuring.
 *
 *   recipe       as it is, on all pictures to tune by: how many of them change their class at
 *                what error of the logits
 *   sensitivity  on a few pictures: two and three spikes a step where neurons may send them,
 *                for fewer steps will then do; then every class made coarser alone: what that
 *                saves and what it does to the logits
 *   search       the changes that save most for the error they make are taken one after the
 *                other, each again as long as it is good; then thresholds are tried a
 *                quarter higher and lower
 *   finalists    the best are measured on all pictures to tune by, until no other can be
 *                expected to be better, and the best of these is the choice
 *   held out     the choice is measured on pictures that nothing was chosen by
 *
 * A candidate is good after the step at which it is best: one run measures all steps. What
 * a candidate is made from is the text of an override (plan.h), so that `convert --sites`
 * makes it again.
 *
 * The search builds and measures through its host, which may record it. The same numbers
 * from the host give the same choice: nothing is drawn. */
#ifndef SPIKESCOPE_STUDY_TUNE_H
#define SPIKESCOPE_STUDY_TUNE_H

#include "study/eval.h"
#include "study/ladder.h"

enum { TUNE_CLASSES = 16, TUNE_STEPS = 16, TUNE_CANDIDATES = 256, TUNE_TEXT = 3000 };

struct tune_target {
	double max_drop;   /* accuracy that may be lost, 0..1; NAN: as it comes */
	double max_energy; /* of the reference's; NAN: as little as possible */
};

struct tune_options {
	struct tune_target target;
	int t[TUNE_STEPS], ts; /* ascending steps that are wanted */
	int first, count;      /* pictures to tune by */
	int few;               /* of them for sensitivity and search */
	int held_first, held_count;
	bool functions; /* only UGOs: sizes, neurons and levels */
	int candidates; /* at most so many, 1..TUNE_CANDIDATES - 12 */
};

/* A class as it is set; 0: as the recipe has it. */
struct tune_setting {
	int levels, hidden, repeat;
	double scale;
};

/* What was found after a step. */
struct tune_point {
	int t;
	double energy; /* of the reference's, by the rule */
	double accuracy, agreement, squared_error;
	double drop; /* of accuracy, measured */
	struct eval_interval drop_in;
	double expected; /* the same, shrunk: tune_expected_drop() */
};

enum tune_stage { TUNE_RECIPE, TUNE_SENSITIVITY, TUNE_SEARCH, TUNE_FINALIST, TUNE_HELD_OUT };
extern const char *const tune_stage_names[]; /* ends with NULL */

struct tune_candidate {
	enum tune_stage stage;
	struct tune_setting set[TUNE_CLASSES];
	char sites[TUNE_TEXT]; /* what differs from the recipe; "": nothing */
	char sizes[TUNE_TEXT]; /* of that the sizes of UGOs, which have to be fitted for it */
	char change[64];       /* against the candidate it was made from, for people */
	int64_t run;           /* the host's */
	int images;
	struct tune_point point[TUNE_STEPS];
	int points;
	int best; /* index of the point that counts */
};

struct tune_measured {
	int64_t run;
	const struct eval_result *result; /* valid within the call; points as options->t */
	double energy[TUNE_STEPS];        /* by the rule, of the reference's, after each */
};

/* Whoever builds and measures. measure: the plan with the candidate's overrides on pictures
 * [first, first + count); calls done() with what was found, or returns false with *st. While
 * searching the plan may be one whose thresholds were not calibrated again. */
struct tune_host {
	void *ctx;
	bool (*measure)(void *ctx, const struct tune_candidate *candidate, int first, int count,
			void (*done)(void *to, const struct tune_measured *m), void *to, struct status *st);
};

struct tune_class {
	const struct site_class *class;
	bool function;                /* its sites are UGOs */
	bool repeats;                 /* its neurons may send several spikes a step */
	bool levels;                  /* its neurons have levels (or a burst) to take away */
	int base_levels, base_hidden; /* as the recipe has them */
	double base_scale;
	char globs[4][SITE_NAME_MAX]; /* of its sites */
	int glob_count;
};

struct tune {
	struct tune_class class[TUNE_CLASSES];
	int classes;
	struct tune_candidate *candidate; /* [candidates], in the order of measuring */
	double flips, errors; /* of what was measured on all pictures: those that changed class, and RMSE times pictures */
	int candidates;
	int chosen;     /* index; -1: nothing was measured */
	int held;       /* of the same settings on held-out pictures; -1: not measured */
	bool met;       /* the choice meets the target where it was chosen */
	bool confirmed; /* and on held-out pictures, the bad end of the interval too */
};

/* base: the plan without overrides, of a transformer (STATUS_USAGE). On cancel false with STATUS_CANCELLED, and the best so
 * far is chosen. tune: tune_done(). */
bool tune_run(const struct plan *base, const struct tune_options *options, const struct tune_host *host, struct tune *tune,
	      struct status *st);
void tune_done(struct tune *tune);

/* Is a point better than another for this target: nearer to it, or, where both meet it,
 * cheaper (with max_drop) or more exact (with max_energy alone)? */
bool tune_better(const struct tune_target *target, const struct tune_point *a, const struct tune_point *b);
/* measured: by the drop that was measured. Else by the one that is expected, with a margin of
 * half of it: of choices at the edge of the target every other would fail on held-out pictures. */
bool tune_meets(const struct tune_target *target, const struct tune_point *p, bool measured);
/* Does its interval keep the drop within the target too? Only that confirms it. */
bool tune_confirms(const struct tune_target *target, const struct tune_point *p);
/* About how many held-out pictures the interval would need to be within the target, at the drop
 * that was measured on `images` and with as many changed classes; 0: the drop itself misses it. */
double tune_pictures(const struct tune_target *target, const struct tune_point *p, int images);
/* Candidates of sensitivity and search that none of them beats in energy and in error, each
 * at its best step, the cheapest first; front [TUNE_CANDIDATES]. Returns how many. */
int tune_front(const struct tune *tune, int *front);
bool tune_compares(const struct tune_candidate *c); /* is it of sensitivity or search? */
/* Few pictures change their class, and whether they change for the worse is mostly chance.
 * Of n pictures `flips` changed theirs, and `lost` more were lost than won; usual is the share
 * that changes at this error of the logits, where that was measured on all pictures. Taken are 2000 more
 * pictures that are as usual, and 20 more flips; of flips at least one in eight is lost on
 * balance, as many pictures show (docs/spiking.md#delta: a tenth), for a search would find the plans
 * that were lucky. Returns a share of the pictures. */
double tune_expected_drop(double flips, double lost, double n, double usual);

#endif
