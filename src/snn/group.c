#include "snn/group.h"

#include "snn/neuron_rule.h"

#include <string.h>

size_t
group_state_size(const struct group *g)
{
	if (g->plan->mode != FUNCTION_MODE_SPIKING)
		return 0;
	return (size_t)g->rows * (size_t)g->columns * (size_t)g->plan->ugo->hidden * neuron_state_size(g->plan->neuron);
}

struct unit {
	float w1, bias, top; /* bias and top already scaled; top < 0: no saturation */
	struct neuron_rule rule;
};

/* One hidden neuron of every group in a row. */
#define UNIT(name, fire, type, TARGET)                                                                                           \
	KERNEL static void name(struct unit un, const float *restrict x, const float *restrict threshold,                        \
				const float *restrict weight, void *restrict state, float *restrict y, int n, int32_t *events,   \
				int32_t *units)                                                                                  \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int j = 0; j < n; j++) {                                                                                    \
			float target = un.w1 * x[j] + un.bias;                                                                   \
			TARGET;                                                                                                  \
			struct fired f = fire(target, threshold[j], &m[j], &un.rule);                                            \
			y[j] += weight[j] * (float)m[j];                                                                         \
			e += f.units != 0;                                                                                       \
			u += f.units;                                                                                            \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

#define NO_CLIP
#define CLIP target = lesser(greater(target, 0.0f), un.top)

UNIT(relu_if, rule_if, int16_t, NO_CLIP)
UNIT(relu_signed, rule_signed, int16_t, NO_CLIP)
UNIT(relu_burst, rule_burst, float, NO_CLIP)
UNIT(relu_round, rule_round, int16_t, target = greater(target, 0.0f))
UNIT(relu_mt, rule_mt, int16_t, target = greater(target, 0.0f))
UNIT(segment_if, rule_if, int16_t, CLIP)
UNIT(segment_signed, rule_signed, int16_t, CLIP)
UNIT(segment_burst, rule_burst, float, CLIP)
UNIT(segment_round, rule_round, int16_t, CLIP)
UNIT(segment_mt, rule_mt, int16_t, CLIP)

typedef void unit_step(struct unit, const float *, const float *, const float *, void *, float *, int, int32_t *, int32_t *);

static unit_step *
unit_of(enum neuron_kind kind, bool segment)
{
	static unit_step *const table[][2] = {
	    [NEURON_IF] = {relu_if, segment_if},          [NEURON_SIGNED] = {relu_signed, segment_signed},
	    [NEURON_BURST] = {relu_burst, segment_burst}, [NEURON_ROUND] = {relu_round, segment_round},
	    [NEURON_MT] = {relu_mt, segment_mt},
	};

	return table[kind][segment];
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
	unit_step *step = unit_of(g->plan->neuron, u->h != NULL);
	int n = g->columns;
	size_t across = (size_t)n * neuron_state_size(g->plan->neuron);
	char *m = (char *)g->m + (size_t)row * (size_t)u->hidden * across;
	float *threshold = g->scratch, *weight = g->scratch + n;

	spread(u->b2 * s, y, n);
	for (int i = 0; i < u->hidden; i++) {
		struct unit un = {u->w1[i], u->b1[i] * s, u->h ? u->h[i] * s : -1, rule};
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
