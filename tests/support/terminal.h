/* A program in a terminal of ours: a pty, and libvterm for its screen.
 *
 * Everything waits for something to be seen, until a deadline; nothing sleeps for
 * a fixed time. */
#ifndef SPIKESCOPE_TESTS_TERMINAL_H
#define SPIKESCOPE_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct terminal;

/* Starts argv[0] with TERM=term in a clean environment, HOME and XDG_* under home. */
struct terminal *terminal_start(char *const argv[], const char *term, int rows, int cols, const char *home);
/* The locale of the terminals started from now on; NULL: C.UTF-8. */
void terminal_locale(const char *locale);
/* Kills what still runs and frees. */
void terminal_free(struct terminal *t);

/* Types the bytes, unless the program ends before. */
void terminal_type(struct terminal *t, const char *bytes);
bool terminal_runs(struct terminal *t);
void terminal_resize(struct terminal *t, int rows, int cols);
/* Only tells the program this size, which may be less than libvterm can do with. */
void terminal_claim(struct terminal *t, int rows, int cols);

/* Reads until text is (or is no longer) on the screen. */
bool terminal_wait(struct terminal *t, const char *text);
bool terminal_wait_gone(struct terminal *t, const char *text);
/* Until the row with the cursor starts with text. */
bool terminal_wait_line(struct terminal *t, const char *text);
/* Takes in what comes until nothing has come for quiet_ms; returns the seconds until the
 * last of it, 0 when nothing came. For measuring, not for tests. */
double terminal_settle(struct terminal *t, int quiet_ms);
/* The program's end: its exit code, 128 + signal, or -1 at the deadline. */
int terminal_wait_end(struct terminal *t);

/* The screen as lines of UTF-8, trailing blanks left out; valid until the next call. */
const char *terminal_text(struct terminal *t);
/* Is echo on and line mode in use, as a shell leaves it? */
bool terminal_is_cooked(struct terminal *t);
/* Was the alternate screen left? */
bool terminal_on_main_screen(struct terminal *t);
pid_t terminal_pid(const struct terminal *t);

#endif
