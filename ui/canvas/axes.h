/* The axes of a chart, whatever it is drawn with. */
#ifndef SPIKESCOPE_UI_CANVAS_AXES_H
#define SPIKESCOPE_UI_CANVAS_AXES_H

#include "ui/canvas/canvas.h"

enum { AXIS_TICKS = 16 };

/* What the chart's sides are; y as logarithms to base 10 with log_y. */
struct axes {
	double x_lo, x_hi, y_lo, y_hi;
	bool log_y;
};
/* Ends of the axes: as asked, else the data's with a little air. */
void axes_make(struct axes *axes, const struct chart *chart);

double chart_x(const struct chart *chart, const struct series *s, int i);
/* y as the axis counts it; NAN where it has no logarithm. */
double chart_y(const struct chart *chart, double y);
/* How far x points of bars are apart. */
double chart_bar_width(const struct chart *chart, const struct series *s);

/* Ticks of an axis with their text: at most `most` where that gives two of them, and never
 * one alone. y: of logarithms where the chart has them. Returns how many. */
struct tick {
	double at;
	char text[16];
};
int axis_x_ticks(const struct axes *axes, const struct chart *chart, int most, struct tick tick[AXIS_TICKS]);
int axis_y_ticks(const struct axes *axes, int most, struct tick tick[AXIS_TICKS]);

/* Is there a line above the curves that names them? */
bool chart_has_legend(const struct chart *chart);
/* Does the train send negative spikes? */
bool train_has_negative(const struct spike_train *train);
/* The largest count, at least 1. */
double train_most(const struct spike_train *train);

#endif
