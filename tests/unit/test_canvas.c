/* The canvas: text, frames, heatmaps, charts, and its back ends. */
#include "tests/support/scratch.h"
#include "ui/canvas/canvas.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct canvas_style plain = {PALETTE_NONE, true}, ascii = {PALETTE_NONE, false}, rich = {PALETTE_256, true};

static char *
text_of(const struct canvas *canvas)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	canvas_text_write(canvas, out);
	fclose(out);
	return text;
}

static void
assert_shows(const struct canvas *canvas, const char *expected)
{
	char *text = text_of(canvas);

	assert_string_equal(text, expected);
	free(text);
}

static void
test_text_is_cut(void **state)
{
	struct canvas c = {0};

	(void)state;
	assert_true(canvas_init(&c, 8, 3, plain));
	assert_int_equal(canvas_put(&c, canvas_all(&c), 0, 0, (struct pen){0}, "12345678"), 8);
	assert_int_equal(canvas_put(&c, canvas_all(&c), 0, 1, (struct pen){0}, "123456789"), 8);
	canvas_put(&c, (struct rect){2, 2, 4, 1}, 0, 2, (struct pen){0}, "abcdefgh");
	assert_shows(&c, "12345678\n1234567…\n  cde…\n");
	canvas_done(&c);
}

static void
test_wide_and_broken_text(void **state)
{
	struct canvas c = {0};

	(void)state;
	assert_true(canvas_init(&c, 6, 3, plain));
	assert_int_equal(text_columns("漢字é"), 5);
	canvas_put(&c, canvas_all(&c), 0, 0, (struct pen){0}, "漢字é");
	canvas_put(&c, canvas_all(&c), 0, 1, (struct pen){0}, "漢字漢字");
	canvas_put(&c, canvas_all(&c), 0, 2, (struct pen){0}, "a\033\xff\xc3z");
	assert_shows(&c, "漢字é\n漢字…\na???z\n");
	assert_int_equal(canvas_cell(&c, 1, 0)->ch, 0);
	canvas_done(&c);
}

static void
test_wrap_breaks_at_words(void **state)
{
	struct canvas c = {0};

	(void)state;
	assert_true(canvas_init(&c, 10, 3, plain));
	assert_int_equal(canvas_wrap(&c, canvas_all(&c), (struct pen){0}, "no model yet: load DIR"), 3);
	assert_shows(&c, "no model\nyet: load\nDIR\n");
	canvas_done(&c);
}

static void
test_frames_join(void **state)
{
	struct canvas c = {0};
	struct pen pen = {0};

	(void)state;
	assert_true(canvas_init(&c, 13, 5, plain));
	canvas_frame(&c, (struct rect){0, 2, 13, 3}, "low part", pen, pen);
	canvas_frame(&c, (struct rect){0, 0, 7, 3}, "a", pen, pen);
	canvas_frame(&c, (struct rect){6, 0, 7, 3}, NULL, pen, pen);
	assert_shows(&c, "┌ a ──┬─────┐\n"
			 "│     │     │\n"
			 "├ low part ─┤\n"
			 "│           │\n"
			 "└───────────┘\n");
	canvas_done(&c);
}

static void
test_drawing_outside_is_cut(void **state)
{
	struct canvas c = {0};
	float v[4] = {0, 1, 2, NAN};
	struct series s = {.y = v, .count = 4, .letter = 'a', .name = "a"};
	struct chart chart = {.series = &s, .count = 1, .mark_x = 1};
	int w, h;

	(void)state;
	for (w = 1; w < 24; w++)
		for (h = 1; h < 9; h++) {
			struct rect outside = {w - 3, h - 2, 40, 40};

			assert_true(canvas_init(&c, w, h, rich));
			canvas_frame(&c, outside, "title", (struct pen){0}, (struct pen){0});
			canvas_heat(&c, outside, &(struct heat){.data = v, .rows = 2, .cols = 2, .mark_row = 1, .mark_col = 0});
			canvas_heat_scale(&c, outside, &(struct heat){.hi = 1}, 3);
			canvas_chart(&c, outside, &chart);
			canvas_chart(&c, canvas_all(&c), &chart);
			canvas_bar(&c, outside, -3, 0, 10, 0.7, 0);
			canvas_spark(&c, outside, -3, 0, 10, v, 4, 2, 0);
		}
	canvas_done(&c);
}

static void
test_heat_without_colour(void **state)
{
	struct canvas c = {0};
	const float v[] = {0, 0.5f, 1, NAN};
	const float s[] = {-2, -1, 0, 2};

	(void)state;
	assert_true(canvas_init(&c, 4, 2, plain));
	canvas_heat(&c, canvas_all(&c), &(struct heat){.data = v, .rows = 2, .cols = 2, .mark_row = -1, .mark_col = -1});
	assert_shows(&c, "  ++\n@@!!\n");
	canvas_clear(&c, canvas_all(&c));
	canvas_heat(&c, canvas_all(&c),
		    &(struct heat){.data = s, .rows = 2, .cols = 2, .is_signed = true, .mark_row = -1, .mark_col = -1});
	assert_shows(&c, "iiee\n  @@\n");
	canvas_done(&c);
}

