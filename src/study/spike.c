#include "study/spike.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MMSE_CANDIDATES = 95 };

static const double golden_ratio = 0.61803398874989484820;

/* --- one population ------------------------------------------------------------------ */

struct population {
	const struct ugo *u;
	const struct spike_options *options;
	const struct neuron_type *type;
	struct neuron_settings settings;
	float *threshold, *initial; /* [hidden] */
};

static struct neuron_settings
settings_of(const struct spike_options *options)
{
	struct neuron_settings settings = neuron_defaults(options->neuron);

	settings.burst = options->burst > 0 ? options->burst : settings.burst;
	return settings;
}

/* What a neuron of threshold 1 can send in a step. */
static double
capacity(const struct neuron_type *type, int burst)
{
	return type->largest ? type->largest(burst) : 1 / (double)type->share(burst);
}

/* Do the hidden neurons see the value itself at every step, rather than t times it? */
static bool
sees_value(const struct neuron_type *type, const struct spike_inputs *in)
{
	return in->sum_decoded || !type->mean;
}

/* The largest input that unit i can have on the fitted range. */
static double
unit_most(const struct ugo *u, int i)
{
	double w = u->w1[i], b = u->b1[i], most = fmax(fmax(w * u->lo + b, w * u->hi + b), 0);

	return u->h ? fmin(most, (double)u->h[i]) : most;
}

/* Input of unit i for a decoded value, without saturation below. */
static float
unit_input(const struct ugo *u, int i, float value)
{
	float a = u->w1[i] * value + u->b1[i];

	return u->h && a > u->h[i] ? u->h[i] : a;
}

/* docs/methods.md#calibration: of max (1 - 0.005 i) the threshold with the least error of a quantiser
 * that rounds down. */
static double
threshold_mmse(const struct ugo *u, int unit, const struct spike_inputs *in, int T)
{
	const float *value = in->value + (size_t)(in->T - 1) * (size_t)in->count;
	double most = 0, best = INFINITY, chosen = 0;

	for (int j = 0; j < in->count; j++)
		most = fmax(most, (double)unit_input(u, unit, value[j]));
	for (int i = 0; i < MMSE_CANDIDATES; i++) {
		double v = most * (1 - 0.005 * i), error = 0;

		for (int j = 0; j < in->count && v > 0; j++) {
			double a = fmax((double)unit_input(u, unit, value[j]), 0);
			double e = floor(fmin(a * T / v, T)) * v / T - a;

			error += e * e;
		}
		if (error < best) {
			best = error;
			chosen = v;
		}
	}
	return chosen;
}

static void
population_done(struct population *p)
{
	free(p->threshold);
}

static float
initial_of(const struct population *p, int unit)
{
	struct neuron_rule rule = neuron_rule_at(p->options->neuron, &p->settings, 1);
	float quantum = neuron_quantum(&rule, 1);

	if (!neuron_setting(p->type, "initial"))
		return 0;
	switch (p->options->potential) {
	case SPIKE_HALF:
		return 0.5f * quantum;
	case SPIKE_DITHER:
		return (float)fmod((unit + 1) * golden_ratio, 1) * quantum;
	default:
		return 0;
	}
}

static bool
population_make(struct population *p, const struct ugo *u, const struct spike_options *options, const struct spike_inputs *train,
		struct status *st)
{
	*p = (struct population){.u = u,
				 .options = options,
				 .type = neuron_type(options->neuron),
				 .settings = settings_of(options),
				 .threshold = calloc(2 * (size_t)u->hidden, sizeof(float))};
	if (!p->threshold)
		return status_nomem(st, "spiking neurons");
	p->initial = p->threshold + u->hidden;
	for (int i = 0; i < u->hidden; i++) {
		bool mmse = options->threshold == SPIKE_THRESHOLD_MMSE && !u->h;

		p->threshold[i] = (float)(mmse ? threshold_mmse(u, i, train, options->T)
					       : unit_most(u, i) / capacity(p->type, p->settings.burst));
		p->initial[i] = initial_of(p, i);
	}
	return true;
}

/* The running target of unit i after step t for all inputs: as the network's groups have it. */
static void
unit_targets(const struct population *p, int i, const struct spike_inputs *in, int t, float *x)
{
	const struct ugo *u = p->u;
	const float *value = in->value + (size_t)(in->T > 1 ? t - 1 : 0) * (size_t)in->count;
	float s = sees_value(p->type, in) ? 1 : (float)t, bias = u->b1[i] * s, top = u->h ? u->h[i] * s : INFINITY;
	bool cut = u->h || p->type->cut;

	for (int j = 0; j < in->count; j++) {
		float target = u->w1[i] * (value[j] * s) + bias;

		target = cut && target < 0 ? 0 : target;
		x[j] = target > top ? top : target;
	}
}

struct workspace {
	float *x, *threshold, *total, *sent; /* [count] */
	void *state;
};

