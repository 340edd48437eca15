#include "study/walk/walk.h"

#include "base/real.h"
#include "base/timing.h"
#include "study/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t
picture_size(const struct model *model)
{
	return (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
}

struct walk *
walk_new(const struct plan *plan, struct status *st)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (!walk) {
		status_nomem(st, "a walk");
		return NULL;
	}
	walk->plan = plan;
	walk->model = plan->model;
	walk->label = -1;
	walk->site = -1;
	timeline_init(&walk->timeline, TIMELINE_BUDGET);
	walk->pixels = calloc(picture_size(plan->model), sizeof(float));
	if (!walk->pixels)
		status_nomem(st, "a picture");
	if (walk->pixels && (walk->snn = snn_new(plan, st)) && (walk->ann = ann_new(plan->model, 1, st)) &&
	    ann_trace_init(&walk->reference, plan->model, st))
		return walk;
	walk_free(walk);
	return NULL;
}

static void
forget_steps(struct walk *walk)
{
	for (int i = 0; i < walk->recorded; i++) {
		free(walk->step[i].logits);
		free(walk->step[i].site);
	}
	walk->t = walk->recorded = 0;
	walk->site = -1;
}

void
walk_free(struct walk *walk)
{
	if (!walk)
		return;
	forget_steps(walk);
	free(walk->step);
	free(walk->pixels);
	timeline_done(&walk->timeline);
	snn_free(walk->before);
	snn_free(walk->snn);
	ann_trace_done(&walk->reference);
	ann_free(walk->ann);
	free(walk);
}

