/* The ledger of CLIP's networks. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLASSES = 5, PROJECTION = 24, CHANNELS = 128 };

static void
set_classes(struct model *model)
{
	static const char *const labels[] = {"a", "b", "c", "d", "e"};
	float unit[CLASSES * PROJECTION] = {0};
	struct status st = {0};

	for (int i = 0; i < CLASSES; i++)
		unit[i * PROJECTION + i] = 1;
	assert_true(model_set_classes(model, CLASSES, labels, unit, "units", &st));
}

static struct model *
load(const char *path)
{
	struct status st = {0};
	struct model *model = model_load(path, &st);

	if (!model)
		fail_msg("%s", st.message);
	set_classes(model);
	return model;
}

static struct ledger_row
row_of(const struct ledger *ledger, const char *name)
{
	struct site site;

	assert_true(site_parse(ledger->model, name, &site));
	return ledger_sum(ledger, site_index(ledger->model, site), 0, 1);
}

/* Of windows of 2x2 places. */
static void
means_add_and_scale(void **state)
{
	struct model *model = load("tests/fixtures/open_clip_rn");
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);

	(void)state;
	assert_non_null(ledger);
	assert_int_equal(row_of(ledger, "avgpool").n[LEDGER_ADDITIONS], 32 * 32 * 4);
	assert_int_equal(row_of(ledger, "avgpool").n[LEDGER_SCALINGS], 16 * 16 * 4);
	assert_int_equal(row_of(ledger, "layer4.0.avgpool").n[LEDGER_SCALINGS], 2 * 2 * 32);
	assert_int_equal(row_of(ledger, "layer4.0.downsample.avgpool").n[LEDGER_SCALINGS], 2 * 2 * 64);
	ledger_free(ledger);
	model_free(model);
}

static void
check_head(const char *path)
{
	struct model *model = load(path);
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);
	uint64_t width = model->resnet ? CHANNELS : (uint64_t)model->width;

	assert_non_null(ledger);
	assert_int_equal(row_of(ledger, "head").n[LEDGER_EMBEDDING_MACS], width * PROJECTION + PROJECTION * CLASSES);
	ledger_free(ledger);
	model_free(model);
}

static void
the_head_has_its_projection(void **state)
{
	(void)state;
	check_head("tests/fixtures/hf_clip");
	check_head("tests/fixtures/open_clip_rn");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_add_and_scale),
	    cmocka_unit_test(the_head_has_its_projection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
