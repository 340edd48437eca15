#include "ui/output/pager.h"

#include <stdlib.h>
#include <string.h>

/* -F: no paging for what fits; -R: colours; -S: a table's rows stay lines; -X: it stays on the screen. */
static const char default_pager[] = "if command -v less >/dev/null; then exec less -FRSX; else exec cat; fi";

bool
held_begin(struct held *held)
{
	*held = (struct held){0};
	held->file = open_memstream(&held->text, &held->size);
	return held->file != NULL;
}

bool
held_any(struct held *held)
{
	return held->file && fflush(held->file) == 0 && held->size > 0;
}

static void
held_done(struct held *held)
{
	free(held->text);
	*held = (struct held){0};
}

void
held_release(struct held *held, FILE *to)
{
	if (!held->file)
		return;
	fclose(held->file);
	held->file = NULL;
	if (held->text)
		fwrite(held->text, 1, held->size, to);
	held_done(held);
}

static int
count_lines(const char *text)
{
	int lines = 0;

	for (; text && *text; text++)
		lines += *text == '\n';
	return lines;
}

static FILE *
open_pager(const char *program)
{
	const char *wanted = strcmp(program, "auto") == 0 ? getenv("PAGER") : program;

	if (strcmp(program, "off") == 0)
		return NULL;
	return popen(wanted && *wanted ? wanted : default_pager, "w");
}

void
held_page(struct held *held, FILE *to, int rows, const char *program)
{
	FILE *pager = NULL;

	if (!held->file)
		return;
	fflush(held->file);
	if (count_lines(held->text) > rows) {
		fflush(to);
		pager = open_pager(program);
	}
	held_release(held, pager ? pager : to);
	if (pager)
		pclose(pager);
}
