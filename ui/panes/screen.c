/* The bridge: curses reads the keys, readline edits the line. */
#include "ui/panes/screen.h"

#include "base/timing.h"
#include "ui/panes/panes.h"
#include "ui/panes/screen_guard.h"
#include "ui/workbench/show.h"

#include <curses.h>
/* Both headers define these. */
#undef CTRL
#undef ESC
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <time.h>
#include <unistd.h>
#undef CTRL

enum {
	RING = 4096,
	FRAME_MS = 16, /* between drawings: keys that come faster share one */
	PROGRESS_MS = 50
};
static const double busy_shown_after = 0.25; /* seconds */

/* What readline was told before the panes came. */
struct readline_hooks {
	rl_getc_func_t *getc;
	rl_hook_func_t *available, *signal_event;
	rl_voidfunc_t *redisplay, *deprep;
	rl_vintfunc_t *prep;
	rl_compdisp_func_t *matches;
	rl_command_func_t *panes_key;
	FILE *out;
	int catch_signals, catch_sigwinch;
};

/* Curses and readline have one state for the whole program, and so have the panes. */
static struct {
	struct app *app;
	struct panes *panes;
	struct canvas canvas;
	SCREEN *terminal;
	const char *prompt;
	unsigned char ring[RING];
	size_t head, tail;
	bool dirty, prefix; /* prefix: C-x was typed in a pane */
	bool mouse;         /* is reported */
	double drawn;       /* when; seconds */
	unsigned serial;    /* of the program when it was drawn */
	struct readline_hooks saved;
	FILE *null;
	char leave_text[256]; /* what gives the terminal back */
	double busy_since;    /* when what runs first reported; 0: nothing does */
} screen;

/* --- the terminal --------------------------------------------------------- */

static void
add_capability(const char *name)
{
	const char *text = tigetstr(name);

	if (text && text != (const char *)-1)
		strncat(screen.leave_text, text, sizeof(screen.leave_text) - strlen(screen.leave_text) - 1);
}

static struct canvas_style
screen_style(void)
{
	struct canvas_style style = show_style(screen.app, stdout);

	if (style.palette != PALETTE_NONE)
		style.palette = !has_colors()                                 ? PALETTE_NONE
				: COLORS >= 256 && style.palette != PALETTE_8 ? PALETTE_256
									      : PALETTE_8;
	return style;
}

/* Can this terminal show panes? */
static bool
terminal_will_do(struct status *st)
{
	const char *term = getenv("TERM");
	struct winsize size;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return status_fail(st, STATUS_FAILED, "panes need a terminal; type: view overview");
	if (!term || !*term || strcmp(term, "dumb") == 0)
		return status_fail(st, STATUS_FAILED,
				   "panes need a terminal that can move its cursor (TERM is %s); type: view overview",
				   term && *term ? term : "not set");
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    (size.ws_col < LAYOUT_MIN_W || size.ws_row < LAYOUT_MIN_H))
		return status_fail(st, STATUS_FAILED, "the terminal is too small for panes (%dx%d, %dx%d is the least)",
				   size.ws_col, size.ws_row, LAYOUT_MIN_W, LAYOUT_MIN_H);
	return true;
}

static void
curses_modes(void)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	/* Some terminals send these whatever mode they are told. */
	define_key("\033[A", KEY_UP);
	define_key("\033[B", KEY_DOWN);
	define_key("\033[C", KEY_RIGHT);
	define_key("\033[D", KEY_LEFT);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
}

