/* The tutorial in a terminal: every scene whole, and without an error. */
#include "tests/support/scratch.h"
#include "tests/support/terminal.h"
#include "ui/scene/lessons.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct terminal *
start(const char *option, int rows, int cols)
{
	const char *program = getenv("SPIKESCOPE");
	char *copy = strdup(program ? program : "build/spikescope");
	char *argv[] = {copy, strdup("--no-config"), option ? strdup(option) : NULL, NULL};
	struct terminal *t = terminal_start(argv, "xterm-256color", rows, cols, scratch_folder());

	for (int i = 0; i < 3; i++)
		free(argv[i]);
	assert_non_null(t);
	return t;
}

/* The words of text in their order on the screen's left `columns` cells, however wrapped. */
static bool
shows_words(const char *screen, int columns, const char *text)
{
	char *seen = calloc(strlen(screen) + 2, 1), *words = strdup(text), *at, *rest = words, *word;
	const char *line = screen;
	size_t n = 0;
	bool ok = true;

	while (*line) {
		size_t length = strcspn(line, "\n"), cells = 0;

		for (size_t i = 0; i < length && cells < (size_t)columns; i++) {
			seen[n++] = line[i];
			cells += ((unsigned char)line[i] & 0xc0) != 0x80;
		}
		seen[n++] = ' ';
		line += length + (line[length] == '\n');
	}
	at = seen;
	while (ok && (word = strsep(&rest, " "))) {
		at = strstr(at, word);
		ok = at != NULL;
		at = ok ? at + strlen(word) : seen;
	}
	free(seen);
	free(words);
	return ok;
}

static void
check_scene(struct terminal *t, int number, int columns, bool panes)
{
	const struct lesson *lesson = &lessons[number - 1];
	char head[80];
	const char *screen;

	snprintf(head, sizeof(head), panes ? "tutorial %d/%d" : "%d/%d  ", number, LESSONS);
	assert_true(terminal_wait(t, head));
	assert_true(terminal_wait(t, number < LESSONS ? "Next:" : panes ? "End:" : "last scene"));
	assert_true(terminal_wait_line(t, "(spikescope)"));
	screen = terminal_text(t);
	if (strstr(screen, "error:") || !shows_words(screen, columns, lesson->title) ||
	    !shows_words(screen, columns, lesson->text) || !shows_words(screen, columns, lesson->try))
		fail_msg("scene %d on %d columns:\n%s", number, columns, screen);
}

/* In the panes the scene stands left, whole, at any of these sizes; on lines it is the last that is printed. */
static void
walk_through(int rows, int cols, bool panes)
{
	struct terminal *t = start(panes ? "--example" : NULL, rows, cols);
	int columns = !panes ? cols : cols < 100 ? cols / 2 : cols * 2 / 5;

	assert_true(terminal_wait(t, panes ? "t=1 " : "(spikescope)"));
	for (int i = 1; i <= LESSONS; i++) {
		terminal_type(t, i == 1 ? "tutorial 1\r" : "tutorial\r");
		check_scene(t, i, columns, panes);
	}
	terminal_type(t, "quit\r");
	assert_int_equal(terminal_wait_end(t), 0);
	terminal_free(t);
}

static void
test_panes_of_80x24(void **state)
{
	(void)state;
	walk_through(24, 80, true);
}

static void
test_panes_of_120x40(void **state)
{
	(void)state;
	walk_through(40, 120, true);
}

static void
test_lines_of_80x24(void **state)
{
	(void)state;
	walk_through(24, 80, false);
}

/* The key t of the panes begins it, and goes on. */
static void
test_key(void **state)
{
	struct terminal *t = start("--example", 24, 80);

	(void)state;
	assert_true(terminal_wait(t, "t=1 "));
	terminal_type(t, "\tt");
	assert_true(terminal_wait(t, "tutorial 1/"));
	terminal_type(t, "t");
	assert_true(terminal_wait(t, "tutorial 2/"));
	assert_null(strstr(terminal_text(t), "error:"));
	terminal_type(t, ":quit\r");
	assert_int_equal(terminal_wait_end(t), 0);
	terminal_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_panes_of_80x24), cmocka_unit_test(test_panes_of_120x40),
					   cmocka_unit_test(test_lines_of_80x24), cmocka_unit_test(test_key)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
