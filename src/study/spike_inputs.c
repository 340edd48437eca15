/* Inputs of the spike study. */
#include "base/rng.h"
#include "snn/snn.h"
#include "study/spike.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
inputs_new(struct spike_inputs *in, int count, int T, struct status *st)
{
	size_t n = (size_t)count;

	*in = (struct spike_inputs){.count = count,
				    .T = T,
				    .value = calloc(n * (size_t)T, sizeof(float)),
				    .f = calloc(n, sizeof(double)),
				    .weight = calloc(n, sizeof(double))};
	if (in->value && in->f && in->weight)
		return true;
	spike_inputs_done(in);
	return status_nomem(st, "inputs of spiking neurons");
}

void
spike_inputs_done(struct spike_inputs *in)
{
	free(in->value);
	free(in->f);
	free(in->weight);
	*in = (struct spike_inputs){0};
}

/* The function and the weights, from the last values. share [count] adds up to 1; NULL: all alike. */
static void
inputs_aim(struct spike_inputs *in, const struct ugo *u, const double *share)
{
	const float *value = in->value + (size_t)(in->T - 1) * (size_t)in->count;
	double most = 0;
	int outside = 0;

	for (int j = 0; j < in->count; j++) {
		in->f[j] = ugo_function_at(u, (double)value[j]);
		most = fmax(most, fabs(in->f[j]));
		outside += (double)value[j] < u->lo || (double)value[j] > u->hi;
	}
	for (int j = 0; j < in->count; j++) {
		double unit = u->weighting == UGO_RELATIVE ? fmax(fabs(in->f[j]), 1e-9 * most) : 1;

		in->weight[j] = (share ? share[j] : 1.0 / in->count) / (unit * unit);
	}
	in->outside = (double)outside / in->count;
}

static bool
check_function(const struct ugo *u, struct status *st)
{
	return ugo_has_function(u) ||
	       status_fail(st, STATUS_USAGE, "%s has no function to be measured against; import it with --function", u->name);
}

static bool
inputs_of_table(struct spike_inputs *in, const struct ugo *u, const double *x, const double *weight, int count, struct status *st)
{
	double *share = calloc((size_t)count, sizeof(double)), sum = 0;
	int kept = 0;

	if (!share)
		return status_nomem(st, "inputs of spiking neurons");
	if (!inputs_new(in, count, 1, st)) {
		free(share);
		return false;
	}
	for (int i = 0; i < count; i++)
		if (x[i] >= u->lo && x[i] <= u->hi) {
			in->value[kept] = (float)x[i];
			sum += share[kept++] = weight[i];
		}
	in->count = kept;
	for (int i = 0; i < kept; i++)
		share[i] = sum > 0 ? share[i] / sum : 1.0 / kept;
	inputs_aim(in, u, share);
	free(share);
	return true;
}

bool
spike_inputs_constant(struct spike_inputs *in, const struct ugo *u, double place, int count, struct status *st)
{
	const double *x, *y, *weight;
	int points = u->curve ? curve_table(u->curve, &x, &y, &weight) : 0;
	double *at;

	*in = (struct spike_inputs){0};
	if (!check_function(u, st))
		return false;
	if (points > 0)
		return inputs_of_table(in, u, x, weight, points, st);
	at = malloc((size_t)count * sizeof(*at));
	if (!at)
		return status_nomem(st, "inputs of spiking neurons");
	if (!inputs_new(in, count, 1, st)) {
		free(at);
		return false;
	}
	ugo_density_places(u, place, at, count);
	for (int j = 0; j < count; j++)
		in->value[j] = (float)at[j];
	free(at);
	inputs_aim(in, u, NULL);
	return true;
}

