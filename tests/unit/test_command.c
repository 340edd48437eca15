/* The command line: words, prefixes, options, faults, and the table itself. */
#include "ui/shell/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct call call;
static struct fault fault;
static struct status st;

static bool
parse(const char *line)
{
	status_clear(&st);
	return call_parse(&call, line, &fault, &st);
}

static void
parse_well(const char *line, const char *name)
{
	if (!parse(line))
		fail_msg("%s: %s", line, st.message);
	assert_non_null(call.info);
	assert_string_equal(call.info->name, name);
}

/* A wrong line whose message holds all of `holds` and whose caret is at `at`. */
static void
parse_ill(const char *line, const char *holds, size_t at)
{
	assert_false(parse(line));
	assert_int_equal(st.code, STATUS_USAGE);
	if (!strstr(st.message, holds))
		fail_msg("%s: \"%s\" does not hold \"%s\"", line, st.message, holds);
	assert_int_equal(fault.at, at);
	call_done(&call);
}

static void
test_empty_lines_and_comments_are_no_command(void **state)
{
	static const char *const lines[] = {"", "   ", "# step 4", "  \t# 'unclosed"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(parse(lines[i]));
		assert_null(call.info);
		call_done(&call);
	}
}

static void
test_prefixes_are_taken_when_they_are_unambiguous(void **state)
{
	(void)state;
	parse_well("ste 4", "step");
	assert_int_equal(call_arg_int(&call, 0, 1), 4);
	call_done(&call);
	parse_well("ug f gelu --hid 8 --ran -4,4", "ugo fit");
	assert_int_equal(call_int(&call, "hidden", 0), 8);
	assert_string_equal(call_text(&call, "range"), "-4,4");
	call_done(&call);
	/* A whole name wins over the longer ones that start with it. */
	parse_well("set", "set");
	call_done(&call);
	parse_ill("s 4", "step", 0);
	parse_ill("session op x --n", "no option", 13);
}

static void
test_unknown_words_name_the_nearest(void **state)
{
	(void)state;
	parse_ill("stpe 4", "did you mean \"step\"", 0);
	parse_ill("  flurb", "type: help", 2);
	parse_ill("ugo fti gelu", "did you mean \"fit\"", 4);
	parse_ill("session", "new, open, resume, list or note", 0);
	parse_ill("eval --ttt 4", "no option --ttt", 5);
}

static void
test_quotes_and_backslashes_keep_blanks(void **state)
{
	(void)state;
	parse_well("load 'a b'", "load");
	assert_string_equal(call.arg[0], "a b");
	call_done(&call);
	parse_well("load \"a \\\"b\\\"\"c\\ d", "load");
	assert_string_equal(call.arg[0], "a \"b\"c d");
	call_done(&call);
	parse_well("load 'a\\b'", "load");
	assert_string_equal(call.arg[0], "a\\b");
	call_done(&call);
	parse_well("load ''", "load");
	assert_string_equal(call.arg[0], "");
	call_done(&call);
	parse_ill("load 'a b", "quote", 5);
}

static void
test_options_take_values_after_blank_or_equals(void **state)
{
	(void)state;
	parse_well("convert --recipe=sta --T 16 --percentile 99.5", "convert");
	assert_string_equal(call_text(&call, "recipe"), "sta");
	assert_int_equal(call_int(&call, "T", 32), 16);
	assert_true(call_real(&call, "percentile", 0) == 99.5);
	assert_false(call_has(&call, "hidden"));
	assert_int_equal(call_int(&call, "hidden", 7), 7);
	call_done(&call);
	parse_well("save --force -- --odd.svg", "save");
	assert_true(call_has(&call, "force"));
	assert_string_equal(call.arg[0], "--odd.svg");
	call_done(&call);
	parse_well("load '--quoted'", "load");
	assert_string_equal(call.arg[0], "--quoted");
	call_done(&call);
	parse_ill("save a.svg --force=yes", "takes no value", 11);
	parse_ill("convert --T", "needs a value", 8);
}

