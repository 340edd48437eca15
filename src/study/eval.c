#include "study/eval.h"

#include "ann/ann.h"
#include "base/timing.h"
#include "snn/snn.h"
#include "study/compare.h"
#include "study/energy/energy.h"
#include "study/walk/walk.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_SECONDS = 2 };

/* One site in one picture, or in all. */
struct site_sum {
	double alarms, reach, events;
	struct comparison error;
};

/* Shared by the threads of a run. Pictures are independent; what they gave is added up
 * in their order, so that sums do not depend on who did which. */
struct job {
	const struct model *model;
	const struct plan *plan; /* NULL: the reference alone */
	const struct dataset *data;
	const struct eval_options *options;
	const struct progress *progress;
	int count, ts, sites;
	int *label, *ann_top;
	struct eval_outcome *outcome; /* [count, ts] */
	struct site_sum **pending;    /* [count]: [sites] of a picture that is done and not yet added up, else NULL */
	struct site_sum *sum;         /* [sites] of the pictures before `folded` */
	double *neurons;              /* [sites] */
	bool *done;                   /* [count] */
	int folded, kept;             /* pictures added up; given to options->keep */
	int known, finished;          /* done before; in all */
	double kept_at, started;
	bool stop;
	struct status status;
};

struct worker {
	struct ann *ann;
	struct snn *snn;
	struct ann_trace trace; /* with options->errors */
	struct tensor scratch;
	float *pixels, *reference, *logits;
	double ann_energy;
};

static bool
worker_init(struct worker *w, const struct job *job, struct status *st)
{
	const struct model *model = job->model;
	size_t side = (size_t)model->image_size;

	w->ann_energy = energy_ann(model);
	w->pixels = calloc((size_t)model->channels * side * side, sizeof(float));
	w->reference = calloc((size_t)model->classes, sizeof(float));
	w->logits = calloc((size_t)model->classes, sizeof(float));
	if (!w->pixels || !w->reference || !w->logits)
		return status_nomem(st, "evaluation");
	w->ann = ann_new(model, 1, st);
	if (!w->ann || (job->options->errors && job->plan && !ann_trace_init(&w->trace, model, st)))
		return false;
	return !job->plan || (w->snn = snn_new(job->plan, st));
}

static void
worker_done(struct worker *w)
{
	free(w->pixels);
	free(w->reference);
	free(w->logits);
	tensor_done(&w->scratch);
	if (w->trace.arena)
		ann_trace_done(&w->trace);
	ann_free(w->ann);
	snn_free(w->snn);
}

static void
note_outcome(const struct job *job, const struct worker *w, struct eval_outcome *out)
{
	struct energy energy = energy_of(w->snn, NULL);
	int classes = job->model->classes;
	double sum = 0;

	snn_logits(w->snn, w->logits);
	for (int i = 0; i < classes; i++) {
		double d = (double)w->logits[i] - (double)w->reference[i];

		sum += d * d;
	}
	*out = (struct eval_outcome){.top = walk_best(w->logits, classes),
				     .squared_error = sum / classes,
				     .events = snn_events(w->snn),
				     .units = snn_units(w->snn),
				     .per_event = energy.per_event / w->ann_energy,
				     .per_unit = energy.per_unit / w->ann_energy};
}

static bool
note_sites(const struct job *job, struct worker *w, struct site_sum *sum, struct status *st)
{
	for (int i = 0; i < job->sites; i++) {
		struct site site = site_at(job->model, i);
		struct snn_activity a;

		snn_activity(w->snn, site, &a);
		sum[i] = (struct site_sum){.alarms = a.alarms_total, .reach = a.alarm_reach, .events = a.events_total};
		if (!w->trace.arena || !snn_has(w->snn, site, SNN_VALUE))
			continue;
		if (!snn_probe(w->snn, site, SNN_VALUE, &w->scratch, st))
			return false;
		compare_values(&sum[i].error, w->scratch.data, w->trace.value[i], tensor_size(&w->scratch));
	}
	return true;
}

static bool
run_reference(struct worker *w, int classes, struct status *st)
{
	if (!w->trace.arena)
		return ann_forward(w->ann, w->pixels, 1, w->reference, NULL, st);
	if (!ann_trace_record(&w->trace, w->ann, w->pixels, st))
		return false;
	memcpy(w->reference, w->trace.logits, (size_t)classes * sizeof(float));
	return true;
}

