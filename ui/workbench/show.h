/* From the workbench to its views: makes the scene of what is loaded, and draws, prints and
 * saves views of it. */
#ifndef SPIKESCOPE_UI_SHOW_H
#define SPIKESCOPE_UI_SHOW_H

#include "ui/views/view.h"
#include "ui/workbench/app.h"

/* A scene of the workbench as it is now, and what it refers to. It must not be moved, and
 * ends when anything is loaded, converted or stepped. */
struct showing {
	struct scene scene, second; /* second: of a split */
	struct log_reader {
		struct app *app;
		const struct walk *walk;
		struct history **history;
	} reader[2];
	struct ugo fitted; /* for args.function */
};

/* Where views look as keys and mouse do: the selection, without words of a command. */
void show_scene(struct app *app, struct showing *s);
/* The same for a view with words: brings the UGO that args->function names, or fits one.
 * STATUS_USAGE: there is no such function. show_done() in any case. */
bool show_open(struct app *app, const struct view *view, const struct view_args *args, struct showing *s, struct status *st);
void show_done(struct showing *s);

/* As text of app_size() cells, in the colours and characters that the options allow.
 * STATUS_USAGE, STATUS_FAILED: as view_check(). */
bool show_print(struct app *app, const struct view *view, const struct view_args *args, FILE *out, struct status *st);
/* As a file: .txt, .svg, .pdf, .png by the end of path. Refuses to overwrite unless force. */
bool show_save(struct app *app, const struct view *view, const struct view_args *args, const char *path, bool force,
	       struct status *st);

/* How views may look, from the options, NO_COLOR, TERM, the locale and whether out is a terminal. */
struct canvas_style show_style(const struct app *app, FILE *out);

#endif
