#include "study/ladder.h"

#include "base/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct site_class site_class_table[] = {
    {"norm", "encoders of LayerNorm", {SITE_NORM1_CENTER, SITE_NORM1, SITE_NORM2_CENTER, SITE_NORM2}},
    {"rsqrt", "UGOs of 1/sigma", {SITE_NORM1_RSQRT, SITE_NORM2_RSQRT}},
    {"qkv", "encoders of queries, keys and values", {SITE_Q, SITE_K, SITE_V}},
    {"exp", "UGOs of the softmax's exp", {SITE_EXP}},
    {"reciprocal", "UGOs of the softmax's 1/sum", {SITE_RECIPROCAL}},
    {"softmax", "encoders of probabilities", {SITE_SOFTMAX}},
    {"av", "encoders of the attention's output", {SITE_AV}},
    {"fc1", "encoders of the activation's input, and of the gate", {SITE_FC1, SITE_GATE}},
    {"act", "UGOs of the activation", {SITE_ACT}},
    {"act.out", "encoders of the activation's output, and of its product with the gate", {SITE_ACT_OUT, SITE_PRODUCT}},
    {"stem", "encoders of a residual network's stem", {SITE_STEM_RELU, SITE_STEM_RELU1, SITE_STEM_RELU2, SITE_STEM_RELU3}},
    {"relu", "encoders within residual blocks", {SITE_RELU1, SITE_RELU2}},
    {"residual", "encoders of the residual stream", {SITE_RESIDUAL}},
    {NULL, NULL, {SITE_PATCH_EMBED}},
};

bool
site_class_has(const struct site_class *c, enum site_kind kind)
{
	for (int i = 0; i < 4 && c->kind[i] != SITE_PATCH_EMBED; i++)
		if (c->kind[i] == kind)
			return true;
	return false;
}

static bool
spikes(const struct site_plan *p)
{
	return p->neuron != NEURON_NONE;
}

struct plan *
plan_isolate(const struct plan *plan, const bool *keep, enum function_mode others, struct status *st)
{
	struct plan *copy = plan_copy(plan, st);

	for (int i = 0; copy && i < copy->sites; i++) {
		struct site_plan *p = &copy->site[i];

		if (keep[i])
			continue;
		p->neuron = NEURON_NONE;
		p->split = false;
		if (p->mode != FUNCTION_MODE_NONE)
			p->mode = p->ugo ? others : FUNCTION_MODE_EXACT;
	}
	if (copy && !plan_finish(copy, st)) {
		plan_free(copy);
		return NULL;
	}
	return copy;
}

/* Progress of one evaluation among several. */
struct share {
	const struct progress *progress;
	const char *what;
	int at, of;
};

static bool
report_share(void *ctx, const char *what, double done, double total)
{
	const struct share *share = ctx;

	(void)what;
	return progress_report(share->progress, share->what, share->at + (total > 0 ? done / total : 0), share->of);
}

/* Evaluates the plan at one t. */
static bool
measure(const struct plan *plan, const struct dataset *data, const struct ladder_options *o, int t, bool errors,
	struct share *share, struct eval_result *result, struct status *st)
{
	struct eval_options options = {
	    .first = o->first, .count = o->count, .t = &t, .ts = 1, .threads = o->threads, .errors = errors};
	struct progress progress = {report_share, share};

	return eval_run(plan, data, &options, result, &progress, st);
}

/* --- the ladder ----------------------------------------------------------- */

/* The plan as it stands on an analog rung: activations by UGO, or every function. */
static struct plan *
analog_plan(const struct plan *plan, bool all, struct status *st)
{
	bool *keep = calloc((size_t)plan->sites, sizeof(*keep));
	struct plan *copy = keep ? plan_isolate(plan, keep, all ? FUNCTION_MODE_ANALOG : FUNCTION_MODE_EXACT, st) : NULL;

	if (!keep)
		status_nomem(st, "a ladder");
	free(keep);
	for (int i = 0; copy && !all && i < copy->sites; i++)
		if (copy->site[i].site.kind == SITE_ACT && copy->site[i].ugo)
			copy->site[i].mode = FUNCTION_MODE_ANALOG;
	if (copy && !plan_finish(copy, st)) {
		plan_free(copy);
		return NULL;
	}
	return copy;
}

/* A rung below the spikes. Graded sites say everything at t = 1. */
static bool
analog_rung(const struct plan *plan, const struct dataset *data, const struct ladder_options *o, bool all, struct share *share,
	    struct ladder_rung *rung, struct status *st)
{
	struct plan *variant = analog_plan(plan, all, st);
	bool ok = variant && measure(variant, data, o, 1, true, share, &rung->result, st);

	plan_free(variant);
	return ok;
}

bool
ladder_run(const struct plan *plan, const struct dataset *data, const struct ladder_options *options, struct ladder *ladder,
	   const struct progress *progress, struct status *st)
{
	struct share share = {progress, "ladder", 0, LADDER_RUNGS};
	struct progress own = {report_share, &share};
	struct eval_options reference = {.first = options->first, .count = options->count, .threads = options->threads};
	double started = timing_now();
	bool ok;

	memset(ladder, 0, sizeof(*ladder));
	ladder->t = options->t > 0 ? options->t : plan->T;
	ladder->rung[0].name = "ann";
	ladder->rung[1].name = "activation";
	ladder->rung[2].name = "analog";
	ladder->rung[3].name = "spiking";
	ok = eval_ann(plan->model, data, &reference, &ladder->rung[0].result, &own, st);
	for (int i = 1; ok && i < LADDER_RUNGS; i++) {
		ladder->rung[i - 1].done = true;
		share.at = i;
		if (i < 3)
			ok = analog_rung(plan, data, options, i == 2, &share, &ladder->rung[i], st);
		else
			ok = measure(plan, data, options, ladder->t, true, &share, &ladder->rung[i].result, st);
	}
	ladder->rung[3].done = ok;
	ladder->seconds = timing_now() - started;
	return ok;
}

