/* What the network did, read again without it: from what drove its neurons, and from a
 * recording that has room for only some of it. */
#include "snn/probe/excerpt.h"
#include "study/walk/history.h"
#include "study/walk/recording.h"

#include "tests/support/models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PICTURES = 16, SIDE = 3 * 8 * 8, STEPS = 8, WIDTH = 3, HIDDEN_MAX = 256 };

static struct model *model;
static float *pixels; /* [PICTURES] */

static int
setup(void **state)
{
	(void)state;
	model = models_digits(&pixels, PICTURES);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(pixels);
	model_free(model);
	return 0;
}

static struct plan *
plan_of(const char *recipe, const char *sites)
{
	struct status st = {0};
	struct plan_options options = {
	    .recipe = recipe, .T = 8, .rule = -1, .sites = sites, .pixels = pixels, .pictures = PICTURES};
	struct plan *plan = plan_build(model, &options, NULL, &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

static bool
same(float a, float b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* The first elements of a row in the middle of the site, alone. */
struct alone {
	struct site site;
	size_t first;
	int count;
	struct excerpt *excerpt;
};

static struct alone
alone_at(const struct plan *plan, int index)
{
	struct alone a = {.site = site_at(model, index)};
	struct status st = {0};
	int dim[3], dims, columns;

	if (a.site.block < 0)
		return a;
	dims = site_shape(model, a.site, dim);
	columns = dim[dims - 1];
	a.first = site_size(model, a.site) / (size_t)columns / 2 * (size_t)columns + (size_t)(columns / 2);
	a.count = columns - columns / 2 < WIDTH ? columns - columns / 2 : WIDTH;
	a.excerpt = excerpt_new(plan, a.site, a.first, a.count, &st);
	assert_non_null(a.excerpt);
	return a;
}

static void
compare_hidden(const struct snn *snn, const struct alone *a)
{
	float count[2][HIDDEN_MAX], membrane[2][HIDDEN_MAX];
	struct status st = {0};
	int hidden;

	if (!snn_probe_hidden(snn, a->site, a->first, count[0], membrane[0], &st))
		return;
	hidden = snn_plan(snn)->site[site_index(model, a->site)].ugo->hidden;
	excerpt_hidden(a->excerpt, 0, count[1], membrane[1]);
	for (int i = 0; i < hidden; i++)
		assert_true(same(count[0][i], count[1][i]) && same(membrane[0][i], membrane[1][i]));
}

/* What residual branches send is summed before it is added to their totals. What a LayerNorm
 * would have sent, where its scale is applied later, is worked out from what its input's
 * neurons have sent in all, less what they sent in the step. */
static float
tolerance(const struct snn *snn, struct site site)
{
	if (site.kind == SITE_ATTN || site.kind == SITE_MLP)
		return 1e-4f;
	return snn_plan(snn)->fold_norm && (site.kind == SITE_NORM1 || site.kind == SITE_NORM2) ? 1e-5f : 0;
}

static void
compare(const struct snn *snn, const struct alone *a)
{
	char name[SITE_NAME_MAX];

	for (int q = SNN_VALUE; q <= SNN_INPUT; q++)
		for (int i = 0; i < a->count && snn_has(snn, a->site, q); i++) {
			float in = snn_element(snn, a->site, q, a->first + (size_t)i), out = excerpt_element(a->excerpt, q, i);

			if (fabsf(in - out) > tolerance(snn, a->site) && !same(in, out))
				fail_msg("%s, quantity %d, step %d: %g in the network, %g alone", site_name(a->site, name), q,
					 snn_time(snn), (double)in, (double)out);
		}
	compare_hidden(snn, a);
}

static void
check_excerpts(const char *recipe, const char *sites)
{
	struct plan *plan = plan_of(recipe, sites);
	struct status st = {0};
	struct snn *snn = snn_new(plan, &st);
	int n = site_count(model);
	struct alone *alone = calloc((size_t)n, sizeof(*alone));

	assert_true(snn && alone);
	for (int i = 0; i < n; i++)
		alone[i] = alone_at(plan, i);
	snn_show(snn, pixels);
	for (int t = 1; t <= STEPS; t++) {
		snn_step(snn);
		for (int i = 0; i < n; i++) {
			if (!alone[i].excerpt)
				continue;
			assert_true(excerpt_has(alone[i].excerpt, SNN_VALUE));
			excerpt_step(alone[i].excerpt, snn_source(snn, alone[i].site) + alone[i].first);
			compare(snn, &alone[i]);
		}
	}
	for (int i = 0; i < n; i++)
		excerpt_free(alone[i].excerpt);
	free(alone);
	snn_free(snn);
	plan_free(plan);
}

/* The same operations on the same numbers: to the bit. */
static void
test_excerpts(void **state)
{
	(void)state;
	for (const struct recipe_info *r = recipe_table; r->transformers; r++)
		check_excerpts(r->name, NULL);
	check_excerpts("sta", "*.q:neuron=lif *.k:neuron=if *.act:neuron=ecmt *.av:neuron=signed");
	check_excerpts("delta", "*.k:neuron=stbif *.av:neuron=differential");
}

static size_t
step_bytes(void)
{
	size_t floats = 0;

	for (int i = 0; i < site_count(model); i++)
		floats += site_at(model, i).block < 0 ? 0 : site_size(model, site_at(model, i));
	return floats * sizeof(float);
}

/* Room for four steps of all blocks: then only what is wanted stays, then nothing does. */
static void
test_recording(void **state)
{
	struct plan *plan = plan_of("sta", NULL);
	struct status st = {0};
	struct snn *snn = snn_new(plan, &st);
	struct recording r;
	bool *wanted = calloc((size_t)model->depth, sizeof(*wanted));
	struct site in = site_in(SITE_ACT, 1), out = site_in(SITE_ACT, 0);
	size_t per_step = step_bytes();

	(void)state;
	assert_true(snn && wanted && model->depth > 1);
	wanted[1] = true;
	assert_true(recording_init(&r, plan, 4 * per_step, &st));
	recording_start(&r, wanted, 0);
	snn_show(snn, pixels);
	for (int t = 1; t <= 4 * model->depth + 1; t++) {
		snn_step(snn);
		assert_true(recording_add(&r, snn, wanted, &st));
		assert_true(r.bytes <= r.budget && r.count == t);
		assert_int_equal(recording_source(&r, out, 1) != NULL, t <= 4);
		assert_int_equal(recording_source(&r, in, 1) != NULL, t <= 4 * model->depth);
		if (t <= 4 * model->depth)
			assert_memory_equal(recording_source(&r, in, t), snn_source(snn, in),
					    site_size(model, in) * sizeof(float));
	}
	assert_int_equal(r.bytes, 0);
	recording_start(&r, wanted, 5);
	assert_true(r.held[1] && !r.held[0] && r.count == 0);
	assert_null(recording_source(&r, in, 1));
	recording_start(&r, wanted, 4 * model->depth + 1);
	assert_false(r.held[1]);
	recording_done(&r);
	free(wanted);
	snn_free(snn);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_excerpts),
	    cmocka_unit_test(test_recording),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
