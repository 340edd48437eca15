/* The default screen as one picture. */
#include "ui/layout.h"
#include "ui/view_parts.h"

void
view_overview_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "%s", app->vit ? app->vit->name : "spikescope");
}

void
view_overview_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct status st = {0};
	struct layout layout;
	char status[400];
	enum pane p;

	layout_make(&layout, area.w, area.h, false, PANES, view_maps(app, canvas->style));
	for (p = 0; p < PANES; p++) {
		struct view_args pane = *args;
		struct rect r = layout.pane[p];

		if (!r.w || !pane_views[p])
			continue;
		pane.framed = true;
		r.x += area.x;
		r.y += area.y;
		view_draw(app, view_find(pane_views[p], &st), &pane, canvas, r);
	}
	view_status(app, area.w, status, sizeof(status));
	canvas_put(canvas, area, area.x, area.y + layout.status.y, (struct pen){.attr = ATTR_BOLD}, status);
}
