/* What the engine costs, by named workloads:
 *
 *	engine [ceiling|ann|step|run|neurons|events|calibration|eval|linear|vit-b32]...
 *
 * Medians of wall time, one thread unless said. Beside them stands the ratio to the named
 * competitor, ONNX Runtime, measured just before and after (the faster of both), PyTorch's,
 * or what the machine can do at most. BENCH_MODEL is the .onnx of cifar10-vit, BENCH_DATA its
 * pictures, BENCH_VIT a ViT-B/32 (scripts/make-random-vit), BENCH_VIT_ONNX one of that size
 * (torch_vit.py); what is absent is left out with a word. */
#include "spikescope.h"

#include "base/arena.h"
#include "base/timing.h"
#include "kernels/dense.h"
#include "kernels/fixed.h"
#include "kernels/panels.h"
#include "snn/population/population.h"
#include "tests/support/competitor.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { REPEATS = 15, PICTURES = 32, STEPS = 8 };

static const char *const recipes[] = {"delta", "sta", "sta-release", NULL};

/* Peak memory of the process so far. */
static double
peak_megabytes(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1e3;
}

/* --- the competitors ------------------------------------------------------ */

static double
onnx_seconds(int threads)
{
	return competitor_onnx(getenv("BENCH_MODEL"), 32, threads);
}

static double
faster(double a, double b)
{
	return a > 0 && (b <= 0 || a < b) ? a : b;
}

/* Of the model's ANN. */
static void
print_torch(const struct model *model, double seconds, int threads)
{
	double torch = competitor_torch(model, threads);

	if (torch > 0)
		printf("  %-34s %9.3f ms, of which this is %.2f\n", "the same sizes in PyTorch", torch * 1e3, seconds / torch);
}

static void
print_ratio(const char *what, double seconds, double competitor)
{
	printf("  %-34s %9.3f ms", what, seconds * 1e3);
	if (competitor > 0)
		printf("  %6.2f x ONNX Runtime's ANN (%.3f ms)", seconds / competitor, competitor * 1e3);
	printf("\n");
	fflush(stdout);
}

/* --- models and pictures -------------------------------------------------- */

struct subject {
	struct model *model;
	float *pixels; /* [PICTURES, channels, size, size] */
	size_t picture;
};

/* Pictures of BENCH_DATA where they fit, else noise. */
static bool
subject_init(struct subject *s, const char *path, const char *data_path, struct status *st)
{
	struct dataset *data = data_path && access(data_path, R_OK) == 0 ? dataset_open(data_path, st) : NULL;
	struct rng rng;

	s->model = model_load(path, st);
	if (!s->model)
		return false;
	s->picture = (size_t)s->model->channels * (size_t)s->model->image_size * (size_t)s->model->image_size;
	s->pixels = malloc(PICTURES * s->picture * sizeof(float));
	rng_seed(&rng, 1);
	for (size_t i = 0; i < PICTURES * s->picture; i++)
		s->pixels[i] = (float)rng_normal(&rng);
	for (int i = 0; data && i < PICTURES; i++)
		if (!dataset_get(data, i, s->model, s->pixels + (size_t)i * s->picture, NULL, st))
			return false;
	if (data)
		dataset_close(data);
	return true;
}

static void
subject_done(struct subject *s)
{
	free(s->pixels);
	model_free(s->model);
}

static bool
cifar(struct subject *s, struct status *st)
{
	return subject_init(s, "examples/cifar10-vit", getenv("BENCH_DATA"), st);
}

static struct plan *
build(const struct subject *s, const char *recipe, int T, struct status *st)
{
	struct plan_options options = {.recipe = recipe, .T = T, .rule = -1, .pixels = s->pixels, .pictures = PICTURES};

	return plan_build(s->model, &options, NULL, st);
}

/* --- ceiling -------------------------------------------------------------- */