void
ladder_done(struct ladder *ladder)
{
	for (int i = 0; i < LADDER_RUNGS; i++)
		eval_done(&ladder->rung[i].result);
	memset(ladder, 0, sizeof(*ladder));
}

/* --- attribution ---------------------------------------------------------- */

struct attributor {
	const struct plan *plan;
	const struct dataset *data;
	const struct attribution_options *options;
	struct attribution *out;
	struct share share;
	bool *keep; /* [sites] */
	int t;
};

/* Measures a network after t steps. */
static bool
attribute_plan(struct attributor *a, const struct plan *plan, int t, struct attribution_item *item, struct status *st)
{
	struct eval_result result = {0};
	bool ok = measure(plan, a->data, &a->options->run, t, false, &a->share, &result, st);

	if (ok) {
		item->accuracy = result.point[0].accuracy;
		item->agreement = result.point[0].agreement;
		item->logit_rmse = result.point[0].logit_rmse;
		item->excess = item->logit_rmse * item->logit_rmse - a->out->nothing.logit_rmse * a->out->nothing.logit_rmse;
		item->done = true;
		a->out->images = result.images;
		a->out->ann_accuracy = result.ann_accuracy;
		a->share.at++;
	}
	eval_done(&result);
	return ok;
}

/* The network in which the sites of a->keep spike; when none does, one step says all. */
static bool
attribute(struct attributor *a, int spiking, struct attribution_item *item, struct status *st)
{
	struct plan *variant = plan_isolate(a->plan, a->keep, a->options->others, st);
	bool ok = variant && attribute_plan(a, variant, spiking > 0 ? a->t : 1, item, st);

	plan_free(variant);
	return ok;
}

/* Sets keep to the sites of a class, or to one site (-1: none); returns how many spike there. */
static int
choose(const struct attributor *a, const struct site_class *of, int site)
{
	int count = 0;

	for (int i = 0; i < a->plan->sites; i++) {
		const struct site_plan *p = &a->plan->site[i];

		a->keep[i] = spikes(p) && (of ? site_class_has(of, p->site.kind) : i == site);
		count += a->keep[i];
	}
	return count;
}

static int
count_items(const struct attributor *a)
{
	int count = 0;

	if (!a->options->sites)
		for (const struct site_class *c = site_class_table; c->name; c++)
			count += choose(a, c, -1) > 0;
	else
		for (int i = 0; i < a->plan->sites; i++)
			count += spikes(&a->plan->site[i]) && site_matches(a->plan->site[i].site, a->options->sites);
	return count;
}

static bool
attribute_items(struct attributor *a, struct status *st)
{
	struct attribution_item *item = a->out->item;

	if (!a->options->sites) {
		for (const struct site_class *c = site_class_table; c->name; c++) {
			int spiking = choose(a, c, -1);

			if (spiking == 0)
				continue;
			snprintf(item->name, sizeof(item->name), "%s", c->name);
			if (!attribute(a, spiking, item++, st))
				return false;
		}
		return true;
	}
	for (int i = 0; i < a->plan->sites; i++) {
		if (!site_matches(a->plan->site[i].site, a->options->sites) || choose(a, NULL, i) == 0)
			continue;
		site_name(a->plan->site[i].site, item->name);
		if (!attribute(a, 1, item++, st))
			return false;
	}
	return true;
}

static bool
attribute_all(struct attributor *a, struct status *st)
{
	struct attribution *out = a->out;

	snprintf(out->nothing.name, sizeof(out->nothing.name), "nothing");
	snprintf(out->full.name, sizeof(out->full.name), "all");
	if (!attribute(a, choose(a, NULL, -1), &out->nothing, st))
		return false;
	out->nothing.excess = 0;
	if (!attribute_plan(a, a->plan, a->t, &out->full, st) || !attribute_items(a, st))
		return false;
	for (int i = 0; i < out->items; i++)
		out->sum += out->item[i].excess;
	out->interaction = out->full.excess - out->sum;
	return true;
}

bool
attribution_run(const struct plan *plan, const struct dataset *data, const struct attribution_options *options,
		struct attribution *attribution, const struct progress *progress, struct status *st)
{
	struct attributor a = {.plan = plan,
			       .data = data,
			       .options = options,
			       .out = attribution,
			       .t = options->run.t > 0 ? options->run.t : plan->T};
	double started = timing_now();
	bool ok;

	memset(attribution, 0, sizeof(*attribution));
	attribution->t = a.t;
	a.keep = calloc((size_t)plan->sites, sizeof(*a.keep));
	if (!a.keep)
		return status_nomem(st, "an attribution");
	attribution->items = count_items(&a);
	attribution->item = calloc((size_t)attribution->items + 1, sizeof(*attribution->item));
	a.share = (struct share){progress, "attribution", 0, attribution->items + 2};
	if (!attribution->item)
		ok = status_nomem(st, "an attribution");
	else if (attribution->items == 0)
		ok = status_fail(st, STATUS_USAGE, "no spiking site matches %s; `audit` lists them",
				 options->sites ? options->sites : "any class");
	else
		ok = attribute_all(&a, st);
	attribution->seconds = timing_now() - started;
	free(a.keep);
	return ok;
}

void
attribution_done(struct attribution *attribution)
{
	free(attribution->item);
	memset(attribution, 0, sizeof(*attribution));
}
