#include "ui/canvas/axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double
chart_x(const struct chart *chart, const struct series *s, int i)
{
	return s->x ? (double)s->x[i] : chart->first_x + i;
}

double
chart_y(const struct chart *chart, double y)
{
	return !chart->log_y ? y : y > 0 ? log10(y) : NAN;
}

double
chart_bar_width(const struct chart *chart, const struct series *s)
{
	return s->count > 1 ? (chart_x(chart, s, s->count - 1) - chart_x(chart, s, 0)) / (s->count - 1) : 1;
}

static void
widen(double *lo, double *hi, double v)
{
	if (!isfinite(v))
		return;
	*lo = fmin(*lo, v);
	*hi = fmax(*hi, v);
}

static void
widen_by_series(struct axes *axes, const struct chart *chart, const struct series *s)
{
	double half = s->bars ? chart_bar_width(chart, s) / 2 : 0;

	for (int i = 0; i < s->count; i++) {
		widen(&axes->x_lo, &axes->x_hi, chart_x(chart, s, i) - half);
		widen(&axes->x_lo, &axes->x_hi, chart_x(chart, s, i) + half);
		widen(&axes->y_lo, &axes->y_hi, chart_y(chart, (double)s->y[i]));
		if (s->lo && s->hi) {
			widen(&axes->y_lo, &axes->y_hi, chart_y(chart, (double)s->lo[i]));
			widen(&axes->y_lo, &axes->y_hi, chart_y(chart, (double)s->hi[i]));
		}
	}
}

static void
data_range(struct axes *axes, const struct chart *chart)
{
	*axes = (struct axes){INFINITY, -INFINITY, INFINITY, -INFINITY, chart->log_y};
	for (int i = 0; i < chart->count; i++)
		widen_by_series(axes, chart, &chart->series[i]);
	if (chart->rule)
		widen(&axes->y_lo, &axes->y_hi, chart_y(chart, *chart->rule));
	if (chart->range_hi > chart->range_lo) {
		widen(&axes->x_lo, &axes->x_hi, chart->range_lo);
		widen(&axes->x_lo, &axes->x_hi, chart->range_hi);
	}
	if (chart->y_zero && !chart->log_y)
		widen(&axes->y_lo, &axes->y_hi, 0);
	if (!(axes->x_hi >= axes->x_lo))
		axes->x_lo = axes->x_hi = chart->first_x;
	if (!(axes->y_hi >= axes->y_lo))
		axes->y_lo = axes->y_hi = 0;
}

void
axes_make(struct axes *axes, const struct chart *chart)
{
	double air;

	data_range(axes, chart);
	if (chart->x_hi > chart->x_lo) {
		axes->x_lo = chart->x_lo;
		axes->x_hi = chart->x_hi;
	}
	if (axes->x_hi <= axes->x_lo)
		axes->x_hi = axes->x_lo + 1;
	if (chart->y_hi > chart->y_lo) {
		axes->y_lo = chart_y(chart, chart->y_lo);
		axes->y_hi = chart_y(chart, chart->y_hi);
		return;
	}
	air = axes->y_hi > axes->y_lo ? 0.04 * (axes->y_hi - axes->y_lo) : fmax(fabs(axes->y_hi), 1e-12) * 0.5;
	axes->y_hi += air;
	if (!chart->y_zero || axes->y_lo < 0)
		axes->y_lo -= air;
}

/* Ticks */

/* At least two where the axis has room for numbers at all. */
static int
two_ticks(double lo, double hi, int most, double *tick, int *digits)
{
	int n = 0;

	most = most < 2 ? 2 : most > AXIS_TICKS ? AXIS_TICKS : most;
	for (; most <= AXIS_TICKS && n < 2; most++)
		n = nice_ticks(lo, hi, most, tick, digits);
	return n;
}

int
axis_x_ticks(const struct axes *axes, const struct chart *chart, int most, struct tick tick[AXIS_TICKS])
{
	bool whole = chart->x_whole || chart->x_log2;
	double at[AXIS_TICKS];
	int digits, n = two_ticks(axes->x_lo, axes->x_hi, most, at, &digits), kept = 0;

	for (int i = 0; i < n; i++) {
		if (whole && at[i] != rint(at[i]))
			continue;
		tick[kept].at = at[i];
		snprintf(tick[kept++].text, sizeof(tick->text), "%.*f",
			 whole        ? 0
			 : digits > 6 ? 6
				      : digits,
			 chart->x_log2 ? exp2(at[i]) : at[i]);
	}
	return kept;
}

/* Powers of ten, or with few of them 1, 2 and 5 times such, or else all digits. */
static int
decade_ticks(double lo, double hi, int most, double *tick)
{
	static const char *const steps[] = {"1", "125", "123456789"};
	int n = 0;

	for (int s = 0; s < 3; s++) {
		double each = fmax(1, ceil((floor(hi) - ceil(lo) + 1) / most));

		n = 0;
		for (double decade = floor(lo); decade <= hi; decade += s ? 1 : each)
			for (const char *d = steps[s]; *d && n < AXIS_TICKS; d++) {
				double at = decade + log10(*d - '0');

				if (at >= lo - 1e-9 && at <= hi + 1e-9)
					tick[n++] = at;
			}
		if (n >= 2)
			break;
	}
	return n;
}

int
axis_y_ticks(const struct axes *axes, int most, struct tick tick[AXIS_TICKS])
{
	double at[AXIS_TICKS];
	int digits = 0, n = 0;

	if (axes->log_y)
		n = decade_ticks(axes->y_lo, axes->y_hi, most < 2 ? 2 : most, at);
	if (n < 2)
		n = two_ticks(axes->y_lo, axes->y_hi, most, at, &digits);
	for (int i = 0; i < n; i++) {
		tick[i].at = at[i];
		if (axes->log_y)
			short_number(pow(10, at[i]), tick[i].text, sizeof(tick->text));
		else
			snprintf(tick[i].text, sizeof(tick->text), "%.*f", digits > 6 ? 6 : digits, at[i]);
	}
	return n;
}

bool
chart_has_legend(const struct chart *chart)
{
	for (int i = 0; i < chart->count; i++)
		if (chart->series[i].name)
			return true;
	return chart->y_name || chart->rule_name;
}

/* Spikes */

bool
train_has_negative(const struct spike_train *train)
{
	for (int i = 0; i < train->count; i++)
		if (train->sent[i] < 0)
			return true;
	return false;
}

double
train_most(const struct spike_train *train)
{
	double most = 1;

	for (int i = 0; i < train->count; i++)
		if (isfinite(train->sent[i]))
			most = fmax(most, fabs((double)train->sent[i]));
	return most;
}