/* Seconds of a product of spikes, some quanta each, with weights in fixed point. */
static double
fixed_seconds(int rows, int in, int out)
{
	struct arena *arena = arena_new();
	float *w = arena_floats(arena, (size_t)(in * out));
	float *quantum = arena_floats(arena, (size_t)in), *y = arena_floats(arena, (size_t)(rows * out));
	size_t size = fixed_counts_size(rows, in);
	int8_t *counts = arena_alloc(arena, size);
	struct fixed *fixed = fixed_new(arena, in, out);
	struct fixed_room *room = fixed_room_new(arena, rows, in);
	double seconds[REPEATS];

	for (int i = 0; i < in; i++)
		quantum[i] = 1;
	for (int i = 0; i < in * out; i++)
		w[i] = (float)(i % 97) - 48;
	for (size_t i = 0; i < size; i++)
		counts[i] = (int8_t)((int)(i % 9) - 4);
	fixed_fill(fixed, w, quantum);
	for (int r = 0; r < REPEATS; r++) {
		double start = timing_now();

		for (int k = 0; k < 20; k++)
			fixed_add(fixed, counts, rows, 1, room, y);
		seconds[r] = (timing_now() - start) / 20;
	}
	arena_free(arena);
	return timing_median(seconds, REPEATS);
}

static bool
bench_ceiling(struct status *st)
{
	static const int shape[][2] = {{192, 576}, {192, 192}, {192, 768}, {768, 192}};
	size_t size = (size_t)1 << 26;
	char *from = calloc(size, 1), *to = calloc(size, 1);
	double seconds[REPEATS];

	(void)st;
	for (int i = 0; i < 4; i++) {
		int in = shape[i][0], out = shape[i][1], rows = 65;
		float *x = calloc((size_t)(rows * in), 4), *w = calloc((size_t)(in * out), 4),
		      *y = calloc((size_t)(rows * out), 4);
		float *panels = aligned_alloc(64, panels_size(in, out) * sizeof(float));
		struct dense d = {.rows = rows, .in = in, .out = out, .x = x, .ldx = in, .weight = panels, .y = y, .ldy = out};
		double flop = 2.0 * rows * in * out, own;

		panels_fill(panels, w, (size_t)in, 1, in, out);
		for (int r = 0; r < REPEATS; r++) {
			double start = timing_now();

			for (int k = 0; k < 20; k++)
				dense_run(&d);
			seconds[r] = (timing_now() - start) / 20;
		}
		own = timing_median(seconds, REPEATS);
		printf("  product %d x %d x %d: floats %6.1f GFLOP/s; spikes in fixed point, all sending, %6.1f\n", rows, in, out,
		       flop / own * 1e-9, flop / fixed_seconds(rows, in, out) * 1e-9);
		free(x);
		free(w);
		free(y);
		free(panels);
	}
	memset(from, 1, size);
	for (int r = 0; r < REPEATS; r++) {
		double start = timing_now();

		memcpy(to, from, size);
		seconds[r] = timing_now() - start;
	}
	printf("  copy of %zu MB: %.1f GB/s read and written\n", size >> 20,
	       2 * (double)size / timing_median(seconds, REPEATS) * 1e-9);
	free(from);
	free(to);
	return true;
}

/* --- ann ------------------------------------------------------------------ */

static double
time_ann(const struct subject *s, int batch, struct status *st)
{
	struct ann *ann = ann_new(s->model, batch, st);
	float *logits = malloc((size_t)batch * (size_t)s->model->classes * sizeof(float));
	double seconds[2 * REPEATS] = {0};

	for (int i = 0; ann && logits && i < 2 * REPEATS; i++) {
		double start = timing_now();

		ann_forward(ann, s->pixels, batch, logits, NULL, st);
		seconds[i] = (timing_now() - start) / batch;
	}
	free(logits);
	ann_free(ann);
	return timing_median(seconds, 2 * REPEATS);
}

