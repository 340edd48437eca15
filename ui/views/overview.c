/* The default screen as one picture. */
#include "ui/panes/panes.h"
#include "ui/views/parts.h"

void
view_overview_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "%s", app->model ? app->model->name : "spikescope");
}

void
view_overview_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct panes *panes = app->panes;
	struct status st = {0};
	struct layout layout;
	char status[400];

	layout_make(&layout, area.w, area.h, false, panes && panes->plan.columns ? &panes->plan : NULL,
		    panes ? panes->alone : NULL, view_maps(app, canvas->style));
	for (int i = 0; i < layout.panes; i++) {
		const struct view *view = view_find(layout.pane[i].view, &st);
		struct view_args pane = *args;
		struct rect r = layout.pane[i].at;

		pane.framed = true;
		pane.zoom = panes ? panes->zoom[view - view_table] : 0;
		r.x += area.x;
		r.y += area.y;
		view_draw(app, view, &pane, canvas, r);
	}
	view_status(app, area.w, status, sizeof(status));
	canvas_put(canvas, area, area.x, area.y + layout.status.y, (struct pen){.attr = ATTR_BOLD}, status);
}
