#include "ugo/fit/train.h"

#include "base/real.h"
#include "base/rng.h"
#include "kernels/lanes.h"
#include "ugo/fit/request.h"
#include "ugo/forms.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 65536, JUDGES = 2048, REPORT_STEPS = 64 };

static const double beta1 = 0.9, beta2 = 0.999, tiny = 1e-8;

struct training {
	const struct train_request *request;
	struct samples pool;
	int batch, units, parameters;
	float *parameter;         /* w1 [units], b1 [units], w2 [units], b2 */
	double *gradient, *m, *v; /* [parameters] */
	lanes *x, *y, *share;     /* [batch / LANES]: inputs, targets, 1 / unit */
	lanes *slope;             /* d loss / d output */
	struct rng rng;
	double loss; /* summed since the last point */
	int losses;
};

static void
training_done(struct training *t)
{
	samples_done(&t->pool);
	free(t->parameter);
	free(t->gradient);
	free(t->x);
}

/* A table's points as they are drawn: by their weights. */
static bool
pool_of_table(struct samples *pool, const struct ugo_request *fit, const struct target *target, int count, uint64_t seed,
	      struct status *st)
{
	struct samples points = {0};
	struct rng rng;
	double passed = 0;

	rng_seed(&rng, seed);
	if (!samples_of_curve(&points, fit->curve, target, st))
		return false;
	if (!samples_new(pool, (size_t)count, st) || !request_check_points(fit, &points, st)) {
		samples_done(&points);
		return false;
	}
	for (int i = 0, at = 0; i < count; i++) {
		double place = points.weight * (i + rng_uniform(&rng)) / count, y;

		while (at + 1 < points.count && passed + points.w[at] <= place)
			passed += points.w[at++];
		y = points.y[at];
		pool->x[i] = points.x[at];
		pool->y[i] = y;
		pool->w[i] = 1 / (target_unit(target, y) * target_unit(target, y) * count);
	}
	pool->count = count;
	samples_done(&points);
	return true;
}

static bool
training_pool(struct training *t, struct status *st)
{
	const struct ugo_request *fit = &t->request->fit;
	int count = fit->samples > 0 ? fit->samples : POOL;
	struct target target = request_target(fit);
	const double *x, *y, *weight;

	if (fit->curve && curve_table(fit->curve, &x, &y, &weight) > 0)
		return pool_of_table(&t->pool, fit, &target, count, fit->seed, st);
	return samples_draw(&t->pool, &target, count, fit->seed, st) && request_check_points(fit, &t->pool, st);
}

/* torch.nn.Linear: weights and biases within 1 / sqrt(inputs). */
static void
training_start(struct training *t)
{
	double reach = 1 / sqrt((double)t->units);

	for (int i = 0; i < t->parameters; i++)
		t->parameter[i] = (float)((2 * rng_uniform(&t->rng) - 1) * (i < 2 * t->units ? 1 : reach));
}

static bool
training_open(struct training *t, const struct train_request *request, struct status *st)
{
	size_t groups = ((size_t)request->batch + LANES - 1) / LANES;
	size_t parameters = 3 * (size_t)request->fit.hidden + 1;

	*t = (struct training){.request = request,
			       .batch = (int)groups * LANES,
			       .units = request->fit.hidden,
			       .parameters = (int)parameters,
			       .parameter = calloc(parameters, sizeof(float)),
			       .gradient = calloc(3 * parameters, sizeof(double)),
			       .x = aligned_alloc(sizeof(lanes), 4 * groups * sizeof(lanes))};
	if (!t->parameter || !t->gradient || !t->x)
		return status_nomem(st, "training");
	t->m = t->gradient + parameters;
	t->v = t->m + parameters;
	t->y = t->x + groups;
	t->share = t->y + groups;
	t->slope = t->share + groups;
	rng_seed(&t->rng, request->fit.seed + 1);
	if (!training_pool(t, st))
		return false;
	training_start(t);
	return true;
}

static void
training_draw(struct training *t)
{
	for (int i = 0; i < t->batch; i++) {
		int at = (int)rng_below(&t->rng, (uint64_t)t->pool.count);

		t->x[i / LANES][i % LANES] = (float)t->pool.x[at];
		t->y[i / LANES][i % LANES] = (float)t->pool.y[at];
		t->share[i / LANES][i % LANES] = (float)sqrt(t->pool.w[at] * t->pool.count);
	}
}

