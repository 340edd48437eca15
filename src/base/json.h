/* JSON files of strangers. */
#ifndef SPIKESCOPE_BASE_JSON_H
#define SPIKESCOPE_BASE_JSON_H

#include "base/status.h"

#include <jansson.h>

/* The file's value; flags are jansson's. NULL with STATUS_DATA and the line when it is none, and with
 * STATUS_FAILED when memory is out, which says nothing about the file. */
json_t *json_read(const char *path, size_t flags, struct status *st);

/* The same for text that `name` stands for. */
json_t *json_parse(const char *name, const char *text, size_t size, size_t flags, struct status *st);

#endif