/* The running mean of T normal numbers whose own mean is 0. */
static void
noise_train(float *value, size_t stride, float x, int T, double deviation, struct rng *rng)
{
	double z[SPIKE_T_MAX], mean = 0, sum = 0;

	for (int t = 0; t < T; t++)
		mean += (z[t] = rng_normal(rng)) / T;
	for (int t = 0; t < T; t++) {
		sum += z[t] - mean;
		value[(size_t)t * stride] = (float)((double)x + deviation * sum / (t + 1));
	}
	value[(size_t)(T - 1) * stride] = x;
}

bool
spike_inputs_noise(struct spike_inputs *in, const struct ugo *u, double place, int count, int T, double deviation, uint64_t seed,
		   struct status *st)
{
	struct spike_inputs still;
	struct rng rng;

	*in = (struct spike_inputs){0};
	if (T < 1 || T > SPIKE_T_MAX)
		return status_fail(st, STATUS_USAGE, "T must be 1 to %d steps, not %d", SPIKE_T_MAX, T);
	if (!spike_inputs_constant(&still, u, place, count, st))
		return false;
	if (!inputs_new(in, still.count, T, st)) {
		spike_inputs_done(&still);
		return false;
	}
	rng_seed(&rng, seed);
	for (int j = 0; j < still.count; j++)
		noise_train(in->value + j, (size_t)still.count, still.value[j], T, deviation, &rng);
	memcpy(in->f, still.f, sizeof(double) * (size_t)still.count);
	memcpy(in->weight, still.weight, sizeof(double) * (size_t)still.count);
	in->outside = still.outside;
	spike_inputs_done(&still);
	return true;
}

/* --- trains of a site ------------------------------------------------------------------ */

struct gathering {
	struct snn *snn;
	struct tensor probe;
	size_t *element; /* [per]: which elements of the site are kept, train and test in turn */
	int per;         /* from each picture */
	struct spike_inputs *set[2];
};

static bool
gather_picture(struct gathering *g, const struct site_pictures *from, int picture, int T, struct rng *rng, struct status *st)
{
	const struct model *model = from->plan->model;
	size_t size = site_size(model, from->site);
	size_t pixels = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;

	for (int i = 0; i < g->per; i++)
		g->element[i] = (size_t)rng_below(rng, size);
	snn_show(g->snn, from->pixels + (size_t)picture * pixels);
	for (int t = 0; t < T; t++) {
		snn_step(g->snn);
		if (!snn_probe(g->snn, from->site, SNN_INPUT, &g->probe, st))
			return false;
		for (int i = 0; i < g->per; i++) {
			struct spike_inputs *in = g->set[i % 2];
			size_t at = (size_t)picture * (size_t)(g->per / 2) + (size_t)(i / 2);

			in->value[(size_t)t * (size_t)in->count + at] = g->probe.data[g->element[i]];
		}
	}
	return true;
}

static bool
gather(struct gathering *g, const struct site_pictures *from, int T, uint64_t seed, const struct progress *progress,
       struct status *st)
{
	struct rng rng;

	rng_seed(&rng, seed);
	for (int i = 0; i < from->pictures; i++) {
		if (!progress_report(progress, "trains", i, from->pictures))
			return status_fail(st, STATUS_CANCELLED, "stopped after %d of %d pictures", i, from->pictures);
		if (!gather_picture(g, from, i, T, &rng, st))
			return false;
	}
	return true;
}

static void
gathering_done(struct gathering *g)
{
	snn_free(g->snn);
	tensor_done(&g->probe);
	free(g->element);
}

static bool
gathering_open(struct gathering *g, const struct site_pictures *from, int T, struct status *st)
{
	g->per = 2 * (SPIKE_POINTS / from->pictures > 0 ? SPIKE_POINTS / from->pictures : 1);
	g->element = calloc((size_t)g->per, sizeof(*g->element));
	g->snn = snn_new(from->plan, st);
	if (!g->element || !g->snn)
		return status_nomem(st, "trains of a site");
	for (int k = 0; k < 2; k++) {
		if (!inputs_new(g->set[k], g->per / 2 * from->pictures, T, st))
			return false;
		g->set[k]->sum_decoded = !from->plan->mean_decoded;
	}
	return true;
}

