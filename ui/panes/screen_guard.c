#include "ui/panes/screen_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int fatal_signals[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGQUIT,
				    SIGSYS,  SIGTRAP, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};
static const int heard_signals[] = {SIGINT, SIGTSTP, SIGWINCH, SIGTERM, SIGHUP};

enum { FATALS = sizeof(fatal_signals) / sizeof(*fatal_signals), HEARD = sizeof(heard_signals) / sizeof(*heard_signals) };

struct guard_seen guard_seen;

/* Handlers see nothing but this. */
static struct {
	int wake[2];
	atomic_bool *cancel;
	volatile sig_atomic_t active; /* leave holds what gives the terminal back */
	char leave[256];
	struct termios modes;
	struct sigaction saved_fatal[FATALS], saved_heard[HEARD];
	FILE *held;
	int real_stderr;
} guard = {.wake = {-1, -1}, .real_stderr = -1};

static void
on_signal(int sig)
{
	int error = errno;

	if (sig == SIGTSTP)
		guard_seen.stop = 1;
	else if (sig == SIGWINCH)
		guard_seen.size = 1;
	else if (sig == SIGINT)
		guard_seen.interrupt = 1;
	else
		guard_seen.end = 1;
	if (guard_seen.interrupt || guard_seen.end)
		atomic_store(guard.cancel, true);
	if (write(guard.wake[1], "", 1) < 0)
		errno = 0; /* full: its reader will wake anyway */
	errno = error;
}

static void
on_fatal(int sig)
{
	if (guard.active) {
		guard.active = 0;
		if (write(STDOUT_FILENO, guard.leave, strlen(guard.leave)) >= 0)
			tcsetattr(STDIN_FILENO, TCSANOW, &guard.modes);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

bool
guard_begin(atomic_bool *cancel, struct status *st)
{
	struct sigaction heard = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction fatal = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND};
	int i;

	if (guard.wake[0] < 0 && pipe2(guard.wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return status_fail(st, STATUS_FAILED, "the panes cannot open a pipe: %s", strerror(errno));
	if (tcgetattr(STDIN_FILENO, &guard.modes) != 0)
		return status_fail(st, STATUS_FAILED, "panes need a terminal; type: view overview");
	guard.cancel = cancel;
	guard_seen = (struct guard_seen){0};
	sigemptyset(&heard.sa_mask);
	sigemptyset(&fatal.sa_mask);
	for (i = 0; i < HEARD; i++)
		sigaction(heard_signals[i], &heard, &guard.saved_heard[i]);
	for (i = 0; i < FATALS; i++)
		sigaction(fatal_signals[i], &fatal, &guard.saved_fatal[i]);
	return true;
}

void
guard_end(void)
{
	int i;

	for (i = 0; i < HEARD; i++)
		sigaction(heard_signals[i], &guard.saved_heard[i], NULL);
	for (i = 0; i < FATALS; i++)
		sigaction(fatal_signals[i], &guard.saved_fatal[i], NULL);
}

int
guard_fd(void)
{
	return guard.wake[0];
}

void
guard_drain(void)
{
	char bytes[64];

	while (read(guard.wake[0], bytes, sizeof(bytes)) > 0)
		;
}

void
guard_terminal(const char *text)
{
	guard.active = 0;
	if (!text)
		return;
	snprintf(guard.leave, sizeof(guard.leave), "%s", text);
	guard.active = 1;
}

void
guard_stop(void)
{
	struct sigaction ours, otherwise = {.sa_handler = SIG_DFL};

	sigemptyset(&otherwise.sa_mask);
	sigaction(SIGTSTP, &otherwise, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
}

void
guard_hold_stderr(void)
{
	fflush(stderr);
	guard.held = tmpfile();
	if (!guard.held)
		return;
	guard.real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (guard.real_stderr >= 0)
		dup2(fileno(guard.held), STDERR_FILENO);
}

void
guard_release_stderr(void)
{
	char text[1024];
	size_t n;

	fflush(stderr);
	if (guard.real_stderr >= 0) {
		dup2(guard.real_stderr, STDERR_FILENO);
		close(guard.real_stderr);
		guard.real_stderr = -1;
	}
	if (!guard.held)
		return;
	rewind(guard.held);
	while ((n = fread(text, 1, sizeof(text), guard.held)) > 0)
		fwrite(text, 1, n, stderr);
	fclose(guard.held);
	guard.held = NULL;
}
