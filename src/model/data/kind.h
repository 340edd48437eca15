/* What a kind of data set must do; dataset.c chooses the kind and checks indices. */
#ifndef SPIKESCOPE_MODEL_DATASET_KIND_H
#define SPIKESCOPE_MODEL_DATASET_KIND_H

#include "base/arena.h"
#include "model/data/dataset.h"
#include "model/files/safetensors.h"

#include <dirent.h>

struct dataset_kind {
	/* Is path (without its trailing slashes; folder: by stat) of this kind? Fails
	 * only by saying no; what is wrong inside is for open to say. */
	bool (*knows)(const char *path, bool folder);
	/* Fills in count, classes, names, hash and own. On failure close is called. */
	bool (*open)(struct dataset *data, struct status *st);
	bool (*get)(const struct dataset *data, int index, const struct model *model, float *pixels, int *label,
		    struct status *st);
	void (*close)(struct dataset *data);     /* frees own, which may be NULL */
	int (*side)(const struct dataset *data); /* as dataset_side(); NULL: 0 */
};

struct dataset {
	const struct dataset_kind *kind;
	struct arena *arena; /* path, names and what the kind puts there */
	const char *path;
	int count, classes;
	const char **names; /* [classes], or NULL; an entry may be NULL */
	int *labels;        /* [count], for kinds that hold them here */
	char hash[HASH_HEX];
	void *own;
};

extern const struct dataset_kind dataset_cifar10, dataset_cifar100, dataset_folder, dataset_imagenet, dataset_npy, dataset_npz,
    dataset_tensors, dataset_tiny;

/* The name with control characters escaped, in the data set's arena; NULL (and
 * st) when out of memory. */
const char *dataset_name(struct dataset *data, const char *name, struct status *st);

/* Adds the file's bytes to hash. */
bool dataset_hash_file(struct hash *hash, const char *path, struct status *st);
/* data->hash of data->path, one file. */
bool dataset_hash_alone(struct dataset *data, struct status *st);

/* scandir(3) helpers: the order of names (by bytes, in every locale), and the end of a list. */
int dataset_bytewise(const struct dirent **a, const struct dirent **b);
void dataset_free_names(struct dirent **entries, int count);

/* Picture `index` of tensor t, floats [n, C, S, S] or one picture [C, S, S], in
 * the model's shape; NaN and infinity are refused. file is for messages. */
bool tensor_picture(const struct st_tensor *t, const char *file, int64_t index, const struct model *model, float *pixels,
		    struct status *st);

/* The side of a tensor's pictures when they are square; else 0. */
int tensor_side(const struct st_tensor *t);

/* The label that the file's `labels` [n] gives to picture index of n; -1 when there are none. */
bool tensor_label(const struct safetensors *tensors, int64_t n, int64_t index, int *label, struct status *st);

#endif
