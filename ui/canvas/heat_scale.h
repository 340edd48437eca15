/* How the values of a map become places on a ramp. */
#ifndef SPIKESCOPE_UI_CANVAS_HEAT_SCALE_H
#define SPIKESCOPE_UI_CANVAS_HEAT_SCALE_H

#include "ui/canvas/canvas.h"

/* The value at place f, 0..1, of the ramp. heat has been prepared. */
double heat_value(const struct heat *heat, double f);
/* The ramp's ends as text: "-.05", "≥.03". */
void heat_ends(const struct heat *heat, char *lo, char *hi, size_t size);

#endif
