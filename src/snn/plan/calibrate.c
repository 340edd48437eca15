/* Calibration: what the sites of the reference network carry on a few pictures, the
 * UGOs fitted to it and the thresholds (docs/methods.md#calibration). The pictures are run several
 * times with different eyes: ranges, densities, then for every batch maxima and the
 * loss of every candidate threshold. */
#include "ann/ann.h"
#include "base/arena.h"
#include "kernels/kernel.h"
#include "snn/network/network.h"
#include "snn/plan/recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 95, MAGNITUDES = 512, BINS = 256, PASS_PICTURES = 8, HIDDEN_STRIDE = 16 };

/* One site under observation. */
struct tracker {
	struct site_plan *site;
	int columns, units; /* units: thresholds to find: columns (times sides), or hidden (times columns) */
	float lo, hi;       /* function sites: inputs */
	double *density;    /* function sites: [BINS] over [lo, hi] */
	float *maximum;     /* [units] of the current batch */
	float *loss;        /* [units, CANDIDATES] of the current batch; THRESHOLD_MMSE only */
	uint32_t *count;    /* [units, MAGNITUDES] likewise: magnitudes up to maximum; THRESHOLD_PERCENTILE only */
	float *threshold;   /* [units] averaged over batches */
};

enum eye { EYE_RANGE, EYE_DENSITY, EYE_MAXIMUM, EYE_LOSS };

struct calibration {
	struct plan *plan;
	const struct recipe *recipe;
	const struct plan_options *options;
	const struct progress *progress;
	struct arena *arena;
	struct ann *ann;
	float *logits, *scratch;
	struct tracker *tracker; /* [sites]; site NULL where nothing is to be seen */
	enum eye eye;
	bool second_look;  /* some thresholds need more than maxima */
	bool through_ugos; /* the network runs with its UGOs in place of its functions */
	double done, total;
	float levels; /* of the candidate quantiser: T */
};

static bool
calibrates_hidden(const struct tracker *t)
{
	return t->site->mode == FUNCTION_MODE_SPIKING && t->site->ugo && !t->site->ugo->h;
}

/* For one value a >= 0: squared error of the quantiser with each candidate threshold
 * (1 - 0.005 i) of the maximum; floor as an IF neuron does over T steps. */
KERNEL static void
add_loss_floor(float *restrict loss, float a, float maximum, float levels)
{
	for (int i = 0; i < CANDIDATES; i++) {
		float v = maximum * (1.0f - 0.005f * (float)i);
		float n = floorf(lesser(a / v * levels, levels)), e = n * v / levels - a;

		loss[i] += e * e;
	}
}

/* The same for neurons that round; candidates reach lower, for rounding has no bias
 * that a high threshold would have to make up for. */
KERNEL static void
add_loss_round(float *restrict loss, float a, float maximum, float levels)
{
	for (int i = 0; i < CANDIDATES; i++) {
		float v = maximum * (1.0f - 0.01f * (float)i);
		float n = rintf(lesser(a / v * levels, levels)), e = n * v / levels - a;

		loss[i] += e * e;
	}
}

static bool
rounds(const struct tracker *t)
{
	const struct neuron_type *type = neuron_type(t->site->neuron);

	return type && type->rounds;
}

static float
candidate(const struct tracker *t, int unit, int i)
{
	return t->maximum[unit] * (1.0f - (rounds(t) ? 0.01f : 0.005f) * (float)i);
}

/* How many quanta the trains of the site can hold. */
static float
quanta(const struct calibration *c, const struct site_plan *p)
{
	const struct neuron_type *type = neuron_type(p->neuron);

	return type && type->held ? type->held(p->settings.burst, c->plan->T) : (float)c->plan->T;
}

