/* Plans as bytes: everything that plan_new() and calibration decide, field by field. */
#include "snn/network/network.h"
#include "ugo/forms.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of the format stands in the mark. */
static const char mark[8] = "SPKPLN2";

/* Goes over a plan in one order, writing or reading. A plain walk with one function per
 * type, so that the two directions cannot differ. */
struct packer {
	char *out;           /* writing: the bytes so far; NULL while they are counted */
	const char *in;      /* reading: the bytes, else NULL */
	size_t at, size;     /* size: of in */
	bool failed;         /* reading: too short, or a value out of bounds */
	struct arena *arena; /* reading: for thresholds */
	struct status *st;
};

static void
raw(struct packer *p, void *value, size_t size)
{
	if (size == 0)
		return;
	if (p->in) {
		p->failed |= size > p->size - p->at;
		if (p->failed)
			return;
		memcpy(value, p->in + p->at, size);
	} else if (p->out) {
		memcpy(p->out + p->at, value, size);
	}
	p->at += size;
}

/* Numbers within [lo, hi]. */
static int
number(struct packer *p, int value, int lo, int hi)
{
	int32_t v = value;

	raw(p, &v, sizeof(v));
	if (p->in && (p->failed || v < lo || v > hi)) {
		p->failed = true;
		return lo;
	}
	return v;
}

static void
flag(struct packer *p, bool *value)
{
	*value = number(p, *value, 0, 1) != 0;
}

static void
text(struct packer *p, char *value, size_t size)
{
	raw(p, value, size);
	if (p->in && !p->failed && !memchr(value, '\0', size))
		p->failed = true;
	value[size - 1] = '\0';
}

static void
floats(struct packer *p, float *value, int count)
{
	raw(p, value, (size_t)count * sizeof(*value));
}

static void
doubles(struct packer *p, double *value, int count)
{
	raw(p, value, (size_t)count * sizeof(*value));
}

static void
pack_settings(struct packer *p, struct plan *plan)
{
	char head[sizeof(mark)], model[HASH_HEX];

	memcpy(head, mark, sizeof(head));
	raw(p, head, sizeof(head));
	memcpy(model, plan->model->hash, sizeof(model));
	raw(p, model, sizeof(model));
	p->failed |= memcmp(head, mark, sizeof(head)) != 0 || memcmp(model, plan->model->hash, sizeof(model)) != 0;
	text(p, plan->recipe, sizeof(plan->recipe));
	plan->T = number(p, plan->T, 1, PLAN_T_MAX);
	flag(p, &plan->mean_decoded);
	flag(p, &plan->fold_norm);
	flag(p, &plan->eps);
	flag(p, &plan->self_correcting);
	floats(p, &plan->exp_floor, 1);
	raw(p, &plan->seed, sizeof(plan->seed));
	plan->calibration_pictures = number(p, plan->calibration_pictures, 0, INT_MAX);
	text(p, plan->calibration_hash, sizeof(plan->calibration_hash));
}

/* What a UGO approximates when that is not in the function table: an expression's text, or
 * a table's points. */
static bool
pack_curve(struct packer *p, struct ugo *u)
{
	enum { NO_CURVE, EXPRESSION, POINTS };
	const double *column[3] = {NULL, NULL, NULL};
	char name[EXPRESSION_MOST + 1] = "";
	double *room = NULL;
	size_t at;
	int count = u->curve ? curve_table(u->curve, &column[0], &column[1], &column[2]) : 0, kind;

	if (u->curve)
		snprintf(name, sizeof(name), "%s", curve_name(u->curve));
	kind = number(p, !u->curve ? NO_CURVE : count > 0 ? POINTS : EXPRESSION, NO_CURVE, POINTS);
	if (kind == NO_CURVE || p->failed)
		return true;
	text(p, name, sizeof(name));
	if (kind == EXPRESSION) {
		if (p->in && !p->failed)
			p->failed = !(u->curve = curve_expression(name, &at, NULL));
		return true;
	}
	count = number(p, count, 2, TABLE_POINTS_MOST);
	if (p->in && (p->failed || (size_t)count > (p->size - p->at) / (3 * sizeof(double)))) {
		p->failed = true;
		return true;
	}
	if (p->in && !(room = malloc(3 * (size_t)count * sizeof(double))))
		return false;
	for (int k = 0; k < 3; k++)
		doubles(p, p->in ? room + (size_t)k * (size_t)count : (double *)column[k], count);
	if (p->in && !p->failed)
		p->failed = !(u->curve = curve_points(name, room, room + count, room + 2 * (size_t)count, count, NULL));
	free(room);
	return true;
}

