/* Golden models, and folders like them that a test has broken. */
#ifndef SPIKESCOPE_TESTS_MODELS_H
#define SPIKESCOPE_TESTS_MODELS_H

#include "model/data/dataset.h"
#include "model/files/safetensors.h"

#include <stddef.h>

/* $SPIKESCOPE_SHARED/name (default ../shared/name), or NULL with a message when
 * it is not there; valid until the fourth call from now. */
const char *models_shared(const char *name);

/* Writes scratch_folder()/name, making the folders in name; returns its path as
 * scratch_path() does. */
const char *models_write(const char *name, const void *data, size_t size);
const char *models_text(const char *name, const char *text);

/* Fails the test unless this is what went wrong, in these words. */
void models_refused(const struct status *st, enum status_code code, const char *words);

/* An open data set, or the test fails. */
struct dataset *models_dataset(const char *path);

/* The digits example and the first `pictures` of its calibration pictures, [pictures, 3, 8, 8]; the
 * caller frees both. */
struct model *models_digits(float **pixels, int pictures);

enum { MODEL_NAME_MAX = 160 };

/* What to change in a copy of a golden model. */
struct model_edit {
	const char *folder;                                         /* of the copy, in the scratch folder; NULL: "broken" */
	const char *weights;                                        /* the file of weights; NULL: model.safetensors */
	const char *config_name;                                    /* NULL: config.json */
	const char *config;                                         /* the new configuration; NULL: as it was */
	void (*rename)(const char *name, char out[MODEL_NAME_MAX]); /* NULL: names stay */
	const char *cut_prefix;                                     /* taken off the names that start with it */
	const char *drop;                                           /* the tensor to leave out */
	const char *reshape;                                        /* the tensor whose first dimension grows by one */
	const char *grow; /* the tensor whose first dimension becomes `rows`; new values are small and differ */
	int rows;
	const char *poison; /* the tensor whose last value becomes `value` */
	float value;
	const char *add; /* one more tensor, [1] */
};

/* A copy of tests/fixtures/MODEL in scratch_folder()/FOLDER, its weights in model.safetensors; returns its path. */
const char *models_edit(const char *model, const struct model_edit *edit);

#endif