static bool
one_picture(struct job *job, struct worker *w, int index, struct status *st)
{
	const struct eval_options *o = job->options;
	struct site_sum *sum = NULL;

	if (!dataset_get(job->data, o->first + index, job->model, w->pixels, &job->label[index], st) ||
	    !run_reference(w, job->model->classes, st))
		return false;
	job->ann_top[index] = walk_best(w->reference, job->model->classes);
	if (w->snn) {
		snn_show(w->snn, w->pixels);
		for (int i = 0; i < job->ts; i++) {
			if (!snn_run(w->snn, o->t[i] - snn_time(w->snn), st))
				return false;
			note_outcome(job, w, &job->outcome[(size_t)index * (size_t)job->ts + (size_t)i]);
		}
		sum = calloc((size_t)job->sites, sizeof(*sum));
		if (!sum)
			return status_nomem(st, "evaluation");
		if (!note_sites(job, w, sum, st)) {
			free(sum);
			return false;
		}
	}
	job->pending[index] = sum;
#pragma omp atomic write
	job->done[index] = true;
	return true;
}

static void
fail(struct job *job, const struct status *st)
{
#pragma omp critical(eval_status)
	{
		if (job->status.code == STATUS_OK)
			job->status = *st;
	}
#pragma omp atomic write
	job->stop = true;
}

static bool
stopped(struct job *job)
{
	bool stop;

#pragma omp atomic read
	stop = job->stop;
	return stop;
}

/* Adds up the pictures that are done without a gap. */
static void
fold(struct job *job)
{
	for (; job->folded < job->count; job->folded++) {
		struct site_sum *one;
		bool done;

#pragma omp atomic read
		done = job->done[job->folded];
		if (!done)
			return;
		one = job->pending[job->folded];
		for (int i = 0; one && i < job->sites; i++) {
			job->sum[i].alarms += one[i].alarms;
			job->sum[i].events += one[i].events;
			job->sum[i].reach = fmax(job->sum[i].reach, one[i].reach);
			compare_merge(&job->sum[i].error, &one[i].error);
		}
		free(one);
		job->pending[job->folded] = NULL;
	}
}

struct eval_interval
eval_wilson(double k, double n)
{
	double z = 1.959964, p = k / n, half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)), scale = 1 + z * z / n;
	double middle = p + z * z / (2 * n);

	if (!(n > 0))
		return (struct eval_interval){0, 1};
	return (struct eval_interval){fmax(0, (middle - half) / scale), fmin(1, (middle + half) / scale)};
}

/* Newcombe's correlation of the two outcomes, corrected for continuity where it is positive. */
static double
paired_correlation(double both, double own, double other, double neither)
{
	double n = both + own + other + neither, excess = both * neither - own * other;
	double product = (both + own) * (other + neither) * (both + other) * (own + neither);

	if (excess > 0)
		excess = fmax(0, excess - n / 2);
	return product > 0 ? excess / sqrt(product) : 0;
}

struct eval_interval
eval_paired(double both, double own, double other, double neither)
{
	double n = both + own + other + neither, phi = paired_correlation(both, own, other, neither);
	double p = (both + own) / n, q = (both + other) / n;
	struct eval_interval a = eval_wilson(both + own, n), b = eval_wilson(both + other, n);
	double down = sqrt((p - a.lo) * (p - a.lo) - 2 * phi * (p - a.lo) * (b.hi - q) + (b.hi - q) * (b.hi - q));
	double up = sqrt((a.hi - p) * (a.hi - p) - 2 * phi * (a.hi - p) * (q - b.lo) + (q - b.lo) * (q - b.lo));

	if (!(n > 0))
		return (struct eval_interval){-1, 1};
	return (struct eval_interval){p - q - down, p - q + up};
}

/* The mean of n values with these sums, and its normal interval. */
static struct eval_interval
interval(double sum, double squares, int n)
{
	double mean = sum / n, variance = n > 1 ? fmax(0, (squares - n * mean * mean) / (n - 1)) : 0;
	double half = 1.959964 * sqrt(variance / n);

	return (struct eval_interval){mean - half, mean + half};
}

static void
summarise_point(const struct job *job, int n, int i, struct eval_point *p)
{
	int right = 0, same = 0, both = 0, ann = 0;
	double error = 0, squares = 0;
	struct eval_interval squared;

	*p = (struct eval_point){.t = job->options->t[i]};
	for (int k = 0; k < n; k++) {
		const struct eval_outcome *o = &job->outcome[(size_t)k * (size_t)job->ts + (size_t)i];
		int own = o->top == job->label[k], reference = job->ann_top[k] == job->label[k];

		right += own;
		same += o->top == job->ann_top[k];
		both += own && reference;
		ann += reference;
		error += o->squared_error;
		squares += o->squared_error * o->squared_error;
		p->events_per_image += o->events / n;
		p->units_per_image += o->units / n;
		p->per_event += o->per_event / n;
		p->per_unit += o->per_unit / n;
	}
	p->accuracy = (double)right / n;
	p->accuracy_in = eval_wilson(right, n);
	p->agreement = (double)same / n;
	p->agreement_in = eval_wilson(same, n);
	p->gap = (double)(right - ann) / n;
	p->gap_in = eval_paired(both, right - both, ann - both, n - right - ann + both);
	p->logit_rmse = sqrt(error / n);
	squared = interval(error, squares, n);
	p->logit_rmse_in = (struct eval_interval){sqrt(fmax(0, squared.lo)), sqrt(squared.hi)};
}

