/* The UGO laboratory in a real terminal: arrow keys walk the knots, other keys move them. */
#include "tests/support/scratch.h"
#include "tests/support/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROMPT "(spikescope) "

static void
test_knots(void **state)
{
	const char *program = getenv("SPIKESCOPE");
	char *argv[] = {strdup(program ? program : "build/spikescope"), strdup("--no-config"), strdup("--example"), NULL};
	struct terminal *t;

	(void)state;
	scratch_make();
	t = terminal_start(argv, "xterm-256color", 40, 120, scratch_folder());
	assert_non_null(t);
	assert_true(terminal_wait(t, "t=1 "));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "layout laboratory\rugo sweep gelu --hidden 4,8,16 --T 4,8\rugo fit gelu --hidden 8 --name mine\r");
	assert_true(terminal_wait(t, "UGO mine"));
	assert_true(terminal_wait(t, "± limit"));
	assert_true(terminal_wait(t, "error by size: gelu"));
	assert_true(terminal_wait(t, "on the front"));
	assert_true(terminal_wait(t, "not observed yet: ugo observe"));
	terminal_type(t, "\t\033OC\033OC"); /* into the first pane; right, twice */
	assert_true(terminal_wait(t, "knot 2 of 8"));
	terminal_type(t, "\033OD");
	assert_true(terminal_wait(t, "knot 1 of 8"));
	terminal_type(t, "\033OF"); /* End */
	assert_true(terminal_wait(t, "knot 8 of 8"));
	terminal_type(t, "+");
	assert_true(terminal_wait(t, "moved: rmse +"));
	terminal_type(t, "?");
	assert_true(terminal_wait(t, "raise, lower the knot"));
	terminal_type(t, "x:ugo observe\r");
	assert_true(terminal_wait(t, "Esc back to the panes")); /* the answer is longer than the log */
	terminal_type(t, "\033");
	assert_true(terminal_wait_gone(t, "not observed yet"));
	assert_true(terminal_wait(t, "inputs of 64 pictures"));
	terminal_type(t, "quit\r");
	assert_int_equal(terminal_wait_end(t), 0);
	terminal_free(t);
	scratch_remove();
	for (int i = 0; argv[i]; i++)
		free(argv[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_knots)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
