/* What a breakpoint costs after a step, as a part of the step: one for every quantity,
 * and over all the sites that have it. Medians; one thread; both examples. */
#include "base/timing.h"
#include "model/data/dataset.h"
#include "study/walk/condition.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 41, PICTURES = 4 };

static const char *const conditions[] = {
    "spikes(*) > 1e9",
    "rate(*) > 2",
    "error(*) > 1e9",
    "range(*) > 1e9",
    "membrane(blocks.0.attn.q) > 1e9",
    "membrane(*) > 1e9",
    "value(blocks.0.attn.q) > 1e9",
    "value(blocks.*) > 1e9",
    "membrane(blocks.0.mlp.act[5,17]) > 1e9",
    "spikes(blocks.0.attn.q[5,17]) > 1e9",
    "error(blocks.0.attn.q[5,17]) > 1e9",
    "top == -7",
    "t == -7",
    "logit_rmse > 1e9",
};

static bool
time_condition(const char *text, const struct walk *walk, double step, struct status *st)
{
	struct condition_fault fault;
	struct condition *c = condition_parse(text, walk->model, &fault, st);
	struct condition_found found;
	double seconds[REPEATS];
	int hits = 0;

	if (!c || !condition_check(c, walk, st))
		return false;
	for (int i = 0; i < REPEATS; i++) {
		double start = timing_now();

		hits += condition_true(c, walk, &found);
		seconds[i] = timing_now() - start;
	}
	condition_free(c);
	printf("  %-42s %8.1f us, %5.2f%% of a step%s\n", text, 1e6 * timing_median(seconds, REPEATS),
	       100 * timing_median(seconds, REPEATS) / step, hits ? ", TRUE" : "");
	return true;
}

static bool
time_walk(struct walk *walk, const float *pixels, struct status *st)
{
	double seconds[REPEATS], step;

	if (!walk_show(walk, pixels, -1, st))
		return false;
	for (int i = 0; i < REPEATS; i++) {
		double start = timing_now();

		if (!walk_steps(walk, 1, NULL, st))
			return false;
		seconds[i] = timing_now() - start;
	}
	step = timing_median(seconds, REPEATS);
	printf("  a step with its record %.2f ms\n", 1e3 * step);
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (!time_condition(conditions[i], walk, step, st))
			return false;
	return true;
}

static bool
time_model(const char *path, struct status *st)
{
	struct model *model = model_load(path, st);
	size_t size = model ? (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size : 0;
	float *pixels = calloc(PICTURES * size + 1, sizeof(*pixels));
	struct plan *plan;
	struct walk *walk;
	bool ok;

	if (!model || !pixels)
		return false;
	for (size_t i = 0; i < PICTURES * size; i++)
		pixels[i] = (float)((i * 2654435761u >> 8) % 2000) / 1000 - 1;
	plan = plan_build(model, &(struct plan_options){.T = 16, .rule = -1, .pixels = pixels, .pictures = PICTURES}, NULL, st);
	walk = plan ? walk_new(plan, st) : NULL;
	printf("%s, sta\n", path);
	ok = walk && time_walk(walk, pixels, st);
	walk_free(walk);
	plan_free(plan);
	free(pixels);
	model_free(model);
	return ok;
}

int
main(void)
{
	struct status st = {0};

	omp_set_num_threads(1);
	if (time_model("examples/digits-vit", &st) && time_model("examples/cifar10-vit", &st))
		return 0;
	fprintf(stderr, "%s\n", st.message);
	return 1;
}