static void
summarise_site(const struct job *job, int i, struct eval_site *site)
{
	const struct site_sum *sum = &job->sum[i];

	*site = (struct eval_site){.alarms = sum->alarms,
				   .reach = sum->reach,
				   .neurons = job->neurons[i],
				   .events = sum->events,
				   .rmse = compare_rmse(&sum->error),
				   .relative = compare_relative(&sum->error),
				   .cosine = compare_cosine(&sum->error)};
}

static bool
summarise(const struct job *job, struct eval_result *r, struct status *st)
{
	size_t n = (size_t)job->folded, ts = (size_t)job->ts;
	int right = 0;

	memset(r, 0, sizeof(*r));
	r->label = calloc(n + 1, sizeof(int));
	r->ann_top = calloc(n + 1, sizeof(int));
	r->outcome = calloc(n * ts + 1, sizeof(*r->outcome));
	r->point = calloc(ts + 1, sizeof(*r->point));
	r->site = calloc((size_t)job->sites + 1, sizeof(*r->site));
	if (!r->label || !r->ann_top || !r->outcome || !r->point || !r->site) {
		eval_done(r);
		return status_nomem(st, "evaluation");
	}
	r->images = job->folded;
	r->points = n > 0 ? job->ts : 0;
	r->sites = job->sites;
	memcpy(r->label, job->label, n * sizeof(int));
	memcpy(r->ann_top, job->ann_top, n * sizeof(int));
	memcpy(r->outcome, job->outcome, n * ts * sizeof(*r->outcome));
	for (size_t k = 0; k < n; k++)
		right += job->ann_top[k] == job->label[k];
	r->ann_accuracy = n > 0 ? (double)right / (double)n : 0;
	for (int i = 0; i < r->points; i++)
		summarise_point(job, job->folded, i, &r->point[i]);
	for (int i = 0; i < r->sites; i++)
		summarise_site(job, i, &r->site[i]);
	r->seconds = timing_now() - job->started;
	return true;
}

/* Gives what is done to whoever keeps it. */
static void
keep(struct job *job)
{
	struct eval_result so_far;
	struct status st = {0};

	job->kept_at = timing_now();
	if (!job->options->keep || job->folded == job->kept)
		return;
	if (!summarise(job, &so_far, &st)) {
		fail(job, &st);
		return;
	}
	job->options->keep(job->options->keep_ctx, &so_far, job->kept);
	job->kept = job->folded;
	eval_done(&so_far);
}

/* Only the first thread reports, as progress.h promises. */
static void
tell(struct job *job)
{
	int finished;
	struct status st = {0};

	if (omp_get_thread_num() != 0)
		return;
	fold(job);
	if (timing_now() - job->kept_at >= KEEP_SECONDS)
		keep(job);
#pragma omp atomic read
	finished = job->finished;
	if (progress_report(job->progress, "eval", finished, job->count))
		return;
	status_fail(&st, STATUS_CANCELLED, "stopped after %d of %d pictures; what was done is kept", finished, job->count);
	fail(job, &st);
}

static void
run_job(struct job *job, int threads)
{
#pragma omp parallel num_threads(threads)
	{
		struct status st = {0};
		struct worker w = {0};

		if (!worker_init(&w, job, &st))
			fail(job, &st);
#pragma omp for schedule(dynamic, 1)
		for (int i = job->known; i < job->count; i++) {
			if (stopped(job))
				continue;
			if (!one_picture(job, &w, i, &st))
				fail(job, &st);
#pragma omp atomic
			job->finished++;
			tell(job);
		}
		worker_done(&w);
	}
	fold(job);
	keep(job);
}

