/* The ledger of many pictures. */
#include "snn/snn.h"
#include "study/energy/ledger.h"

#include <omp.h>
#include <stdlib.h>

struct job {
	const struct plan *plan;
	const struct dataset *data;
	const struct ledger_options *options;
	const struct progress *progress;
	int count, steps;
	int finished;
	bool stop;
	struct status status;
	struct ledger *sum;
};

static void
fail(struct job *job, const struct status *st)
{
#pragma omp critical(ledger_status)
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

/* A picture counts when it is whole. Only the first thread reports. */
static bool
one_picture(struct job *job, int index, struct snn *snn, float *pixels, struct ledger *own, struct status *st)
{
	int finished;

	if (!dataset_get(job->data, job->options->first + index, job->plan->model, pixels, NULL, st))
		return false;
	snn_show(snn, pixels);
	for (int t = 0; t < job->steps; t++) {
		snn_step(snn);
		ledger_step(own, snn);
	}
	own->pictures++;
#pragma omp atomic capture
	finished = ++job->finished;
	if (omp_get_thread_num() != 0 || progress_report(job->progress, "count", finished, job->count))
		return true;
	return status_fail(st, STATUS_CANCELLED, "stopped after %d of %d pictures, which are counted", finished, job->count);
}

static void
work(struct job *job)
{
	const struct model *model = job->plan->model;
	struct status st = {0};
	float *pixels = calloc((size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size, sizeof(*pixels));
	struct snn *snn = pixels ? snn_new(job->plan, &st) : NULL;
	struct ledger *own = snn ? ledger_new(job->plan, job->steps, &st) : NULL;

	if (!pixels)
		status_nomem(&st, "a ledger");
	if (!own)
		fail(job, &st);
#pragma omp for schedule(dynamic, 1)
	for (int i = 0; i < job->count; i++)
		if (!stopped(job) && !one_picture(job, i, snn, pixels, own, &st))
			fail(job, &st);
			/* Sums of integers do not depend on their order. */
#pragma omp critical(ledger_sum)
	{
		if (own)
			ledger_merge(job->sum, own);
	}
	ledger_free(own);
	snn_free(snn);
	free(pixels);
}

static bool
check(struct job *job, struct status *st)
{
	const struct ledger_options *o = job->options;
	int all = dataset_count(job->data);

	if (o->first < 0 || o->first >= all || o->count < 0 || o->steps < 0 || o->steps > PLAN_T_MAX)
		return status_fail(st, STATUS_USAGE, "pictures %d.. of %s, which has %d, cannot be counted for %d steps",
				   o->first, dataset_path(job->data), all, o->steps);
	job->count = o->count > 0 && o->count < all - o->first ? o->count : all - o->first;
	job->steps = o->steps > 0 ? o->steps : job->plan->T;
	return true;
}

struct ledger *
ledger_run(const struct plan *plan, const struct dataset *data, const struct ledger_options *options,
	   const struct progress *progress, struct status *st)
{
	struct job job = {.plan = plan, .data = data, .options = options, .progress = progress};
	int threads = options->threads > 0 ? options->threads : omp_get_num_procs();

	if (!check(&job, st) || !(job.sum = ledger_new(plan, job.steps, st)))
		return NULL;
	threads = threads < job.count ? threads : job.count;
#pragma omp parallel num_threads(threads)
	work(&job);
	if (job.status.code == STATUS_OK)
		return job.sum;
	status_fail(st, job.status.code, "%s", job.status.message);
	if (job.status.code == STATUS_CANCELLED && job.sum->pictures > 0)
		return job.sum;
	ledger_free(job.sum);
	return NULL;
}
