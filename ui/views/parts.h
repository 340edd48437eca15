/* What views share: not for others. */
#ifndef SPIKESCOPE_UI_VIEW_PARTS_H
#define SPIKESCOPE_UI_VIEW_PARTS_H

#include "base/tensor.h"
#include "ui/views/view.h"

/* How much must be there for a view. */
enum need { NEED_NOTHING, NEED_MODEL, NEED_PICTURE, NEED_WALK, NEED_STEP };

/* What is missing and the command that makes it; NULL when nothing is. */
const char *view_lacks(const struct app *app, enum need need);
/* Draws that as the view; false when nothing is missing. */
bool view_lacking(const struct app *app, enum need need, struct canvas *canvas, struct rect area);

/* The arguments, or the selection where they are silent. A model is loaded. */
struct site view_site(const struct app *app, const struct view_args *args);
int view_layer(const struct app *app, const struct view_args *args);
int view_head(const struct app *app, const struct view_args *args);
int view_q(const struct app *app, const struct view_args *args);
int view_k(const struct app *app, const struct view_args *args);

int view_neuron(const struct app *app, const struct view_args *args);

/* What views read; while the difference of a split is drawn (app->minus), the second
 * plan's numbers are taken off. NULL or NAN where the plan does not have them.
 * view_probe: [site shape], owned by *hold. The difference has no reference. */
const float *view_probe(const struct app *app, struct site site, enum snn_quantity q, struct tensor *hold);
double view_element(const struct app *app, struct site site, enum snn_quantity q, size_t index);
const float *view_reference(const struct app *app, struct site site);
double view_reference_element(const struct app *app, struct site site, size_t index);

/* The selected neuron and product by t; of the difference, both plans' histories. In
 * panes it may not reach the walk's t yet: app->history_wanted is set then, and the
 * loop reads on. */
struct view_history {
	const struct history *first, *second;
};
struct view_history view_history(struct app *app, const struct view_args *args);
bool view_history_point(const struct view_history *h, int t, struct history_point *out); /* false: not known (yet) */

/* Are two plans to be shown? */
bool view_is_split(const struct app *app);
/* Draws the view for each side that app->side asks for and that there is room for. */
void view_draw_sides(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas,
		     struct rect area);

/* The UGO that a site of the plan uses; NULL when it has none. */
const struct ugo *view_site_ugo(const struct app *app, struct site site);

#define VIEW(name)                                                                                                               \
	void view_##name##_title(struct app *app, const struct view_args *args, char *out, size_t size);                         \
	void view_##name##_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
VIEW(overview);
VIEW(model);
VIEW(attention);
VIEW(features);
VIEW(selected);
VIEW(raster);
VIEW(readout);
VIEW(error);
VIEW(image);
VIEW(ugo);
VIEW(sizes);
VIEW(pareto);
VIEW(inputs);
VIEW(loss);
VIEW(product);
VIEW(neuron);
VIEW(residual);
VIEW(histogram);
VIEW(patches);
VIEW(single);
VIEW(log);
VIEW(tutorial);
VIEW(ladder);
VIEW(bench);
VIEW(energy);
VIEW(front);
VIEW(attribution);
VIEW(plot);
VIEW(table);
#undef VIEW

#define HIT(name)                                                                                                                \
	bool view_##name##_hit(struct app *app, const struct view_args *args, const struct canvas *canvas, struct rect area,     \
			       int x, int y, char *command, size_t size)
HIT(model);
HIT(attention);
HIT(features);
HIT(raster);
HIT(image);
HIT(residual);
#undef HIT

#endif
