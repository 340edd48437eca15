/* What one picture costs: the reference, and one step of every recipe, as seconds and
 * as a ratio to the reference in the same run. Medians; one thread; both examples. */
#include "spikescope.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { REPEATS = 21, PICTURES = 16 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *seconds)
{
	qsort(seconds, REPEATS, sizeof(*seconds), ascending);
	return seconds[REPEATS / 2];
}

static double
time_reference(const struct vit *vit, const float *pixels, struct status *st)
{
	double seconds[REPEATS];
	struct ann *ann = ann_new(vit, 1, st);
	float *logits = malloc((size_t)vit->classes * sizeof(float));

	for (int i = 0; ann && logits && i < REPEATS; i++) {
		double start = now();

		ann_forward(ann, pixels, 1, logits, NULL, st);
		seconds[i] = now() - start;
	}
	free(logits);
	ann_free(ann);
	return median(seconds);
}

static bool
time_recipe(const struct vit *vit, const char *recipe, const float *pixels, double reference, struct status *st)
{
	struct plan_options options = {.recipe = recipe, .T = 8, .rule = -1, .pixels = pixels, .pictures = PICTURES};
	double seconds[REPEATS], start = now(), building;
	struct plan *plan = plan_build(vit, &options, NULL, st);
	struct snn *snn = plan ? snn_new(plan, st) : NULL;

	building = now() - start;
	if (snn) {
		snn_show(snn, pixels);
		for (int i = 0; i < REPEATS; i++) {
			start = now();
			snn_step(snn);
			seconds[i] = now() - start;
		}
		start = median(seconds);
		printf("  %-12s step %8.3f ms  %6.2f x reference  state %7.2f MB  calibration %6.2f s\n", recipe, start * 1e3,
		       start / reference, (double)snn_state_size(snn) / 1e6, building);
	}
	snn_free(snn);
	plan_free(plan);
	return snn != NULL;
}

/* Random pixels: time does not depend on what is seen, and the data sets are not ours. */
static bool
time_model(const char *path, struct status *st)
{
	struct vit *vit = vit_load(path, st);
	size_t picture = vit ? (size_t)vit->channels * (size_t)vit->image_size * (size_t)vit->image_size : 0;
	float *pixels = malloc(PICTURES * picture * sizeof(float) + 1);
	bool ok = vit && pixels;
	struct rng rng;
	double reference;

	rng_seed(&rng, 1);
	for (size_t i = 0; ok && i < PICTURES * picture; i++)
		pixels[i] = (float)rng_normal(&rng);
	if (ok) {
		reference = time_reference(vit, pixels, st);
		printf("%s\n  reference         %8.3f ms\n", path, reference * 1e3);
		for (const struct recipe_info *r = recipe_table; ok && r->name; r++)
			ok = time_recipe(vit, r->name, pixels, reference, st);
	}
	free(pixels);
	vit_free(vit);
	return ok;
}

int
main(void)
{
	struct status st = {0};
	struct rusage usage;

	omp_set_num_threads(1);
	if (!time_model("examples/digits-vit", &st) || !time_model("examples/cifar10-vit", &st)) {
		fprintf(stderr, "step: %s\n", st.message);
		return 1;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("peak memory %.0f MB\n", (double)usage.ru_maxrss / 1e3);
	return 0;
}