static void
follow_mouse_setting(void)
{
	screen.mouse = screen.panes->mouse;
	mousemask(screen.mouse ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

static void
at_exit(void)
{
	if (screen.terminal)
		endwin();
}

static bool
curses_start(struct status *st)
{
	static bool registered;

	if (!terminal_will_do(st))
		return false;
	use_env(TRUE);
	use_tioctl(TRUE);
	screen.terminal = newterm(NULL, stdout, stdin);
	if (!screen.terminal)
		return status_fail(st, STATUS_FAILED, "the terminal '%.40s' is not known here; set TERM to one that is",
				   getenv("TERM"));
	curses_modes();
	mouseinterval(0);
	follow_mouse_setting();
	/* Reports of clicks must not come to the shell. */
	if (tigetstr("kmous") && tigetstr("kmous") != (const char *)-1)
		strcat(screen.leave_text, "\033[?1006l\033[?1000l");
	add_capability("sgr0");
	add_capability("cnorm");
	add_capability("rmkx");
	add_capability("rmcup");
	guard_terminal(screen.leave_text);
	if (!registered)
		registered = atexit(at_exit) == 0;
	return true;
}

static void
curses_stop(void)
{
	guard_terminal(NULL);
	endwin();
	delscreen(screen.terminal);
	screen.terminal = NULL;
}

/* --- drawing -------------------------------------------------------------- */

static void
draw(void)
{
	struct command_line line = {screen.prompt, rl_line_buffer, (size_t)rl_point};
	int x, y;

	if (rl_display_prompt && *rl_display_prompt)
		line.prompt = rl_display_prompt;
	if (!canvas_init(&screen.canvas, COLS, LINES, screen_style()))
		return;
	screen.app->history_wanted = false;
	panes_draw(screen.panes, screen.app, &screen.canvas, &line, &x, &y);
	canvas_curses_show(&screen.canvas);
	curs_set(y >= 0);
	if (y >= 0)
		move(y < LINES ? y : LINES - 1, x < COLS ? x : COLS - 1);
	refresh();
	screen.drawn = timing_now();
	screen.dirty = false;
}

/* Between keys: one more step of the history that a view has asked for. */
static void
read_on(void)
{
	struct app *app = screen.app;
	struct status st = {0};
	bool more = false;

	if (app->walk && app->history && !history_ready(app->history, app->walk))
		more = history_advance(app->history, app->walk, 1, &st) && !history_ready(app->history, app->walk);
	else if (app->split.walk && app->split.history && !history_ready(app->split.history, app->split.walk))
		more = history_advance(app->split.history, app->split.walk, 1, &st);
	if (more)
		return;
	app->history_wanted = false;
	screen.dirty = true;
}

static void
follow_size(void)
{
	struct winsize size;

	guard_seen.size = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	resizeterm(size.ws_row, size.ws_col);
	rl_set_screen_size(size.ws_row, size.ws_col);
	clearok(curscr, TRUE);
	screen.dirty = true;
}

static void
stop_until_continued(void)
{
	guard_seen.stop = 0;
	def_prog_mode();
	endwin();
	guard_terminal(NULL);
	guard_stop();
	reset_prog_mode();
	guard_terminal(screen.leave_text);
	follow_size();
	clearok(curscr, TRUE);
	screen.dirty = true;
}

/* Signals other than Ctrl-C, which means different things while a command runs. */
static void
serve_signals(void)
{
	guard_drain();
	if (guard_seen.stop)
		stop_until_continued();
	if (guard_seen.size)
		follow_size();
	if (guard_seen.end)
		screen.app->quit = true;
}

/* A command reports how far it is. A short one is not worth a picture. */
static void
while_running(void *ctx, const char *what, double done, double total)
{
	(void)ctx;
	serve_signals();
	if (screen.busy_since == 0)
		screen.busy_since = timing_now();
	if (timing_now() - screen.busy_since < busy_shown_after || timing_now() - screen.drawn < PROGRESS_MS / 1000.0)
		return;
	snprintf(screen.panes->doing, sizeof(screen.panes->doing), "%s %.0f/%.0f", what, done, total);
	draw();
}

static void
end_busy(void)
{
	screen.panes->doing[0] = '\0';
	screen.busy_since = 0;
	screen.dirty = true;
}

/* --- readline ------------------------------------------------------------- */

static int
ring_available(void)
{
	return screen.head != screen.tail;
}

static void
ring_push(const char *bytes, size_t n)
{
	size_t i;

	if (screen.head - screen.tail + n > RING)
		return;
	for (i = 0; i < n; i++)
		screen.ring[screen.head++ % RING] = (unsigned char)bytes[i];
}

static void
redisplay(void)
{
	screen.dirty = true;
}

static void
show_matches(char **matches, int count, int longest)
{
	char line[400] = "";
	int i, w = COLS - 4 > 20 ? COLS - 4 : 20;

	(void)longest;
	for (i = 1; i <= count; i++) {
		if (*line && text_columns(line) + text_columns(matches[i]) + 2 > w) {
			app_say(screen.app, "%s", line);
			line[0] = '\0';
		}
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", *line ? "  " : "", matches[i]);
	}
	app_say(screen.app, "%s", line);
	screen.dirty = true;
}

static int
leave_key(int count, int key)
{
	(void)count;
	(void)key;
	screen.panes->leave = true;
	return 0;
}

static void
run_line(const char *line)
{
	long before = screen.app->log.added;
	const HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;

	if (line[strspn(line, " \t")] && !(last && strcmp(last->line, line) == 0))
		add_history(line);
	panes_read_end(screen.panes);
	screen.panes->log_back = 0;
	app_typed(screen.app, line);
	panes_answered(screen.panes, screen.app, line, before);
}

static int next_byte(FILE *file);

static void
readline_take(void)
{
	struct readline_hooks *h = &screen.saved;

	*h = (struct readline_hooks){.getc = rl_getc_function,
				     .available = rl_input_available_hook,
				     .signal_event = rl_signal_event_hook,
				     .redisplay = rl_redisplay_function,
				     .deprep = rl_deprep_term_function,
				     .prep = rl_prep_term_function,
				     .matches = rl_completion_display_matches_hook,
				     .panes_key = rl_function_of_keyseq("\030a", NULL, NULL),
				     .out = rl_outstream,
				     .catch_signals = rl_catch_signals,
				     .catch_sigwinch = rl_catch_sigwinch};
	rl_catch_signals = rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_getc_function = next_byte;
	rl_input_available_hook = ring_available;
	rl_signal_event_hook = NULL;
	rl_redisplay_function = redisplay;
	rl_prep_term_function = NULL;
	rl_deprep_term_function = NULL;
	rl_completion_display_matches_hook = show_matches;
	rl_outstream = screen.null;
	rl_tty_set_echoing(0);
	rl_bind_keyseq("\\C-xa", leave_key);
	screen.head = screen.tail = 0;
}

static void
readline_give_back(void)
{
	const struct readline_hooks *h = &screen.saved;

	rl_getc_function = h->getc;
	rl_input_available_hook = h->available;
	rl_signal_event_hook = h->signal_event;
	rl_redisplay_function = h->redisplay;
	rl_prep_term_function = h->prep;
	rl_deprep_term_function = h->deprep;
	rl_completion_display_matches_hook = h->matches;
	rl_outstream = h->out;
	rl_catch_signals = h->catch_signals;
	rl_catch_sigwinch = h->catch_sigwinch;
	rl_tty_set_echoing(1);
	if (h->panes_key)
		rl_bind_keyseq("\\C-xa", h->panes_key);
}

/* What the command `line` wants to be gone on with. */
static void
put_on_line(void)
{
	struct panes *panes = screen.panes;

	if (!panes->line)
		return;
	rl_replace_line("", 0);
	rl_insert_text(panes->line);
	free(panes->line);
	panes->line = NULL;
	screen.dirty = true;
}

/* --- keys ----------------------------------------------------------------- */

static int
pane_key_of(wint_t key)
{
	static const struct {
		wint_t curses;
		int pane;
	} like[] = {{KEY_UP, PANE_KEY_UP},       {KEY_DOWN, PANE_KEY_DOWN},     {KEY_LEFT, PANE_KEY_LEFT},
		    {KEY_RIGHT, PANE_KEY_RIGHT}, {KEY_PPAGE, PANE_KEY_PAGE_UP}, {KEY_NPAGE, PANE_KEY_PAGE_DOWN},
		    {KEY_HOME, PANE_KEY_HOME},   {KEY_END, PANE_KEY_END},       {KEY_BTAB, PANE_KEY_BACK_TAB},
		    {KEY_ENTER, PANE_KEY_ENTER}};
	size_t i;

	for (i = 0; i < sizeof(like) / sizeof(*like); i++)
		if (like[i].curses == key)
			return like[i].pane;
	if (key >= KEY_F(1) && key <= KEY_F(12))
		return PANE_KEY_F1 + (int)(key - KEY_F(1));
	return -1;
}

/* A character for readline, all its bytes at once; a function key as the terminal sends it. */
static void
push_key(bool function, wint_t key)
{
	char bytes[MB_LEN_MAX + 1];
	mbstate_t state = {0};
	size_t n;

	if (function) {
		char *sequence = keybound((int)key, 0);

		if (key == KEY_BACKSPACE)
			ring_push("\177", 1);
		else if (key == KEY_ENTER)
			ring_push("\r", 1);
		else if (sequence)
			ring_push(sequence, strlen(sequence));
		free(sequence);
		return;
	}
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n != (size_t)-1)
		ring_push(bytes, n);
}

static void
key_in_pane(bool function, wint_t key)
{
	int pane_key = function ? pane_key_of(key) : (int)key;

	if (pane_key == '\n')
		pane_key = PANE_KEY_ENTER;
	if (screen.prefix && !function && key == 'a')
		screen.panes->leave = true;
	else if (pane_key >= 0 && !screen.prefix)
		panes_key(screen.panes, screen.app, pane_key);
	screen.prefix = !function && key == 'x' - 'a' + 1;
	end_busy();
	/* A key never leaves an interrupt behind for the line. */
	guard_seen.interrupt = 0;
}

static void
key_on_line(bool function, wint_t key)
{
	bool empty = rl_end == 0 && screen.head == screen.tail;

	if (empty && !function && key == '\t')
		panes_next(screen.panes, 1);
	else if (empty && function && key == KEY_BTAB)
		panes_next(screen.panes, -1);
	else if (function && (key == KEY_PPAGE || key == KEY_NPAGE) && layout_find(&screen.panes->layout, "log")) {
		app_key(screen.app, key == KEY_PPAGE ? "scroll -page" : "scroll +page");
	} else {
		push_key(function, key);
	}
}

static void
take_mouse(void)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return;
	if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
		panes_click(screen.panes, screen.app, &screen.canvas, event.x, event.y);
	else if (event.bstate & BUTTON4_PRESSED)
		panes_wheel(screen.panes, screen.app, event.x, event.y, -1);
	else if (event.bstate & BUTTON5_PRESSED)
		panes_wheel(screen.panes, screen.app, event.x, event.y, 1);
	end_busy();
}

