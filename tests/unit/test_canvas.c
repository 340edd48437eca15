/* The canvas: text, frames, heatmaps, charts, and its back ends. */
#include "tests/support/scratch.h"
#include "ui/canvas/figure.h"

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

static const struct canvas_style plain = {.unicode = true}, ascii = {0}, rich = {.palette = PALETTE_256, .unicode = true};

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
	assert_int_equal(cell->fg, ramp_sequential(0, false));
	assert_int_equal(cell->bg, ramp_sequential(1, false));
	canvas_done(&c);
}

/* Relative luminance and contrast of WCAG 2.1. */
static double
channel(uint32_t v)
{
	double c = v / 255.0;

	return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double
luminance(uint32_t rgb)
{
	return 0.2126 * channel(rgb >> 16 & 255) + 0.7152 * channel(rgb >> 8 & 255) + 0.0722 * channel(rgb & 255);
}

static double
contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static void
test_ramps_leave_the_background(void **state)
{
	(void)state;
	for (int light = 0; light < 2; light++)
		for (int i = 1; i <= 32; i++) {
			double now = luminance(color_rgb(ramp_sequential(i / 32.0, light), light, 0));
			double before = luminance(color_rgb(ramp_sequential((i - 1) / 32.0, light), light, 0));

			assert_true(light ? now <= before : now >= before);
		}
	assert_int_equal(color_rgb(ramp_diverging(0.5, true), true, 0), 0xffffff);
	assert_int_equal(color_index(COLOR_RGB(0xff0000), PALETTE_256, false), 196);
}

/* xterm's colours 16 to 255. */
static uint32_t
rgb_of_index(int index)
{
	static const uint32_t level[] = {0, 95, 135, 175, 215, 255};
	uint32_t grey = 8 + 10 * ((uint32_t)index - 232);

	if (index >= 232)
		return grey << 16 | grey << 8 | grey;
	index -= 16;
	return level[index / 36] << 16 | level[index / 6 % 6] << 8 | level[index % 6];
}

static void
test_text_has_contrast(void **state)
{
	static const uint32_t ground[2][2] = {{0x000000, 0x1e1e1e}, {0xffffff, 0xffffff}};

	(void)state;
	for (int light = 0; light < 2; light++)
		for (int role = ROLE_DIM; role < ROLES; role++)
			for (int g = 0; g < 2; g++) {
				int index = color_index((color)role, PALETTE_256, light);

				assert_true(contrast(color_rgb((color)role, light, 0), ground[light][g]) >= 4.5);
				assert_true(index < 0 || contrast(rgb_of_index(index), ground[light][g]) >= 4.5);
			}
}

/* Deuteranopia and protanopia after Vienot, Brettel and Mollon (1999): what is left of red and
 * green is one channel, so that SNN and ANN must differ in it or in blue. */
static void
test_snn_and_ann_for_the_colour_blind(void **state)
{
	(void)state;
	for (int light = 0; light < 2; light++) {
		uint32_t a = color_rgb(ROLE_SNN, light, 0), b = color_rgb(ROLE_ANN, light, 0);
		double blue = channel(a & 255) - channel(b & 255);

		assert_true(fabs(blue) > 0.3);
	}
}

static void
test_colorfgbg(void **state)
{
	(void)state;
	assert_true(theme_terminal_is_light("0;15"));
	assert_true(theme_terminal_is_light("0;default;7"));
	assert_false(theme_terminal_is_light("15;0"));
	assert_false(theme_terminal_is_light("7;8"));
	assert_false(theme_terminal_is_light("0;default"));
	assert_false(theme_terminal_is_light(""));
	assert_false(theme_terminal_is_light(NULL));
}

/* 60 small values and a few large ones. */
static void
test_log_scale_shows_the_small(void **state)
{
	float v[64];
	struct heat heat = {.data = v, .rows = 8, .cols = 8, .mark_row = -1, .mark_col = -1}, linear = heat, part = heat;

	(void)state;
	for (int i = 0; i < 64; i++)
		v[i] = i < 2 ? 0 : 0.001f * (float)i;
	v[63] = 50;
	heat_prepare(&heat, SCALE_AUTO);
	assert_int_equal(heat.scale, SCALE_LOG);
	assert_true(heat_place(&heat, 0) <= 0);
	assert_true(heat_place(&heat, 0.03) > 0.25 && heat_place(&heat, 0.03) < 0.75);
	assert_true(heat_place(&heat, 50) >= 1);
	heat_prepare(&linear, SCALE_LINEAR);
	assert_true(heat_place(&linear, 0.03) < 0.01);
	heat_prepare(&part, SCALE_PERCENTILE);
	assert_true(part.hi < 0.07);
	assert_true(heat_place(&part, 50) >= 1);
}

static void
test_signed_log_is_symmetric(void **state)
{
	const float v[] = {-4, 0.001f, 0.002f, -0.001f, 0.003f, 4};
	struct heat heat = {
	    .data = v, .rows = 1, .cols = 6, .is_signed = true, .scale = SCALE_LOG, .mark_row = -1, .mark_col = -1};

	(void)state;
	heat_prepare(&heat, SCALE_AUTO);
	assert_int_equal(heat.scale, SCALE_LOG);
	assert_true(fabs(heat_place(&heat, 0) - 0.5) <= 0);
	assert_true(fabs(heat_place(&heat, -0.02) + heat_place(&heat, 0.02) - 1) < 1e-12);
	assert_true(heat_place(&heat, 0.002) > 0.52);
}

static void
test_scale_names_itself(void **state)
{
	struct canvas c = {0};
	const float v[] = {0.001f, 0.002f, 0.003f, 9};
	struct heat heat = {.data = v, .rows = 1, .cols = 4, .mark_row = -1, .mark_col = -1};
	char *text;

	(void)state;
	assert_true(canvas_init(&c, 40, 1, plain));
	canvas_heat_scale(&c, canvas_all(&c), &heat, 1);
	text = text_of(&c);
	assert_non_null(strstr(text, "log"));
	assert_non_null(strstr(text, ".001 "));
	free(text);
	canvas_clear(&c, canvas_all(&c));
	heat.scale = SCALE_PERCENTILE;
	canvas_heat_scale(&c, canvas_all(&c), &heat, 1);
	text = text_of(&c);
	assert_non_null(strstr(text, "≥"));
	assert_non_null(strstr(text, "p98"));
	free(text);
	canvas_done(&c);
}

/* 65 values on 50 places: all of the height is used, and every value is somewhere. */
static void
test_heat_uses_the_room(void **state)
{
	struct canvas c = {0};
	struct heat_fit fit;
	int row, col, x, y;

	(void)state;
	assert_true(canvas_init(&c, 80, 25, rich));
	fit = canvas_heat_fit(&c, canvas_all(&c), 65, 65);
	assert_int_equal(fit.rows, 50);
	assert_int_equal(fit.factor, 2);
	assert_int_equal(fit.h, 25);
	for (int i = 0; i < 65; i++) {
		heat_fit_cell(&fit, i, i, &x, &y);
		assert_true(heat_fit_at(&fit, x, y, &row, &col));
		assert_true(abs(row - i) <= 3 && abs(col - i) <= 1);
	}
	assert_false(heat_fit_at(&fit, fit.w, 0, &row, &col));
	canvas_done(&c);
}

static void
test_few_colours_draw_characters(void **state)
{
	struct canvas c = {0};
	const float v[] = {0, 0.5f, 1, -1};

	(void)state;
	assert_true(canvas_init(&c, 4, 1, (struct canvas_style){.palette = PALETTE_8, .unicode = true}));
	canvas_heat(&c, canvas_all(&c), &(struct heat){.data = v, .rows = 1, .cols = 3, .mark_row = -1, .mark_col = -1});
	assert_int_equal(canvas_cell(&c, 2, 0)->ch, '@');
	assert_int_equal(canvas_cell(&c, 2, 0)->fg, 0);
	assert_int_equal(canvas_cell(&c, 2, 0)->bg, 0);
	canvas_done(&c);
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

static int
count_of(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void
test_axes_never_have_one_tick(void **state)
{
	static const float ends[][2] = {{0, 1}, {4.9f, 5.2f}, {-0.003f, 0.004f}, {3, 3}, {0.7f, 900}, {1e-5f, 3e-5f}, {40, 60}};
	struct canvas c = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		for (int log = 0; log < 2; log++)
			for (int h = 7; h < 20; h++) {
				struct series s = {.y = ends[i], .count = 2};
				struct chart chart = {.series = &s, .count = 1, .mark_x = NAN, .log_y = log};
				char *text;

				assert_true(canvas_init(&c, 40, h, plain));
				canvas_chart(&c, canvas_all(&c), &chart);
				text = text_of(&c);
				assert_true(count_of(text, "┤") >= 2);
				assert_true(count_of(text, "┬") >= 2);
				free(text);
			}
	canvas_done(&c);
}

/* The column of the first cell of a row that holds ch; -1: none. */
static int
column_holding(struct canvas *c, int y, uint32_t ch)
{
	for (int x = 0; x < c->w; x++)
		if (canvas_cell(c, x, y)->ch == ch)
			return x;
	return -1;
}

/* A spike at t = 3 and one at t = 9 of 16, the second taking back: each stands over the tick of its step. */
static void
test_spikes_stand_on_the_time_axis(void **state)
{
	static const float sent[16] = {[2] = 1, [8] = -1};
	static const float u[16] = {0, 1};
	const struct series s = {.y = u, .count = 16, .letter = 'u', .name = "membrane"};
	const struct spike_train train = {.sent = sent, .count = 16};
	struct chart chart = {
	    .series = &s, .count = 1, .first_x = 1, .x_name = "t", .x_whole = true, .mark_x = NAN, .train = &train};
	struct canvas c = {0};
	int first, last;

	(void)state;
	assert_true(canvas_init(&c, 60, 12, plain));
	canvas_chart(&c, canvas_all(&c), &chart);
	first = 60 - 1 - (60 - 1 - column_holding(&c, 10, 0x2514)) + 1;
	last = 59;
	assert_int_equal(column_holding(&c, 8, 0x2588), first + (int)lround((2 / 15.0) * (2 * (last - first + 1) - 1)) / 2);
	assert_int_equal(column_holding(&c, 9, 0x2588), first + (int)lround((8 / 15.0) * (2 * (last - first + 1) - 1)) / 2);
	canvas_done(&c);
}

/* Two curves that end at the same point both keep their letter. */
static void
test_letters_do_not_hide_each_other(void **state)
{
	static const float a[] = {0, 1, 2, 3}, b[] = {3, 2, 2.5f, 3};
	const struct series s[] = {{.y = a, .count = 4, .letter = 'a'}, {.y = b, .count = 4, .letter = 'b'}};
	struct chart chart = {.series = s, .count = 2, .mark_x = NAN};
	struct canvas c = {0};
	char *text;

	(void)state;
	assert_true(canvas_init(&c, 40, 10, plain));
	canvas_chart(&c, canvas_all(&c), &chart);
	text = text_of(&c);
	assert_non_null(strchr(text, 'a'));
	assert_non_null(strchr(text, 'b'));
	free(text);
	canvas_done(&c);
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
	assert_true(canvas_init(&c, 6, 1, (struct canvas_style){.palette = PALETTE_8, .unicode = true}));
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
	assert_true(canvas_init(&c, 20, 5, (struct canvas_style){.palette = PALETTE_RGB, .unicode = true, .light = true}));
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

/* All of a file, which the caller frees. */
static char *
file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &size, EOF, f) > 0);
	fclose(f);
	return text;
}

static void
draw_figure(struct canvas *c)
{
	static const float y[] = {0.5f, 0.8f, 0.9f, 0.95f}, lo[] = {0.4f, 0.7f, 0.85f, 0.93f}, hi[] = {0.6f, 0.9f, 0.94f, 0.97f};
	static const float map[] = {0.001f, 0.002f, 0.5f, 0.003f};
	const struct series s = {.y = y, .lo = lo, .hi = hi, .count = 4, .name = "SNN <sta>", .fg = ROLE_SNN};
	const struct chart chart = {
	    .series = &s, .count = 1, .first_x = 1, .x_name = "time steps T", .y_name = "accuracy (%)", .mark_x = NAN};
	const struct heat heat = {.data = map, .rows = 2, .cols = 2, .mark_row = 1, .mark_col = 0, .label = "attention weight"};
	const struct figure_page page = {.width = 241, .height = 170, .font = "serif"};
	struct rect all;

	assert_true(canvas_figure_init(c, &page, (struct canvas_style){.palette = PALETTE_RGB, .unicode = true, .light = true}));
	all = canvas_all(c);
	canvas_chart(c, (struct rect){0, 0, all.w, all.h - 6}, &chart);
	canvas_heat(c, (struct rect){0, all.h - 6, 10, 5}, &heat);
	canvas_heat_scale(c, (struct rect){0, all.h - 1, all.w, 1}, &heat, 1);
}

/* Text is text, curves are lines, the page is as large as was asked. */
static void
test_figure_as_svg(void **state)
{
	struct canvas c = {0};
	struct status st = {0};
	char *text;

	(void)state;
	scratch_make();
	draw_figure(&c);
	assert_true(canvas_save(&c, scratch_path("f.svg"), false, &st));
	text = file_text(scratch_path("f.svg"));
	assert_non_null(strstr(text, "width=\"241.00pt\" height=\"170.00pt\""));
	assert_non_null(strstr(text, ">accuracy (%)</text>"));
	assert_non_null(strstr(text, ">time steps T</text>"));
	assert_non_null(strstr(text, ">SNN &#60;sta&#62;</text>"));
	assert_non_null(strstr(text, ">attention weight, log</text>"));
	assert_non_null(strstr(text, "font-family=\"serif\""));
	assert_true(count_of(text, "<polyline") >= 12); /* axes, ticks, the curve, and three strokes an interval */
	assert_null(strstr(text, "<glyph"));
	free(text);
	canvas_done(&c);
	scratch_remove();
}

static void
test_figure_as_png(void **state)
{
	struct canvas c = {0};
	struct status st = {0};
	unsigned char head[24];
	FILE *f;

	(void)state;
	scratch_make();
	draw_figure(&c);
	assert_true(canvas_save(&c, scratch_path("f.png"), false, &st));
	f = fopen(scratch_path("f.png"), "r");
	assert_non_null(f);
	assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
	fclose(f);
	assert_int_equal(head[18] << 8 | head[19], 1005); /* 241 points at 300 dots an inch */
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
	    cmocka_unit_test(test_ramps_leave_the_background),
	    cmocka_unit_test(test_text_has_contrast),
	    cmocka_unit_test(test_snn_and_ann_for_the_colour_blind),
	    cmocka_unit_test(test_colorfgbg),
	    cmocka_unit_test(test_log_scale_shows_the_small),
	    cmocka_unit_test(test_signed_log_is_symmetric),
	    cmocka_unit_test(test_scale_names_itself),
	    cmocka_unit_test(test_heat_uses_the_room),
	    cmocka_unit_test(test_few_colours_draw_characters),
	    cmocka_unit_test(test_axes_never_have_one_tick),
	    cmocka_unit_test(test_spikes_stand_on_the_time_axis),
	    cmocka_unit_test(test_letters_do_not_hide_each_other),
	    cmocka_unit_test(test_figure_as_svg),
	    cmocka_unit_test(test_figure_as_png),
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
