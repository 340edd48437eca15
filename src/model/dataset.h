/* Data sets: numbered, labelled pictures, read when asked for.
 *
 * Known forms: a CIFAR-10 binary batch (file of 3073-byte records), a folder of
 * such batches (data_batch_*.bin, test_batch.bin: the test batch), a folder of
 * class folders with JPEG or PNG files (classes sorted by name), a folder of
 * pictures without classes, and a safetensors file with a `pixel_values` or
 * `images` tensor [n, channels, size, size] of normalised floats (and `labels`). */
#ifndef SPIKESCOPE_MODEL_DATASET_H
#define SPIKESCOPE_MODEL_DATASET_H

#include "base/hash.h"
#include "base/status.h"
#include "model/vit.h"

struct dataset;

struct dataset *dataset_open(const char *path, struct status *st);
void dataset_close(struct dataset *data);

int dataset_count(const struct dataset *data);
int dataset_classes(const struct dataset *data);		   /* 0 when unlabelled */
const char *dataset_class(const struct dataset *data, int index); /* NULL when it has no name */
const char *dataset_path(const struct dataset *data);
const char *dataset_hash(const struct dataset *data); /* of contents, or of names, sizes and times for folders */

/* Picture `index` as the model wants it: pixels [channels, size, size]; *label is
 * its class or -1. Thread safe. */
bool dataset_get(const struct dataset *data, int index, const struct vit *vit, float *pixels, int *label, struct status *st);

/* One picture by what a user types: "17" (of data, which may be NULL), "cat.jpg",
 * "file.safetensors:NAME[3]" (the index may be omitted). *title (for the status
 * line, "image 17", "cat.jpg") is a new string that the caller frees. */
bool picture_get(const char *text, const struct dataset *data, const struct vit *vit, float *pixels, int *label, char **title,
		 struct status *st);

#endif