/* The counts of a UGO and its arrays; made here when reading. */
static bool
pack_ugo(struct packer *p, struct ugo *u)
{
	int hidden = number(p, u->hidden, 1, UGO_HIDDEN_MAX), nodes = number(p, u->nodes, 0, 4 * UGO_HIDDEN_MAX);
	int bins = number(p, u->bins, 0, 1 << 20);
	bool segments = u->h != NULL;
	double account[10] = {u->lo,          u->hi,          u->rmse,
			      u->max_error,   u->rel_rmse,    u->rel_max_error,
			      u->goal_rmse,   u->normal.mean, u->normal.deviation,
			      u->normal.share};

	flag(p, &segments);
	if (p->failed)
		return true;
	if (p->in && (!ugo_alloc(u, hidden, nodes, segments, p->st) ||
		      (bins > 0 && !(u->density = calloc((size_t)bins, sizeof(*u->density))))))
		return false;
	u->bins = bins;
	text(p, u->name, sizeof(u->name));
	flag(p, &u->known);
	u->function = (enum function)number(p, (int)u->function, 0, FUNCTIONS - 1);
	u->weighting = (enum ugo_weighting)number(p, (int)u->weighting, UGO_ABSOLUTE, UGO_RELATIVE);
	u->objective = (enum ugo_objective)number(p, (int)u->objective, UGO_SQUARE, UGO_PEAK);
	floats(p, u->w1, hidden);
	floats(p, u->b1, hidden);
	floats(p, u->w2, hidden);
	floats(p, &u->b2, 1);
	if (segments)
		floats(p, u->h, hidden);
	doubles(p, u->t, nodes);
	doubles(p, u->y, nodes);
	doubles(p, u->density, bins);
	doubles(p, account, 10);
	u->lo = account[0];
	u->hi = account[1];
	u->rmse = account[2];
	u->max_error = account[3];
	u->rel_rmse = account[4];
	u->rel_max_error = account[5];
	u->goal_rmse = account[6];
	u->normal.mean = account[7];
	u->normal.deviation = account[8];
	u->normal.share = account[9];
	flag(p, &u->normal.octaves);
	return pack_curve(p, u);
}

static bool
pack_thresholds(struct packer *p, const struct plan *plan, struct site_plan *s)
{
	int dim[3], dims = site_shape(plan->model, s->site, dim);
	bool has = s->threshold != NULL;

	flag(p, &has);
	if (!has || p->failed)
		return true;
	s->channels = number(p, s->channels, 1, dim[dims - 1]);
	s->per_channel = number(p, s->per_channel, 1, UGO_HIDDEN_MAX);
	p->failed |= s->channels != 1 && s->channels != dim[dims - 1];
	if (p->failed)
		return true;
	if (p->in && !(s->threshold = arena_floats(p->arena, (size_t)s->channels * (size_t)s->per_channel)))
		return false;
	floats(p, s->threshold, s->channels * s->per_channel);
	return true;
}

/* Two numbers in one, so that plans from before the second was known can be read. */
static void
pack_refinement(struct packer *p, struct neuron_settings *s)
{
	int later = s->refine_after - NEURON_REFINE_AFTER;
	int packed =
	    number(p, s->refine + (s->refine > 0 ? 16 * later : 0), -16 * NEURON_REFINE_AFTER, 16 * NEURON_REFINE_AFTER_MOST);

	if (!p->in)
		return;
	s->refine = packed & 15;
	s->refine_after = NEURON_REFINE_AFTER + (packed - s->refine) / 16;
}

/* What the neuron has alone: one number in any case, which stands for nothing where it has none. */
static void
pack_own(struct packer *p, const struct neuron_type *type, struct neuron_settings *s)
{
	float none = 20;
	int own = 0;

	for (const struct neuron_setting *one = type ? type->settings : NULL; one && one->key; one++)
		own += one->at >= offsetof(struct neuron_settings, own);
	floats(p, own > 0 ? s->own : &none, own > 1 ? own : 1);
}

