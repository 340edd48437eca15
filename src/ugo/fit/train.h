/* Training by Adam (Kingma and Ba 2015), the way UGOs were made first: for
 * comparison with ugo_fit(), which is better and some thousand times faster.
 *
 * All weights are free; they start as torch's linear layers do, uniform within
 * 1 / sqrt(inputs), and each step takes a batch of the drawn samples. */
#ifndef SPIKESCOPE_UGO_TRAIN_H
#define SPIKESCOPE_UGO_TRAIN_H

#include "ugo/ugo.h"

enum train_loss { TRAIN_MSE, TRAIN_HUBER }; /* of errors in units of |f| under UGO_RELATIVE */
enum { TRAIN_STEPS_MAX = 10000000, TRAIN_BATCH_MAX = 65536, TRAIN_POINTS = 64 };

struct train_request {
	/* What to approximate; samples (0: 65536) and seed are of the inputs drawn. Tables
	 * are drawn from by their weights. */
	struct ugo_request fit;
	int steps;   /* 1..TRAIN_STEPS_MAX */
	int batch;   /* 1..TRAIN_BATCH_MAX; rounded up to a multiple of 16 */
	double rate; /* learning rate, above 0 */
	bool cosine; /* which falls to 0 along a half wave; else it stays */
	enum train_loss loss;
	double delta; /* Huber: where the loss turns from square to straight, above 0 */
};

struct train_point {
	int step;
	double loss; /* mean over the steps since the last point */
	double rmse; /* over some 2000 of the samples, by the weighting */
};

/* Points at about equal ratios of steps. */
struct train_curve {
	struct train_point point[TRAIN_POINTS];
	int count;
};

/* u must be zeroed or done. STATUS_USAGE as ugo_fit(); STATUS_FAILED when training
 * diverges. Stopped by progress it fails with STATUS_CANCELLED, but u is what it was
 * at the last point of the curve (done when there is none). */
bool ugo_train(struct ugo *u, const struct train_request *request, struct train_curve *curve, const struct progress *progress,
	       struct status *st);

#endif
