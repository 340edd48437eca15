#include "tests/support/terminal.h"

#include "base/timing.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>

enum { DEADLINE_S = 20 };

struct terminal {
	pid_t pid;
	int fd, rows, cols, code;
	bool ended, alternate;
	VTerm *vt;
	VTermScreen *screen;
	char *text;
};

static int
on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct terminal *t = user;

	if (prop == VTERM_PROP_ALTSCREEN)
		t->alternate = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

static const char *locale_name;

void
terminal_locale(const char *locale)
{
	locale_name = locale;
}

static void
become(char *const argv[], const char *term, const char *home)
{
	char data[512], state[512], config[512];

	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("TERM", term, 1);
	setenv("LC_ALL", locale_name ? locale_name : "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	setenv("INPUTRC", "/dev/null", 1);
	setenv("PS1", "$ ", 1);
	setenv("ASAN_OPTIONS", "abort_on_error=1", 1); /* not an exit code that a command may have, too */
	setenv("UBSAN_OPTIONS", "abort_on_error=1", 1);
	setenv("HOME", home, 1);
	snprintf(data, sizeof(data), "%s/data", home);
	snprintf(state, sizeof(state), "%s/state", home);
	snprintf(config, sizeof(config), "%s/config", home);
	setenv("XDG_DATA_HOME", data, 1);
	setenv("XDG_STATE_HOME", state, 1);
	setenv("XDG_CONFIG_HOME", config, 1);
	execv(argv[0], argv);
	_exit(127);
}

struct terminal *
terminal_start(char *const argv[], const char *term, int rows, int cols, const char *home)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	struct terminal *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rows = rows;
	t->cols = cols;
	t->vt = vterm_new(rows, cols);
	vterm_set_utf8(t->vt, 1);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_reset(t->screen, 1);
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid == 0)
		become(argv, term, home);
	fcntl(t->fd, F_SETFL, O_NONBLOCK);
	return t;
}