static void
take_key(bool function, wint_t key)
{
	screen.dirty = true;
	if (function && key == KEY_RESIZE)
		return;
	if (function && key == KEY_MOUSE) {
		take_mouse();
		return;
	}
	if (!function && key == 'l' - 'a' + 1)
		clearok(curscr, TRUE);
	else if (screen.panes->on_line)
		key_on_line(function, key);
	else
		key_in_pane(function, key);
}

/* Esc alone comes out; with a character right behind it, it is a Meta key. */
static void
take_escape(void)
{
	wint_t key;
	int kind = get_wch(&key);

	if (kind == OK && screen.panes->on_line) {
		ring_push("\033", 1);
		push_key(false, key);
	} else if (screen.panes->on_line) {
		if (rl_end == 0 && !panes_read_end(screen.panes))
			panes_next(screen.panes, -1);
	} else {
		panes_key(screen.panes, screen.app, PANE_KEY_ESCAPE);
		if (kind == OK)
			take_key(false, key);
	}
	screen.dirty = true;
	if (kind == KEY_CODE_YES)
		take_key(true, key);
}

/* Is the line still to be edited? Whatever readline is in the middle of ends when it is not. */
static bool
editing(void)
{
	return !screen.panes->leave && !screen.app->quit && !guard_seen.interrupt;
}

