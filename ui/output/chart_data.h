/* The curves of the last `plot` or `compare`, which `view plot` draws. */
#ifndef SPIKESCOPE_UI_CHART_DATA_H
#define SPIKESCOPE_UI_CHART_DATA_H

#include "ui/output/answer.h"

enum { CHART_SERIES = 8 };

struct chart_series {
	char *name;
	float *x, *y; /* [count] */
	int count, capacity;
};

struct chart_data {
	char *x_name, *y_name;
	struct chart_series series[CHART_SERIES];
	int count;
	bool points, log_y, x_whole;
};

/* From rows x, y and, if there is a third column, the name of the series; rows where x
 * or y is NULL are left out. STATUS_USAGE: not two or three columns, not numbers, more
 * than CHART_SERIES series, no points. */
struct chart_data *chart_data_make(const struct answer *answer, struct status *st);
void chart_data_free(struct chart_data *chart); /* NULL is fine */

#endif
