#include "study/profile.h"

#include "ann/ann.h"
#include "base/timing.h"
#include "snn/snn.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct bench {
	const struct plan *plan;
	struct snn *snn;
	struct ann *ann;
	const float *pixels;
	int steps, repeats;
	double *seconds;         /* [steps, repeats] */
	double *run, *reference; /* [repeats] */
	double *clock;           /* [sites], all repetitions */
	float *logits;
};

static bool
bench_init(struct bench *b, const struct profile_options *o, struct status *st)
{
	size_t n;

	b->steps = o->steps > 0 ? o->steps : b->plan->T;
	b->steps = b->steps < PROFILE_STEPS_MAX ? b->steps : PROFILE_STEPS_MAX;
	b->repeats = o->repeats > 0 ? o->repeats : 5;
	b->pixels = o->pixels;
	n = (size_t)b->repeats;
	b->seconds = calloc((size_t)b->steps * n, sizeof(double));
	b->run = calloc(n, sizeof(double));
	b->reference = calloc(n, sizeof(double));
	b->clock = calloc((size_t)b->plan->sites, sizeof(double));
	b->logits = calloc((size_t)b->plan->model->classes, sizeof(float));
	if (!b->seconds || !b->run || !b->reference || !b->clock || !b->logits)
		return status_nomem(st, "the benchmark");
	return (b->snn = snn_new(b->plan, st)) && (b->ann = ann_new(b->plan->model, 1, st));
}

static void
bench_done(struct bench *b)
{
	snn_free(b->snn);
	ann_free(b->ann);
	free(b->seconds);
	free(b->run);
	free(b->reference);
	free(b->clock);
	free(b->logits);
}

/* The reference, every step with the clock running, and all steps at once. */
static bool
repeat(struct bench *b, int i, struct status *st)
{
	double start = timing_now();

	if (!ann_forward(b->ann, b->pixels, 1, b->logits, NULL, st))
		return false;
	b->reference[i] = timing_now() - start;
	snn_show(b->snn, b->pixels);
	snn_clock(b->snn, b->clock);
	for (int t = 0; t < b->steps; t++) {
		start = timing_now();
		snn_step(b->snn);
		b->seconds[t * b->repeats + i] = timing_now() - start;
	}
	snn_clock(b->snn, NULL);
	snn_show(b->snn, b->pixels);
	start = timing_now();
	if (!snn_run(b->snn, b->steps, st))
		return false;
	b->run[i] = timing_now() - start;
	return true;
}

/* Spikes are the same in every repetition. */
static void
summarise_site(const struct bench *b, int i, int done, struct profile_site *out)
{
	struct site site = site_at(b->plan->model, i);
	struct snn_activity a;

	snn_activity(b->snn, site, &a);
	out->seconds = b->clock[i] / done / b->steps;
	out->events = a.events_total / b->steps;
	out->units = a.units_total / b->steps;
	out->neurons = a.neurons;
	out->bytes = (double)snn_site_bytes(b->snn, site);
}

static bool
summarise(struct bench *b, int done, struct profile *p, struct status *st)
{
	if (done == 0)
		return true;
	p->step = calloc((size_t)b->steps, sizeof(*p->step));
	p->site = calloc((size_t)b->plan->sites, sizeof(*p->site));
	if (!p->step || !p->site)
		return status_nomem(st, "the benchmark");
	p->steps = b->steps;
	p->repeats = done;
	p->sites = b->plan->sites;
	p->state_bytes = (double)snn_state_size(b->snn);
	memcpy(p->hash, b->plan->hash, sizeof(p->hash));
	for (int t = 0; t < b->steps; t++)
		p->step[t] = timing_median(b->seconds + t * b->repeats, done);
	p->run = timing_median(b->run, done);
	p->reference = timing_median(b->reference, done);
	for (int i = 0; i < p->sites; i++)
		summarise_site(b, i, done, &p->site[i]);
	return true;
}

bool
profile_run(const struct plan *plan, const struct profile_options *options, struct profile *profile,
	    const struct progress *progress, struct status *st)
{
	struct bench b = {.plan = plan};
	int done = 0, threads = omp_get_max_threads();
	bool ok;

	memset(profile, 0, sizeof(*profile));
	omp_set_num_threads(1);
	ok = bench_init(&b, options, st);
	while (ok && done < b.repeats) {
		ok = progress_report(progress, "bench", done, b.repeats) ||
		     status_fail(st, STATUS_CANCELLED, "stopped after %d of %d repetitions; what was done is kept", done,
				 b.repeats);
		ok = ok && repeat(&b, done, st);
		done += ok;
	}
	omp_set_num_threads(threads);
	if (ok || st->code == STATUS_CANCELLED)
		ok = summarise(&b, done, profile, ok ? st : &(struct status){0}) && ok;
	bench_done(&b);
	return ok;
}

void
profile_done(struct profile *profile)
{
	free(profile->step);
	free(profile->site);
	memset(profile, 0, sizeof(*profile));
}