/* Reads what has been typed, up to a key for readline: curses may hold bytes that poll() cannot see. */
static void
drain_keys(void)
{
	wint_t key;
	int kind;

	while (screen.head == screen.tail && editing() && (kind = get_wch(&key)) != ERR) {
		if (kind == OK && key == 27)
			take_escape();
		else
			take_key(kind == KEY_CODE_YES, key);
		/* Keys that come faster than their commands run do not freeze the picture. */
		if (screen.dirty && timing_now() - screen.drawn >= PROGRESS_MS / 1000.0)
			draw();
	}
}

/* --- the loop ------------------------------------------------------------- */

static int
time_to_draw(void)
{
	double left = FRAME_MS - (timing_now() - screen.drawn) * 1000;

	return !screen.dirty ? -1 : left > 0 ? (int)left + 1 : 0;
}

static void
wait_for_events(void)
{
	struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {guard_fd(), POLLIN, 0}};
	int wait = time_to_draw();

	if (wait == 0) {
		draw();
		wait = -1;
	}
	if (screen.app->history_wanted)
		wait = 0;
	if (poll(fds, 2, wait) < 0 && errno != EINTR)
		screen.app->quit = true;
	serve_signals();
	if (fds[0].revents & (POLLERR | POLLNVAL) || (fds[0].revents & (POLLIN | POLLHUP)) == POLLHUP)
		screen.app->quit = true;
	else if (!(fds[0].revents & POLLIN) && screen.app->history_wanted)
		read_on();
}