static void
test_values_are_checked_where_they_stand(void **state)
{
	(void)state;
	parse_ill("step four", "whole number from 1 to 4096", 5);
	parse_ill("step 0", "from 1", 5);
	parse_ill("step 99999999999999999999", "whole number", 5);
	parse_ill("convert --T 4x", "--T must be", 12);
	parse_ill("convert --percentile nan", "number", 21);
	parse_ill("ugo fit gelu --range 4,-4", "LO below HI", 21);
	parse_ill("eval 5 --t 4,2", "ascending", 11);
	parse_ill("view overview --size 80", "COLSxROWS", 21);
	parse_ill("print x --what valeu", "value, reference", 15);
	parse_ill("print x --at 1,,2", "index", 13);
	parse_ill("step 1 2", "one word too many", 7);
	parse_ill("load", "PATH is missing", 4);
}

static void
test_sql_is_the_rest_of_the_line(void **state)
{
	(void)state;
	parse_well("query SELECT 'it''s', \"a  b\" --x", "query");
	assert_string_equal(call.arg[0], "SELECT 'it''s', \"a  b\" --x");
	assert_int_equal(call.args, 1);
	call_done(&call);
	parse_well("query \"SELECT 1\"", "query");
	assert_string_equal(call.arg[0], "SELECT 1");
	call_done(&call);
	parse_well("session note it's fine  ", "session note");
	assert_string_equal(call.arg[0], "it's fine");
	call_done(&call);
}

static void
test_too_many_words_are_refused(void **state)
{
	char line[1000] = "help";

	(void)state;
	for (int i = 0; i < CALL_WORDS; i++)
		strcat(line, " a");
	assert_false(parse(line));
	assert_int_equal(st.code, STATUS_USAGE);
	call_done(&call);
}

static void
test_values_parse(void **state)
{
	int list[4], columns, rows;
	double lo, hi;

	(void)state;
	assert_int_equal(value_ints("4,8,16", list, 4, 1, 99, true), 3);
	assert_int_equal(list[2], 16);
	assert_int_equal(value_ints("4,8,8", list, 4, 1, 99, true), -1);
	assert_int_equal(value_ints("1,2,3,4,5", list, 4, 1, 99, true), -1);
	assert_int_equal(value_ints("4,", list, 4, 1, 99, true), -1);
	assert_true(value_size("80x24", &columns, &rows) && columns == 80 && rows == 24);
	assert_false(value_size("80x", &columns, &rows));
	assert_false(value_size("0x24", &columns, &rows));
	assert_false(value_size("80x24x2", &columns, &rows));
	assert_true(value_range("-4,1e3", &lo, &hi) && lo == -4 && hi == 1000);
	assert_false(value_range("1,inf", &lo, &hi));
	assert_int_equal(value_choice("js", format_names), FORMAT_JSON);
	assert_int_equal(value_choice("", format_names), -1);
}

static void
test_every_command_is_documented_by_an_example_that_parses(void **state)
{
	(void)state;
	for (const struct command_info *i = command_table; i->name; i++) {
		assert_non_null(i->run);
		assert_true(i->summary && *i->summary);
		assert_true(i->text && *i->text);
		assert_true((int)i->class < CLASSES);
		parse_well(i->example, i->name);
		call_done(&call);
	}
}

static void
test_every_list_of_the_table_ends(void **state)
{
	(void)state;
	for (const struct command_info *i = command_table; i->name; i++) {
		assert_null(i->option[COMMAND_OPTIONS - 1].name);
		assert_null(i->arg[COMMAND_ARGS - 1].name);
		for (const struct option_info *o = i->option; o->name; o++) {
			assert_true(o->help && *o->help);
			assert_int_equal(o->kind == VALUE_NONE, o->value == NULL);
			assert_int_equal(o->kind == VALUE_CHOICE, o->choices != NULL);
			if (o->kind == VALUE_INT || o->kind == VALUE_REAL || o->kind == VALUE_INTS)
				assert_true(o->lo < o->hi);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_lines_and_comments_are_no_command),
	    cmocka_unit_test(test_prefixes_are_taken_when_they_are_unambiguous),
	    cmocka_unit_test(test_unknown_words_name_the_nearest),
	    cmocka_unit_test(test_quotes_and_backslashes_keep_blanks),
	    cmocka_unit_test(test_options_take_values_after_blank_or_equals),
	    cmocka_unit_test(test_values_are_checked_where_they_stand),
	    cmocka_unit_test(test_sql_is_the_rest_of_the_line),
	    cmocka_unit_test(test_too_many_words_are_refused),
	    cmocka_unit_test(test_values_parse),
	    cmocka_unit_test(test_every_command_is_documented_by_an_example_that_parses),
	    cmocka_unit_test(test_every_list_of_the_table_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
