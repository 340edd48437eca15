/* Results in four formats, and the log. */
#include "ui/output/output.h"
#include "ui/scene/log.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *
printed(struct output *o, enum output_format format)
{
	struct status st = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	if (!output_print(o, format, file, &st))
		fail_msg("%s", st.message);
	fclose(file);
	return text;
}

static void
expect(struct output *o, enum output_format format, const char *wanted)
{
	char *text = printed(o, format);

	assert_string_equal(text, wanted);
	free(text);
}

static void
fill(struct output *o)
{
	output_init(o);
	output_int(o, "t", 2);
	output_table(o, "top");
	output_row(o);
	output_text(o, "label", "日本");
	output_real(o, "probability", 0.5);
	output_row(o);
	output_text(o, "label", "a|\"b\",c");
	output_real(o, "probability", NAN);
	output_end(o);
	output_text(o, "note", NULL);
}

static void
test_json_keeps_the_order_on_one_line(void **state)
{
	struct output o;

	(void)state;
	fill(&o);
	expect(&o, FORMAT_JSON,
	       "{\"t\":2,\"top\":[{\"label\":\"日本\",\"probability\":0.5},"
	       "{\"label\":\"a|\\\"b\\\",c\",\"probability\":null}],\"note\":null}\n");
}

static void
test_csv_is_the_table_or_the_values(void **state)
{
	struct output o;

	(void)state;
	fill(&o);
	expect(&o, FORMAT_CSV, "label,probability\n日本,0.5\n\"a|\"\"b\"\",c\",\n");
	output_init(&o);
	output_int(&o, "a", 1);
	output_text(&o, "b", "x\ny");
	expect(&o, FORMAT_CSV, "a,b\n1,\"x\ny\"\n");
}

static void
test_tables_align_by_cells(void **state)
{
	struct output o;

	(void)state;
	fill(&o);
	expect(&o, FORMAT_TABLE,
	       "t     2\n"
	       "label    probability\n"
	       "日本          50.00%\n"
	       "a|\"b\",c            -\n"
	       "note  -\n");
}

static void
test_markdown_escapes_bars(void **state)
{
	struct output o;

	(void)state;
	fill(&o);
	expect(&o, FORMAT_MARKDOWN,
	       "| label | probability |\n| --- | ---: |\n| 日本 | 50.00% |\n| a\\|\"b\",c | - |\n\n"
	       "| name | value |\n| --- | --- |\n| t | 2 |\n| note | - |\n");
}

static void
test_floats_read_back_exactly(void **state)
{
	/* Between 1000 and 1024 eight digits tell fewer numbers apart than floats do. */
	static const float values[] = {0.1f, 1000.00006f, 1000.00012f, 1000.00018f, 1e-38f, -3.4028235e38f, 1.17549435e-38f, 0};
	enum { COUNT = sizeof(values) / sizeof(values[0]) };
	struct output o;
	char *text, *at;

	(void)state;
	output_init(&o);
	output_floats(&o, "v", values, COUNT);
	text = printed(&o, FORMAT_JSON);
	at = strchr(text, '[') + 1;
	for (int i = 0; i < COUNT; i++) {
		float back = strtof(at, &at);

		assert_memory_equal(&back, &values[i], sizeof(back));
		at++;
	}
	free(text);
}

static void
test_doubles_read_back_exactly_when_asked(void **state)
{
	struct output o;
	char *text;

	(void)state;
	output_init(&o);
	o.precision = 17;
	output_real(&o, "v", 0.1 + 0.2);
	text = printed(&o, FORMAT_JSON);
	assert_true(strtod(strchr(text, ':') + 1, NULL) == 0.1 + 0.2);
	free(text);
}

static void
test_strings_that_are_not_utf8_are_escaped(void **state)
{
	struct output o;

	(void)state;
	output_init(&o);
	output_text(&o, "v", "a\xff");
	expect(&o, FORMAT_JSON, "{\"v\":\"a\\\\xff\"}\n");
	output_init(&o);
	output_text(&o, "v", "a\033[31m");
	expect(&o, FORMAT_TABLE, "v  a\\x1b[31m\n");
}

static void
test_numbers_have_their_units(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(output_human("ann_accuracy", 0.871, text, sizeof(text)), "87.10%");
	assert_string_equal(output_human("seconds", 0.00285, text, sizeof(text)), "2.85 ms");
	assert_string_equal(output_human("seconds", 250, text, sizeof(text)), "250 s");
	assert_string_equal(output_human("state_bytes", 1560000, text, sizeof(text)), "1.56 MB");
	assert_string_equal(output_human("spikes", 41234, text, sizeof(text)), "41.2k");
	assert_string_equal(output_human("rmse", INFINITY, text, sizeof(text)), "!");
	/* "inaccuracy" is not an accuracy. */
	assert_string_equal(output_human("inaccuracy", 0.5, text, sizeof(text)), "0.5");
}

static void
test_width_counts_cells(void **state)
{
	(void)state;
	assert_int_equal(output_width("abc"), 3);
	assert_int_equal(output_width("日本"), 4);
	assert_int_equal(output_width("e\xcc\x81"), 1);
	assert_int_equal(output_width("\xff"), 1);
}

static void
test_the_log_is_a_ring_without_colours(void **state)
{
	static struct log log;
	char line[32];

	(void)state;
	log_add(&log, LOG_RESULT, "one\n\033[31mtwo\033[0m\t\n", 18);
	assert_int_equal(log.count, 2);
	assert_string_equal(log_at(&log, 0)->text, "one");
	assert_string_equal(log_at(&log, 1)->text, "two\\x09");
	for (int i = 0; i < LOG_LINES; i++)
		log_add(&log, LOG_NOTE, line, (size_t)snprintf(line, sizeof(line), "%d", i));
	assert_int_equal(log.count, LOG_LINES);
	assert_string_equal(log_at(&log, 0)->text, "0");
	assert_string_equal(log_at(&log, LOG_LINES - 1)->text, "999");
	assert_null(log_at(&log, LOG_LINES));
	log_done(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_keeps_the_order_on_one_line),
	    cmocka_unit_test(test_csv_is_the_table_or_the_values),
	    cmocka_unit_test(test_tables_align_by_cells),
	    cmocka_unit_test(test_markdown_escapes_bars),
	    cmocka_unit_test(test_floats_read_back_exactly),
	    cmocka_unit_test(test_doubles_read_back_exactly_when_asked),
	    cmocka_unit_test(test_strings_that_are_not_utf8_are_escaped),
	    cmocka_unit_test(test_numbers_have_their_units),
	    cmocka_unit_test(test_width_counts_cells),
	    cmocka_unit_test(test_the_log_is_a_ring_without_colours),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
