/* The scene of the tutorial that is on. */
#include "ui/workbench/tutorial.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <string.h>

void
view_tutorial_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	if (app->tutorial > 0)
		snprintf(out, size, "tutorial %d/%d", app->tutorial, SCENES);
	else
		snprintf(out, size, "tutorial");
}

static int
draw_commands(const struct scene *scene, struct canvas *canvas, struct rect area, int y)
{
	for (int i = 0; i < SCENE_COMMANDS && scene->command[i] && y < area.h; i++) {
		struct rect left = {area.x + 2, area.y + y, area.w - 2, area.h - y};

		canvas_put(canvas, area, area.x, area.y + y, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, ">");
		y += canvas_wrap(canvas, left, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, scene->command[i]);
	}
	return y;
}

void
view_tutorial_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct scene *scene;
	struct pen bold = {.attr = ATTR_BOLD};
	int y;

	(void)args;
	if (app->tutorial == 0) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "not begun: tutorial");
		return;
	}
	scene = &tutorial_scenes[app->tutorial - 1];
	y = canvas_wrap(canvas, area, bold, scene->title) + 1;
	y += canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){0}, scene->text) + 1;
	y = draw_commands(scene, canvas, area, y) + 1;
	if (y >= area.h)
		return;
	y += canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){.fg = ROLE_DIM}, "Try:");
	y += canvas_wrap(canvas, (struct rect){area.x + 2, area.y + y, area.w - 2, area.h - y}, (struct pen){.fg = ROLE_KEY},
			 scene->try) +
	     1;
	canvas_wrap(canvas, (struct rect){area.x, area.y + y, area.w, area.h - y}, (struct pen){.fg = ROLE_DIM},
		    app->tutorial < SCENES ? "t, or tutorial next: the next scene" : "That was the last scene: tutorial off");
}
