/* The scene of the tutorial that is on. */
#include "ui/scene/lessons.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <string.h>

static void
tutorial_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	if (scene->lesson)
		snprintf(out, size, "tutorial %d/%d", scene->lesson_number, LESSONS);
	else
		snprintf(out, size, "tutorial");
}

static struct rect
below(struct rect area, int x, int y)
{
	return (struct rect){area.x + x, area.y + y, area.w - x, area.h - y};
}

/* "Try:  step 4"; returns the rows it takes. */
static int
draw_labelled(struct canvas *canvas, struct rect area, const char *label, const char *text)
{
	enum { LABEL = 6 };

	if (area.h < 1)
		return 0;
	canvas_put(canvas, area, area.x, area.y, (struct pen){.fg = ROLE_DIM}, label);
	return canvas_wrap(canvas, below(area, LABEL, 0), (struct pen){.fg = ROLE_KEY}, text);
}

/* Rows that the scene takes without gaps. Nothing is drawn by it that is not drawn over. */
static int
lesson_rows(struct canvas *canvas, struct rect area, const struct lesson *lesson)
{
	int rows = 3 + canvas_wrap(canvas, area, (struct pen){0}, lesson->text);

	for (int i = 0; i < LESSON_COMMANDS && lesson->command[i]; i++)
		rows += canvas_wrap(canvas, below(area, 2, 0), (struct pen){0}, lesson->command[i]);
	canvas_clear(canvas, area);
	return rows;
}

static int
draw_commands(const struct lesson *lesson, struct canvas *canvas, struct rect area, int y)
{
	for (int i = 0; i < LESSON_COMMANDS && lesson->command[i] && y < area.h; i++) {
		struct rect left = {area.x + 2, area.y + y, area.w - 2, area.h - y};

		canvas_put(canvas, area, area.x, area.y + y, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, ">");
		y += canvas_wrap(canvas, left, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, lesson->command[i]);
	}
	return y;
}

static void
tutorial_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct lesson *lesson = scene->lesson;
	int y, gap;

	(void)args;
	if (!lesson) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "not begun: tutorial");
		return;
	}
	gap = lesson_rows(canvas, area, lesson) + 3 <= area.h;
	y = canvas_wrap(canvas, area, (struct pen){.attr = ATTR_BOLD}, lesson->title) + gap;
	y += canvas_wrap(canvas, below(area, 0, y), (struct pen){0}, lesson->text) + gap;
	y = draw_commands(lesson, canvas, area, y) + gap;
	y += draw_labelled(canvas, below(area, 0, y), "Try:", lesson->try);
	draw_labelled(canvas, below(area, 0, y), scene->lesson_number < LESSONS ? "Next:" : "End:",
		      scene->lesson_number < LESSONS ? "tutorial" : "tutorial off");
}

const struct view tutorial_view = {
    .name = "tutorial",
    .help = "the scene of the tutorial that is on",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = tutorial_title,
    .draw = tutorial_draw,
};
