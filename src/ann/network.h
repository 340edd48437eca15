/* Inside the reference network: the architectures' passes. Shared by the files of ann/ only. */
#ifndef SPIKESCOPE_ANN_NETWORK_H
#define SPIKESCOPE_ANN_NETWORK_H

#include "ann/ann.h"
#include "base/arena.h"

/* Scratch of a residual network for `batch` pictures; NULL when out of memory. */
struct layers *layers_new(const struct model *model, int batch, struct arena *arena);
/* As ann_forward(); pictures and observer are checked. */
void layers_forward(const struct layers *layers, const float *pixels, int pictures, float *logits,
		    const struct ann_observer *observer);

#endif
