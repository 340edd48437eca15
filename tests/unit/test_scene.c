/* Scenes without a program: what views read of them, and the difference of two. */
#include "tests/support/scene.h"
#include "ui/views/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 4 };

static struct model *model;
static struct made_scene first, second;

static int
setup(void **state)
{
	struct status st = {0};

	(void)state;
	model = model_load("examples/digits-vit", &st);
	return model ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	model_free(model);
	return 0;
}

static int
make(void **state)
{
	(void)state;
	made_scene_init(&first, model, STEPS);
	made_scene_init(&second, model, STEPS);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	made_scene_done(&first);
	made_scene_done(&second);
	return 0;
}

/* The view of the first scene as text; the caller frees. */
static char *
draw(const char *name, int w, int h)
{
	struct canvas canvas = {0};
	struct view_args args = {.framed = true};
	struct status st = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_true(canvas_init(&canvas, w, h, (struct canvas_style){.palette = PALETTE_NONE}));
	view_draw(&first.scene, view_find(name, &st), &args, &canvas, canvas_all(&canvas));
	canvas_text_write(&canvas, out);
	canvas_done(&canvas);
	fclose(out);
	return text;
}

static void
shows(const char *view, const char *what)
{
	char *text = draw(view, 100, 30);

	if (!strstr(text, what))
		fail_msg("\"%s\" is not in\n%s", what, text);
	free(text);
}

static void
test_numbers_of_the_scene(void **state)
{
	struct site site = site_in(SITE_ACT, 1);
	struct tensor hold = {0};

	(void)state;
	assert_null(scene_probe(&first.scene, site, SNN_VALUE, &hold));
	assert_true(isnan(scene_element(&first.scene, site, SNN_VALUE, 3)));
	made_values(&first, site, SNN_VALUE)[3] = 0.5f;
	made_reference(&first, site)[3] = 0.75f;
	assert_true(scene_probe(&first.scene, site, SNN_VALUE, &hold)[3] == 0.5f);
	assert_true(scene_element(&first.scene, site, SNN_VALUE, 3) == 0.5);
	assert_true(isnan(scene_element(&first.scene, site, SNN_VALUE, site_size(model, site))));
	assert_true(scene_reference_element(&first.scene, site, 3) == 0.75);
	tensor_done(&hold);
}

static void
test_difference(void **state)
{
	struct site site = site_in(SITE_ACT, 1);
	struct tensor hold = {0};
	struct scene difference;

	(void)state;
	made_values(&first, site, SNN_VALUE)[3] = 0.5f;
	made_values(&second, site, SNN_VALUE)[3] = 0.125f;
	made_reference(&first, site)[3] = 0.75f;
	first.step[2].site[5].relative = 0.25f;
	second.step[2].site[5].relative = 1;
	second.step[3].logits[1] = 2;
	assert_true(scene_difference(&difference, &first.scene, &second.scene));
	assert_true(scene_probe(&difference, site, SNN_VALUE, &hold)[3] == 0.375f);
	assert_true(scene_element(&difference, site, SNN_VALUE, 3) == 0.375);
	assert_null(scene_reference(&difference, site));
	assert_true(difference.step[2].site[5].relative == -0.75f);
	assert_true(scene_last(&difference)->logits[1] == -2);
	tensor_done(&hold);
	scene_difference_done(&difference);
	/* What only one of them has, the difference has not. */
	made_values(&first, site, SNN_INPUT)[0] = 1;
	assert_true(scene_difference(&difference, &first.scene, &second.scene));
	assert_null(scene_probe(&difference, site, SNN_INPUT, &hold));
	tensor_done(&hold);
	scene_difference_done(&difference);
}

/* The same hidden neuron in both, and no step that one of them does not know. */
static void
test_neuron_logs_of_two(void **state)
{
	struct history_request request = {.unit = -1};
	struct neuron_logs logs;

	(void)state;
	first.scene.minus = &second.scene;
	first.unit = 7;
	first.point[1].membrane = 3;
	second.point[1].membrane = 1;
	second.points = 2;
	logs = scene_neuron_logs(&first.scene, &request);
	assert_int_equal(logs.count, 2);
	assert_int_equal(logs.second.unit, 7);
	assert_true(neuron_logs_at(&logs, 2).membrane == 2);
}

static void
test_spikes_by_hand(void **state)
{
	int site = site_index(model, site_in(SITE_ACT_OUT, 0)), t0, t1;

	(void)state;
	spike_log_add(first.spikes, site, 1)[2] = 1;
	spike_log_add(first.spikes, site, 2)[2] = -1;
	spike_log_add(first.spikes, site, 2)[3] = 1;
	assert_true(spike_log_span(first.spikes, &t0, &t1) && t0 == 1 && t1 == 2);
	assert_int_equal(spike_log_counts(first.spikes, site, 1)[2], 1);
	assert_int_equal(spike_log_counts(first.spikes, site, 1)[3], 0);
	assert_int_equal(spike_log_counts(first.spikes, site, 2)[2], -1);
	assert_int_equal(spike_log_counts(first.spikes, site, 2)[3], 1);
}

static void
test_views_draw_it(void **state)
{
	(void)state;
	first.scene.selection.site = site_in(SITE_ACT, 0);
	first.scene.selection.neuron = 3;
	made_values(&first, first.scene.selection.site, SNN_VALUE)[3] = 0.625f;
	first.point[STEPS - 1].membrane = 1.25f;
	first.point[STEPS - 1].threshold = 2.5f;
	first.step[STEPS - 1].site[4].relative = 0.5f;
	first.logits[6] = 10;
	shows("selected", ".625");
	shows("neuron", "membrane 1.25 of");
	shows("model", site_name(site_at(model, 4), (char[SITE_NAME_MAX]){0}));
	shows("readout", "6");
	shows("attention", "This plan does not keep the map of this site.");
}

static void
test_two_scenes_side_by_side(void **state)
{
	(void)state;
	first.scene.second = &second.scene;
	strcpy(second.plan.recipe, "other");
	shows("residual", "made - other");
	first.scene.side = SIDE_SECOND;
	shows("residual", "other cafe");
	second.scene.t = STEPS - 1; /* not at the same step: nothing to compare */
	assert_false(scene_is_split(&first.scene));
	second.scene.t = STEPS;
}

/* What is not there is said, with the command that makes it. */
static void
test_what_is_missing(void **state)
{
	(void)state;
	first.scene.shown = false;
	shows("raster", "not converted yet: convert");
	first.scene.pixels = NULL;
	shows("readout", "no picture yet");
	shows("ugo", "no UGO here");
	shows("features", "a transformer has no feature maps");
	first.scene.model = NULL;
	shows("model", "no model yet");
	first.scene.model = model;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_numbers_of_the_scene, make, unmake),
	    cmocka_unit_test_setup_teardown(test_difference, make, unmake),
	    cmocka_unit_test_setup_teardown(test_neuron_logs_of_two, make, unmake),
	    cmocka_unit_test_setup_teardown(test_spikes_by_hand, make, unmake),
	    cmocka_unit_test_setup_teardown(test_views_draw_it, make, unmake),
	    cmocka_unit_test_setup_teardown(test_two_scenes_side_by_side, make, unmake),
	    cmocka_unit_test_setup_teardown(test_what_is_missing, make, unmake),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
