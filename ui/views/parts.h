/* What views share: not for others. */
#ifndef SPIKESCOPE_UI_VIEW_PARTS_H
#define SPIKESCOPE_UI_VIEW_PARTS_H

#include "ui/scene/findings.h"
#include "ui/views/view.h"

#define VIEW_ROW(name) extern const struct view name##_view;
VIEWS(VIEW_ROW)
#undef VIEW_ROW

/* As view_lacks(), of what no row says. */
const char *scene_lacks(const struct scene *scene, enum view_needs needs);

/* The arguments, or the selection where they are silent. A model is loaded. */
struct site view_site(const struct scene *scene, const struct view_args *args);
int view_layer(const struct scene *scene, const struct view_args *args);
int view_head(const struct scene *scene, const struct view_args *args);
int view_q(const struct scene *scene, const struct view_args *args);
int view_k(const struct scene *scene, const struct view_args *args);
int view_neuron(const struct scene *scene, const struct view_args *args);

/* The UGO to show: the one asked for, that of the site named, or scene->ugo_shown; NULL: none. */
const struct ugo *view_ugo(const struct scene *scene, const struct view_args *args);

/* The selected neuron and product by t. In panes they may not reach the scene's t yet. */
struct neuron_logs view_neuron_logs(const struct scene *scene, const struct view_args *args);

/* Never NULL. */
const struct findings *view_findings(const struct scene *scene);

/* view->unfit of those that draw attention by query and key. */
const char *view_needs_attention(const struct scene *scene);

/* Draws the view for each side that scene->side asks for and that there is room for. */
void view_draw_sides(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
		     struct rect area);

/* Dim text: why there is nothing to see. */
void view_say(struct canvas *canvas, struct rect area, const char *text);

#endif
