/* What a user gives as a model: a folder, or a file of weights with its configuration beside it. */
#ifndef SPIKESCOPE_MODEL_SOURCE_H
#define SPIKESCOPE_MODEL_SOURCE_H

#include "base/status.h"

struct source {
	char *folder;
	char *weights; /* NULL: the folder's own */
};

/* Finds folder and weights of path. Fails with STATUS_DATA where there is nothing, telling what would fetch it when the
 * path is a name on the Hugging Face hub or an address. The caller ends it with source_done(), also after a failure. */
bool source_find(struct source *source, const char *path, struct status *st);
void source_done(struct source *source);

#endif
