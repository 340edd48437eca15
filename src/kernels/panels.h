/* Weights in the order in which products read them.
 *
 * A matrix W [out, in] is cut into panels of PANEL outputs; the last may be narrower, but
 * always a multiple of PANEL_PART wide, with zeros behind the last output. A panel holds,
 * input after input, the weights of its outputs: element (o, i) of W is at
 *
 *	(o / PANEL) PANEL in + i panel_width(out, o / PANEL) + o % PANEL
 */
#ifndef SPIKESCOPE_MODEL_PANELS_H
#define SPIKESCOPE_MODEL_PANELS_H

#include <stddef.h>

enum { PANEL = 48, PANEL_PART = 16 };

/* Floats in all panels, and outputs of panel p with those that are filled up. */
size_t panels_size(int in, int out);
int panel_width(int out, int p);

/* W into panels; element (o, i) of W is w[o out_stride + i in_stride]. */
void panels_fill(float *panels, const float *w, size_t out_stride, size_t in_stride, int in, int out);
/* And back: w [out, in]. */
void panels_read(const float *panels, int in, int out, float *w);

#endif
