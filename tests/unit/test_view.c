/* Views of a network that is stepped. How each looks is in test_golden.c. */
#include "model/data/dataset.h"
#include "tests/support/scratch.h"
#include "ui/workbench/show.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIGITS "examples/digits-vit"

enum { PICTURES = 32, STEPS = 6 };

static struct app app;

static int
fail_setup(const struct status *st)
{
	fprintf(stderr, "%s\n", st->message);
	return -1;
}

static bool
convert(struct status *st)
{
	struct dataset *data = dataset_open(DIGITS "/calibration.safetensors", st);
	size_t size = (size_t)app.model->channels * (size_t)app.model->image_size * (size_t)app.model->image_size;
	float *pixels = malloc(PICTURES * size * sizeof(*pixels));
	int label, i;

	for (i = 0; data && pixels && i < PICTURES; i++)
		if (!dataset_get(data, i, app.model, pixels + size * (size_t)i, &label, st))
			return false;
	if (data && pixels)
		app.plan = plan_build(
		    app.model, &(struct plan_options){.T = 16, .rule = -1, .pixels = pixels, .pictures = PICTURES}, NULL, st);
	free(pixels);
	dataset_close(data);
	return app.plan != NULL;
}

static bool
show(struct status *st)
{
	struct dataset *data = dataset_open(DIGITS "/test.safetensors", st);
	size_t size = (size_t)app.model->channels * (size_t)app.model->image_size * (size_t)app.model->image_size;
	bool ok;

	app.pixels = malloc(size * sizeof(float));
	app.title = strdup("image 3");
	ok = data && dataset_get(data, 3, app.model, app.pixels, &app.label, st);
	dataset_close(data);
	app.walk = ok ? walk_new(app.plan, st) : NULL;
	app.spikes = ok ? spike_log_new(app.plan, st) : NULL;
	if (!app.walk || !app.spikes || !walk_show(app.walk, app.pixels, app.label, st))
		return false;
	app.logits = app.walk->reference.logits;
	return spike_log_steps(app.spikes, app.walk, STEPS, NULL, st);
}

static int
setup(void **state)
{
	struct status st = {0};

	(void)state;
	scratch_make();
	app.model = model_load(DIGITS, &st);
	if (!app.model || !convert(&st) || !show(&st))
		return fail_setup(&st);
	app.selection = (struct selection){.layer = 1, .head = 2, .q = 5, .k = 9, .site = site_in(SITE_ACT_OUT, 1), .neuron = 96};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	walk_free(app.walk);
	spike_log_free(app.spikes);
	history_free(app.history);
	plan_free(app.plan);
	model_free(app.model);
	free(app.pixels);
	free(app.title);
	scratch_remove();
	return 0;
}

static char *
print(const char *name, const struct view_args *args, int w, int h)
{
	struct status st = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	app.options.columns = w;
	app.options.rows = h;
	assert_non_null(out);
	if (!show_print(&app, view_find(name, &st), args, out, &st))
		fail_msg("%s", st.message);
	fclose(out);
	return text;
}

/* The same for a view that may have nothing to show, which it says then. */
static char *
print_anyway(const struct view *view, int w, int h)
{
	struct view_args args = {.framed = true};
	struct canvas canvas = {0};
	struct showing s;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	show_scene(&app, &s);
	assert_true(canvas_init(&canvas, w, h, show_style(&app, out)));
	view_draw_alone(&s.scene, view, &args, &canvas);
	canvas_text_write(&canvas, out);
	canvas_done(&canvas);
	fclose(out);
	return text;
}

/* Zoomed in, the selected tokens stay in the picture, marked. */
static void
test_zoomed_attention(void **state)
{
	struct view_args args = {.zoom = 2};
	char *text;

	(void)state;
	text = print("attention", &args, 80, 12);
	assert_non_null(strstr(text, "4 of 17 tokens"));
	assert_non_null(strstr(text, "▾"));
	assert_non_null(strstr(text, "▸"));
	free(text);
}