static void
test_heat_aggregates_and_says_so(void **state)
{
	struct canvas c = {0};
	float v[64] = {0};
	struct heat heat = {.data = v, .rows = 8, .cols = 8, .hi = 1, .mark_row = -1, .mark_col = -1, .peak = true};
	struct heat_fit fit;
	char *text;

	(void)state;
	v[9] = 1;
	assert_true(canvas_init(&c, 20, 4, plain));
	fit = canvas_heat_fit(&c, (struct rect){0, 0, 4, 2}, 8, 8);
	assert_int_equal(fit.factor, 4);
	canvas_heat(&c, (struct rect){0, 0, 4, 2}, &heat);
	assert_int_equal(canvas_cell(&c, 0, 0)->ch, '@');
	canvas_heat_scale(&c, (struct rect){0, 3, 20, 1}, &heat, fit.factor);
	text = text_of(&c);
	assert_non_null(strstr(text, "×4"));
	free(text);
	canvas_done(&c);
}

static void
test_half_blocks_hold_two_values(void **state)
{
	struct canvas c = {0};
	const float v[] = {0, 1};
	const struct cell *cell;

	(void)state;
	assert_true(canvas_init(&c, 1, 1, rich));
	canvas_heat(&c, canvas_all(&c), &(struct heat){.data = v, .rows = 2, .cols = 1, .mark_row = -1, .mark_col = -1});
	cell = canvas_cell(&c, 0, 0);
	assert_int_equal(cell->ch, 0x2580);
	assert_int_equal(cell->fg, ramp_sequential(0, PALETTE_256));
	assert_int_equal(cell->bg, ramp_sequential(1, PALETTE_256));
	canvas_done(&c);
}

static int
lightness(color c)
{
	uint32_t rgb = color_rgb(c, true, 0);

	return (int)(299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255));
}

static void
test_ramp_grows_lighter(void **state)
{
	static const enum palette all[] = {PALETTE_8, PALETTE_256, PALETTE_RGB};
	int p, i;

	(void)state;
	for (p = 0; p < 3; p++)
		for (i = 1; i <= 32; i++)
			assert_true(lightness(ramp_sequential(i / 32.0, all[p])) >=
				    lightness(ramp_sequential((i - 1) / 32.0, all[p])));
	assert_int_equal(color_index(ramp_sequential(0, PALETTE_8), PALETTE_8), 0);
	assert_int_equal(color_index(ramp_sequential(1, PALETTE_8), PALETTE_8), 7);
	assert_int_equal(color_index(COLOR_RGB(0xff0000), PALETTE_256), 196);
}

static void
test_ticks_are_nice(void **state)
{
	double tick[16];
	int digits;

	(void)state;
	assert_int_equal(nice_ticks(0, 1, 6, tick, &digits), 6);
	assert_true(fabs(tick[1] - 0.2) <= 1e-12);
	assert_int_equal(digits, 1);
	assert_int_equal(nice_ticks(-3, 17, 5, tick, &digits), 4);
	assert_true(fabs(tick[0] - 0) <= 0);
	assert_true(fabs(tick[1] - 5) <= 1e-12);
	assert_int_equal(nice_ticks(1, 1, 5, tick, &digits), 0);
	assert_int_equal(nice_ticks(0, INFINITY, 5, tick, &digits), 0);
}

static void
test_short_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} row[] = {{0, "0"},         {0.0421, ".042"},  {-0.5, "-.500"}, {3.14159, "3.14"}, {41.23, "41.2"},
		   {41234, "41.2k"}, {0.00002, "2e-5"}, {NAN, "!"},      {-INFINITY, "!"}};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(*row); i++)
		assert_string_equal(short_number(row[i].value, text, sizeof(text)), row[i].text);
}

static void
test_dots_bars_and_sparks(void **state)
{
	struct canvas c = {0};
	const float v[] = {0, 1, NAN, 2};

	(void)state;
	assert_true(canvas_init(&c, 4, 3, plain));
	canvas_dot(&c, canvas_all(&c), 0, 0, 0);
	canvas_dot(&c, canvas_all(&c), 1, 3, 0);
	canvas_dot(&c, canvas_all(&c), 8, 0, 0); /* outside */
	canvas_bar(&c, canvas_all(&c), 0, 1, 4, 0.625, 0);
	canvas_spark(&c, canvas_all(&c), 0, 2, 4, v, 4, 2, 0);
	assert_shows(&c, "⢁\n██▌\n ▄!█\n");
	canvas_done(&c);
}

