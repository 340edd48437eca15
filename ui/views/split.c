/* Two plans beside each other: any view drawn for the first, the second and their difference. */
#include "ui/views/parts.h"

enum { SIDES_SHOWN = 3, PART_W = 26, PART_H = 7 };

static void
draw_difference(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
		struct rect area)
{
	struct scene difference;

	if (scene_difference(&difference, scene, scene->second))
		view->draw(&difference, args, canvas, area);
	scene_difference_done(&difference);
}

static void
draw_side(const struct scene *scene, const struct view *view, const struct view_args *args, enum side side, struct canvas *canvas,
	  struct rect area)
{
	static const color fg[] = {[SIDE_FIRST] = ROLE_SNN, [SIDE_SECOND] = ROLE_SERIES_C, [SIDE_DIFFERENCE] = ROLE_TITLE};
	const struct plan *a = scene->plan, *b = scene->second->plan;
	struct pen pen = {.fg = fg[side], .attr = ATTR_BOLD};

	if (side == SIDE_DIFFERENCE)
		canvas_printf(canvas, area, area.x, area.y, pen, "%s − %s", a->recipe, b->recipe);
	else
		canvas_printf(canvas, area, area.x, area.y, pen, "%s %.4s", side == SIDE_FIRST ? a->recipe : b->recipe,
			      side == SIDE_FIRST ? a->hash : b->hash);
	area.y++;
	area.h--;
	if (side == SIDE_DIFFERENCE)
		draw_difference(scene, view, args, canvas, area);
	else
		view->draw(side == SIDE_FIRST ? scene : scene->second, args, canvas, area);
}

void
view_draw_sides(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
		struct rect area)
{
	bool across = area.w >= SIDES_SHOWN * PART_W, all = scene->side == SIDE_ALL;

	if (area.h < 3) {
		view->draw(scene, args, canvas, area);
		return;
	}
	if (!all || (!across && area.h < SIDES_SHOWN * PART_H)) {
		draw_side(scene, view, args, all ? SIDE_DIFFERENCE : scene->side, canvas, area);
		return;
	}
	for (int i = 0; i < SIDES_SHOWN; i++) {
		int w = area.w / SIDES_SHOWN, h = area.h / SIDES_SHOWN;
		struct rect part = across ? (struct rect){area.x + i * w, area.y, w - 1, area.h}
					  : (struct rect){area.x, area.y + i * h, area.w, h};

		draw_side(scene, view, args, (enum side)(SIDE_FIRST + i), canvas, part);
	}
}
