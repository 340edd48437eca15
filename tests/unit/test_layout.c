/* The panes' places at every size: inside, apart from shared borders, and sensible. */
#include "ui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
	for (i = 0; i < PANES; i++) {
		struct rect r = l->pane[i];

		if (!r.w)
			continue;
		assert_true(r.w >= 3 && r.h >= 3);
		assert_true(r.x >= 0 && r.y >= 0 && r.x + r.w <= w && r.y + r.h <= l->status.y);
		for (j = 0; j < i; j++)
			if (l->pane[j].w)
				assert_false(overlap_inside(r, l->pane[j]));
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
					layout_make(&l, w, h, command, PANES, maps[m]);
					if (!l.tiny)
						check(&l, w, h);
					else
						assert_true(l.status.w == w);
				}
}

static void
test_default_sizes(void **state)
{
	const struct layout_maps maps = {17, 2};
	struct layout l;
	int i;

	(void)state;
	layout_make(&l, 120, 40, true, PANES, maps);
	for (i = 0; i < PANES; i++)
		assert_true(l.pane[i].w > 0);
	layout_make(&l, 80, 24, true, PANES, maps);
	assert_true(l.pane[PANE_MODEL].w && l.pane[PANE_ATTENTION].w && l.pane[PANE_RASTER].w && l.pane[PANE_LOG].w);
	assert_false(l.pane[PANE_SELECTED].w);
	/* Three maps of 17 tokens with marks fit side by side. */
	assert_true((l.pane[PANE_ATTENTION].w - 2) / 3 >= 18);
	layout_make(&l, 40, 10, true, PANES, maps);
	assert_false(l.pane[PANE_MODEL].w);
	assert_true(l.pane[PANE_ATTENTION].w);
	layout_make(&l, 20, 5, true, PANES, maps);
	assert_true(l.tiny);
}

static void
test_alone(void **state)
{
	struct layout l;
	enum pane p, other;

	(void)state;
	for (p = 0; p < PANES; p++) {
		layout_make(&l, 80, 24, true, p, (struct layout_maps){17, 2});
		check(&l, 80, 24);
		for (other = 0; other < PANES; other++)
			if (other != p && other != PANE_LOG)
				assert_false(l.pane[other].w);
		assert_int_equal(l.pane[p].w, 80);
		assert_true(l.pane[p].h >= 17);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_size),
	    cmocka_unit_test(test_default_sizes),
	    cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