static bool
bench_ann(struct status *st)
{
	struct subject digits = {0}, s = {0};
	double before, after, own, flop;
	bool ok = subject_init(&digits, "examples/digits-vit", NULL, st) && cifar(&s, st);

	if (!ok)
		return false;
	print_ratio("digits-vit, a picture", time_ann(&digits, 1, st), 0);
	for (int threads = 1; threads <= 2; threads++) {
		char name[48];

		omp_set_num_threads(threads);
		before = onnx_seconds(threads);
		own = time_ann(&s, 1, st);
		after = onnx_seconds(threads);
		snprintf(name, sizeof(name), "cifar10-vit, a picture, %d thread%s", threads, threads > 1 ? "s" : "");
		print_ratio(name, own, faster(before, after));
		print_torch(s.model, own, threads);
		snprintf(name, sizeof(name), "cifar10-vit, of a batch of 32, %d thread%s", threads, threads > 1 ? "s" : "");
		print_ratio(name, time_ann(&s, PICTURES, st), 0);
	}
	omp_set_num_threads(1);
	flop = 2.0 * 182.2e6;
	printf("  %-34s %9.1f GFLOP/s (all tokens of all blocks counted)\n", "cifar10-vit, one thread",
	       flop / time_ann(&s, 1, st) * 1e-9);
	subject_done(&digits);
	subject_done(&s);
	return true;
}

/* --- step and run --------------------------------------------------------- */

/* seconds [steps]: the median of every step over pictures. */
static void
time_steps(const struct subject *s, struct snn *snn, int steps, double *seconds)
{
	double *each = malloc((size_t)steps * REPEATS * sizeof(*each));

	for (int r = 0; r < REPEATS; r++) {
		snn_show(snn, s->pixels + (size_t)(r % PICTURES) * s->picture);
		for (int t = 0; t < steps; t++) {
			double start = timing_now();

			snn_step(snn);
			each[t * REPEATS + r] = timing_now() - start;
		}
	}
	for (int t = 0; t < steps; t++)
		seconds[t] = timing_median(each + t * REPEATS, REPEATS);
	free(each);
}

static double
time_run(const struct subject *s, struct snn *snn, int steps, bool layers, struct status *st)
{
	double seconds[REPEATS];

	for (int r = 0; r < REPEATS; r++) {
		double start = timing_now();

		snn_show(snn, s->pixels + (size_t)(r % PICTURES) * s->picture);
		if (layers)
			snn_run(snn, steps, st);
		for (int t = 0; !layers && t < steps; t++)
			snn_step(snn);
		seconds[r] = timing_now() - start;
	}
	return timing_median(seconds, REPEATS);
}

static bool
bench_step(struct status *st)
{
	struct subject s = {0};

	if (!cifar(&s, st))
		return false;
	for (const char *const *recipe = recipes; *recipe; recipe++) {
		struct plan *plan = build(&s, *recipe, STEPS, st);
		struct snn *snn = plan ? snn_new(plan, st) : NULL;
		double seconds[STEPS], before, competitor;
		char name[48];

		if (!snn)
			return false;
		before = onnx_seconds(1);
		time_steps(&s, snn, STEPS, seconds);
		competitor = faster(before, onnx_seconds(1));
		printf("  %s, milliseconds of step 1, 2, ...:", *recipe);
		for (int t = 0; t < STEPS; t++)
			printf(" %.2f", seconds[t] * 1e3);
		printf("\n");
		snprintf(name, sizeof(name), "%s, a step (median of %d)", *recipe, STEPS);
		print_ratio(name, timing_median(seconds, STEPS), competitor);
		snn_free(snn);
		plan_free(plan);
	}
	subject_done(&s);
	return true;
}

static bool
bench_run(struct status *st)
{
	static const int lengths[] = {4, 8, 32};
	struct subject s = {0};

	if (!cifar(&s, st))
		return false;
	for (const char *const *recipe = recipes; *recipe; recipe++)
		for (int i = 0; i < 3; i++) {
			struct plan *plan = build(&s, *recipe, lengths[i], st);
			struct snn *snn = plan ? snn_new(plan, st) : NULL;
			double before, stepped, run;
			char name[48];

			if (!snn)
				return false;
			before = onnx_seconds(1);
			stepped = time_run(&s, snn, lengths[i], false, st);
			run = time_run(&s, snn, lengths[i], true, st);
			snprintf(name, sizeof(name), "%s, T = %d, layer by layer", *recipe, lengths[i]);
			print_ratio(name, run, faster(before, onnx_seconds(1)));
			printf("    stepping takes %.2f times that; %.1f pictures/s; released code (quoted, 0.23 s a step): %.0f "
			       "x\n",
			       stepped / run, 1 / run, 0.23 * lengths[i] / run);
			snn_free(snn);
			plan_free(plan);
		}
	subject_done(&s);
	return true;
}

