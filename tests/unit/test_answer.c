/* Answers as people see them: cut, sorted, looked at. */
#include "ui/output/answer.h"

#include "tests/support/scratch.h"
#include "ui/output/chart_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct app app;
static FILE *null;

static int
set_up(void **state)
{
	struct status st = {0};

	(void)state;
	null = fopen("/dev/null", "w");
	if (!null || !app_init(&app, ":memory:", null, null, &st))
		return -1;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	app_done(&app);
	fclose(null);
	return 0;
}

static struct answer *
ask(const char *sql, int limit)
{
	struct query query = {.sql = sql};
	struct status st = {0};
	struct answer *a = answer_ask(&app, &query, limit, &st);

	if (!a)
		fail_msg("%s: %s", sql, st.message);
	return a;
}

static void
assert_order(const struct answer *a, const char *expected)
{
	char text[200] = "", cell[50];

	for (int i = 0; i < a->rows; i++) {
		strcat(text, answer_text(a, answer_at(a, i, 1), 1, cell, sizeof(cell)));
		strcat(text, " ");
	}
	assert_string_equal(text, expected);
}

static const char mixed[] =
    "SELECT 2 AS x, 'a' AS name UNION ALL SELECT NULL, 'b' UNION ALL SELECT 'word', 'c' UNION ALL SELECT 1.5, "
    "'d' UNION ALL SELECT 2, 'e' UNION ALL SELECT -1, 'f'";

static void
sorting_keeps_equal_rows_and_puts_null_last(void **state)
{
	struct answer *a = ask(mixed, 0);

	(void)state;
	assert_order(a, "a b c d e f ");
	answer_sort(a, 0, false);
	assert_order(a, "f d a e c b ");
	answer_sort(a, 0, true);
	assert_order(a, "a e d f c b ");
	answer_sort(a, 1, true);
	assert_order(a, "f e d c b a ");
	answer_sort(a, -1, false);
	assert_order(a, "a b c d e f ");
	answer_free(a);
}

static void
limits_cut_and_say_so(void **state)
{
	struct answer *a = ask(mixed, 2), *all = ask(mixed, 6);

	(void)state;
	assert_true(a->rows == 2 && a->more);
	assert_true(all->rows == 6 && !all->more);
	assert_int_equal(answer_column(a, "name"), 1);
	assert_int_equal(answer_column(a, "none"), -1);
	answer_free(a);
	answer_free(all);
}

static void
columns_of_one_name_stay_two(void **state)
{
	struct answer *a = ask("SELECT 1 AS n, 2 AS n, 3 AS n_2 WHERE 0", 0);

	(void)state;
	assert_int_equal(a->rows, 0);
	assert_string_equal(a->name[0], "n");
	assert_string_equal(a->name[1], "n_2");
	assert_string_equal(a->name[2], "n_2_2");
	answer_free(a);
}

static void
control_characters_do_not_come_through(void **state)
{
	struct answer *a = ask("SELECT char(27) || '[31mred' AS x, x'0001' AS y", 0);
	char text[50];

	(void)state;
	assert_string_equal(answer_text(a, answer_at(a, 0, 0), 0, text, sizeof(text)), "\\x1b[31mred");
	assert_string_equal(answer_text(a, answer_at(a, 0, 1), 1, text, sizeof(text)), "(blob, 2 bytes)");
	answer_free(a);
}

static struct chart_data *
chart(const char *sql, struct status *st)
{
	struct answer *a = ask(sql, 0);
	struct chart_data *c = chart_data_make(a, st);

	answer_free(a);
	return c;
}

static void
answers_become_curves(void **state)
{
	struct status st = {0};
	struct chart_data *c =
	    chart("SELECT 1 AS t, 0.5 AS accuracy, 'a' AS s UNION ALL SELECT 1, 0.25, 'b' UNION ALL SELECT 2, 0.75, 'a' "
		  "UNION ALL SELECT NULL, 1, 'a' UNION ALL SELECT 3, NULL, 'b'",
		  &st);

	(void)state;
	assert_non_null(c);
	assert_true(c->count == 2 && c->x_whole);
	assert_string_equal(c->y_name, "accuracy");
	assert_string_equal(c->series[0].name, "a");
	assert_true(c->series[0].count == 2 && c->series[1].count == 1);
	assert_true(c->series[0].x[1] == 2 && c->series[0].y[1] == 0.75f && c->series[1].y[0] == 0.25f);
	chart_data_free(c);
}

static void
large_numbers_are_counted_in_millions(void **state)
{
	struct status st = {0};
	struct chart_data *c = chart("SELECT 2500000 AS spikes, 3e9 AS y UNION ALL SELECT 5000000, 1e9", &st);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->x_name, "spikes, millions");
	assert_string_equal(c->y_name, "y, billions");
	assert_true(c->series[0].x[0] == 2.5f && c->series[0].y[0] == 3 && c->series[0].x[1] == 5);
	chart_data_free(c);
}

static void
what_is_no_curve_is_refused(void **state)
{
	static const struct {
		const char *sql, *says;
	} bad[] = {
	    {"SELECT 1", "two or three columns"},
	    {"SELECT 1, 2, 3, 4", "two or three columns"},
	    {"SELECT 'x', 2", "is not a number"},
	    {"SELECT 1, x'00'", "is not a number"},
	    {"SELECT 1, 2 WHERE 0", "no points"},
	    {"SELECT NULL, 2", "no points"},
	    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT 1, 2, i FROM n", "more than 8"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct status st = {0};

		assert_null(chart(bad[i].sql, &st));
		if (!strstr(st.message, bad[i].says))
			fail_msg("%s: says '%s', not '%s'", bad[i].sql, st.message, bad[i].says);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(sorting_keeps_equal_rows_and_puts_null_last),
	    TEST(limits_cut_and_say_so),
	    TEST(columns_of_one_name_stay_two),
	    TEST(control_characters_do_not_come_through),
	    TEST(answers_become_curves),
	    TEST(large_numbers_are_counted_in_millions),
	    TEST(what_is_no_curve_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