static double
lanes_sum(const lanes *v)
{
	double sum = 0;

	for (int i = 0; i < LANES; i++)
		sum += (double)(*v)[i];
	return sum;
}

/* Loss and its slope by the output, of one error in units. */
static double
loss_of(const struct train_request *request, double error, double *slope)
{
	if (request->loss == TRAIN_MSE || fabs(error) <= request->delta) {
		double factor = request->loss == TRAIN_MSE ? 1 : 0.5;

		*slope = 2 * factor * error;
		return factor * error * error;
	}
	*slope = error > 0 ? request->delta : -request->delta;
	return request->delta * (fabs(error) - 0.5 * request->delta);
}

/* What the network says to one group of inputs. */
KERNEL static void
group_forward(const float *w1, int units, const lanes *x, lanes *out)
{
	const float *b1 = w1 + units, *w2 = b1 + units;
	lanes sum = (lanes){0} + w2[units];

	for (int i = 0; i < units; i++) {
		lanes a = *x * w1[i] + b1[i];

		sum += (lanes)((masks)a & (a > 0)) * w2[i];
	}
	*out = sum;
}

/* Sums over the batch for one unit: slope times activation, slope where it is on, and
 * that times the input. */
KERNEL static void
unit_backward(float w1, float b1, const lanes *x, const lanes *slope, int groups, lanes sum[3])
{
	lanes by_w2 = {0}, by_b1 = {0}, by_w1 = {0};

	for (int g = 0; g < groups; g++) {
		lanes a = x[g] * w1 + b1, on = (lanes)((masks)slope[g] & (a > 0));

		by_w2 += on * a;
		by_b1 += on;
		by_w1 += on * x[g];
	}
	sum[0] = by_w2;
	sum[1] = by_b1;
	sum[2] = by_w1;
}

/* Fills slope, returns the mean loss. */
static double
training_forward(struct training *t)
{
	double loss = 0;

	for (int g = 0; g < t->batch / LANES; g++) {
		lanes out;

		group_forward(t->parameter, t->units, &t->x[g], &out);
		for (int k = 0; k < LANES; k++) {
			float share = t->share[g][k];
			double slope;

			loss += loss_of(t->request, (double)((out[k] - t->y[g][k]) * share), &slope);
			t->slope[g][k] = (float)slope * share;
		}
	}
	return loss / t->batch;
}

static void
training_backward(struct training *t)
{
	const float *w1 = t->parameter, *b1 = w1 + t->units, *w2 = b1 + t->units;
	int groups = t->batch / LANES, units = t->units;
	double all = 0;

	for (int i = 0; i < units; i++) {
		lanes sum[3];

		unit_backward(w1[i], b1[i], t->x, t->slope, groups, sum);
		t->gradient[i] = (double)w2[i] * lanes_sum(&sum[2]) / t->batch;
		t->gradient[units + i] = (double)w2[i] * lanes_sum(&sum[1]) / t->batch;
		t->gradient[2 * units + i] = lanes_sum(&sum[0]) / t->batch;
	}
	for (int g = 0; g < groups; g++)
		all += lanes_sum(&t->slope[g]);
	t->gradient[3 * units] = all / t->batch;
}

static void
training_update(struct training *t, int step)
{
	double rate = t->request->rate, low = 1 - real_pow(beta1, step), high = 1 - real_pow(beta2, step);

	if (t->request->cosine)
		rate *= 0.5 * (1 + real_cos(M_PI * (step - 1) / t->request->steps));
	for (int i = 0; i < t->parameters; i++) {
		double g = t->gradient[i];

		t->m[i] = beta1 * t->m[i] + (1 - beta1) * g;
		t->v[i] = beta2 * t->v[i] + (1 - beta2) * g * g;
		t->parameter[i] -= (float)(rate * (t->m[i] / low) / (sqrt(t->v[i] / high) + tiny));
	}
}

/* Of weights at the next point: equal ratios from 1 to the last step. */
static int
point_step(int point, int steps)
{
	double step = real_pow(steps, (point + 1.0) / TRAIN_POINTS);

	return step > point + 1 ? (int)step : point + 1;
}