/* What counting adds to stepping: both take turns, step by step, on the same pictures. */
static bool
bench_ledger(struct status *st)
{
	struct subject s = {0};

	if (!cifar(&s, st))
		return false;
	for (const char *const *recipe = recipes; *recipe; recipe++) {
		struct plan *plan = build(&s, *recipe, 4, st);
		struct snn *snn = plan ? snn_new(plan, st) : NULL;
		struct ledger *ledger = snn ? ledger_new(plan, 4, st) : NULL;
		double stepping = 0, counting = 0;

		if (!ledger)
			return false;
		for (int r = 0; r < 4 * REPEATS; r++) {
			snn_show(snn, s.pixels + (size_t)(r % PICTURES) * s.picture);
			for (int t = 0; t < 4; t++) {
				double start = timing_now(), stepped;

				snn_step(snn);
				stepped = timing_now();
				ledger_step(ledger, snn);
				stepping += stepped - start;
				counting += timing_now() - stepped;
			}
		}
		printf("  %s: counting takes %.1f%% of stepping\n", *recipe, 100 * counting / stepping);
		ledger_free(ledger);
		snn_free(snn);
		plan_free(plan);
	}
	subject_done(&s);
	return true;
}

/* --- neurons -------------------------------------------------------------- */

struct subject_neurons {
	const char *name;
	struct neuron_rule rule;
	int hidden;
	bool segments, own, mean;
};

/* Updates a second of hidden neurons of 768 channels in `rows` tokens, steps at once. What
 * they receive settles over eight steps, as in a network, then all begin again. */
static double
updates(const struct subject_neurons *p, int rows, int steps)
{
	enum { COLUMNS = 768 };
	struct arena *arena = arena_new();
	float *w1 = arena_floats(arena, 64), *b1 = arena_floats(arena, 64), *w2 = arena_floats(arena, 64),
	      *h = arena_floats(arena, 64);
	float *threshold = arena_floats(arena, 64 * COLUMNS);
	size_t n = (size_t)rows * COLUMNS;
	float *x = arena_floats(arena, n * POPULATION_STEPS), *total = arena_floats(arena, n * POPULATION_STEPS);
	float *settled = arena_floats(arena, n);
	struct ugo ugo = {.hidden = p->hidden, .w1 = w1, .b1 = b1, .w2 = w2, .h = p->segments ? h : NULL, .lo = -8, .hi = 8};
	struct site_plan plan = {.site = site_in(SITE_ACT, 0),
				 .neuron = p->rule.kind,
				 .settings = {.burst = p->rule.burst, .repeat = 1, .refine = (int)-log2f(p->rule.fine)},
				 .channels = p->own ? COLUMNS : 1,
				 .per_channel = p->hidden,
				 .threshold = threshold,
				 .mode = FUNCTION_MODE_SPIKING,
				 .ugo = &ugo};
	struct population population = {.plan = &plan, .rows = rows, .columns = COLUMNS};
	struct alarm_tally alarms = {0};
	struct population_step step[POPULATION_STEPS];
	double seconds[4 * REPEATS];
	struct rng rng;
	int t = 0;

	for (int i = 0; i < p->hidden; i++) {
		w1[i] = i % 4 == 3 ? -1 : 1;
		h[i] = 6.0f / (float)p->hidden;
		b1[i] = 2.0f - (float)i * h[i];
		w2[i] = 0.1f;
	}
	for (int i = 0; i < p->hidden * (p->own ? COLUMNS : 1); i++)
		threshold[i] = p->segments ? ldexpf(h[0], p->rule.kind == NEURON_MT ? 1 - p->rule.burst : 0) : 0.5f;
	if (!population_init(&population, arena) || !population_stand_alone(&population, arena))
		return 0;
	rng_seed(&rng, 1);
	for (size_t i = 0; i < n; i++)
		settled[i] = (float)(1.2 * rng_normal(&rng) - 0.5);
	for (int r = 0; r < 4 * REPEATS; r++) {
		double start;

		if (t == STEPS) {
			t = 0;
			population_reset(&population);
			memset(population.uniform, 0, population_uniform_size(&population));
		}
		for (int k = 0; k < steps; k++, t++) {
			step[k] = (struct population_step){.rule = p->rule,
							   .t = t + 1,
							   .s = p->mean ? (float)(t + 1) : 1,
							   .x = x + (size_t)k * n,
							   .total = total + (size_t)k * n};
			for (size_t i = 0; i < n; i++)
				x[(size_t)k * n + i] = step[k].s * (settled[i] + 0.3f / (float)(t + 1) * (float)rng_normal(&rng));
		}
		start = timing_now();
		population_run(&population, step, steps, &alarms);
		seconds[r] = timing_now() - start;
	}
	arena_free(arena);
	return (double)n * p->hidden * steps / timing_median(seconds, 4 * REPEATS);
}