static bool
workspace_new(struct workspace *w, int count, size_t state_size, struct status *st)
{
	size_t n = (size_t)count;

	w->x = calloc(4 * n, sizeof(float));
	w->state = calloc(n, state_size);
	if (!w->x || !w->state) {
		free(w->x);
		free(w->state);
		return status_nomem(st, "spiking neurons");
	}
	w->threshold = w->x + n;
	w->total = w->threshold + n;
	w->sent = w->total + n;
	return true;
}

static void
workspace_done(struct workspace *w)
{
	free(w->x);
	free(w->state);
}

static bool
still_fires(float total, float threshold, float initial, int sent)
{
	return total - (float)sent * threshold + initial * threshold >= threshold;
}

int
spike_count_if(float total, float threshold, float initial, int T)
{
	double guess = threshold > 0 ? floor((double)total / (double)threshold + (double)initial) : 0;
	int n = (int)fmin(fmax(guess, 0), T);

	while (n < T && threshold > 0 && still_fires(total, threshold, initial, n))
		n++;
	while (n > 0 && !still_fires(total, threshold, initial, n - 1))
		n--;
	return n;
}

/* The last targets are in w->x, what was sent in w->total. */
static void
check_counts(const struct population *p, int i, const struct workspace *w, int count, struct spike_result *result)
{
	float threshold = p->threshold[i];

	for (int j = 0; j < count; j++) {
		result->checked++;
		result->wrong +=
		    w->total[j] != (float)spike_count_if(w->x[j], threshold, p->initial[i], p->options->T) * threshold;
	}
}

/* T steps of unit i; what it has sent as a value goes to sum [count]. */
static void
unit_simulate(const struct population *p, int i, const struct spike_inputs *in, struct workspace *w, float *sum,
	      struct neuron_tally *tally, struct spike_result *result)
{
	float scale = sees_value(p->type, in) ? 1 : (float)p->options->T;
	int n = in->count;

	for (int j = 0; j < n; j++)
		w->threshold[j] = p->threshold[i];
	memset(w->state, 0, (size_t)n * p->type->state_size);
	for (int t = 1; t <= p->options->T; t++) {
		struct neuron_rule rule = neuron_rule_at(p->options->neuron, &p->settings, t);

		rule.initial = p->initial[i];
		unit_targets(p, i, in, t, w->x);
		neuron_step(rule, w->x, w->threshold, w->state, w->total, w->sent, 1, n, tally);
	}
	if (p->type->closed_form && in->T == 1 && !in->sum_decoded)
		check_counts(p, i, w, n, result);
	for (int j = 0; j < n; j++)
		sum[j] = w->total[j] / scale;
}

/* sums [hidden, count] */
static float *
simulate(const struct population *p, const struct spike_inputs *in, struct spike_result *result, struct status *st)
{
	size_t n = (size_t)in->count;
	float *sums = malloc((size_t)p->u->hidden * n * sizeof(float));
	struct neuron_tally tally = {0};
	struct workspace w = {0};

	if (!sums) {
		status_nomem(st, "spiking neurons");
		return NULL;
	}
	if (!workspace_new(&w, in->count, p->type->state_size, st)) {
		free(sums);
		return NULL;
	}
	for (int i = 0; i < p->u->hidden; i++)
		unit_simulate(p, i, in, &w, sums + (size_t)i * n, &tally, result);
	workspace_done(&w);
	result->spikes = (double)tally.units / in->count;
	result->events = (double)tally.events / in->count;
	return sums;
}

/* --- the readout ------------------------------------------------------------------------ */

/* Normal equations of (w2, b2) on the sums, columns of unit length, shrunk a trace towards
 * what they are: unscaled they lose the small columns. */
struct readout {
	int n;            /* hidden + 1 */
	double *matrix;   /* [n, n], lower half */
	double *z, *step; /* [n]: readout now, and what is added to it */
	double *length;   /* [n] of the columns */
};

static double
column_at(const float *sums, int hidden, int count, int i, int j)
{
	return i < hidden ? (double)sums[(size_t)i * (size_t)count + (size_t)j] : 1;
}

static bool
readout_new(struct readout *r, const struct ugo *u, struct status *st)
{
	size_t n = (size_t)u->hidden + 1;

	r->n = (int)n;
	r->matrix = calloc(n * n + 3 * n, sizeof(double));
	if (!r->matrix)
		return status_nomem(st, "a readout");
	r->z = r->matrix + n * n;
	r->step = r->z + n;
	r->length = r->step + n;
	for (int i = 0; i < u->hidden; i++)
		r->z[i] = (double)u->w2[i];
	r->z[u->hidden] = (double)u->b2;
	return true;
}

static void
readout_done(struct readout *r)
{
	free(r->matrix);
}

static double
readout_value(const struct readout *r, const float *sums, int count, int j)
{
	double y = r->z[r->n - 1];

	for (int i = 0; i + 1 < r->n; i++)
		y += r->z[i] * column_at(sums, r->n - 1, count, i, j);
	return y;
}

