/* LANES floats at a time. Products and sums are not contracted (-ffp-contract=off) and
 * sums are kept lane by lane, so that every machine's clone gives the same bits. */
#ifndef SPIKESCOPE_UGO_LANES_H
#define SPIKESCOPE_UGO_LANES_H

#include "kernels/kernel.h"

typedef float lanes __attribute__((vector_size(64)));
typedef int masks __attribute__((vector_size(64)));

enum { LANES = 16 };

#endif
