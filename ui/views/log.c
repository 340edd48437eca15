/* What was typed, and what it printed. */
#include "ui/scene/log.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <string.h>

static void
log_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)scene;
	(void)args;
	snprintf(out, size, "log");
}

static struct pen
log_pen(enum log_kind kind)
{
	switch (kind) {
	case LOG_COMMAND:
		return (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD};
	case LOG_ERROR:
		return (struct pen){.fg = ROLE_BAD};
	case LOG_NOTE:
		return (struct pen){.fg = ROLE_DIM};
	default:
		return (struct pen){0};
	}
}

/* The rest of a line that is scrolled to the right. */
static const char *
after_cells(const char *text, int cells)
{
	while (*text && cells > 0) {
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
		cells--;
	}
	return text;
}

static void
log_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	int y = area.y + area.h - 1, index = (scene->log ? scene->log->count : 0) - 1 - args->scroll;

	for (; index >= 0 && y >= area.y; index--) {
		const struct log_line *line = log_at(scene->log, index);
		int x = area.x;

		if (!line)
			continue;
		if (line->kind == LOG_COMMAND)
			x += canvas_put(canvas, area, x, y, log_pen(line->kind), "> ");
		canvas_put(canvas, area, x, y--, log_pen(line->kind), after_cells(line->text, args->right));
	}
}

const struct view log_view = {
    .name = "log",
    .help = "what was typed, and what it printed",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = log_title,
    .draw = log_draw,
};