static void
see_value(struct calibration *c, struct tracker *t, int unit, float a)
{
	float most = t->maximum[unit];

	if (c->eye == EYE_MAXIMUM) {
		t->maximum[unit] = fmaxf(most, a);
		return;
	}
	if (!(most > 0))
		return;
	if (t->count)
		t->count[unit * MAGNITUDES + (int)fminf(a / most * MAGNITUDES, MAGNITUDES - 1)]++;
	else if (t->loss && rounds(t))
		add_loss_round(t->loss + (size_t)unit * CANDIDATES, a, most, quanta(c, t->site));
	else if (t->loss)
		add_loss_floor(t->loss + (size_t)unit * CANDIDATES, a, most, quanta(c, t->site));
}

static void
see_encoder(struct calibration *c, struct tracker *t, const float *x, size_t rows)
{
	for (size_t r = 0; r < rows; r++, x += t->columns)
		for (int i = 0; i < t->columns; i++) {
			int channel = t->site->channelwise ? i : 0;

			if (t->site->split) {
				see_value(c, t, 2 * channel, fmaxf(x[i], 0));
				see_value(c, t, 2 * channel + 1, fmaxf(-x[i], 0));
			} else {
				see_value(c, t, channel, fabsf(x[i]));
			}
		}
}

/* Hidden neurons of a ReLU UGO; of wide sites every 16th row is enough. */
static void
see_hidden(struct calibration *c, struct tracker *t, const float *x, size_t rows)
{
	const struct ugo *u = t->site->ugo;
	bool shared = t->units == u->hidden;
	size_t stride = !shared && c->eye == EYE_LOSS ? HIDDEN_STRIDE : 1;

	for (size_t r = 0; r < rows; r += stride)
		for (int i = 0; i < t->columns; i++)
			for (int h = 0; h < u->hidden; h++) {
				float a = u->w1[h] * x[r * (size_t)t->columns + (size_t)i] + u->b1[h];

				if (a > 0)
					see_value(c, t, shared ? h : i * u->hidden + h, a);
				/* a silent neuron costs nothing at any threshold */
			}
}

