/* What .npy and .npz data sets share. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_DATASET_ARRAYS_H
#define SPIKESCOPE_MODEL_DATASET_ARRAYS_H

#include "model/data/kind.h"
#include "model/files/npy.h"

/* Are these bytes [n, height, width, 3], and how many? */
bool arrays_check_pixels(struct dataset *data, const struct npy_header *h, const char *name, struct status *st);
/* Takes data->count labels from an array of integers [n] of the file `name`; and the classes, with their names for a file
 * that is called cifar10... or has a classes.txt (one a line) beside it. */
bool arrays_take_labels(struct dataset *data, const struct npy_header *h, const uint8_t *bytes, const char *name,
			struct status *st);
/* A picture of these bytes as the model wants it. */
bool arrays_picture(const struct npy_header *h, const uint8_t *rgb, const struct model *model, float *pixels, struct status *st);

#endif
