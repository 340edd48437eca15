/* The panes in a real terminal: a pty and libvterm. Everything polls for what it expects. */
#include "tests/support/files.h"
#include "tests/support/scratch.h"
#include "tests/support/terminal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROMPT "(spikescope) "

static struct terminal *
start(const char *term, int rows, int cols)
{
	const char *program = getenv("SPIKESCOPE");
	char *copy = strdup(program ? program : "build/spikescope");
	char *argv[] = {copy, strdup("--no-config"), strdup("--example"), NULL};
	struct terminal *t = terminal_start(argv, term, rows, cols, scratch_folder());

	free(argv[0]);
	free(argv[1]);
	free(argv[2]);
	assert_non_null(t);
	return t;
}

static struct terminal *
panes(int rows, int cols)
{
	struct terminal *t = start("xterm-256color", rows, cols);

	assert_true(terminal_wait(t, "t=1 "));
	assert_true(terminal_wait_line(t, PROMPT));
	return t;
}

/* The terminal must be as it was, whatever happened. */
static void
assert_given_back(struct terminal *t, int code)
{
	assert_int_equal(terminal_wait_end(t), code);
	assert_true(terminal_on_main_screen(t));
	assert_true(terminal_is_cooked(t));
	terminal_free(t);
}

static void
test_default_screen(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	assert_true(terminal_wait(t, "attention blocks.0 head 0, t 1/"));
	assert_true(terminal_wait(t, "selected: q 0, k 0"));
	assert_true(terminal_wait(t, "readout"));
	assert_true(terminal_wait(t, "raster "));
	assert_true(terminal_wait(t, "log"));
	assert_true(terminal_wait(t, "┌ model"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_utf8_and_editing(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	terminal_type(t, "# h\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 x");
	assert_true(terminal_wait_line(t, PROMPT "# h\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 x"));
	terminal_type(t,
		      "\033[D\033[D\x7f\x7f!"); /* left twice, two characters back: the blank stays, both ideographs are whole */
	assert_true(terminal_wait_line(t, PROMPT "# h\xc3\xa9 ! x"));
	terminal_type(t, "\x05\x15");
	assert_true(terminal_wait_gone(t, "# h"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_completion_and_history(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "ste\t 2\r");
	assert_true(terminal_wait(t, "t=3 "));
	terminal_type(t, "s\t\t"); /* the choices go to the log */
	assert_true(terminal_wait(t, "session"));
	assert_true(terminal_wait(t, "source"));
	terminal_type(t, "\x15"
			 "break error(blocks.0.mlp.f\t");
	assert_true(terminal_wait_line(t, PROMPT "break error(blocks.0.mlp.fc1"));
	terminal_type(t, "\x15\033[A");
	assert_true(terminal_wait_line(t, PROMPT "step"));
	terminal_type(t, "\x15quit\r");
	assert_given_back(t, 0);
}

static void
test_table_pane(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	terminal_type(t, "query --pane SELECT 3 AS run, 'c' AS name UNION ALL SELECT 1, 'a' UNION ALL SELECT 2, 'b'\r");
	assert_true(terminal_wait(t, "table: 3 rows"));
	assert_true(terminal_wait(t, "  3  c"));
	terminal_type(t, "s"); /* by the first column */
	assert_true(terminal_wait(t, "run \xe2\x86\x91"));
	assert_true(terminal_wait(t, "1  a"));
	terminal_type(t, "s");
	assert_true(terminal_wait(t, "run \xe2\x86\x93"));
	terminal_type(t, "\033[C\033[B\r"); /* a run of the notebook, or that there is none */
	assert_true(terminal_wait_gone(t, "table: 3 rows"));
	terminal_type(t, ":query --pane SELECT 1 AS x\r");
	assert_true(terminal_wait(t, "table: 1 row"));
	terminal_type(t, "q");
	assert_true(terminal_wait_gone(t, "table: 1 row"));
	assert_true(terminal_wait(t, "attention blocks.0"));
	terminal_type(t, ":quit\r");
	assert_given_back(t, 0);
}

static void
test_keys_run_commands(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "\ts"); /* the first pane has the focus; a step */
	assert_true(terminal_wait(t, "t=2 "));
	assert_true(terminal_wait(t, "> step"));
	terminal_type(t, "S");
	assert_true(terminal_wait(t, "t=12 "));
	terminal_type(t, "b");
	assert_true(terminal_wait(t, "t=11 "));
	terminal_type(t, "\t\033OB\033[C");
	assert_true(terminal_wait(t, "selected: q 1, k 1"));
	terminal_type(t, "lh");
	assert_true(terminal_wait(t, "attention blocks.1 head 1"));
	terminal_type(t, "?");
	assert_true(terminal_wait(t, "h head"));
	terminal_type(t, "x");
	assert_true(terminal_wait_gone(t, "h head"));
	terminal_type(t, "o"); /* maximised */
	assert_true(terminal_wait_gone(t, "readout"));
	terminal_type(t, "\033");
	assert_true(terminal_wait(t, "readout"));
	terminal_type(t, ":goto 3\r");
	assert_true(terminal_wait(t, "t=3 "));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_resize_burst(void **state)
{
	struct terminal *t = panes(24, 80);
	int i;

	(void)state;
	for (i = 0; i < 60; i++)
		terminal_resize(t, 3 + i * 7 % 50, 10 + i * 13 % 150);
	terminal_resize(t, 30, 100);
	assert_true(terminal_wait(t, "selected:"));
	terminal_type(t, "goto 2\r");
	assert_true(terminal_wait(t, "t=2 "));
	terminal_resize(t, 2, 20);
	assert_true(terminal_wait_gone(t, "model"));
	terminal_type(t, "step\r");
	assert_true(terminal_wait(t, "t=3 "));
	terminal_resize(t, 1, 10); /* not even room for the line: still there */
	terminal_resize(t, 24, 80);
	assert_true(terminal_wait(t, "┌ model"));
	assert_null(strstr(terminal_text(t), "["
					     "?"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_interrupt(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	terminal_type(t, "half a line");
	assert_true(terminal_wait_line(t, PROMPT "half a line"));
	terminal_type(t, "\x03");
	assert_true(terminal_wait_gone(t, "half a line"));
	terminal_type(t, "step 4000\r");
	assert_true(terminal_wait(t, "Ctrl-C stops"));
	terminal_type(t, "\x03");
	assert_true(terminal_wait_gone(t, "Ctrl-C stops"));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "goto 2\r"); /* what was done is kept, and it goes on */
	assert_true(terminal_wait(t, "t=2 "));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_half_typed_line_survives(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	terminal_type(t, "step 3\x18"
			 "a");
	assert_true(terminal_wait_gone(t, "┌ model"));
	assert_true(terminal_wait_line(t, PROMPT "step 3"));
	terminal_type(t, "\x18"
			 "a"); /* and back */
	assert_true(terminal_wait(t, "┌ model"));
	assert_true(terminal_wait_line(t, PROMPT "step 3"));
	terminal_type(t, "\r");
	assert_true(terminal_wait(t, "t=4 "));
	terminal_type(t, "\tq");
	assert_true(terminal_wait_gone(t, "┌ model"));
	assert_true(terminal_on_main_screen(t));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_suspend_and_resume(void **state)
{
	char *shell[] = {strdup("/bin/bash"), strdup("--norc"), strdup("-i"), NULL};
	struct terminal *t = terminal_start(shell, "xterm-256color", 24, 80, scratch_folder());
	const char *program = getenv("SPIKESCOPE");
	char command[600];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		free(shell[i]);
	snprintf(command, sizeof(command), "%s --no-config --example\r", program ? program : "build/spikescope");
	assert_true(terminal_wait(t, "$"));
	terminal_type(t, command);
	assert_true(terminal_wait(t, "┌ model"));
	terminal_type(t, "ste");
	assert_true(terminal_wait_line(t, PROMPT "ste"));
	terminal_type(t, "\x1a");
	assert_true(terminal_wait(t, "Stopped"));
	assert_true(terminal_on_main_screen(t));
	terminal_resize(t, 30, 100);
	terminal_type(t, "fg\r");
	assert_true(terminal_wait(t, "selected:")); /* the new size was seen */
	assert_true(terminal_wait_line(t, PROMPT "ste"));
	terminal_type(t, "p\r");
	assert_true(terminal_wait(t, "t=2 "));
	terminal_type(t, "quit\r");
	assert_true(terminal_wait_gone(t, "selected:"));
	terminal_type(t, "exit\r");
	assert_given_back(t, 0);
}

static void
test_killed(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	kill(terminal_pid(t), SIGTERM);
	assert_int_not_equal(terminal_wait_end(t), -1);
	assert_true(terminal_on_main_screen(t));
	assert_true(terminal_is_cooked(t));
	terminal_free(t);
	t = panes(24, 80);
	kill(terminal_pid(t), SIGABRT);
	assert_given_back(t, 128 + SIGABRT);
	t = panes(24, 80);
	kill(terminal_pid(t), SIGUSR1);
	assert_given_back(t, 128 + SIGUSR1);
	t = panes(24, 80);
	terminal_type(t, "\x1c"); /* Ctrl-\ */
	assert_given_back(t, 128 + SIGQUIT);
}

static void
test_terminals_that_cannot(void **state)
{
	struct terminal *t = start("dumb", 24, 80);

	(void)state;
	assert_true(terminal_wait(t, "TERM is dumb"));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
	t = start("xterm", 4, 80);
	assert_true(terminal_wait(t, "too small"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_eight_colours(void **state)
{
	struct terminal *t = start("xterm", 24, 80);

	(void)state;
	assert_true(terminal_wait(t, "┌ model"));
	terminal_type(t, "step 3\r");
	assert_true(terminal_wait(t, "t=4 "));
	terminal_type(t, "\x04"); /* the end of input leaves the panes, then the program */
	assert_true(terminal_wait_gone(t, "┌ model"));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "\x04");
	assert_given_back(t, 0);
}

/* The status line, the tree and the selection follow a step that is entered. */
static void
test_sites_and_breakpoints(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "\tn");
	assert_true(terminal_wait(t, "t=1+ patch_embed"));
	terminal_type(t, "nn");
	assert_true(terminal_wait(t, "t=1+ blocks.0.norm1.rsqrt"));
	assert_true(terminal_wait(t, "norm1.rsqrt ◂"));
	terminal_type(t, "b");
	assert_true(terminal_wait_gone(t, "t=1+ "));
	terminal_type(t, ":break t == 4\r");
	assert_true(terminal_wait(t, "enabled"));
	terminal_type(t, "run\r");
	assert_true(terminal_wait(t, "stopped by breakpoint 1"));
	assert_true(terminal_wait(t, "t=4 "));
	terminal_type(t, "break t >> 4\r");
	assert_true(terminal_wait(t, "  break t >> 4"));
	assert_true(terminal_wait(t, "           ^"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

/* Enter looks inside, Esc comes out; what is not in the layout fills the screen. */
static void
test_look_inside(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "\t\t\r"); /* from the attention pane */
	assert_true(terminal_wait(t, "product blocks.0 head 0: q 0 · k 0"));
	assert_true(terminal_wait_gone(t, "readout:"));
	terminal_type(t, "\033[B\033[C"); /* its arrows select too; the steps are read again */
	assert_true(terminal_wait(t, "q 1 · k 1"));
	assert_true(terminal_wait(t, "sum sent"));
	terminal_type(t, "\033");
	assert_true(terminal_wait(t, "selected: q 1, k 1"));
	terminal_type(t, "w");
	terminal_type(t, ":focus raster\r");
	assert_true(terminal_wait(t, "raster "));
	terminal_type(t, "\r");
	assert_true(terminal_wait(t, "┌ neuron "));
	terminal_type(t, "\033\033");
	assert_true(terminal_wait(t, "readout"));
	terminal_type(t, "\x15quit\r");
	assert_given_back(t, 0);
}

/* `/` goes on on the command line; a bound key runs its command; layouts change the panes. */
static void
test_find_bind_layout(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "\t/");
	assert_true(terminal_wait_line(t, PROMPT "find "));
	terminal_type(t, "3.mlp.fc1\r");
	assert_true(terminal_wait(t, "> mlp.fc1"));
	assert_true(terminal_wait(t, "▾ blocks.3"));
	terminal_type(t, "bind x step 5\r\tx");
	assert_true(terminal_wait(t, "t=6 "));
	terminal_type(t, ":layout errors\r");
	assert_true(terminal_wait(t, "residual stream: relative error"));
	assert_true(terminal_wait_gone(t, "attention blocks"));
	terminal_type(t, "layout save mine model | product\r");
	assert_true(terminal_wait(t, "product blocks.3"));
	terminal_type(t, "layout default\r");
	assert_true(terminal_wait(t, "attention blocks.3"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

/* Clicks focus and select, the wheel moves; switched off they do nothing. */
static void
test_mouse(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	/* Columns 23.. and rows 2.. are the first map: its third column and row. */
	terminal_type(t, "\033[<0;28;4M\033[<0;28;4m");
	assert_true(terminal_wait(t, "selected: q 2, k 2"));
	terminal_type(t, "\033[<65;28;4M"); /* wheel down */
	assert_true(terminal_wait(t, "selected: q 3, k 2"));
	terminal_type(t, "\033[<0;5;9M\033[<0;5;9m"); /* a site of the tree */
	assert_true(terminal_wait(t, "blocks.0.attn.q[0]"));
	terminal_type(t, ":set mouse off\r");
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_split_in_panes(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "split delta\r");
	assert_true(terminal_wait(t, "sta and delta"));
	terminal_type(t, "layout errors\r");
	assert_true(terminal_wait(t, "sta − delta"));
	terminal_type(t, "step 2\r");
	assert_true(terminal_wait(t, "other top"));
	terminal_type(t, "\td"); /* one side after the other */
	assert_true(terminal_wait_gone(t, "sta − delta"));
	terminal_type(t, ":split off\r");
	assert_true(terminal_wait_gone(t, "delta "));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

static void
test_tutorial_in_panes(void **state)
{
	struct terminal *t = panes(40, 120);

	(void)state;
	terminal_type(t, "tutorial\r");
	assert_true(terminal_wait(t, "tutorial 1/10"));
	assert_true(terminal_wait(t, "token 0: the class token"));
	terminal_type(t, "\tt");
	assert_true(terminal_wait(t, "tutorial 2/10"));
	terminal_type(t, "\033[D"); /* left: the scene before */
	assert_true(terminal_wait(t, "tutorial 1/10"));
	terminal_type(t, ":tutorial off\r");
	assert_true(terminal_wait(t, "readout"));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

/* A window shrunk to one row while it steps; the run goes on and can be stopped. */
static void
test_shrunk_while_stepping(void **state)
{
	struct terminal *t = panes(24, 80);

	(void)state;
	terminal_type(t, "step 4000\r");
	assert_true(terminal_wait(t, "Ctrl-C stops"));
	terminal_resize(t, 1, 10);
	terminal_resize(t, 3, 10);
	terminal_resize(t, 24, 80);
	assert_true(terminal_wait(t, "Ctrl-C stops"));
	terminal_type(t, "\x03");
	assert_true(terminal_wait(t, "stopped at t = "));
	assert_true(terminal_wait_line(t, PROMPT));
	terminal_type(t, "quit\r");
	assert_given_back(t, 0);
}

/* Ended from outside in the middle of a run: the terminal is given back, and the next
 * start finds the run as it stood. */
static void
ended_by(int signal, const char *status)
{
	struct terminal *t = panes(24, 80);

	terminal_type(t, "step 4000\r");
	assert_true(terminal_wait(t, "Ctrl-C stops"));
	kill(terminal_pid(t), signal);
	assert_int_not_equal(terminal_wait_end(t), -1);
	assert_true(terminal_on_main_screen(t));
	assert_true(terminal_is_cooked(t));
	terminal_free(t);
	t = panes(24, 80);
	terminal_type(t,
		      "query SELECT kind, status, (SELECT count(*) > 0 FROM run_metrics WHERE run_id = r.id) AS kept FROM runs "
		      "AS r WHERE kind = 'step' ORDER BY id DESC LIMIT 1\r");
	assert_true(terminal_wait(t, status));
	terminal_type(t, "q");
	terminal_type(t, "\x15quit\r");
	assert_int_not_equal(terminal_wait_end(t), -1);
	terminal_free(t);
}

static void
test_runs_are_kept(void **state)
{
	(void)state;
	ended_by(SIGTERM, "cancelled");
	ended_by(SIGHUP, "cancelled");
	ended_by(SIGSEGV, "interrupted");
}

/* No colour, no Unicode: the same panes in ASCII. */
static void
test_plain_terminal(void **state)
{
	struct terminal *t;

	(void)state;
	terminal_locale("C");
	t = start("vt100", 24, 80);
	terminal_locale(NULL);
	assert_true(terminal_wait(t, "+ model"));
	assert_true(terminal_wait(t, "|ANN-SNN|"));
	terminal_type(t, "\ts");
	assert_true(terminal_wait(t, "t=2 "));
	terminal_type(t, ":quit\r");
	assert_given_back(t, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default_screen),
	    cmocka_unit_test(test_utf8_and_editing),
	    cmocka_unit_test(test_completion_and_history),
	    cmocka_unit_test(test_table_pane),
	    cmocka_unit_test(test_keys_run_commands),
	    cmocka_unit_test(test_resize_burst),
	    cmocka_unit_test(test_interrupt),
	    cmocka_unit_test(test_half_typed_line_survives),
	    cmocka_unit_test(test_suspend_and_resume),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_terminals_that_cannot),
	    cmocka_unit_test(test_eight_colours),
	    cmocka_unit_test(test_sites_and_breakpoints),
	    cmocka_unit_test(test_look_inside),
	    cmocka_unit_test(test_find_bind_layout),
	    cmocka_unit_test(test_mouse),
	    cmocka_unit_test(test_split_in_panes),
	    cmocka_unit_test(test_tutorial_in_panes),
	    cmocka_unit_test(test_shrunk_while_stepping),
	    cmocka_unit_test(test_runs_are_kept),
	    cmocka_unit_test(test_plain_terminal),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
