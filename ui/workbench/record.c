#include "ui/workbench/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct population {
	int neurons, stride;
	size_t offset; /* of its counts in a step */
};

struct record {
	int sites;
	struct population *population; /* [sites] */
	size_t step_size;              /* bytes */
	int8_t *counts;                /* [RECORD_STEPS, step_size], a ring by (t - 1) % RECORD_STEPS */
	int first, last;               /* steps kept; last 0: none */
};

static void
population_init(struct population *p, size_t elements)
{
	size_t stride = (elements + RECORD_NEURONS - 1) / RECORD_NEURONS;

	p->stride = (int)(stride ? stride : 1);
	p->neurons = (int)((elements + (size_t)p->stride - 1) / (size_t)p->stride);
}

/* Which sites send countable spikes is the network's to say. */
static bool
lay_out(struct record *record, const struct plan *plan, struct status *st)
{
	struct snn *snn = snn_new(plan, st);
	int i;

	if (!snn)
		return false;
	for (i = 0; i < record->sites; i++) {
		struct site site = site_at(plan->model, i);

		record->population[i].offset = record->step_size;
		if (!snn_has(snn, site, SNN_COUNT))
			continue;
		population_init(&record->population[i], site_size(plan->model, site));
		record->step_size += (size_t)record->population[i].neurons;
	}
	snn_free(snn);
	return true;
}

struct record *
record_new(const struct plan *plan, struct status *st)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record) {
		status_nomem(st, "the record of spikes");
		return NULL;
	}
	record->sites = site_count(plan->model);
	record->population = calloc((size_t)record->sites, sizeof(*record->population));
	if (!record->population)
		status_nomem(st, "the record of spikes");
	if (!record->population || !lay_out(record, plan, st)) {
		record_free(record);
		return NULL;
	}
	record->counts = malloc(record->step_size * RECORD_STEPS + 1);
	if (!record->counts) {
		status_nomem(st, "the record of spikes");
		record_free(record);
		return NULL;
	}
	return record;
}

void
record_free(struct record *record)
{
	if (!record)
		return;
	free(record->population);
	free(record->counts);
	free(record);
}

void
record_back(struct record *record, int t)
{
	if (record->last > t)
		record->last = t >= record->first ? t : 0;
	if (record->last == 0)
		record->first = 0;
}

static int8_t *
slot(const struct record *record, int t)
{
	return record->counts + record->step_size * (size_t)((t - 1) % RECORD_STEPS);
}

static void
keep_site(const struct record *record, const struct walk *walk, int index, int8_t *out)
{
	const struct population *p = &record->population[index];
	struct site site = site_at(walk->model, index);

	for (int i = 0; i < p->neurons; i++) {
		float v = snn_element(walk->snn, site, SNN_COUNT, (size_t)i * (size_t)p->stride);

		out[i] = (int8_t)(v > 127 ? 127 : v < -127 ? -127 : lrintf(v));
	}
}

void
record_step(struct record *record, const struct walk *walk)
{
	int8_t *out;
	int i;

	if (walk->t < 1)
		return;
	record_back(record, walk->t - 1);
	out = slot(record, walk->t);
	for (i = 0; i < record->sites; i++)
		if (record->population[i].neurons > 0)
			keep_site(record, walk, i, out + record->population[i].offset);
	if (record->last != walk->t - 1 || record->first == 0)
		record->first = walk->t; /* what lies before a gap is lost */
	record->last = walk->t;
	if (record->last - record->first >= RECORD_STEPS)
		record->first = record->last - RECORD_STEPS + 1;
}

bool
record_steps(struct record *record, struct walk *walk, int n, const struct progress *progress, struct status *st)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!progress_report(progress, "step", i, n))
			return status_fail(st, STATUS_CANCELLED, "stopped at t = %d, after %d of %d steps", walk->t, i, n);
		if (!walk_steps(walk, 1, NULL, st))
			return false;
		record_step(record, walk);
	}
	return true;
}

int
record_neurons(const struct record *record, int site_index, int *stride)
{
	if (site_index < 0 || site_index >= record->sites)
		return 0;
	*stride = record->population[site_index].stride;
	return record->population[site_index].neurons;
}

bool
record_span(const struct record *record, int *first, int *last)
{
	*first = record->first;
	*last = record->last;
	return record->last > 0;
}

const int8_t *
record_counts(const struct record *record, int site_index, int t)
{
	if (site_index < 0 || site_index >= record->sites || record->population[site_index].neurons == 0 || record->last == 0 ||
	    t < record->first || t > record->last)
		return NULL;
	return slot(record, t) + record->population[site_index].offset;
}