static bool
reap(struct terminal *t)
{
	int status;

	if (!t->ended && waitpid(t->pid, &status, WNOHANG) == t->pid) {
		t->ended = true;
		t->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return t->ended;
}

/* Takes in what there is, waiting up to ms for it. */
static void
take(struct terminal *t, int ms)
{
	struct pollfd fd = {t->fd, POLLIN, 0};
	char bytes[16384];
	ssize_t n;
	size_t answer;

	poll(&fd, 1, ms);
	while ((n = read(t->fd, bytes, sizeof(bytes))) > 0)
		vterm_input_write(t->vt, bytes, (size_t)n);
	answer = vterm_output_read(t->vt, bytes, sizeof(bytes));
	if (answer > 0 && write(t->fd, bytes, answer) < 0)
		return;
}

void
terminal_free(struct terminal *t)
{
	if (!t)
		return;
	if (!reap(t)) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	close(t->fd);
	vterm_free(t->vt);
	free(t->text);
	free(t);
}

void
terminal_type(struct terminal *t, const char *bytes)
{
	size_t left = strlen(bytes);

	while (left > 0) {
		ssize_t n = write(t->fd, bytes, left);

		if (n > 0) {
			bytes += n;
			left -= (size_t)n;
		} else if (reap(t)) {
			return;
		} else {
			take(t, 10);
		}
	}
	take(t, 0);
}

bool
terminal_runs(struct terminal *t)
{
	return !reap(t);
}

void
terminal_claim(struct terminal *t, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	ioctl(t->fd, TIOCSWINSZ, &size);
}

void
terminal_resize(struct terminal *t, int rows, int cols)
{
	take(t, 0);
	t->rows = rows;
	t->cols = cols;
	vterm_set_size(t->vt, rows, cols);
	terminal_claim(t, rows, cols);
}

static size_t
encode(uint32_t ch, char *out)
{
	if (ch < 0x80) {
		out[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		out[0] = (char)(0xc0 | ch >> 6);
		out[1] = (char)(0x80 | (ch & 63));
		return 2;
	}
	out[0] = (char)(0xe0 | (ch >> 12 & 15));
	out[1] = (char)(0x80 | (ch >> 6 & 63));
	out[2] = (char)(0x80 | (ch & 63));
	return 3;
}

static size_t
row_text(struct terminal *t, int row, char *out)
{
	size_t n = 0, end = 0;
	int col;

	for (col = 0; col < t->cols; col++) {
		VTermScreenCell cell;

		if (!vterm_screen_get_cell(t->screen, (VTermPos){row, col}, &cell) || cell.chars[0] == (uint32_t)-1)
			continue;
		n += encode(cell.chars[0] ? cell.chars[0] : ' ', out + n);
		if (cell.chars[0] && cell.chars[0] != ' ')
			end = n;
	}
	out[end] = '\0';
	return end;
}

const char *
terminal_text(struct terminal *t)
{
	size_t n = 0;
	int row;

	free(t->text);
	t->text = malloc((size_t)t->rows * ((size_t)t->cols * 4 + 2) + 1);
	for (row = 0; row < t->rows; row++) {
		n += row_text(t, row, t->text + n);
		t->text[n++] = '\n';
	}
	t->text[n] = '\0';
	return t->text;
}

static bool
wait_for(struct terminal *t, const char *text, bool there)
{
	double end = timing_now() + DEADLINE_S;

	while (timing_now() < end) {
		if ((strstr(terminal_text(t), text) != NULL) == there)
			return true;
		if (reap(t)) {
			take(t, 0);
			return (strstr(terminal_text(t), text) != NULL) == there;
		}
		take(t, 50);
	}
	fprintf(stderr, "waited for '%s' %s; the screen is:\n%s\n", text, there ? "to show" : "to go", terminal_text(t));
	return false;
}

bool
terminal_wait(struct terminal *t, const char *text)
{
	return wait_for(t, text, true);
}

bool
terminal_wait_gone(struct terminal *t, const char *text)
{
	return wait_for(t, text, false);
}

bool
terminal_wait_line(struct terminal *t, const char *text)
{
	double end = timing_now() + DEADLINE_S;
	char *line = malloc((size_t)t->cols * 4 + 2);
	size_t n = strlen(text);
	bool found = false;

	while (n > 0 && text[n - 1] == ' ')
		n--; /* as row_text() leaves them out */
	while (line && !found && timing_now() < end) {
		VTermPos at;

		take(t, 50);
		vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &at);
		row_text(t, at.row, line);
		found = strncmp(line, text, n) == 0;
	}
	if (!found)
		fprintf(stderr, "waited for the line '%s'; the screen is:\n%s\n", text, terminal_text(t));
	free(line);
	return found;
}

double
terminal_settle(struct terminal *t, int quiet_ms)
{
	struct pollfd fd = {t->fd, POLLIN, 0};
	double start = timing_now(), last = start;
	char bytes[16384];
	ssize_t n;

	while (poll(&fd, 1, quiet_ms) > 0 && (n = read(t->fd, bytes, sizeof(bytes))) > 0) {
		last = timing_now();
		vterm_input_write(t->vt, bytes, (size_t)n);
	}
	return last - start;
}

int
terminal_wait_end(struct terminal *t)
{
	double end = timing_now() + DEADLINE_S;

	while (!reap(t) && timing_now() < end)
		take(t, 20);
	take(t, 0);
	return t->ended ? t->code : -1;
}

bool
terminal_is_cooked(struct terminal *t)
{
	struct termios mode;

	return tcgetattr(t->fd, &mode) == 0 && (mode.c_lflag & ECHO) && (mode.c_lflag & ICANON) && (mode.c_lflag & ISIG);
}

bool
terminal_on_main_screen(struct terminal *t)
{
	return !t->alternate;
}

pid_t
terminal_pid(const struct terminal *t)
{
	return t->pid;
}