static void
pack_neuron(struct packer *p, struct site_plan *s)
{
	const struct neuron_type *type;

	s->neuron = (enum neuron_kind)number(p, (int)s->neuron, NEURON_NONE, NEURON_KINDS - 1);
	type = neuron_type(s->neuron);
	s->settings.burst = number(p, s->settings.burst, 0, 1 << 10);
	s->settings.repeat = number(p, s->settings.repeat, 0, NEURON_REPEAT_MOST);
	pack_refinement(p, &s->settings);
	floats(p, &s->settings.initial, 1);
	pack_own(p, type, &s->settings);
	p->failed |= p->in && !neuron_settings_valid(type, &s->settings);
}

static bool
pack_site(struct packer *p, const struct plan *plan, struct site_plan *s)
{
	bool has = s->ugo != NULL;

	pack_neuron(p, s);
	flag(p, &s->positive);
	flag(p, &s->split);
	flag(p, &s->channelwise);
	floats(p, &s->scale, 1);
	s->hidden = number(p, s->hidden, 0, UGO_HIDDEN_MAX);
	s->rule = (enum threshold_rule)number(p, (int)s->rule, THRESHOLD_MAX, THRESHOLD_MMSE);
	s->mode = (enum function_mode)number(p, (int)s->mode, FUNCTION_MODE_NONE, FUNCTION_MODE_SPIKING);
	floats(p, &s->observed_lo, 1);
	floats(p, &s->observed_hi, 1);
	p->failed |= (s->mode != FUNCTION_MODE_NONE) != plan_has_function(s->site.kind) ||
		     (s->neuron != NEURON_NONE && s->mode == FUNCTION_MODE_NONE && !plan_encodes(s->site.kind));
	if (p->failed)
		return true;
	if (!pack_thresholds(p, plan, s))
		return false;
	flag(p, &has);
	if (!has || p->failed)
		return true;
	if (p->in && !(s->ugo = arena_alloc(p->arena, sizeof(*s->ugo))))
		return false;
	return pack_ugo(p, s->ugo);
}

/* False when out of memory. */
static bool
pack_plan(struct packer *p, struct plan *plan)
{
	bool ok = true;

	pack_settings(p, plan);
	p->failed |= number(p, plan->sites, 0, INT_MAX) != plan->sites;
	for (int i = 0; ok && !p->failed && i < plan->sites; i++)
		ok = pack_site(p, plan, &plan->site[i]);
	return ok;
}

void *
plan_pack(const struct plan *plan, size_t *size, struct status *st)
{
	/* When writing the walk changes nothing. */
	struct plan *same = (struct plan *)plan;
	struct packer count = {0}, write = {0};

	pack_plan(&count, same);
	write.out = malloc(count.at);
	if (!write.out) {
		status_nomem(st, "a plan");
		return NULL;
	}
	pack_plan(&write, same);
	*size = write.at;
	return write.out;
}

struct plan *
plan_unpack(const struct model *model, const void *bytes, size_t size, const char *hash, struct status *st)
{
	struct plan *plan = plan_new(model, "sta", 1, st);
	struct packer p = {.in = bytes, .size = size, .st = st};
	bool ok;

	if (!plan)
		return NULL;
	p.arena = plan->arena;
	ok = pack_plan(&p, plan) || status_nomem(st, "a plan");
	if (ok && (p.failed || p.at != size))
		ok = status_fail(
		    st, STATUS_DATA,
		    "the kept plan is damaged at byte %zu of %zu, or of another model than %s; make it again with convert", p.at,
		    size, model->name);
	ok = ok && plan_finish(plan, st);
	if (ok && hash && strcmp(plan->hash, hash) != 0)
		ok = status_fail(st, STATUS_DATA,
				 "the kept plan is not the one that its name %.12s says; make it again with convert", hash);
	if (!ok) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}

struct plan *
plan_copy(const struct plan *plan, struct status *st)
{
	size_t size;
	void *bytes = plan_pack(plan, &size, st);
	struct plan *copy = bytes ? plan_unpack(plan->model, bytes, size, plan->hash, st) : NULL;

	free(bytes);
	return copy;
}