static bool
bench_neurons(struct status *st)
{
	static const struct subject_neurons populations[] = {
	    {"mt, 24 segments",
	     {.kind = NEURON_MT, .burst = 6, .repeat = 1, .grain = 1, .fine = 0x1p-6f},
	     24,
	     true,
	     false,
	     false},
	    {"round, 24 segments", {.kind = NEURON_ROUND, .burst = 2, .repeat = 1, .grain = 1, .fine = 1}, 24, true, false, true},
	    {"burst, 64 units, by channel",
	     {.kind = NEURON_BURST, .burst = 2, .repeat = 1, .grain = 1, .fine = 1},
	     64,
	     false,
	     true,
	     true},
	};

	(void)st;
	for (int i = 0; i < 3; i++)
		printf("  %-30s a step %5.2f, eight at once %5.2f (4 tokens) %5.2f (65 tokens) x 1e9 updates/s\n",
		       populations[i].name, updates(&populations[i], 65, 1) * 1e-9,
		       updates(&populations[i], 4, POPULATION_STEPS) * 1e-9,
		       updates(&populations[i], 65, POPULATION_STEPS) * 1e-9);
	return true;
}

/* --- events --------------------------------------------------------------- */

static bool
bench_events(struct status *st)
{
	enum { ROWS = 65, IN = 192, OUT = 768 };
	struct arena *arena = arena_new();
	float *x = arena_floats(arena, ROWS * IN), *w = arena_floats(arena, IN * OUT), *y = arena_floats(arena, ROWS * OUT);
	float *panels = arena_floats(arena, panels_size(IN, OUT));
	struct spikes *spikes = spikes_new(arena, ROWS, IN);
	struct dense d = {
	    .rows = ROWS, .in = IN, .out = OUT, .x = x, .ldx = IN, .weight = panels, .accumulate = true, .y = y, .ldy = OUT};
	double seconds[4 * REPEATS], dense;
	struct rng rng;

	(void)st;
	panels_fill(panels, w, IN, 1, IN, OUT);
	rng_seed(&rng, 1);
	for (int r = 0; r < 4 * REPEATS; r++) {
		double start = timing_now();

		dense_run(&d);
		seconds[r] = timing_now() - start;
	}
	dense = timing_median(seconds, 4 * REPEATS);
	printf("  %d x %d x %d, listing and adding spikes over the dense product, by density:", ROWS, IN, OUT);
	for (double density = 0.02; density < 1; density *= 1.6) {
		for (int i = 0; i < ROWS * IN; i++)
			x[i] = rng_uniform(&rng) < density ? 1 : 0;
		for (int r = 0; r < 4 * REPEATS; r++) {
			double start = timing_now();

			spikes_list(spikes, x, ROWS, IN);
			spikes_run(spikes, panels, OUT, y);
			seconds[r] = timing_now() - start;
		}
		printf(" %.2f:%.2f", density, timing_median(seconds, 4 * REPEATS) / dense);
	}
	printf("\n");
	printf("  the same in fixed point, all sending: %.2f\n", fixed_seconds(ROWS, IN, OUT) / dense);
	arena_free(arena);
	return true;
}

