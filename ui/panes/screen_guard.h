/* What keeps the terminal whole while panes are shown: signals and stderr.
 *
 * Handlers set flags and wake a pipe, so that it does not matter which thread a
 * signal meets. A dying program first gives the terminal back. */
#ifndef SPIKESCOPE_UI_SCREEN_GUARD_H
#define SPIKESCOPE_UI_SCREEN_GUARD_H

#include "base/status.h"

#include <signal.h>
#include <stdatomic.h>

/* Set by handlers, cleared by who acts on them. */
struct guard_seen {
	volatile sig_atomic_t interrupt, stop, size, end;
};
extern struct guard_seen guard_seen;

/* Catches signals until guard_end(); Ctrl-C and the end also set *cancel. */
bool guard_begin(atomic_bool *cancel, struct status *st);
void guard_end(void);

/* Readable after a signal; guard_drain() empties it. */
int guard_fd(void);
void guard_drain(void);

/* From now on a dying program writes text (capabilities that leave the screen) and
 * restores the modes that the terminal had at guard_begin(). NULL: no longer. */
void guard_terminal(const char *text);

/* Stops the program as Ctrl-Z does, until it is continued. */
void guard_stop(void);

/* What is written to stderr in between is kept, and shown at the release. */
void guard_hold_stderr(void);
void guard_release_stderr(void);

#endif
