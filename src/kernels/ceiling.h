/* What this machine does at most, on one thread, with the kernels in use: what a time can be compared with. */
#ifndef SPIKESCOPE_KERNELS_CEILING_H
#define SPIKESCOPE_KERNELS_CEILING_H

#include "base/status.h"

struct ceiling {
	double floats; /* multiply-adds a second of the product of floats, 64 x 192 x 768 */
	double spikes; /* the same of the product of spikes when all send */
	double bytes;  /* a second, read and written, copying 32 MB */
};

/* Takes some hundredths of a second. False when out of memory. */
bool ceiling_measure(struct ceiling *ceiling, struct status *st);

#endif