/* A row that says nothing of what it needs would show numbers that are not there. */
static void
test_rows_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++) {
		const struct view *view = view_table[i];

		assert_true(view->needs != NEEDS_UNSAID && view->of != VIEW_OF_UNSAID);
		assert_true(view->name && view->help && view->title && view->draw);
		assert_true(!view->inside || view_find(view->inside, NULL));
	}
}

/* Whatever the size: as many lines as asked, none wider. */
static void
test_any_size_fits(void **state)
{
	int w, h;

	(void)state;
	app.options.color = COLOR_NEVER;
	for (int i = 0; i < VIEW_COUNT; i++) {
		const struct view *view = view_table[i];

		for (w = 1; w < 100; w += 7)
			for (h = 1; h < 30; h += 3) {
				char *text = print_anyway(view, w, h), *line = text;
				int lines = 0;

				for (; *line; lines++) {
					char *end = strchr(line, '\n');

					*end = '\0';
					assert_true(text_columns(line) <= w);
					line = end + 1;
				}
				assert_int_equal(lines, h);
				free(text);
			}
	}
}

/* The tree names the site whose error is largest in its first line. */
static void
test_worst_site_is_found_first(void **state)
{
	const struct walk_step *last = walk_last(app.walk);
	struct view_args args = {0};
	char name[SITE_NAME_MAX], *text = print("model", &args, 60, 20);
	int worst = 0, i;

	(void)state;
	for (i = 1; i < site_count(app.model); i++)
		if (last->site[i].relative > last->site[worst].relative)
			worst = i;
	site_name(site_at(app.model, worst), name);
	*strchr(strchr(text, '\n') + 1, '\n') = '\0';
	assert_non_null(strstr(text, "! "));
	assert_non_null(strstr(text, name));
	free(text);
}

/* A click on what stands for something selects it. */
static void
clicked(const char *name, int w, int h, int x, int y, const char *command)
{
	struct canvas canvas = {0};
	struct view_args args = {0};
	struct status st = {0};
	struct showing s;
	char line[80] = "";

	assert_true(canvas_init(&canvas, w, h, (struct canvas_style){.palette = PALETTE_256, .unicode = true}));
	show_scene(&app, &s);
	view_find(name, &st)->hit(&s.scene, &args, &canvas, canvas_all(&canvas), x, y, line, sizeof(line));
	assert_string_equal(line, command);
	canvas_done(&canvas);
}

static void
test_clicks(void **state)
{
	(void)state;
	/* Three maps of 20 columns: marks in the first row and column, two tokens a row. */
	clicked("attention", 60, 12, 1, 1, "select q 0 0");
	clicked("attention", 60, 12, 17, 9, "select q 16 16");
	clicked("attention", 60, 12, 20 + 1 + 4, 1 + 2, "select q 4 4");
	clicked("attention", 60, 12, 0, 5, "");
	clicked("attention", 60, 12, 19, 5, "");
	/* 4 x 4 patches of 2 pixels and lines between them: 13 x 13, here one a column. */
	clicked("image", 13, 7, 0, 0, "select q 1");
	clicked("image", 13, 7, 11, 5, "select q 16");
	clicked("residual", 25, 4, 6, 0, "select layer 0");
	clicked("model", 30, 40, 5, 2, "select site patch_embed");
}

