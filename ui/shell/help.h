/* Help: what the command table says, for people and for man(1). */
#ifndef SPIKESCOPE_UI_HELP_H
#define SPIKESCOPE_UI_HELP_H

#include "base/status.h"
#include "ui/workbench/app.h"

#include <stdio.h>

/* Without words the list of commands; else a command (one or two words, prefixes
 * are fine) or a class. STATUS_USAGE for an unknown topic. */
bool help_print(FILE *out, enum output_format format, int words, const char *const *word, struct status *st);

/* The commands whose name or help holds word. */
bool help_apropos(FILE *out, enum output_format format, const char *word, struct status *st);

/* spikescope-commands(7), in man(7) macros. */
void help_man(FILE *out);

#endif