static double
training_rmse(const struct training *t, const struct ugo *u)
{
	int stride = t->pool.count / JUDGES > 0 ? t->pool.count / JUDGES : 1, count = 0;
	double sum = 0;

	for (int i = stride / 2; i < t->pool.count; i += stride, count++) {
		double e = ugo_eval(u, t->pool.x[i]) - t->pool.y[i];

		sum += e * e * t->pool.w[i] * t->pool.count;
	}
	return sqrt(sum / count);
}

static bool
training_point(struct training *t, struct ugo *u, struct train_curve *curve, int step, struct status *st)
{
	size_t size = (size_t)t->units * sizeof(float);
	struct train_point *point = &curve->point[curve->count];

	memcpy(u->w1, t->parameter, size);
	memcpy(u->b1, t->parameter + t->units, size);
	memcpy(u->w2, t->parameter + 2 * t->units, size);
	u->b2 = t->parameter[3 * t->units];
	*point = (struct train_point){step, t->loss / t->losses, training_rmse(t, u)};
	t->loss = 0;
	t->losses = 0;
	if (!isfinite(point->loss) || !isfinite(point->rmse))
		return status_fail(st, STATUS_FAILED, "training diverged before step %d; choose a smaller learning rate", step);
	curve->count++;
	return true;
}

static bool
training_run(struct training *t, struct ugo *u, struct train_curve *curve, const struct progress *progress, struct status *st)
{
	for (int step = 1; step <= t->request->steps; step++) {
		training_draw(t);
		t->loss += training_forward(t);
		t->losses++;
		training_backward(t);
		training_update(t, step);
		if (step == t->request->steps ||
		    (curve->count < TRAIN_POINTS - 1 && step == point_step(curve->count, t->request->steps)))
			if (!training_point(t, u, curve, step, st))
				return false;
		if (step % REPORT_STEPS == 0 && !progress_report(progress, "train", step, t->request->steps))
			return status_fail(st, STATUS_CANCELLED, "training stopped after %d of %d steps", step,
					   t->request->steps);
	}
	return true;
}

static bool
check_training(const struct train_request *request, struct status *st)
{
	if (request->steps < 1 || request->steps > TRAIN_STEPS_MAX)
		return status_fail(st, STATUS_USAGE, "%d steps of training; give 1 to %d", request->steps, TRAIN_STEPS_MAX);
	if (request->batch < 1 || request->batch > TRAIN_BATCH_MAX)
		return status_fail(st, STATUS_USAGE, "a batch of %d; give 1 to %d", request->batch, TRAIN_BATCH_MAX);
	if (!(request->rate > 0) || !isfinite(request->rate))
		return status_fail(st, STATUS_USAGE, "a learning rate of %g; give one above 0", request->rate);
	if (request->loss == TRAIN_HUBER && !(request->delta > 0))
		return status_fail(st, STATUS_USAGE, "Huber's loss needs a delta above 0, not %g", request->delta);
	if (request->fit.objective == UGO_PEAK)
		return status_fail(st, STATUS_USAGE, "training lowers a mean; minimax needs the other method");
	return request_check(&request->fit, st);
}

/* A UGO that has its weights: nodes and errors. */
static bool
training_finish(struct ugo *u, struct status *st)
{
	if (!ugo_read_nodes(u, u->lo, u->hi, st))
		return false;
	ugo_measure(u);
	return true;
}

bool
ugo_train(struct ugo *u, const struct train_request *request, struct train_curve *curve, const struct progress *progress,
	  struct status *st)
{
	struct training t = {0};
	bool ok, kept;

	*u = (struct ugo){0};
	*curve = (struct train_curve){0};
	if (!check_training(request, st))
		return false;
	ok = training_open(&t, request, st) && ugo_alloc(u, request->fit.hidden, 2, false, st) &&
	     request_keep(u, &request->fit, st) && training_run(&t, u, curve, progress, st);
	kept = ok || (st && st->code == STATUS_CANCELLED && curve->count > 0);
	kept = kept && training_finish(u, ok ? st : NULL);
	training_done(&t);
	if (!kept)
		ugo_done(u);
	return ok && kept;
}