static bool
check(struct job *job, struct status *st)
{
	const struct eval_options *o = job->options;
	int all = dataset_count(job->data);

	if (o->first < 0 || o->first >= all || o->count < 0)
		return status_fail(st, STATUS_USAGE, "picture %d is not in %s, which has %d", o->first, dataset_path(job->data),
				   all);
	for (int i = 0; job->plan && i < o->ts; i++)
		if (o->t[i] < 1 || (i > 0 && o->t[i] <= o->t[i - 1]))
			return status_fail(st, STATUS_USAGE, "steps must ascend from 1; step %d does not", o->t[i]);
	job->count = o->count > 0 && o->count < all - o->first ? o->count : all - o->first;
	job->ts = job->plan ? o->ts : 0;
	job->sites = job->plan ? site_count(job->model) : 0;
	if (o->known && (o->known->points != job->ts || o->known->sites != job->sites))
		return status_fail(st, STATUS_USAGE, "what is known has %d steps, not %d", o->known->points, job->ts);
	return true;
}

static bool
job_init(struct job *job, struct status *st)
{
	size_t n = (size_t)job->count + 1, sites = (size_t)job->sites + 1;

	job->label = calloc(n, sizeof(int));
	job->ann_top = calloc(n, sizeof(int));
	job->done = calloc(n, sizeof(bool));
	job->pending = calloc(n, sizeof(*job->pending));
	job->outcome = calloc(n * (size_t)job->ts + 1, sizeof(*job->outcome));
	job->sum = calloc(sites, sizeof(*job->sum));
	job->neurons = calloc(sites, sizeof(*job->neurons));
	if (job->label && job->ann_top && job->done && job->pending && job->outcome && job->sum && job->neurons)
		return true;
	return status_nomem(st, "evaluation");
}

static void
job_done(struct job *job)
{
	for (int i = 0; job->pending && i < job->count; i++)
		free(job->pending[i]);
	free(job->label);
	free(job->ann_top);
	free(job->done);
	free(job->pending);
	free(job->outcome);
	free(job->sum);
	free(job->neurons);
}

/* Starts where an earlier run stopped. */
static void
take_known(struct job *job)
{
	const struct eval_result *known = job->options->known;
	int n = known->images < job->count ? known->images : job->count;

	memcpy(job->label, known->label, (size_t)n * sizeof(int));
	memcpy(job->ann_top, known->ann_top, (size_t)n * sizeof(int));
	memcpy(job->outcome, known->outcome, (size_t)n * (size_t)job->ts * sizeof(*job->outcome));
	for (int i = 0; i < n; i++)
		job->done[i] = true;
	for (int i = 0; i < job->sites; i++)
		job->sum[i] = (struct site_sum){
		    .alarms = known->site[i].alarms, .reach = known->site[i].reach, .events = known->site[i].events};
	/* Sums over more pictures than are asked for cannot be parted. */
	for (int i = 0; n < known->images && i < job->sites; i++)
		job->sum[i] = (struct site_sum){.alarms = NAN, .events = NAN};
	job->known = job->finished = job->folded = n;
}

/* How many neurons spike at each site: of a network that is thrown away. */
static bool
count_neurons(struct job *job, struct status *st)
{
	struct snn *snn = snn_new(job->plan, st);

	for (int i = 0; snn && i < job->sites; i++) {
		struct snn_activity a;

		snn_activity(snn, site_at(job->model, i), &a);
		job->neurons[i] = a.neurons;
	}
	snn_free(snn);
	return snn != NULL;
}

static bool
evaluate(struct job *job, struct eval_result *result, struct status *st)
{
	int threads = job->options->threads > 0 ? job->options->threads : omp_get_num_procs();
	bool ok;

	memset(result, 0, sizeof(*result));
	if (!check(job, st))
		return false;
	job->started = job->kept_at = timing_now();
	ok = job_init(job, st) && (!job->plan || count_neurons(job, st));
	if (ok && job->options->known)
		take_known(job);
	if (ok)
		run_job(job, threads < job->count ? threads : job->count);
	ok = ok && summarise(job, result, st);
	job_done(job);
	if (ok && job->status.code != STATUS_OK)
		return status_fail(st, job->status.code, "%s", job->status.message);
	return ok;
}

bool
eval_run(const struct plan *plan, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	 const struct progress *progress, struct status *st)
{
	struct job job = {.model = plan->model, .plan = plan, .data = data, .options = options, .progress = progress};

	return evaluate(&job, result, st);
}

bool
eval_ann(const struct model *model, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	 const struct progress *progress, struct status *st)
{
	struct job job = {.model = model, .data = data, .options = options, .progress = progress};

	return evaluate(&job, result, st);
}

void
eval_done(struct eval_result *result)
{
	free(result->point);
	free(result->label);
	free(result->ann_top);
	free(result->outcome);
	free(result->site);
	memset(result, 0, sizeof(*result));
}
