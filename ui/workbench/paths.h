/* Where things lie: the user's files (XDG base directories) and the examples. */
#ifndef SPIKESCOPE_UI_PATHS_H
#define SPIKESCOPE_UI_PATHS_H

#include <stdbool.h>

/* $XDG_CONFIG_HOME/spikescope/config and $XDG_STATE_HOME/spikescope/history, with
 * the defaults below $HOME. NULL without a home; the caller frees. */
char *path_config(void);
char *path_history(void);

/* The path with a leading ~ or ~user replaced by that home, as shells do; as it is when
 * there is none. The caller frees; NULL when out of memory. */
char *path_expand(const char *path);

/* Makes the folders that lead to the file; false when that failed. */
bool path_make_parents(const char *file);

/* The folder of an example: beside the build, or where it was installed. NULL when
 * there is none; the caller frees. */
char *path_example(const char *name);

#endif