static void
see_input(struct calibration *c, struct tracker *t, const float *x, size_t n)
{
	double width = (double)t->hi - (double)t->lo;

	for (size_t i = 0; i < n; i++) {
		if (c->eye == EYE_RANGE) {
			t->lo = fminf(t->lo, x[i]);
			t->hi = fmaxf(t->hi, x[i]);
		} else if (width > 0) {
			int bin = (int)((double)(x[i] - t->lo) / width * BINS);

			t->density[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
		}
	}
}

static void
replace_by_ugo(const struct calibration *c, const struct tracker *t, const float *input, float *data, size_t n)
{
	ugo_apply(t->site->ugo, input, data, n);
	for (size_t i = 0; t->site->site.kind == SITE_EXP && i < n; i++)
		if (input[i] <= c->plan->exp_floor)
			data[i] = 0;
}

static void
see(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct calibration *c = ctx;
	struct tracker *t = &c->tracker[site_index(c->plan->model, site)];
	size_t n = site_size(c->plan->model, site) * (size_t)pictures;

	if (!t->site)
		return;
	if (t->site->mode != FUNCTION_MODE_NONE) {
		if (c->eye == EYE_RANGE || c->eye == EYE_DENSITY)
			see_input(c, t, input, n);
		else if (calibrates_hidden(t))
			see_hidden(c, t, input, n / (size_t)t->columns);
		if (c->through_ugos)
			replace_by_ugo(c, t, input, data, n);
	} else if (c->eye == EYE_MAXIMUM || c->eye == EYE_LOSS) {
		see_encoder(c, t, data, n / (size_t)t->columns);
	}
}

static bool
pass(struct calibration *c, enum eye eye, int first, int end, struct status *st)
{
	const struct model *model = c->plan->model;
	size_t picture = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
	struct ann_observer observer = {see, c};

	c->eye = eye;
	for (int at = first; at < end; at += PASS_PICTURES) {
		int n = end - at < PASS_PICTURES ? end - at : PASS_PICTURES;

		if (!progress_report(c->progress, "calibrate", c->done, c->total))
			return status_fail(st, STATUS_CANCELLED, "calibration stopped; no plan was made");
		if (!ann_forward(c->ann, c->options->pixels + (size_t)at * picture, n, c->logits, &observer, st))
			return false;
		c->done += n;
	}
	return true;
}

static bool
tracker_init(struct calibration *c, struct tracker *t, struct site_plan *site)
{
	int dim[3], dims = site_shape(c->plan->model, site->site, dim);

	*t = (struct tracker){.site = site, .columns = dim[dims - 1], .lo = INFINITY, .hi = -INFINITY};
	if (site->mode == FUNCTION_MODE_NONE)
		return true;
	t->density = arena_alloc(c->arena, BINS * sizeof(*t->density));
	return t->density != NULL;
}

static bool
calibration_init(struct calibration *c, struct status *st)
{
	struct plan *plan = c->plan;

	c->arena = arena_new();
	c->ann = ann_new(plan->model, PASS_PICTURES, st);
	if (!c->ann)
		return false;
	c->levels = (float)plan->T;
	if (!c->arena || !(c->logits = arena_floats(c->arena, (size_t)PASS_PICTURES * (size_t)plan->model->classes)) ||
	    !(c->tracker = arena_alloc(c->arena, (size_t)plan->sites * sizeof(*c->tracker))))
		return status_nomem(st, "calibration");
	for (int i = 0; i < plan->sites; i++) {
		struct site_plan *site = &plan->site[i];

		if ((site->neuron != NEURON_NONE || site->mode == FUNCTION_MODE_ANALOG) && !tracker_init(c, &c->tracker[i], site))
			return status_nomem(st, "calibration");
	}
	return true;
}

/* The range to fit: what was seen, with room for the transients of early steps, inside
 * the function's domain. */
static void
fit_range(const struct tracker *t, enum function f, double *lo, double *hi)
{
	double room = 0.15 * ((double)t->hi - (double)t->lo) + 1e-3;

	switch (f) {
	case FUNCTION_EXP:
		*lo = fmax((double)t->lo, -16);
		*lo = fmin(*lo, -1);
		*hi = 0;
		break;
	case FUNCTION_RECIPROCAL:
		*lo = 0.9;
		*hi = fmax(1.25 * (double)t->hi, 2);
		break;
	case FUNCTION_RSQRT:
		*lo = fmax((double)t->lo / 1.5, 1e-6);
		*hi = fmax((double)t->hi * 1.5, 2 * *lo);
		break;
	default:
		*lo = (double)t->lo - room;
		*hi = (double)t->hi + room;
	}
}

/* Where most inputs lie, as a segment UGO's centre: around it the fewest spikes are
 * needed. exp starts from its flat end, where most scores are. */
static double
center(const struct tracker *t, enum function f, double lo)
{
	double sum = 0, half = 0;
	int i = 0;

	if (f == FUNCTION_EXP)
		return lo;
	for (int b = 0; b < BINS; b++)
		sum += t->density[b];
	while (i < BINS - 1 && (half += t->density[i]) < sum / 2)
		i++;
	return (double)t->lo + ((double)t->hi - (double)t->lo) * (i + 0.5) / BINS;
}

/* The observed density over the fitted range, which is wider. */
static void
spread_density(const struct tracker *t, double lo, double hi, double *out)
{
	memset(out, 0, BINS * sizeof(*out));
	for (int b = 0; b < BINS; b++) {
		double x = (double)t->lo + ((double)t->hi - (double)t->lo) * (b + 0.5) / BINS;
		int bin = (int)((x - lo) / (hi - lo) * BINS);

		out[bin < 0 ? 0 : bin < BINS ? bin : BINS - 1] += t->density[b];
	}
}

static bool
fit_ugo(struct calibration *c, struct tracker *t, enum function f, struct ugo *out, struct status *st)
{
	double density[BINS];
	struct ugo_request request = {
	    .function = f, .hidden = t->site->hidden, .weighting = function_table[f].relative ? UGO_RELATIVE : UGO_ABSOLUTE};
	struct ugo relu = {0};
	bool ok;

	fit_range(t, f, &request.lo, &request.hi);
	if (!c->recipe->segments) {
		request.uniform_knots = true;
		request.weighting = UGO_ABSOLUTE;
		return ugo_fit(out, &request, st);
	}
	spread_density(t, request.lo, request.hi, density);
	request.density = density;
	request.bins = BINS;
	ok = ugo_fit(&relu, &request, st) && ugo_segments(out, &relu, center(t, f, request.lo), st);
	ugo_done(&relu);
	return ok;
}

/* Released weights come under these names, alone or behind "ugo.". */
static bool
import_ugo(const struct calibration *c, enum function f, const struct tracker *t, struct ugo *out, struct status *st)
{
	const char *part = f == FUNCTION_EXP ? "exp" : f == FUNCTION_RECIPROCAL ? "inv" : f == FUNCTION_RSQRT ? "rsqrt" : "gelu";
	struct status first = {0};
	char prefixed[16];
	double lo, hi;

	snprintf(prefixed, sizeof(prefixed), "ugo.%s", part);
	if (!ugo_import(out, c->options->ugo_file, prefixed, &first) && !ugo_import(out, c->options->ugo_file, part, st))
		return false;
	fit_range(t, f, &lo, &hi);
	return ugo_aim(out, f, lo, hi, st);
}

static bool
make_ugo(struct calibration *c, struct tracker *t, struct status *st)
{
	enum function f = plan_function(c->plan->model, t->site->site.kind);
	char name[SITE_NAME_MAX];
	struct ugo u = {0};
	bool ok;

	ok = c->options->ugo_file ? import_ugo(c, f, t, &u, st) : fit_ugo(c, t, f, &u, st);
	ok = ok && plan_set_ugo(c->plan, t->site->site, &u, st);
	ugo_done(&u);
	return ok || status_prefix(st, "UGO of %s", site_name(t->site->site, name));
}

/* The released code has one UGO for each function, whatever its place: give all places
 * of a function the range of all. */
static void
share_ranges(struct calibration *c)
{
	const struct model *model = c->plan->model;

	for (int i = 0; i < c->plan->sites; i++)
		for (int j = 0; j < c->plan->sites; j++) {
			struct tracker *a = &c->tracker[i], *b = &c->tracker[j];

			if (!a->site || !b->site || a->site->mode == FUNCTION_MODE_NONE || b->site->mode == FUNCTION_MODE_NONE ||
			    plan_function(model, a->site->site.kind) != plan_function(model, b->site->site.kind))
				continue;
			a->lo = b->lo = fminf(a->lo, b->lo);
			a->hi = b->hi = fmaxf(a->hi, b->hi);
		}
}

static bool
make_ugos(struct calibration *c, struct status *st)
{
	for (int i = 0; i < c->plan->sites; i++)
		if (c->tracker[i].site && c->tracker[i].site->mode != FUNCTION_MODE_NONE) {
			c->tracker[i].site->observed_lo = c->tracker[i].lo;
			c->tracker[i].site->observed_hi = c->tracker[i].hi;
		}
	if (!c->recipe->segments)
		share_ranges(c);
	for (int i = 0; i < c->plan->sites; i++) {
		struct tracker *t = &c->tracker[i];

		if (!progress_report(c->progress, "fit UGOs", i, c->plan->sites))
			return status_fail(st, STATUS_CANCELLED, "fitting stopped; no plan was made");
		if (t->site && t->site->mode != FUNCTION_MODE_NONE && !make_ugo(c, t, st))
			return false;
	}
	return true;
}

static bool
threshold_init(struct calibration *c, struct tracker *t)
{
	size_t units;

	if (t->site->mode != FUNCTION_MODE_NONE)
		t->units = calibrates_hidden(t) ? t->site->ugo->hidden * (t->site->channelwise ? t->columns : 1) : 0;
	else
		t->units = (t->site->channelwise ? t->columns : 1) * (t->site->split ? 2 : 1);
	if (t->units == 0)
		return true;
	units = (size_t)t->units;
	t->maximum = arena_floats(c->arena, units);
	t->threshold = arena_floats(c->arena, units);
	t->loss = t->site->rule == THRESHOLD_MMSE ? arena_floats(c->arena, units * CANDIDATES) : NULL;
	t->count = t->site->rule == THRESHOLD_PERCENTILE ? arena_alloc(c->arena, units * MAGNITUDES * sizeof(*t->count)) : NULL;
	return t->maximum && t->threshold && (t->loss || t->count || t->site->rule == THRESHOLD_MAX);
}

/* The smallest magnitude that so many per cent of what was seen do not exceed. */
static float
percentile(const struct tracker *t, int unit, double percent)
{
	const uint32_t *count = t->count + (size_t)unit * MAGNITUDES;
	double sum = 0, below = 0;
	int i = 0;

	for (int k = 0; k < MAGNITUDES; k++)
		sum += count[k];
	while (i < MAGNITUDES && (below += count[i]) < sum * percent / 100)
		i++;
	return t->maximum[unit] * fminf(1, (float)(i + 1) / MAGNITUDES);
}

static float
best_threshold(const struct calibration *c, const struct tracker *t, int unit)
{
	int best = 0;

	if (t->count)
		return percentile(t, unit, c->options->percentile);
	if (!t->loss)
		return t->maximum[unit];
	for (int i = 1; i < CANDIDATES; i++)
		if (t->loss[(size_t)unit * CANDIDATES + (size_t)i] < t->loss[(size_t)unit * CANDIDATES + (size_t)best])
			best = i;
	return candidate(t, unit, best);
}

/* Averages a batch into the thresholds, momentum 0.9, and starts the next one. */
static void
close_batch(const struct calibration *c, struct tracker *t, int batch)
{
	for (int u = 0; u < t->units; u++) {
		float now = best_threshold(c, t, u);

		t->threshold[u] = batch == 0 ? now : 0.9f * t->threshold[u] + 0.1f * now;
	}
	if (t->units > 0)
		memset(t->maximum, 0, (size_t)t->units * sizeof(float));
	if (t->loss)
		memset(t->loss, 0, (size_t)t->units * CANDIDATES * sizeof(float));
	if (t->count)
		memset(t->count, 0, (size_t)t->units * MAGNITUDES * sizeof(*t->count));
}

static bool
batch_passes(struct calibration *c, int batches, struct status *st)
{
	int n = c->options->pictures;

	for (int b = 0; b < batches; b++) {
		int first = n * b / batches, end = n * (b + 1) / batches;

		if (!pass(c, EYE_MAXIMUM, first, end, st))
			return false;
		if (c->second_look && !pass(c, EYE_LOSS, first, end, st))
			return false;
		for (int i = 0; i < c->plan->sites; i++)
			if (c->tracker[i].site)
				close_batch(c, &c->tracker[i], b);
	}
	return true;
}

/* One spike of a hidden neuron fills its segment: one of the highest level where there
 * are levels, the largest count where counts are bounded. Neurons that round send a
 * second quantum only to catch up. */
static bool
segment_thresholds(struct calibration *c, const struct site_plan *p, struct status *st)
{
	float threshold[UGO_HIDDEN_MAX], share = neuron_share(p->neuron, p->settings.burst, true);

	for (int i = 0; i < p->ugo->hidden; i++)
		threshold[i] = p->ugo->h[i] * share * p->scale;
	return plan_set_threshold(c->plan, p->site, threshold, 1, p->ugo->hidden, st);
}

static bool
keep_thresholds(struct calibration *c, struct tracker *t, struct status *st)
{
	const struct site_plan *p = t->site;
	float share;

	if (p->neuron == NEURON_NONE)
		return true;
	if (p->mode == FUNCTION_MODE_SPIKING && p->ugo->h)
		return segment_thresholds(c, p, st);
	share = p->scale * (p->mode == FUNCTION_MODE_NONE ? c->recipe->headroom : 1);
	for (int u = 0; u < t->units; u++)
		t->threshold[u] *=
		    share * (p->mode == FUNCTION_MODE_NONE ? neuron_share(p->neuron, p->settings.burst, false) : 1);
	if (p->mode == FUNCTION_MODE_SPIKING)
		return plan_set_threshold(c->plan, p->site, t->threshold, p->channelwise ? t->columns : 1, p->ugo->hidden, st);
	return plan_set_threshold(c->plan, p->site, t->threshold, p->channelwise ? t->columns : 1, p->split ? 2 : 1, st);
}

static bool
run(struct calibration *c, struct status *st)
{
	int n = c->options->pictures, batches = c->recipe->batches < n ? c->recipe->batches : n;

	for (int i = 0; i < c->plan->sites; i++)
		c->second_look |= c->plan->site[i].neuron != NEURON_NONE && c->plan->site[i].rule != THRESHOLD_MAX;
	c->total = n * (c->second_look ? 4 : 3);
	if (!pass(c, EYE_RANGE, 0, n, st) || !pass(c, EYE_DENSITY, 0, n, st) || !make_ugos(c, st))
		return false;
	c->through_ugos = !c->recipe->segments;
	for (int i = 0; i < c->plan->sites; i++)
		if (c->tracker[i].site && !threshold_init(c, &c->tracker[i]))
			return status_nomem(st, "calibration");
	if (!batch_passes(c, batches, st))
		return false;
	for (int i = 0; i < c->plan->sites; i++)
		if (c->tracker[i].site && !keep_thresholds(c, &c->tracker[i], st))
			return false;
	return true;
}

static void
apply_options(struct site_plan *p, const struct plan_options *options)
{
	p->rule = (enum threshold_rule)options->rule;
	if (options->hidden > 0)
		p->hidden = options->hidden;
	if (!neuron_setting(neuron_type(p->neuron), "refine"))
		return;
	if (options->repeat > 0)
		p->settings.repeat = options->repeat;
	if (options->coarse)
		p->settings.refine = 0;
}

struct plan *
plan_build(const struct model *model, const struct plan_options *given, const struct progress *progress, struct status *st)
{
	struct plan_options options = *given;
	struct calibration c = {.options = &options, .progress = progress};
	bool ok;

	options.recipe = options.recipe ? options.recipe : "sta";
	options.T = options.T ? options.T : 32;
	if (options.pictures < 1) {
		status_fail(st, STATUS_USAGE, "calibration needs at least one picture; open a data set with `data PATH`");
		return NULL;
	}
	if (options.repeat < 0 || options.repeat > NEURON_REPEAT_MOST) {
		status_fail(st, STATUS_USAGE, "a neuron sends 1 to %d spikes a step, not %d", NEURON_REPEAT_MOST, options.repeat);
		return NULL;
	}
	c.plan = plan_new(model, options.recipe, options.T, st);
	if (!c.plan)
		return NULL;
	c.recipe = recipe_find(options.recipe);
	if (options.rule < 0)
		options.rule = c.recipe->rule;
	c.plan->seed = options.seed;
	c.plan->calibration_pictures = options.pictures;
	if (options.pictures_hash)
		snprintf(c.plan->calibration_hash, HASH_HEX, "%s", options.pictures_hash);
	for (int i = 0; i < c.plan->sites; i++)
		apply_options(&c.plan->site[i], &options);
	ok = (!options.sites || plan_override(c.plan, options.sites, st)) && plan_check_neurons(c.plan, st);
	ok = ok && calibration_init(&c, st) && run(&c, st) && plan_finish(c.plan, st);
	ann_free(c.ann);
	arena_free(c.arena);
	if (!ok) {
		plan_free(c.plan);
		return NULL;
	}
	return c.plan;
}
