/* The panes: views side by side above a log and a command line.
 *
 * Curses reads the keys, readline edits the line. Every key runs a command
 * through app_execute() or moves the selection, so that scripts, tests and panes
 * share one path. The readline state (history, completion, a half-typed line) is
 * the caller's and survives entering and leaving. */
#ifndef SPIKESCOPE_UI_SCREEN_H
#define SPIKESCOPE_UI_SCREEN_H

#include "ui/workbench/app.h"

/* Shows the panes until `q`, C-x a, the end of input or app->quit. readline must
 * be idle (no handler installed, not within readline()); prompt is shown on the
 * command line; rl_attempted_completion_function and history are used as they are.
 * False with a message when the terminal cannot show panes (not a terminal,
 * TERM=dumb, unknown TERM): the caller stays in the REPL. *left is what was typed
 * and not entered (a new string, or NULL): to be put back on the REPL's line. */
bool screen_run(struct app *app, const char *prompt, char **left, struct status *st);

#endif
