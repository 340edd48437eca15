/* What views share: not for others. */
#ifndef SPIKESCOPE_UI_VIEW_PARTS_H
#define SPIKESCOPE_UI_VIEW_PARTS_H

#include "base/tensor.h"
#include "ui/view.h"

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

/* Probes that cannot fail for lack of definition: NULL then. [site shape], owned by *hold. */
const float *view_probe(const struct app *app, struct site site, enum snn_quantity q, struct tensor *hold);
const float *view_reference(const struct app *app, struct site site);

/* The UGO that a site of the plan uses; NULL when it has none. */
const struct ugo *view_site_ugo(const struct app *app, struct site site);

#define VIEW(name)                                                                                                               \
	void view_##name##_title(struct app *app, const struct view_args *args, char *out, size_t size);                         \
	void view_##name##_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
VIEW(overview);
VIEW(model);
VIEW(attention);
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
#undef VIEW

#endif
