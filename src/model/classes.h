/* The zero-shot head of a CLIP model. Private to src/model; model.h has what makes it. */
#ifndef SPIKESCOPE_MODEL_CLASSES_H
#define SPIKESCOPE_MODEL_CLASSES_H

struct model_classes;

void model_classes_free(struct model_classes *set); /* NULL is fine */

#endif
