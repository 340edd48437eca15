#include "study/eval.h"

#include "ann/ann.h"
#include "snn/snn.h"
#include "study/walk.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What one picture gave at one of the steps asked for. */
struct outcome {
	int top;
	double squared_error; /* mean over classes, against the reference */
	double events, units; /* all steps up to t */
};

/* Shared by the threads of a run. Pictures are independent and results are kept per
 * picture, so that sums do not depend on who did which. */
struct job {
	const struct vit *vit;
	const struct plan *plan; /* NULL: the reference alone */
	const struct dataset *data;
	const struct eval_options *options;
	const struct progress *progress;
	int count;
	int *label, *ann_top;
	struct outcome *outcome; /* [count, ts] */
	bool *done;              /* [count] */
	int finished;
	bool stop;
	struct status status;
};

struct worker {
	struct ann *ann;
	struct snn *snn;
	float *pixels, *reference, *logits;
};

static bool
worker_init(struct worker *w, const struct job *job, struct status *st)
{
	const struct vit *vit = job->vit;
	size_t side = (size_t)vit->image_size;

	w->pixels = calloc((size_t)vit->channels * side * side, sizeof(float));
	w->reference = calloc((size_t)vit->classes, sizeof(float));
	w->logits = calloc((size_t)vit->classes, sizeof(float));
	if (!w->pixels || !w->reference || !w->logits)
		return status_nomem(st, "evaluation");
	w->ann = ann_new(vit, 1, st);
	if (!w->ann)
		return false;
	return !job->plan || (w->snn = snn_new(job->plan, st));
}

static void
worker_done(struct worker *w)
{
	free(w->pixels);
	free(w->reference);
	free(w->logits);
	ann_free(w->ann);
	snn_free(w->snn);
}

static void
note_outcome(const struct job *job, const struct worker *w, struct outcome *out)
{
	int classes = job->vit->classes;
	double sum = 0;

	snn_logits(w->snn, w->logits);
	for (int i = 0; i < classes; i++) {
		double d = (double)w->logits[i] - (double)w->reference[i];

		sum += d * d;
	}
	*out = (struct outcome){walk_best(w->logits, classes), sum / classes, snn_events(w->snn), snn_units(w->snn)};
}

static bool
one_picture(struct job *job, struct worker *w, int index, struct status *st)
{
	const struct eval_options *o = job->options;

	if (!dataset_get(job->data, o->first + index, job->vit, w->pixels, &job->label[index], st))
		return false;
	if (!ann_forward(w->ann, w->pixels, 1, w->reference, NULL, st))
		return false;
	job->ann_top[index] = walk_best(w->reference, job->vit->classes);
	if (w->snn) {
		snn_show(w->snn, w->pixels);
		for (int i = 0; i < o->ts; i++) {
			while (snn_time(w->snn) < o->t[i])
				snn_step(w->snn);
			note_outcome(job, w, &job->outcome[(size_t)index * (size_t)o->ts + (size_t)i]);
		}
	}
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

/* Only the first thread reports, as progress.h promises. */
static void
tell(struct job *job)
{
	int finished;
	struct status st = {0};

#pragma omp atomic read
	finished = job->finished;
	if (omp_get_thread_num() != 0 || progress_report(job->progress, "eval", finished, job->count))
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
		for (int i = 0; i < job->count; i++) {
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
}

/* Pictures finished without a gap, from the first: what a stopped run may report. */
static int
whole_pictures(const struct job *job)
{
	int n = 0;

	while (n < job->count && job->done[n])
		n++;
	return n;
}

static void
summarise_point(const struct job *job, int n, int i, struct eval_point *p)
{
	int ts = job->options->ts, right = 0, same = 0;
	double error = 0, events = 0, units = 0;

	for (int k = 0; k < n; k++) {
		const struct outcome *o = &job->outcome[(size_t)k * (size_t)ts + (size_t)i];

		right += o->top == job->label[k];
		same += o->top == job->ann_top[k];
		error += o->squared_error;
		events += o->events;
		units += o->units;
	}
	*p = (struct eval_point){job->options->t[i], (double)right / n, (double)same / n, sqrt(error / n), events / n, units / n};
}

static bool
summarise(const struct job *job, struct eval_result *r, struct status *st)
{
	int n = whole_pictures(job), ts = job->plan ? job->options->ts : 0, right = 0;

	r->images = n;
	r->points = n > 0 ? ts : 0;
	r->label = calloc((size_t)n + 1, sizeof(int));
	r->ann_top = calloc((size_t)n + 1, sizeof(int));
	r->snn_top = calloc((size_t)n + 1, sizeof(int));
	r->point = calloc((size_t)ts + 1, sizeof(*r->point));
	if (!r->label || !r->ann_top || !r->snn_top || !r->point)
		return status_nomem(st, "evaluation");
	for (int k = 0; k < n; k++) {
		r->label[k] = job->label[k];
		r->ann_top[k] = job->ann_top[k];
		r->snn_top[k] = ts > 0 ? job->outcome[(size_t)k * (size_t)ts + (size_t)ts - 1].top : -1;
		right += job->ann_top[k] == job->label[k];
	}
	r->ann_accuracy = n > 0 ? (double)right / n : 0;
	for (int i = 0; i < r->points; i++)
		summarise_point(job, n, i, &r->point[i]);
	return true;
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
	return true;
}

static bool
evaluate(struct job *job, struct eval_result *result, struct status *st)
{
	struct timespec a, b;
	size_t n;
	int threads = job->options->threads > 0 ? job->options->threads : omp_get_num_procs();
	bool ok;

	memset(result, 0, sizeof(*result));
	if (!check(job, st))
		return false;
	n = (size_t)job->count;
	job->label = calloc(n, sizeof(int));
	job->ann_top = calloc(n, sizeof(int));
	job->done = calloc(n, sizeof(bool));
	job->outcome = calloc(n * (size_t)(job->plan ? job->options->ts : 0) + 1, sizeof(*job->outcome));
	ok = job->label && job->ann_top && job->done && job->outcome;
	if (!ok)
		status_nomem(st, "evaluation");
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (ok)
		run_job(job, threads < job->count ? threads : job->count);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok = ok && summarise(job, result, st);
	result->seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
	free(job->label);
	free(job->ann_top);
	free(job->done);
	free(job->outcome);
	if (ok && job->status.code != STATUS_OK)
		return status_fail(st, job->status.code, "%s", job->status.message);
	return ok;
}

bool
eval_run(const struct plan *plan, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	 const struct progress *progress, struct status *st)
{
	struct job job = {.vit = plan->vit, .plan = plan, .data = data, .options = options, .progress = progress};

	return evaluate(&job, result, st);
}

bool
eval_ann(const struct vit *vit, const struct dataset *data, const struct eval_options *options, struct eval_result *result,
	 const struct progress *progress, struct status *st)
{
	struct job job = {.vit = vit, .data = data, .options = options, .progress = progress};

	return evaluate(&job, result, st);
}

void
eval_done(struct eval_result *result)
{
	free(result->point);
	free(result->label);
	free(result->ann_top);
	free(result->snn_top);
	memset(result, 0, sizeof(*result));
}
