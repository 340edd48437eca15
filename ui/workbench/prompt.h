/* Prompts: what gives a CLIP model its classes. As JSON, so that sessions and runs keep
 * what it was and a replay makes the same again:
 *
 *	{"classes": [name], "templates": [text], "vocabulary": path, "text_model": path}
 *	{"classes": [name], "ids": [[id]], "text_model": path}
 *
 * text_model and vocabulary are whole paths, there only where they are not the model's own
 * folder. */
#ifndef SPIKESCOPE_UI_PROMPT_H
#define SPIKESCOPE_UI_PROMPT_H

#include "ui/workbench/app.h"

#include <jansson.h>

/* What it took. */
struct prompt_result {
	int classes, templates, texts;
	int vocabulary, context;
	float *embeddings; /* [classes, width] of length 1; the caller frees */
	int width;
};

/* Runs the text tower over the prompts and gives the loaded model these classes; plan and steps are
 * dropped, the picture stays. On failure everything is as it was. */
bool prompt_apply(struct app *app, json_t *prompt, struct prompt_result *result, struct status *st);

#endif
