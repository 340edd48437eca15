#include "study/walk/spike_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct population {
	int neurons, stride;
	size_t offset; /* of its counts in a step */
};

struct spike_log {
	int sites;
	struct population *population; /* [sites] */
	size_t step_size;              /* bytes */
	int8_t *counts;                /* [SPIKE_LOG_STEPS, step_size], a ring by (t - 1) % SPIKE_LOG_STEPS */
	int first, last;               /* steps kept; last 0: none */
};

static void
population_init(struct population *p, size_t elements)
{
	size_t stride = (elements + SPIKE_LOG_NEURONS - 1) / SPIKE_LOG_NEURONS;

	p->stride = (int)(stride ? stride : 1);
	p->neurons = (int)((elements + (size_t)p->stride - 1) / (size_t)p->stride);
}

/* Places the populations of the sites that spike behind each other in a step. */
static void
lay_out(struct spike_log *log, const struct model *model, const bool *spiking)
{
	for (int i = 0; i < log->sites; i++) {
		log->population[i].offset = log->step_size;
		if (!spiking[i])
			continue;
		population_init(&log->population[i], site_size(model, site_at(model, i)));
		log->step_size += (size_t)log->population[i].neurons;
	}
}

struct spike_log *
spike_log_of(const struct model *model, const bool *spiking, struct status *st)
{
	struct spike_log *log = calloc(1, sizeof(*log));

	if (log) {
		log->sites = site_count(model);
		log->population = calloc((size_t)log->sites, sizeof(*log->population));
	}
	if (log && log->population) {
		lay_out(log, model, spiking);
		log->counts = malloc(log->step_size * SPIKE_LOG_STEPS + 1);
	}
	if (log && log->counts)
		return log;
	spike_log_free(log);
	status_nomem(st, "the spike log");
	return NULL;
}

/* Which sites send countable spikes is the network's to say. */
struct spike_log *
spike_log_new(const struct plan *plan, struct status *st)
{
	struct snn *snn = snn_new(plan, st);
	int sites = site_count(plan->model);
	bool *spiking = calloc((size_t)sites, sizeof(*spiking));
	struct spike_log *log = NULL;

	for (int i = 0; snn && spiking && i < sites; i++)
		spiking[i] = snn_has(snn, site_at(plan->model, i), SNN_COUNT);
	if (!spiking)
		status_nomem(st, "the spike log");
	else if (snn)
		log = spike_log_of(plan->model, spiking, st);
	free(spiking);
	snn_free(snn);
	return log;
}

void
spike_log_free(struct spike_log *log)
{
	if (!log)
		return;
	free(log->population);
	free(log->counts);
	free(log);
}

void
spike_log_back(struct spike_log *log, int t)
{
	if (log->last > t)
		log->last = t >= log->first ? t : 0;
	if (log->last == 0)
		log->first = 0;
}

static int8_t *
slot(const struct spike_log *log, int t)
{
	return log->counts + log->step_size * (size_t)((t - 1) % SPIKE_LOG_STEPS);
}

static void
keep_site(const struct spike_log *log, const struct walk *walk, int index, int8_t *out)
{
	const struct population *p = &log->population[index];
	struct site site = site_at(walk->model, index);

	for (int i = 0; i < p->neurons; i++) {
		float v = snn_element(walk->snn, site, SNN_COUNT, (size_t)i * (size_t)p->stride);

		out[i] = (int8_t)(v > 127 ? 127 : v < -127 ? -127 : lrintf(v));
	}
}

/* Makes t the last step, and room for it. */
static void
begin_step(struct spike_log *log, int t)
{
	spike_log_back(log, t - 1);
	if (log->last != t - 1 || log->first == 0)
		log->first = t; /* what lies before a gap is lost */
	log->last = t;
	if (log->last - log->first >= SPIKE_LOG_STEPS)
		log->first = log->last - SPIKE_LOG_STEPS + 1;
}

void
spike_log_step(struct spike_log *log, const struct walk *walk)
{
	if (walk->t < 1)
		return;
	begin_step(log, walk->t);
	for (int i = 0; i < log->sites; i++)
		if (log->population[i].neurons > 0)
			keep_site(log, walk, i, slot(log, walk->t) + log->population[i].offset);
}

int8_t *
spike_log_add(struct spike_log *log, int site_index, int t)
{
	if (t < 1 || site_index < 0 || site_index >= log->sites || log->population[site_index].neurons == 0)
		return NULL;
	if (log->last != t) {
		begin_step(log, t);
		memset(slot(log, t), 0, log->step_size);
	}
	return slot(log, t) + log->population[site_index].offset;
}

bool
spike_log_steps(struct spike_log *log, struct walk *walk, int n, const struct progress *progress, struct status *st)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!progress_report(progress, "step", i, n))
			return status_fail(st, STATUS_CANCELLED, "stopped at t = %d, after %d of %d steps", walk->t, i, n);
		if (!walk_steps(walk, 1, NULL, st))
			return false;
		spike_log_step(log, walk);
	}
	return true;
}

int
spike_log_neurons(const struct spike_log *log, int site_index, int *stride)
{
	if (site_index < 0 || site_index >= log->sites)
		return 0;
	*stride = log->population[site_index].stride;
	return log->population[site_index].neurons;
}

bool
spike_log_span(const struct spike_log *log, int *first, int *last)
{
	*first = log->first;
	*last = log->last;
	return log->last > 0;
}

const int8_t *
spike_log_counts(const struct spike_log *log, int site_index, int t)
{
	if (site_index < 0 || site_index >= log->sites || log->population[site_index].neurons == 0 || log->last == 0 ||
	    t < log->first || t > log->last)
		return NULL;
	return slot(log, t) + log->population[site_index].offset;
}
