#include "ui/output/chart_data.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
chart_data_free(struct chart_data *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->count; i++) {
		free(c->series[i].name);
		free(c->series[i].x);
		free(c->series[i].y);
	}
	free(c->x_name);
	free(c->y_name);
	free(c);
}

static struct chart_series *
series_named(struct chart_data *c, const char *name, struct status *st)
{
	struct chart_series *s;

	for (int i = 0; i < c->count; i++)
		if (strcmp(c->series[i].name, name) == 0)
			return &c->series[i];
	if (c->count == CHART_SERIES) {
		status_fail(st, STATUS_USAGE, "more than %d series in the third column; ask for fewer", CHART_SERIES);
		return NULL;
	}
	s = &c->series[c->count];
	if (!(s->name = strdup(name))) {
		status_nomem(st, "a plot");
		return NULL;
	}
	c->count++;
	return s;
}

static bool
add_point(struct chart_series *s, double x, double y)
{
	int capacity = s->capacity ? 2 * s->capacity : 64;

	if (s->count == s->capacity) {
		float *xs = realloc(s->x, (size_t)capacity * sizeof(*xs));
		float *ys = realloc(s->y, (size_t)capacity * sizeof(*ys));

		s->x = xs ? xs : s->x;
		s->y = ys ? ys : s->y;
		if (!xs || !ys)
			return false;
		s->capacity = capacity;
	}
	s->x[s->count] = (float)x;
	s->y[s->count++] = (float)y;
	return true;
}

static bool
number_of(const struct answer_cell *c, double *out)
{
	*out = c->type == QUERY_INTEGER ? (double)c->integer : c->real;
	return !c->text;
}

static bool
add_row(struct chart_data *c, const struct answer *a, int row, struct status *st)
{
	const struct answer_cell *x = answer_at(a, row, 0), *y = answer_at(a, row, 1);
	struct chart_series *s;
	char name[60] = "";
	double at, value;

	if (x->type == QUERY_NULL || y->type == QUERY_NULL)
		return true;
	if (!number_of(x, &at) || !number_of(y, &value))
		return status_fail(st, STATUS_USAGE,
				   "plot: %s is not a number, in row %d; ask for x, y and maybe the series' name",
				   x->text ? a->name[0] : a->name[1], row + 1);
	if (a->columns == 3)
		answer_text(a, answer_at(a, row, 2), 2, name, sizeof(name));
	c->x_whole = c->x_whole && at == floor(at);
	s = series_named(c, name, st);
	return s && (add_point(s, at, value) || status_nomem(st, "a plot"));
}

/* Ticks with many zeros are hard to read: such an axis counts millions. */
static bool
scale_axis(struct chart_data *c, bool x)
{
	static const struct {
		float unit;
		const char *name;
	} units[] = {{1e9f, "billions"}, {1e6f, "millions"}};
	char **name = x ? &c->x_name : &c->y_name, *longer;
	float most = 0;
	size_t u = 0;

	for (int i = 0; i < c->count; i++)
		for (int k = 0; k < c->series[i].count; k++)
			most = fmaxf(most, fabsf(x ? c->series[i].x[k] : c->series[i].y[k]));
	while (u < 2 && most < units[u].unit)
		u++;
	if (u == 2 || !isfinite(most))
		return true;
	if (!(longer = text_format("%s, %s", *name, units[u].name)))
		return false;
	free(*name);
	*name = longer;
	if (x)
		c->x_whole = false;
	for (int i = 0; i < c->count; i++)
		for (int k = 0; k < c->series[i].count; k++)
			*(x ? &c->series[i].x[k] : &c->series[i].y[k]) /= units[u].unit;
	return true;
}

struct chart_data *
chart_data_make(const struct answer *a, struct status *st)
{
	struct chart_data *c;
	bool ok = true;

	if (a->columns < 2 || a->columns > 3) {
		status_fail(st, STATUS_USAGE, "plot: ask for two or three columns: x, y and maybe the series' name");
		return NULL;
	}
	if (!(c = calloc(1, sizeof(*c))) || !(c->x_name = strdup(a->name[0])) || !(c->y_name = strdup(a->name[1]))) {
		chart_data_free(c);
		status_nomem(st, "a plot");
		return NULL;
	}
	c->x_whole = true;
	for (int row = 0; ok && row < a->rows; row++)
		ok = add_row(c, a, row, st);
	if (ok && c->count == 0)
		ok = status_fail(st, STATUS_FAILED, "plot: the answer has no points");
	if (ok && (!scale_axis(c, true) || !scale_axis(c, false)))
		ok = status_nomem(st, "a plot");
	if (!ok) {
		chart_data_free(c);
		return NULL;
	}
	return c;
}
