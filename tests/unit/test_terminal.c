/* The gate before a terminal: what passes, what does not, wherever the pieces are cut. */
#include "ui/output/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In pieces of n bytes; the caller frees. */
static char *
pass(const char *text, size_t size, bool colors, size_t n)
{
	struct terminal_gate gate = {0};
	size_t length;
	char *out;
	FILE *to = open_memstream(&out, &length);

	assert_non_null(to);
	for (size_t at = 0; at < size; at += n)
		assert_true(terminal_write(&gate, to, colors, text + at, size - at < n ? size - at : n));
	assert_true(terminal_end(&gate, to));
	fclose(to);
	assert_int_equal(strlen(out), length);
	return out;
}

static void
expect(const char *text, size_t size, bool colors, const char *wanted)
{
	for (size_t n = 1; n <= size; n++) {
		char *out = pass(text, size, colors, n);

		if (strcmp(out, wanted) != 0)
			fail_msg("in pieces of %zu: '%s' and not '%s'", n, out, wanted);
		free(out);
	}
}

#define EXPECT(text, colors, wanted) expect(text, sizeof(text) - 1, colors, wanted)

static void
text_passes(void **state)
{
	(void)state;
	EXPECT("plain\ttext\n", true, "plain\ttext\n");
	EXPECT("\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80 \xe2\x96\x88", true,
	       "\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80 \xe2\x96\x88");
}

static void
colours_pass_where_they_are_wanted(void **state)
{
	(void)state;
	EXPECT("\033[1;31mred\033[0m\033[m", true, "\033[1;31mred\033[0m\033[m");
	EXPECT("\033[1;31mred\033[0m", false, "\\x1b[1;31mred\\x1b[0m");
}

static void
what_drives_a_terminal_does_not_pass(void **state)
{
	(void)state;
	EXPECT("\033]0;title\007", true, "\\x1b]0;title\\x07");
	EXPECT("\033[2J\033[H\033c", true, "\\x1b[2J\\x1b[H\\x1bc");
	EXPECT("\033[38;5;1H", true, "\\x1b[38;5;1H");
	EXPECT("a\r\b\x7f", true, "a\\x0d\\x08\\x7f");
	EXPECT("\xc2\x9b"
	       "31m",
	       true, "\\xc2\\x9b31m");
	EXPECT("\x9b\xff\xc0\xaf", true, "\\x9b\\xff\\xc0\\xaf");
	EXPECT("a\0b", true, "a\\x00b");
	EXPECT("\xe6\xbc", true, "\\xe6\\xbc");
	EXPECT("\033", true, "\\x1b");
	EXPECT("\033[", true, "\\x1b\\x5b");
	EXPECT("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15m", true, "\\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15m");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_passes),
	    cmocka_unit_test(colours_pass_where_they_are_wanted),
	    cmocka_unit_test(what_drives_a_terminal_does_not_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