/* --- calibration, eval, linear -------------------------------------------- */

static bool
bench_calibration(struct status *st)
{
	struct subject s = {0};

	if (!cifar(&s, st))
		return false;
	for (const char *const *recipe = recipes; *recipe; recipe++) {
		double start = timing_now();
		struct plan *plan = build(&s, *recipe, STEPS, st);

		if (!plan)
			return false;
		printf("  %-34s %9.3f s for %d pictures\n", *recipe, timing_now() - start, PICTURES);
		plan_free(plan);
	}
	subject_done(&s);
	return true;
}

static bool
bench_eval(struct status *st)
{
	const char *path = getenv("BENCH_DATA");
	struct subject s = {0};
	struct dataset *data;
	struct plan *plan;
	double seconds[2];
	int t = 4;

	if (!path || access(path, R_OK) != 0) {
		printf("  skipped: BENCH_DATA names no pictures\n");
		return true;
	}
	if (!cifar(&s, st) || !(data = dataset_open(path, st)) || !(plan = build(&s, "delta", t, st)))
		return false;
	for (int threads = 1; threads <= 2; threads++) {
		struct eval_options options = {.count = 128, .t = &t, .ts = 1, .threads = threads};
		struct eval_result result;

		if (!eval_run(plan, data, &options, &result, NULL, st))
			return false;
		seconds[threads - 1] = result.seconds;
		printf("  delta, T = 4, %d thread%s: %.1f pictures/s\n", threads, threads > 1 ? "s" : " ",
		       result.images / result.seconds);
		eval_done(&result);
	}
	printf("  two threads are %.2f times one\n", seconds[0] / seconds[1]);
	plan_free(plan);
	dataset_close(data);
	subject_done(&s);
	return true;
}

/* What ten times as many steps take, and what steps take in a network that is old. */
/* Seconds for four steps of a network with random weights of this depth; 0 when there is none. */
static double
time_depth(int depth, struct status *st)
{
	const char *folder = getenv("BENCH_ONNX");
	struct subject s = {0};
	struct plan *plan;
	struct snn *snn;
	char path[1024];
	double seconds = 0;

	snprintf(path, sizeof(path), "%s/depth-%d", folder ? folder : "", depth);
	if (!folder || access(path, R_OK) != 0 || !subject_init(&s, path, NULL, st))
		return 0;
	plan = build(&s, "sta", 4, st);
	snn = plan ? snn_new(plan, st) : NULL;
	seconds = snn ? time_run(&s, snn, 4, false, st) : 0;
	snn_free(snn);
	plan_free(plan);
	subject_done(&s);
	return seconds;
}

/* Seconds for so many pictures of the data set, one thread; 0 when there is none. */
static double
time_pictures(const struct plan *plan, int count, struct status *st)
{
	const char *path = getenv("BENCH_DATA");
	struct dataset *data = path && access(path, R_OK) == 0 ? dataset_open(path, st) : NULL;
	int t = 4;
	struct eval_options options = {.count = count, .t = &t, .ts = 1, .threads = 1};
	struct eval_result result;
	double seconds = 0;

	if (data && eval_run(plan, data, &options, &result, NULL, st)) {
		seconds = result.seconds;
		eval_done(&result);
	}
	if (data)
		dataset_close(data);
	return seconds;
}

