/* The default screen as one picture. */
#include "ui/views/layout.h"
#include "ui/views/parts.h"

static void
overview_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "%s", scene->model ? scene->model->name : "spikescope");
}

static void
overview_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct status st = {0};
	struct layout layout;
	char status[400];

	layout_make(&layout, area.w, area.h, false, scene->layout, scene->alone, view_maps(scene, canvas->style));
	for (int i = 0; i < layout.panes; i++) {
		const struct view *view = view_find(layout.pane[i].view, &st);
		struct view_args pane = *args;
		struct rect r = layout.pane[i].at;

		pane.framed = true;
		pane.zoom = scene->zoom ? scene->zoom[view_index(view)] : 0;
		r.x += area.x;
		r.y += area.y;
		view_draw(scene, view, &pane, canvas, r);
	}
	view_status(scene, area.w, status, sizeof(status));
	canvas_put(canvas, area, area.x, area.y + layout.status.y, (struct pen){.attr = ATTR_BOLD}, status);
}

const struct view overview_view = {
    .name = "overview",
    .help = "the whole default screen as one picture",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .whole_screen = true,
    .title = overview_title,
    .draw = overview_draw,
};