int
walk_best(const float *logits, int classes)
{
	int best = 0;

	for (int i = 1; i < classes; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

bool
walk_show(struct walk *walk, const float *pixels, int label, struct status *st)
{
	if (!ann_trace_record(&walk->reference, walk->ann, pixels, st))
		return false;
	memmove(walk->pixels, pixels, picture_size(walk->model) * sizeof(float));
	forget_steps(walk);
	timeline_clear(&walk->timeline);
	snn_show(walk->snn, walk->pixels);
	walk->ann_top = walk_best(walk->reference.logits, walk->model->classes);
	walk->label = label;
	walk->shown = true;
	walk->pictures++;
	return true;
}

void
walk_reset(struct walk *walk)
{
	walk->t = 0;
	walk->site = -1;
	snn_reset(walk->snn);
}

static bool
record_site(const struct walk *walk, int index, struct tensor *scratch, struct walk_site *out, struct status *st)
{
	struct site site = site_at(walk->model, index);
	struct comparison c = {0};
	struct snn_activity a;

	if (snn_has(walk->snn, site, SNN_VALUE)) {
		if (!snn_probe(walk->snn, site, SNN_VALUE, scratch, st))
			return false;
		compare_values(&c, scratch->data, walk->reference.value[index], tensor_size(scratch));
		out->rmse = (float)compare_rmse(&c);
		out->relative = (float)compare_relative(&c);
		out->cosine = (float)compare_cosine(&c);
	}
	snn_activity(walk->snn, site, &a);
	out->rate = a.neurons > 0 ? (float)(a.events_step / a.neurons) : 0;
	out->events = (float)a.events_step;
	out->units = (float)a.units_step;
	out->alarms = (float)a.alarms_step;
	out->reach = (float)a.alarm_reach;
	return true;
}

static bool
record_step(const struct walk *walk, struct walk_step *step, struct status *st)
{
	int classes = walk->model->classes, sites = site_count(walk->model);
	struct tensor scratch = {0};
	double sum = 0;
	bool ok = true;

	step->logits = calloc((size_t)classes, sizeof(float));
	step->site = calloc((size_t)sites, sizeof(*step->site));
	if (!step->logits || !step->site)
		return status_nomem(st, "the record of a step");
	snn_logits(walk->snn, step->logits);
	for (int i = 0; i < classes; i++) {
		double d = (double)step->logits[i] - (double)walk->reference.logits[i];

		sum += d * d;
	}
	step->logit_rmse = (float)sqrt(sum / classes);
	step->top = walk_best(step->logits, classes);
	step->events = snn_events_step(walk->snn);
	step->units = snn_units_step(walk->snn);
	for (int i = 0; ok && i < sites; i++)
		ok = record_site(walk, i, &scratch, &step->site[i], st);
	tensor_done(&scratch);
	return ok;
}

static bool
reserve(struct walk *walk, int steps, struct status *st)
{
	int capacity = walk->capacity > 0 ? walk->capacity : 16;
	struct walk_step *grown;

	if (steps > WALK_STEPS_MAX)
		return status_fail(st, STATUS_USAGE, "a walk has at most %d steps; `reset` starts again", WALK_STEPS_MAX);
	while (capacity < steps)
		capacity *= 2;
	if (capacity == walk->capacity)
		return true;
	grown = realloc(walk->step, (size_t)capacity * sizeof(*grown));
	if (!grown)
		return status_nomem(st, "the record of a step");
	walk->step = grown;
	walk->capacity = capacity;
	return true;
}

/* The network's step, and the record of it unless there is one from before. */
static bool
advance(struct walk *walk, struct status *st)
{
	struct walk_step step = {0};
	double start = timing_now();
	int done = snn_time(walk->snn);

	if (!reserve(walk, done + 1, st))
		return false;
	snn_step(walk->snn);
	step.seconds = timing_now() - start;
	if (done < walk->recorded)
		return true;
	if (!record_step(walk, &step, st)) {
		free(step.logits);
		free(step.site);
		return false;
	}
	walk->step[walk->recorded++] = step;
	return true;
}

static void
finish_step(struct walk *walk)
{
	walk->t++;
	walk->site = -1;
	timeline_keep(&walk->timeline, walk->snn);
}

static bool
need_picture(const struct walk *walk, struct status *st)
{
	return walk->shown || status_fail(st, STATUS_FAILED, "no picture is shown; type: image N");
}

bool
walk_steps(struct walk *walk, int n, const struct progress *progress, struct status *st)
{
	if (!need_picture(walk, st))
		return false;
	for (int i = 0; i < n; i++) {
		if (!progress_report(progress, "step", i, n))
			return status_fail(st, STATUS_CANCELLED, "stopped after step %d", walk->t);
		if (walk->site < 0 && !advance(walk, st))
			return false;
		finish_step(walk);
	}
	return true;
}

bool
walk_back(struct walk *walk, int t, const struct progress *progress, struct status *st)
{
	int from = walk->t;

	if (walk->site < 0 && t == walk->t)
		return true;
	walk->site = -1;
	walk->t = timeline_restore(&walk->timeline, walk->snn, t);
	while (walk->t < t) {
		if (!progress_report(progress, "back", from - walk->t, from))
			return status_fail(st, STATUS_CANCELLED, "stopped on the way back to t = %d, at t = %d", t, walk->t);
		snn_step(walk->snn);
		walk->t++;
	}
	return true;
}

/* Leaves a copy of the network as it is before the step. */
static bool
leave_before(struct walk *walk, struct status *st)
{
	void *state = malloc(snn_state_size(walk->snn));

	if (!state)
		return status_nomem(st, "the state before a step");
	if (!walk->before)
		walk->before = snn_new(walk->plan, st);
	if (walk->before) {
		snn_show(walk->before, walk->pixels);
		snn_state_save(walk->snn, state);
		snn_state_load(walk->before, state);
	}
	free(state);
	return walk->before != NULL;
}

bool
walk_next_site(struct walk *walk, struct status *st)
{
	int next = walk->site + 1, sites = site_count(walk->model);

	if (!need_picture(walk, st) || (walk->site < 0 && (!leave_before(walk, st) || !advance(walk, st))))
		return false;
	while (next < sites && !snn_has(walk->snn, site_at(walk->model, next), SNN_VALUE))
		next++;
	walk->site = next;
	if (next >= sites - 1)
		finish_step(walk);
	return true;
}

const struct snn *
walk_network(const struct walk *walk, struct site site)
{
	return walk->site < 0 || site_index(walk->model, site) <= walk->site ? walk->snn : walk->before;
}

const struct walk_site *
walk_site_now(const struct walk *walk, int site_index)
{
	int done = walk->site >= site_index ? walk->t + 1 : walk->t;

	return done > 0 ? &walk->step[done - 1].site[site_index] : NULL;
}

void
walk_hash(const struct walk *walk, char hex[HASH_HEX])
{
	char part[2][HASH_HEX], text[2 * HASH_HEX + 24];

	snn_state_hash(walk->snn, hex);
	if (walk->site < 0)
		return;
	memcpy(part[1], hex, HASH_HEX);
	snn_state_hash(walk->before, part[0]);
	snprintf(text, sizeof(text), "%s %s %d", part[0], part[1], walk->site);
	hash_of(text, strlen(text), hex);
}

const struct walk_step *
walk_last(const struct walk *walk)
{
	return walk->t > 0 ? &walk->step[walk->t - 1] : NULL;
}

void
walk_top(const float *logits, int classes, int k, int *index, float *probability)
{
	double sum = 0, top = (double)logits[walk_best(logits, classes)];

	for (int i = 0; i < classes; i++)
		sum += real_exp((double)logits[i] - top);
	for (int rank = 0; rank < k; rank++) {
		int best = -1;

		for (int i = 0; i < classes; i++) {
			bool taken = false;

			for (int j = 0; j < rank; j++)
				taken |= index[j] == i;
			if (!taken && (best < 0 || logits[i] > logits[best]))
				best = i;
		}
		index[rank] = best;
		probability[rank] = best < 0 ? 0 : (float)(real_exp((double)logits[best] - top) / sum);
	}
}
