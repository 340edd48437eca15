/* The UGO laboratory's memory: what was fitted, swept and observed last. */
#ifndef SPIKESCOPE_UI_LAB_H
#define SPIKESCOPE_UI_LAB_H

#include "study/observe.h"
#include "study/spike.h"
#include "ugo/fit/train.h"

enum { LAB_SIZES = 16, LAB_UGOS = 64 };

/* Fits of one function at several sizes. */
struct lab_size {
	int hidden;
	double rmse, max_error; /* goal_rmse and the largest error, both by the weighting */
	double limit_rmse, limit_max_error;
	double seconds;
};

struct ugo_lab {
	char name[48];   /* the UGO that views show unless told; "": none yet */
	struct site at;  /* the site that was selected when it was named: another one shows its own */
	int knot;        /* the node that is selected; 0: none */
	double was_rmse; /* before that knot was moved last; 0: it was not */

	struct lab_size size[LAB_SIZES];
	int sizes;
	char sizes_of[120]; /* what it is the sweep of; "": none */
	enum function sizes_function;
	bool sizes_known, sizes_peak;
	double sizes_lo, sizes_hi;

	struct spike_map map;
	char map_of[160]; /* likewise */

	struct train_curve loss;
	char loss_of[120];

	struct observation observed; /* of the model that is loaded; model NULL: none */
	int observed_asked;          /* pictures that were asked for: there may have been fewer */
};

#endif
