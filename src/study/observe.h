/* What the functions of a model receive: histograms of the reference network's inputs to
 * its nonlinearities, over a few pictures. A UGO is fitted to such a histogram, and drawn
 * over it: what lies outside its range is where accuracy is lost silently. */
#ifndef SPIKESCOPE_STUDY_OBSERVE_H
#define SPIKESCOPE_STUDY_OBSERVE_H

#include "base/progress.h"
#include "model/model.h"
#include "model/site.h"

enum { OBSERVE_BINS = 256 };

struct observed {
	double lo, hi;                  /* least and largest input; lo > hi: none */
	double count;                   /* inputs seen */
	double histogram[OBSERVE_BINS]; /* counts in equal bins over [lo, hi] */
};

struct observation {
	const struct model *model; /* not owned */
	int pictures;
	struct observed *site; /* [site_count] by site_index; empty for sites without a function */
};

/* pixels [pictures, channels, size, size]; the pictures are run twice. observation must be
 * zeroed or done, and is done after a failure. */
bool observe(struct observation *observation, const struct model *model, const float *pixels, int pictures,
	     const struct progress *progress, struct status *st);
void observation_done(struct observation *observation);

/* The counts spread over `bins` equal bins of [lo, hi]; returns the part of the inputs
 * that lies outside and is left out. */
double observed_spread(const struct observed *observed, double lo, double hi, double *out, int bins);

#endif