static void
readout_build(struct readout *r, const float *sums, const struct spike_inputs *in)
{
	int n = r->n, count = in->count;

	for (int j = 0; j < count; j++) {
		double residual = in->f[j] - readout_value(r, sums, count, j);

		for (int i = 0; i < n; i++) {
			double c = in->weight[j] * column_at(sums, n - 1, count, i, j);

			if (c == 0)
				continue;
			r->step[i] += c * residual;
			for (int k = 0; k <= i; k++)
				r->matrix[i * n + k] += c * column_at(sums, n - 1, count, k, j);
		}
	}
	for (int i = 0; i < n; i++)
		r->length[i] = r->matrix[i * n + i] > 0 ? sqrt(r->matrix[i * n + i]) : 1;
	for (int i = 0; i < n; i++) {
		r->step[i] /= r->length[i];
		for (int k = 0; k <= i; k++)
			r->matrix[i * n + k] /= r->length[i] * r->length[k];
		r->matrix[i * n + i] += 1e-8;
	}
}

/* Cholesky in place, then both triangles. */
static void
readout_solve(struct readout *r)
{
	int n = r->n;
	double *m = r->matrix, *x = r->step;

	for (int i = 0; i < n; i++)
		for (int k = 0; k <= i; k++) {
			double sum = m[i * n + k];

			for (int l = 0; l < k; l++)
				sum -= m[i * n + l] * m[k * n + l];
			m[i * n + k] = i == k ? sqrt(fmax(sum, 1e-300)) : sum / m[k * n + k];
		}
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++)
			x[i] -= m[i * n + k] * x[k];
		x[i] /= m[i * n + i];
	}
	for (int i = n; i-- > 0;) {
		for (int k = i + 1; k < n; k++)
			x[i] -= m[k * n + i] * x[k];
		x[i] /= m[i * n + i];
	}
	for (int i = 0; i < n; i++)
		r->z[i] += x[i] / r->length[i];
}

/* Too few points for the weights fit noise. */
static bool
readout_refit(struct readout *r, const struct population *p, const struct spike_inputs *train, struct status *st)
{
	struct spike_result ignored = {0};
	float *sums = simulate(p, train, &ignored, st);

	if (!sums)
		return false;
	readout_build(r, sums, train);
	readout_solve(r);
	free(sums);
	return true;
}

/* --- the result ------------------------------------------------------------------------- */

static void
measure(struct spike_result *result, const struct ugo *u, const struct readout *r, const float *sums,
	const struct spike_inputs *in)
{
	const float *value = in->value + (size_t)(in->T - 1) * (size_t)in->count;
	double square = 0, analog = 0, total = 0;

	for (int j = 0; j < in->count; j++) {
		double e = readout_value(r, sums, in->count, j) - in->f[j], w = in->weight[j];
		double a = ugo_eval(u, (double)value[j]) - in->f[j];

		square += w * e * e;
		analog += w * a * a;
		result->max_error = fmax(result->max_error, fabs(e) * sqrt(w * in->count));
		total += 1.0 / in->count;
	}
	result->rmse = sqrt(square / total);
	result->analog_rmse = sqrt(analog / total);
}

static bool
check_options(const struct ugo *u, const struct spike_options *options, const struct spike_inputs *train,
	      const struct spike_inputs *test, struct status *st)
{
	if (!neuron_type(options->neuron))
		return status_fail(st, STATUS_USAGE, "a spiking UGO needs a neuron; graded ones do not spike");
	if (options->burst < 0 || options->burst > neuron_burst_most(neuron_type(options->neuron)))
		return status_fail(st, STATUS_USAGE, "a burst of %d; %s neurons take 0 to %d", options->burst,
				   neuron_name(options->neuron), neuron_burst_most(neuron_type(options->neuron)));
	if (options->T < 1 || options->T > SPIKE_T_MAX)
		return status_fail(st, STATUS_USAGE, "T must be 1 to %d steps, not %d", SPIKE_T_MAX, options->T);
	if ((train->T > 1 && train->T != options->T) || (test->T > 1 && test->T != options->T))
		return status_fail(st, STATUS_USAGE, "the trains have %d steps, not T = %d", test->T, options->T);
	if (options->refit && train->count < 2 * (u->hidden + 1))
		return status_fail(st, STATUS_USAGE, "a refit of %d weights needs at least twice as many points, not %d",
				   u->hidden + 1, train->count);
	return true;
}

bool
spike_run(const struct ugo *u, const struct spike_options *options, const struct spike_inputs *train,
	  const struct spike_inputs *test, struct spike_result *result, struct status *st)
{
	struct population p = {0};
	struct readout readout = {0};
	float *sums = NULL;
	bool ok = check_options(u, options, train, test, st);

	*result = (struct spike_result){0};
	ok = ok && population_make(&p, u, options, train, st) && readout_new(&readout, u, st) &&
	     (!options->refit || readout_refit(&readout, &p, train, st)) && (sums = simulate(&p, test, result, st)) != NULL;
	if (ok) {
		measure(result, u, &readout, sums, test);
		for (int i = 0; i < u->hidden; i++)
			result->cost += fabs(readout.z[i]) * (double)p.threshold[i] * capacity(p.type, p.settings.burst);
	}
	free(sums);
	readout_done(&readout);
	population_done(&p);
	return ok;
}
