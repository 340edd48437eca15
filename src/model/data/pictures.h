/* What kinds of data sets that are picture files share. Private to src/model.
 * data->own is a struct pictures; dataset_pictures_get and _close are the kind's. */
#ifndef SPIKESCOPE_MODEL_DATASET_PICTURES_H
#define SPIKESCOPE_MODEL_DATASET_PICTURES_H

#include "model/data/kind.h"

#include <sys/stat.h>

struct pictures;

/* Makes data->own. */
bool pictures_begin(struct dataset *data, struct status *st);
bool folder_has(const char *folder, const char *name);
/* Is this the name of a picture (.jpg, .jpeg, .png)? */
bool pictures_named(const char *name);
/* Adds a picture; name is relative to the data set's folder, label -1: none. */
bool pictures_add(struct dataset *data, const char *name, const char *path, const struct stat *info, int label,
		  struct status *st);
const char *pictures_path(const struct dataset *data, int index);
void pictures_label(struct dataset *data, int index, int label);
/* Puts the labels of all pictures into the hash. */
void pictures_hash_labels(struct dataset *data);
/* Adds a class of this name, which is escaped. */
bool pictures_class(struct dataset *data, const char *name, struct status *st);
/* Closes the hash over names, sizes and times, which tell sets apart without reading every picture. */
void pictures_end(struct dataset *data);

/* Calls visit for the visible entries of data->path/under (under may be ""), in order of their names' bytes; info is
 * that of the entry, links followed. */
typedef bool visit_fn(struct dataset *data, const char *name, const char *path, const struct stat *info, int label,
		      struct status *st);
bool pictures_each(struct dataset *data, const char *under, visit_fn *visit, int label, struct status *st);
/* A visit_fn that adds those entries that are pictures. */
visit_fn pictures_visit;

bool dataset_pictures_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label,
			  struct status *st);
void dataset_pictures_close(struct dataset *data);

/* The names of synsets ("n01440764"): from words.txt, synset_words.txt or LOC_synset_mapping.txt in folder or its
 * parent; lines of a synset and its names, of which the first is taken. */
struct synsets {
	struct synset {
		const char *id, *name;
	} * list; /* [count] sorted by id; in the data set's arena */
	int count;
};
/* No such file is no failure: count is 0. */
bool synsets_read(struct synsets *synsets, struct dataset *data, const char *folder, struct status *st);
const char *synsets_name(const struct synsets *synsets, const char *id); /* NULL: unknown */

#endif