bool
spike_inputs_site(struct spike_inputs *train, struct spike_inputs *test, const struct ugo *u, const struct site_pictures *from,
		  int T, uint64_t seed, const struct progress *progress, struct status *st)
{
	struct gathering g = {.set = {train, test}};
	char name[SITE_NAME_MAX];
	bool ok;

	*train = *test = (struct spike_inputs){0};
	if (T < 1 || T > SPIKE_T_MAX)
		return status_fail(st, STATUS_USAGE, "T must be 1 to %d steps, not %d", SPIKE_T_MAX, T);
	if (from->plan->site[site_index(from->plan->model, from->site)].mode == FUNCTION_MODE_NONE)
		return status_fail(st, STATUS_USAGE, "%s has no function; choose a site such as blocks.0.mlp.act",
				   site_name(from->site, name));
	ok = check_function(u, st) && gathering_open(&g, from, T, st) && gather(&g, from, T, seed, progress, st);
	gathering_done(&g);
	for (int k = 0; k < 2; k++) {
		if (ok)
			inputs_aim(g.set[k], u, NULL);
		else
			spike_inputs_done(g.set[k]);
	}
	return ok;
}

bool
spike_inputs_first(struct spike_inputs *in, const struct spike_inputs *from, const struct ugo *u, int T, struct status *st)
{
	*in = (struct spike_inputs){0};
	if (T < 1 || T > from->T)
		return status_fail(st, STATUS_USAGE, "the trains have %d steps, not %d", from->T, T);
	if (!inputs_new(in, from->count, T, st))
		return false;
	in->sum_decoded = from->sum_decoded;
	memcpy(in->value, from->value, sizeof(float) * (size_t)T * (size_t)from->count);
	inputs_aim(in, u, NULL);
	return true;
}

/* --- range reduction ---------------------------------------------------------------------- */

bool
spike_reduce(struct ugo_request *request, struct curve **curve, struct status *st)
{
	size_t at;

	*curve = NULL;
	if (request->curve || (request->function != FUNCTION_EXP && request->function != FUNCTION_RECIPROCAL &&
			       request->function != FUNCTION_RSQRT))
		return status_fail(st, STATUS_USAGE, "range reduction is known for exp, reciprocal and rsqrt, not for %s",
				   request->curve ? curve_name(request->curve) : function_table[request->function].name);
	request->weighting = UGO_RELATIVE;
	request->lo = 1;
	request->hi = request->function == FUNCTION_RSQRT ? 4 : 2;
	request->normal = (struct ugo_normal){0};
	request->density = NULL;
	if (request->function != FUNCTION_EXP)
		return true;
	request->lo = 0;
	request->hi = 1;
	*curve = curve_expression("exp2(x)", &at, st);
	request->curve = *curve;
	return *curve != NULL;
}

/* exp(x) = 2^e exp2(m), 1/x = 2^-e 1/m with x = m 2^e, rsqrt(x) = 2^-e rsqrt(m) with x = m 4^e. */
static double
split(enum function f, double x, double *mantissa)
{
	int e;

	if (f == FUNCTION_EXP) {
		e = (int)floor(x / M_LN2);
		*mantissa = x / M_LN2 - e;
		return ldexp(1, e);
	}
	*mantissa = 2 * frexp(x, &e);
	e--;
	if (f == FUNCTION_RECIPROCAL)
		return ldexp(1, -e);
	if (e % 2 != 0) {
		*mantissa *= 2;
		e--;
	}
	return ldexp(1, -e / 2);
}

void
spike_inputs_reduce(struct spike_inputs *in, enum function f)
{
	for (int j = 0; j < in->count; j++) {
		double mantissa, scale = split(f, (double)in->value[j], &mantissa);

		in->value[j] = (float)mantissa;
		in->f[j] /= scale;
		in->weight[j] *= scale * scale;
	}
	in->outside = 0;
}
