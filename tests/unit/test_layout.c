/* The panes' places at every size: inside, apart from shared borders, and sensible. */
#include "ui/views/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool
overlap_inside(struct rect a, struct rect b)
{
	struct rect both = rect_intersect(rect_inset(a, 1), rect_inset(b, 1));

	return both.w > 0 && both.h > 0;
}

static void
check(const struct layout *l, int w, int h)
{
	int i, j;

	assert_true(l->status.y >= 0 && l->status.y < h && l->status.w == w);
	for (i = 0; i < l->panes; i++) {
		struct rect r = l->pane[i].at;

		assert_true(r.w >= 3 && r.h >= 3);
		assert_true(r.x >= 0 && r.y >= 0 && r.x + r.w <= w && r.y + r.h <= l->status.y);
		for (j = 0; j < i; j++)
			assert_false(overlap_inside(r, l->pane[j].at));
	}
}

static void
test_every_size(void **state)
{
	static const struct layout_maps maps[] = {{0, 1}, {17, 1}, {17, 2}, {65, 2}, {257, 1}};
	struct layout l;
	int w, h, command;
	size_t m;

	(void)state;
	for (m = 0; m < sizeof(maps) / sizeof(*maps); m++)
		for (w = 1; w <= 240; w += w < 130 ? 1 : 11)
			for (h = 1; h <= 80; h++)
				for (command = 0; command < 2; command++) {
					layout_make(&l, w, h, command, NULL, NULL, maps[m]);
					if (!l.tiny)
						check(&l, w, h);
					else
						assert_true(l.status.w == w);
				}
}

static bool
shown(const struct layout *l, const char *view)
{
	return layout_find(l, view) != NULL;
}

static void
test_default_sizes(void **state)
{
	static const char *const all[] = {"model", "attention", "raster", "selected", "readout", "log"};
	const struct layout_maps maps = {17, 2};
	struct layout l;
	size_t i;

	(void)state;
	layout_make(&l, 120, 40, true, NULL, NULL, maps);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		assert_true(shown(&l, all[i]));
	layout_make(&l, 80, 24, true, NULL, NULL, maps);
	assert_true(shown(&l, "model") && shown(&l, "attention") && shown(&l, "raster") && shown(&l, "log"));
	assert_false(shown(&l, "selected"));
	/* Three maps of 17 tokens with marks fit side by side. */
	assert_true((layout_find(&l, "attention")->at.w - 2) / 3 >= 18);
	layout_make(&l, 40, 10, true, NULL, NULL, maps);
	assert_false(shown(&l, "model"));
	assert_true(shown(&l, "attention"));
	layout_make(&l, 20, 5, true, NULL, NULL, maps);
	assert_true(l.tiny);
}

static void
test_alone(void **state)
{
	static const char *const views[] = {"model", "attention", "raster", "product", "log"};
	struct layout l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(views) / sizeof(*views); i++) {
		layout_make(&l, 80, 24, true, NULL, views[i], (struct layout_maps){17, 2});
		check(&l, 80, 24);
		assert_int_equal(l.panes, strcmp(views[i], "log") == 0 ? 1 : 2); /* the log stays */
		assert_int_equal(l.pane[0].at.w, 80);
		assert_true(l.pane[0].at.h >= 17);
	}
}

/* Text layouts: shares are kept, what does not fit is left out from the right. */
static void
test_text(void **state)
{
	struct layout_plan plan;
	struct status st = {0};
	struct layout l;
	int w, h;

	(void)state;
	assert_true(layout_parse(&plan, "1 model | 3 attention:3/raster:2|2 selected / readout", &st));
	assert_int_equal(plan.columns, 3);
	assert_int_equal(plan.column[1].share, 3);
	assert_int_equal(plan.column[1].panes, 2);
	assert_int_equal(plan.column[1].pane[0].share, 3);
	layout_make(&l, 120, 40, true, &plan, NULL, (struct layout_maps){17, 2});
	assert_int_equal(l.panes, 6);
	assert_true(layout_find(&l, "attention")->at.w > 2 * layout_find(&l, "model")->at.w);
	assert_true(layout_find(&l, "attention")->at.h > layout_find(&l, "raster")->at.h);
	for (w = LAYOUT_MIN_W; w < 200; w += 3)
		for (h = LAYOUT_MIN_H; h < 60; h++) {
			layout_make(&l, w, h, true, &plan, NULL, (struct layout_maps){17, 2});
			check(&l, w, h);
			assert_true(shown(&l, "model"));
		}
	assert_true(layout_parse(&plan, "log/model", &st));
	layout_make(&l, 80, 24, true, &plan, NULL, (struct layout_maps){17, 2});
	assert_int_equal(l.panes, 2);
}

static void
test_bad_text(void **state)
{
	static const char *const texts[] = {
	    "",
	    "|",
	    "model |",
	    "model / ",
	    "0 model",
	    "101 model",
	    "model:0",
	    "model raster",
	    "nonsense",
	    "overview",
	    "model:99999999999999999999",
	    "model/model/model/model/model/model/model/model/model/model/model/model/model/model/model/"
	    "model/model"};
	struct layout_plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct status st = {0};

		if (layout_parse(&plan, texts[i], &st))
			fail_msg("\"%s\" is a layout", texts[i]);
		assert_int_equal(st.code, STATUS_USAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_size), cmocka_unit_test(test_default_sizes), cmocka_unit_test(test_alone),
	    cmocka_unit_test(test_text),       cmocka_unit_test(test_bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