static bool
bench_linear(struct status *st)
{
	struct subject s = {0};
	struct plan *plan;
	struct snn *snn;
	double few, many, young, old;

	if (!cifar(&s, st) || !(plan = build(&s, "sta", 32, st)) || !(snn = snn_new(plan, st)))
		return false;
	few = time_run(&s, snn, 4, true, st);
	many = time_run(&s, snn, 40, true, st);
	young = time_run(&s, snn, 8, false, st);
	for (int i = 0; i < 100; i++)
		time_run(&s, snn, 1, false, st);
	old = time_run(&s, snn, 8, false, st);
	printf("  sta: 40 steps take %.2f times 4; 8 steps after 1500 more pictures %.2f times those before\n", many / few,
	       old / young);
	few = time_pictures(plan, 20, st);
	many = time_pictures(plan, 200, st);
	if (few > 0)
		printf("  eval: 200 pictures take %.2f times 20\n", many / few);
	few = time_depth(2, st);
	many = time_depth(20, st);
	if (few > 0 && many > 0)
		printf("  random weights, 192 wide: 20 blocks take %.2f times 2\n", many / few);
	snn_free(snn);
	plan_free(plan);
	subject_done(&s);
	return true;
}

/* --- ViT-B/32 ------------------------------------------------------------- */

static bool
bench_vit_b32(struct status *st)
{
	const char *path = getenv("BENCH_VIT");
	struct subject s = {0};
	struct plan_options options = {.recipe = "delta", .T = 32, .rule = -1, .pictures = 2};
	struct plan *plan;
	struct snn *snn;
	double start, own, onnx, seconds[32];

	if (!path || access(path, R_OK) != 0) {
		printf("  skipped: BENCH_VIT names no folder; scripts/make-random-vit writes one\n");
		return true;
	}
	start = timing_now();
	if (!subject_init(&s, path, NULL, st))
		return false;
	printf("  loading %.2f s\n", timing_now() - start);
	onnx = competitor_onnx(getenv("BENCH_VIT_ONNX"), s.model->image_size, 1);
	own = time_ann(&s, 1, st);
	onnx = faster(onnx, competitor_onnx(getenv("BENCH_VIT_ONNX"), s.model->image_size, 1));
	print_ratio("ANN, one thread", own, onnx);
	print_torch(s.model, own, 1);
	options.pixels = s.pixels;
	start = timing_now();
	if (!(plan = plan_build(s.model, &options, NULL, st)) || !(snn = snn_new(plan, st)))
		return false;
	printf("  delta: calibration with 2 pictures %.2f s, state %.0f MB\n", timing_now() - start,
	       (double)snn_state_size(snn) / 1e6);
	omp_set_num_threads(2);
	snn_show(snn, s.pixels);
	for (int t = 0; t < 32; t++) {
		start = timing_now();
		snn_step(snn);
		seconds[t] = timing_now() - start;
	}
	omp_set_num_threads(1);
	printf("  delta, two threads: step 1 takes %.3f s, the median of 32 %.3f s; peak memory %.0f MB\n", seconds[0],
	       timing_median(seconds, 32), peak_megabytes());
	snn_free(snn);
	plan_free(plan);
	subject_done(&s);
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct status *st);
} workloads[] = {
    {"ceiling", bench_ceiling}, {"ann", bench_ann},         {"step", bench_step},       {"run", bench_run},
    {"ledger", bench_ledger},   {"neurons", bench_neurons}, {"events", bench_events},   {"calibration", bench_calibration},
    {"eval", bench_eval},       {"linear", bench_linear},   {"vit-b32", bench_vit_b32},
};

static bool
chosen(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

int
main(int argc, char **argv)
{
	struct status st = {0};
	char processor[128];

	omp_set_num_threads(1);
	cpu_name(processor, sizeof(processor));
	printf("%s, kernels: %s\n", processor, kernels_name(kernels_used()));
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		if (!chosen(workloads[i].name, argc, argv))
			continue;
		printf("%s\n", workloads[i].name);
		fflush(stdout);
		if (!workloads[i].run(&st)) {
			fprintf(stderr, "engine: %s\n", st.message);
			return 1;
		}
		printf("  peak memory %.0f MB\n", peak_megabytes());
	}
	return 0;
}