static void
draw_chart(struct canvas *c, struct canvas_style style)
{
	static const float y[] = {0, 1, 2, 3, NAN, 3};
	const struct series s = {.y = y, .count = 6, .letter = 'a', .name = "snn"};
	const double limit = 2;
	struct chart chart = {.series = &s, .count = 1, .rule = &limit, .rule_name = "limit", .x_name = "t", .mark_x = NAN};

	assert_true(canvas_init(c, 30, 8, style));
	canvas_chart(c, canvas_all(c), &chart);
}

static void
test_chart_has_axes_and_names(void **state)
{
	struct canvas c = {0};
	char *text;

	(void)state;
	draw_chart(&c, plain);
	text = text_of(&c);
	assert_non_null(strstr(text, "a snn  ┄ limit"));
	assert_non_null(strstr(text, "┤"));
	assert_non_null(strstr(text, "!")); /* the point that is no number */
	assert_non_null(strstr(text, "┄┄"));
	free(text);
	canvas_done(&c);
}

static void
test_ascii_is_ascii(void **state)
{
	struct canvas c = {0};
	char *text;
	size_t i;

	(void)state;
	draw_chart(&c, ascii);
	canvas_frame(&c, canvas_all(&c), "tïtle …", (struct pen){0}, (struct pen){0});
	canvas_bar(&c, canvas_all(&c), 2, 2, 6, 0.55, 0);
	text = text_of(&c);
	for (i = 0; text[i]; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] < 127));
	assert_non_null(strstr(text, "aa")); /* curves by their letter */
	free(text);
	canvas_done(&c);
}

static void
test_text_colours(void **state)
{
	struct canvas c = {0};

	(void)state;
	assert_true(canvas_init(&c, 6, 1, (struct canvas_style){PALETTE_8, true}));
	canvas_put(&c, canvas_all(&c), 0, 0, (struct pen){.fg = COLOR_RGB(0xff0000), .attr = ATTR_BOLD}, "a");
	canvas_put(&c, canvas_all(&c), 1, 0, (struct pen){0}, "b");
	assert_shows(&c, "\033[0;1;31ma\033[0mb\n");
	canvas_done(&c);
}

static void
assert_starts(const char *path, const char *magic)
{
	char start[8] = {0};
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(fread(start, 1, sizeof(start) - 1, f) > 0);
	fclose(f);
	assert_memory_equal(start, magic, strlen(magic));
}

static void
test_files(void **state)
{
	static const struct {
		const char *name, *magic;
	} kind[] = {{"a.txt", "┌"}, {"a.svg", "<?xml"}, {"a.pdf", "%PDF"}, {"a.png", "\x89PNG"}};
	struct canvas c = {0};
	struct status st = {0};
	size_t i;

	(void)state;
	scratch_make();
	assert_true(canvas_init(&c, 20, 5, (struct canvas_style){PALETTE_RGB, true}));
	canvas_frame(&c, canvas_all(&c), "file", (struct pen){0}, (struct pen){.attr = ATTR_BOLD});
	for (i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		const char *path = scratch_path(kind[i].name);

		assert_true(canvas_save(&c, path, false, &st));
		assert_starts(path, kind[i].magic);
		assert_false(canvas_save(&c, path, false, &st));
		assert_int_equal(st.code, STATUS_FAILED);
		assert_non_null(strstr(st.message, "--force"));
		status_clear(&st);
		assert_true(canvas_save(&c, path, true, &st));
	}
	assert_false(canvas_save(&c, scratch_path("a.gif"), false, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_int_not_equal(access(scratch_path("a.gif"), F_OK), 0);
	status_clear(&st);
	assert_false(canvas_save(&c, scratch_path("none/a.svg"), false, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	canvas_done(&c);
	scratch_remove();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_is_cut),
	    cmocka_unit_test(test_wide_and_broken_text),
	    cmocka_unit_test(test_wrap_breaks_at_words),
	    cmocka_unit_test(test_frames_join),
	    cmocka_unit_test(test_drawing_outside_is_cut),
	    cmocka_unit_test(test_heat_without_colour),
	    cmocka_unit_test(test_heat_aggregates_and_says_so),
	    cmocka_unit_test(test_half_blocks_hold_two_values),
	    cmocka_unit_test(test_ramp_grows_lighter),
	    cmocka_unit_test(test_ticks_are_nice),
	    cmocka_unit_test(test_short_numbers),
	    cmocka_unit_test(test_dots_bars_and_sparks),
	    cmocka_unit_test(test_chart_has_axes_and_names),
	    cmocka_unit_test(test_ascii_is_ascii),
	    cmocka_unit_test(test_text_colours),
	    cmocka_unit_test(test_files),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