static void
test_what_is_missing_is_named(void **state)
{
	struct scene empty = {.model = NULL};
	struct view_args args = {.site = "blocks.99.mlp"};
	struct showing s;
	struct status st = {0};

	(void)state;
	show_scene(&app, &s);
	assert_false(view_check(&empty, view_find("raster", &st), &args, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	assert_non_null(strstr(st.message, "load"));
	status_clear(&st);
	assert_false(view_check(&s.scene, view_find("raster", &st), &args, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_non_null(strstr(st.message, "blocks.99.mlp"));
	status_clear(&st);
	args = (struct view_args){.has_head = true, .head = 99};
	assert_false(view_check(&s.scene, view_find("attention", &st), &args, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	assert_null(view_find("", &st));
	status_clear(&st);
	assert_null(view_find("r", &st)); /* raster, readout */
	assert_non_null(strstr(st.message, "ambiguous"));
	assert_non_null(view_find("ra", NULL));
}

static void
test_saved_files(void **state)
{
	struct view_args args = {0};
	struct status st = {0};
	const char *path = scratch_path("view.svg");

	(void)state;
	assert_true(show_save(&app, view_find("overview", &st), &args, path, false, &st));
	assert_false(show_save(&app, view_find("overview", &st), &args, path, false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
}

/* Beside another plan every view draws for both and their difference, at any size. A
 * plan beside itself makes a difference of nothing. */
static void
test_split(void **state)
{
	struct status st = {0};
	struct view_args args = {.function = NULL};
	char *text;

	(void)state;
	app.split.walk = walk_new(app.plan, &st);
	app.split.spikes = spike_log_new(app.plan, &st);
	app.split.plan = app.plan;
	assert_true(walk_show(app.split.walk, app.pixels, app.label, &st));
	assert_true(spike_log_steps(app.split.spikes, app.split.walk, STEPS, NULL, &st));
	text = print("residual", &args, 100, 12);
	assert_non_null(strstr(text, "sta − sta"));
	assert_non_null(strstr(text, "1e-9")); /* the end of the scale of zeros */
	free(text);
	text = print("readout", &args, 100, 24);
	assert_non_null(strstr(text, "no dif"));
	free(text);
	for (int i = 0; i < VIEW_COUNT; i++)
		for (int w = 5; w < 130; w += 31)
			for (int h = 1; h < 30; h += 7)
				free(print_anyway(view_table[i], w, h));
	for (int side = SIDE_FIRST; side <= SIDE_DIFFERENCE; side++) {
		app.side = (enum side)side;
		free(print("neuron", &args, 60, 12));
	}
	app.side = SIDE_ALL;
	walk_free(app.split.walk);
	spike_log_free(app.split.spikes);
	history_free(app.split.history);
	app.split = (struct split){0};
}

/* The record forgets what came after t, and keeps what is before. */
static void
test_record_goes_back(void **state)
{
	struct status st = {0};
	int site = site_index(app.model, app.selection.site), stride, first, last,
	    n = spike_log_neurons(app.spikes, site, &stride);
	int8_t before[SPIKE_LOG_NEURONS];

	(void)state;
	assert_true(n > 0 && n <= SPIKE_LOG_NEURONS);
	assert_true(spike_log_span(app.spikes, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, STEPS);
	memcpy(before, spike_log_counts(app.spikes, site, 2), (size_t)n);
	walk_reset(app.walk);
	spike_log_back(app.spikes, 0);
	assert_false(spike_log_span(app.spikes, &first, &last));
	assert_null(spike_log_counts(app.spikes, site, 1));
	assert_true(spike_log_steps(app.spikes, app.walk, STEPS, NULL, &st));
	assert_memory_equal(before, spike_log_counts(app.spikes, site, 2), (size_t)n);
	spike_log_back(app.spikes, 3);
	assert_non_null(spike_log_counts(app.spikes, site, 3));
	assert_null(spike_log_counts(app.spikes, site, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zoomed_attention), cmocka_unit_test(test_rows_are_whole),
	    cmocka_unit_test(test_any_size_fits),    cmocka_unit_test(test_worst_site_is_found_first),
	    cmocka_unit_test(test_clicks),           cmocka_unit_test(test_what_is_missing_is_named),
	    cmocka_unit_test(test_saved_files),      cmocka_unit_test(test_split),
	    cmocka_unit_test(test_record_goes_back),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, setup, teardown);
}