/* What keys and commands have asked for. */
static void
follow_requests(void)
{
	put_on_line();
	if (screen.serial != screen.app->serial)
		screen.dirty = true;
	screen.serial = screen.app->serial;
	if (screen.mouse != screen.panes->mouse)
		follow_mouse_setting();
}

/* Where readline waits for input, the panes live. It waits like at the prompt and is not fed through
 * its callbacks: those cannot be told of an end of input in the middle of a sequence of keys. */
static int
next_byte(FILE *file)
{
	(void)file;
	while (screen.head == screen.tail) {
		if (!editing())
			return RL_ISSTATE(RL_STATE_READCMD) ? READERR : EOF;
		drain_keys();
		follow_requests();
		if (screen.head == screen.tail && editing())
			wait_for_events();
	}
	return screen.ring[screen.tail++ % RING];
}

/* Ctrl-C on the command line empties it, out of completion or search too. */
static void
drop_line(void)
{
	guard_seen.interrupt = 0;
	atomic_store(&screen.app->cancel, false);
	screen.head = screen.tail = 0;
	screen.dirty = true;
}

/* Lines until the panes are left; the half-typed one goes to *left. */
static void
loop(char **left)
{
	while (!screen.panes->leave && !screen.app->quit) {
		char *line = readline(screen.prompt);

		if (line)
			run_line(line);
		else if (guard_seen.interrupt)
			drop_line();
		else if (editing())
			screen.panes->leave = true; /* Ctrl-D */
		else if (*rl_line_buffer)
			*left = strdup(rl_line_buffer);
		free(line);
		end_busy();
	}
}

/* Between a terminal that is ours and one given back. */
static void
show(char **left)
{
	struct app *app = screen.app;

	guard_hold_stderr();
	app->capture = true;
	app->poll = while_running;
	readline_take();
	screen.dirty = true;
	loop(left);
	readline_give_back();
	app->poll = NULL;
	app->capture = false;
	atomic_store(&app->cancel, false);
	curses_stop();
	guard_release_stderr();
}

bool
screen_run(struct app *app, const char *prompt, char **left, struct status *st)
{
	bool ok;

	memset(&screen, 0, sizeof(screen));
	screen.app = app;
	screen.prompt = prompt;
	screen.panes = app->panes;
	screen.panes->on_line = true;
	screen.panes->leave = screen.panes->table_shown = screen.panes->reading = false;
	screen.panes->layout = (struct layout){0};
	screen.panes->doing[0] = '\0';
	screen.null = fopen("/dev/null", "w");
	if (!screen.null)
		return status_fail(st, STATUS_FAILED, "/dev/null: %s", strerror(errno));
	if (!guard_begin(&app->cancel, st)) {
		fclose(screen.null);
		return false;
	}
	ok = curses_start(st);
	if (ok)
		show(left);
	guard_end();
	canvas_done(&screen.canvas);
	fclose(screen.null);
	return ok;
}
