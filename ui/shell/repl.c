#include "ui/shell/repl.h"

#include "spikescope.h"
#include "ui/output/answer.h"
#include "ui/panes/screen.h"
#include "ui/workbench/paths.h"

#include <fcntl.h>
#include <stdio.h>

#include <readline/history.h>
#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HISTORY_LINES = 2000, ROWS_LEAST = 2, COLUMNS_LEAST = 16 };

static const char prompt[] = "(spikescope) ";

/* readline has one state for the whole program, and so has its loop. */
static struct {
	struct app *app;
	char *pending;  /* a half-typed line to put back */
	bool panes_key; /* C-x a was typed */
	bool in_panes;
	int loaded; /* history lines that came from the file */
} repl;

/* --- history -------------------------------------------------------------- */

static void
history_load(void)
{
	char *path = path_history();

	using_history();
	stifle_history(HISTORY_LINES);
	if (path)
		read_history(path);
	repl.loaded = history_length;
	free(path);
}

/* Appends what is new, so that several programs may share the file. */
static void
history_save(void)
{
	char *path = path_history();
	int fresh = history_length - repl.loaded;

	if (path && fresh > 0 && path_make_parents(path)) {
		/* append_history() wants it to be there, and nobody else is to read it. */
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		if (fd >= 0)
			close(fd);
		append_history(fresh, path);
		history_truncate_file(path, HISTORY_LINES);
	}
	free(path);
}

const char *
repl_history(int index)
{
	HIST_ENTRY *entry = repl.app ? history_get(history_base + index) : NULL;

	return entry ? entry->line : NULL;
}

void
repl_remember(const char *line)
{
	const HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;

	if (repl.app && line[strspn(line, " \t")] && !(last && strcmp(last->line, line) == 0))
		add_history(line);
}

/* --- keys ----------------------------------------------------------------- */

/* Puts the half-typed line back, on the REPL's line or the panes'. */
static int
insert_pending(void)
{
	if (repl.pending)
		rl_insert_text(repl.pending);
	free(repl.pending);
	repl.pending = NULL;
	return 0;
}

/* readline cannot draw where not even the prompt has room: it then draws as if there was some. A terminal that has
 * changed its size has left the cursor on the line. */
static void
redisplay(void)
{
	static int last;
	int rows, columns;

	rl_get_screen_size(&rows, &columns);
	if (last > 0 && columns != last)
		fputs("\r", rl_outstream);
	last = columns;
	if (rows < ROWS_LEAST || columns < COLUMNS_LEAST)
		rl_set_screen_size(rows < ROWS_LEAST ? ROWS_LEAST : rows, columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns);
	rl_redisplay();
}

/* Ctrl-C on the command line: an empty line. */
static int
signal_seen(void)
{
	if (!atomic_exchange(&repl.app->cancel, false))
		return 0;
	rl_free_line_state(); /* draws the old line once more */
	fputs("\r\n", rl_outstream);
	rl_replace_line("", 0);
	rl_on_new_line();
	redisplay();
	return 0;
}

static int
key_panes(int count, int key)
{
	(void)count;
	(void)key;
	free(repl.pending);
	repl.pending = strdup(rl_line_buffer);
	repl.panes_key = true;
	rl_replace_line("", 0);
	rl_done = 1;
	return 0;
}

static void
setup_readline(struct app *app)
{
	rl_readline_name = "spikescope";
	rl_change_environment = 0;
	rl_attempted_completion_function = repl_complete;
	rl_completer_word_break_characters = " \t\n\"'=";
	rl_completer_quote_characters = "\"'";
	rl_filename_quote_characters = " \t\\\"'#";
	rl_startup_hook = insert_pending;
	rl_signal_event_hook = signal_seen;
	repl_complete_for(app);
	rl_redisplay_function = redisplay;
	rl_initialize();
	rl_bind_keyseq("\\C-xa", key_panes);
}

/* --- the loop ------------------------------------------------------------- */

bool
repl_panes(struct app *app, struct status *st)
{
	bool ok;

	if (!repl.app || repl.in_panes)
		return status_fail(st, STATUS_FAILED,
				   repl.in_panes ? "the panes are shown already; q leaves them"
						 : "panes need a terminal; type: view overview");
	repl.in_panes = true;
	ok = screen_run(app, prompt, &repl.pending, st);
	repl.in_panes = false;
	return ok;
}

static enum status_code
one_line(struct app *app)
{
	enum status_code code = STATUS_OK;
	char *line = readline(prompt);

	if (repl.panes_key) {
		repl.panes_key = false;
		code = app_execute(app, "panes");
	} else if (!line) {
		fputc('\n', stdout);
		app->quit = true;
	} else {
		repl_remember(line);
		log_add(&app->log, LOG_COMMAND, line, strlen(line));
		code = app_typed(app, line);
	}
	free(line);
	return code;
}

/* Two lines for who comes: what to type first, and what can be gone on with. */
static void
say_hello(struct app *app)
{
	struct query query = {
	    .sql = "SELECT s.name, coalesce((SELECT model FROM v_runs WHERE session = s.name AND model IS NOT NULL "
		   "ORDER BY run DESC LIMIT 1), '') FROM session_states AS t JOIN sessions AS s ON s.id = "
		   "t.session_id ORDER BY t.id DESC LIMIT 1"};
	struct status none = {0};
	struct answer *a = answer_ask(app, &query, 1, &none);
	char name[80], model[80];

	app_say(app, "spikescope %s: type help, or tutorial (ten scenes); panes shows all; q leaves", SPIKESCOPE_VERSION);
	if (a && a->rows > 0) {
		answer_text(a, answer_at(a, 0, 0), 0, name, sizeof(name));
		answer_text(a, answer_at(a, 0, 1), 1, model, sizeof(model));
		app_say(app, "session resume goes on with %s%s%s", name, *model ? ", " : "", model);
	} else {
		app_say(app, "to begin: load FOLDER, data FOLDER, convert, step; the words: help words");
	}
	answer_free(a);
}

enum status_code
repl_run(struct app *app, bool panes)
{
	enum status_code code = STATUS_OK;

	repl.app = app;
	app->interactive = true;
	setup_readline(app);
	history_load();
	if (panes)
		app_execute(app, "panes");
	else
		say_hello(app);
	while (!app->quit)
		code = one_line(app);
	history_save();
	free(repl.pending);
	repl.pending = NULL;
	repl.app = NULL;
	return code;
}
