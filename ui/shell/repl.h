/* The read-eval-print loop on a terminal, by readline. */
#ifndef SPIKESCOPE_UI_REPL_H
#define SPIKESCOPE_UI_REPL_H

#include "ui/workbench/app.h"

/* Reads and runs lines until `quit` or the end of input. panes: begin in the panes.
 * Returns the last command's code. */
enum status_code repl_run(struct app *app, bool panes);

/* Shows the panes until they are left; a half-typed line goes back to the REPL.
 * Fails outside of repl_run(), and while they are shown. */
bool repl_panes(struct app *app, struct status *st);

/* The history lines, oldest first: index 0 .. count - 1; NULL past the end. Empty
 * outside of repl_run(). */
const char *repl_history(int index);

/* Adds a line to the history, as if it had been typed. Nothing outside of repl_run(). */
void repl_remember(const char *line);

/* Completion (complete.c): every way to go on with the word at start..end of the
 * line, in readline's form. Installed by repl_run(). */
char **repl_complete(const char *text, int start, int end);
void repl_complete_for(struct app *app);

#endif
