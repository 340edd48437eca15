#include "snn/group.h"

#include <string.h>

size_t
group_state_size(const struct group *g)
{
	if (g->plan->mode != FUNCTION_MODE_SPIKING)
		return 0;
	return (size_t)g->rows * (size_t)g->columns * (size_t)g->plan->ugo->hidden * neuron_state_size(g->plan->neuron);
}

/* Thresholds shared by a row are spread over it, so that one kernel serves both. */
static void
spread(float value, float *out, int n)
{
	for (int j = 0; j < n; j++)
		out[j] = value;
}

static void
spiking_row(struct group *g, struct neuron_rule rule, int row, const float *x, float s, float *y, struct neuron_tally *tally)
{
	const struct ugo *u = g->plan->ugo;
	const struct neuron_type *type = neuron_type(rule.kind);
	neuron_hidden *step = u->h ? type->segment : type->relu;
	int n = g->columns;
	size_t across = (size_t)n * type->state_size;
	char *m = (char *)g->m + (size_t)row * (size_t)u->hidden * across;
	float *threshold = g->scratch, *weight = g->scratch + n;

	spread(u->b2 * s, y, n);
	for (int i = 0; i < u->hidden; i++) {
		struct neuron_unit un = {u->w1[i], u->b1[i] * s, u->h ? u->h[i] * s : -1, rule};
		int32_t events = 0, units = 0;
		const float *th, *w;

		if (g->per_column) {
			th = g->threshold + (size_t)i * (size_t)n;
			w = g->weight + (size_t)i * (size_t)n;
		} else {
			spread(g->threshold[i], threshold, n);
			spread(g->weight[i], weight, n);
			th = threshold;
			w = weight;
		}
		step(un, x, th, w, m + (size_t)i * across, y, n, &events, &units);
		tally->events += events;
		tally->units += units;
	}
}

static int64_t
count_alarms(const struct ugo *u, const float *x, float s, int n)
{
	float lo = (float)u->lo * s, hi = (float)u->hi * s;
	int32_t outside = 0;

	for (int j = 0; j < n; j++)
		outside += (x[j] < lo) | (x[j] > hi);
	return outside;
}

static void
analog_row(const struct group *g, const float *x, float s, float *y)
{
	if (g->plan->mode == FUNCTION_MODE_EXACT) {
		for (int j = 0; j < g->columns; j++)
			y[j] = s * (float)function_eval(g->exact, (double)(x[j] / s));
		return;
	}
	for (int j = 0; j < g->columns; j++)
		g->scratch[j] = x[j] / s;
	ugo_apply(g->plan->ugo, g->scratch, y, (size_t)g->columns);
	for (int j = 0; j < g->columns; j++)
		y[j] *= s;
}

void
group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
	   int64_t *alarms)
{
	for (int row = 0; row < g->rows; row++) {
		const float *xr = x + (size_t)row * (size_t)g->columns;
		float *yr = total + (size_t)row * (size_t)g->columns;

		if (g->plan->ugo)
			*alarms += count_alarms(g->plan->ugo, xr, s, g->columns);
		if (g->plan->mode == FUNCTION_MODE_SPIKING)
			spiking_row(g, rule, row, xr, s, yr, tally);
		else
			analog_row(g, xr, s, yr);
	}
}
