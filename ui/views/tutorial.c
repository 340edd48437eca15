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
	struct pen bold = {.attr = ATTR_BOLD};
	int y;

	(void)args;
	if (!lesson) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "not begun: tutorial");
		return;
	}
	y = canvas_wrap(canvas, area, bold, lesson->title) + 1;
	y += canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){0}, lesson->text) + 1;
	y = draw_commands(lesson, canvas, area, y) + 1;
	if (y >= area.h)
		return;
	y += canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){.fg = ROLE_DIM}, "Try:");
	y += canvas_wrap(canvas, (struct rect){area.x + 2, area.y + y, area.w - 2, area.h - y}, (struct pen){.fg = ROLE_KEY},
			 lesson->try) +
	     1;
	canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){.fg = ROLE_DIM},
		    scene->lesson_number < LESSONS ? "t, or tutorial next: the next scene"
						   : "That was the last scene: tutorial off");
}

const struct view tutorial_view = {
    .name = "tutorial",
    .help = "the scene of the tutorial that is on",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = tutorial_title,
    .draw = tutorial_draw,
};
