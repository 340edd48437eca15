#include "ui/views/view.h"
#include "model/graph.h"

#include "base/text.h"
#include "ui/views/layout.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <string.h>

#define VIEW_ROW(name) &name##_view,
const struct view *const view_table[VIEW_COUNT + 1] = {VIEWS(VIEW_ROW) NULL};
#undef VIEW_ROW

int
view_index(const struct view *view)
{
	int i = 0;

	while (view_table[i] != view)
		i++;
	return i;
}

const struct view *
view_find(const char *name, struct status *st)
{
	const struct view *found = NULL;
	char shown[80], names[300] = "";
	int hits = 0;

	for (int i = 0; i < VIEW_COUNT; i++) {
		const struct view *v = view_table[i];

		if (strcmp(v->name, name) == 0)
			return v;
		if (*name && strncmp(v->name, name, strlen(name)) == 0) {
			found = v;
			hits++;
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", *names ? ", " : "", v->name);
	}
	if (hits == 1)
		return found;
	status_fail(st, STATUS_USAGE, "%s view '%s'; there are %s", hits ? "ambiguous" : "unknown",
		    text_escape(name, shown, sizeof(shown)), names);
	return NULL;
}

/* --- what is there -------------------------------------------------------- */

const char *
scene_lacks(const struct scene *scene, enum view_needs needs)
{
	if (needs >= NEEDS_MODEL && !scene->model)
		return "no model yet: load DIR";
	if (needs >= NEEDS_PICTURE && scene->model->classes == 0)
		return "no classes yet: prompt TEXT TEXT ..., or data PATH and prompt";
	if (needs >= NEEDS_PICTURE && !scene->pixels)
		return "no picture yet: image FILE, or data PATH and image N";
	if (needs >= NEEDS_WALK && !scene->shown)
		return "not converted yet: convert";
	if (needs >= NEEDS_STEP && scene->t == 0)
		return "t = 0, nothing has been sent: step";
	return NULL;
}

const char *
view_lacks(const struct scene *scene, const struct view *view, const struct view_args *args)
{
	if (view->needs != NEEDS_UGO)
		return scene_lacks(scene, view->needs);
	return view_ugo(scene, args) ? NULL : "no UGO here: select a site with a nonlinearity, or type: ugo fit gelu";
}

static const char *
unfit(const struct scene *scene, const struct view *view)
{
	return view->unfit && scene->model ? view->unfit(scene) : NULL;
}

const char *
view_needs_attention(const struct scene *scene)
{
	if (graph_maps(scene->model).heads > 0)
		return NULL;
	return graph_has(scene->model->graph, LAYER_SCORES)
		   ? "attention pooling has no such maps; type: view features attnpool.softmax"
		   : "a residual network has no attention; type: view features";
}

static bool
check_index(const char *what, bool has, int value, int count, struct status *st)
{
	if (!has || (value >= 0 && value < count))
		return true;
	if (count == 0)
		return status_fail(st, STATUS_USAGE, "a residual network has no %ss", what);
	return status_fail(st, STATUS_USAGE, "there is no %s %d; the model has 0..%d", what, value, count - 1);
}

static bool
check_args(const struct scene *scene, const struct view_args *args, struct status *st)
{
	const struct model *model = scene->model;
	struct site site;
	char shown[80];

	if (!model)
		return !args->site || status_fail(st, STATUS_FAILED, "%s", scene_lacks(scene, NEEDS_MODEL));
	if (args->site && !site_parse(model, args->site, &site))
		return status_fail(st, STATUS_USAGE, "no site '%s' in the model; `model` lists them",
				   text_escape(args->site, shown, sizeof(shown)));
	return check_index("head", args->has_head, args->head, graph_maps(model).heads, st) &&
	       check_index("token", args->has_q, args->q, graph_maps(model).tokens, st) &&
	       check_index("token", args->has_k, args->k, graph_maps(model).tokens, st) &&
	       check_index("neuron", args->has_neuron, args->neuron, (int)site_size(model, view_site(scene, args)), st);
}

bool
view_check(const struct scene *scene, const struct view *view, const struct view_args *args, struct status *st)
{
	const char *lack = view_lacks(scene, view, args);

	if (unfit(scene, view))
		return status_fail(st, STATUS_USAGE, "%s", unfit(scene, view));
	if (lack)
		return status_fail(st, STATUS_FAILED, "%s", lack);
	return check_args(scene, args, st);
}

/* --- arguments and the selection ------------------------------------------ */

struct site
view_site(const struct scene *scene, const struct view_args *args)
{
	struct site site;

	if (args->site && site_parse(scene->model, args->site, &site))
		return site;
	return scene->selection.site;
}

int
view_layer(const struct scene *scene, const struct view_args *args)
{
	struct site site;

	if (args->site && site_parse(scene->model, args->site, &site) && site.block >= 0)
		return site.block;
	return scene->selection.layer;
}

int
view_head(const struct scene *scene, const struct view_args *args)
{
	return args->has_head ? args->head : scene->selection.head;
}

int
view_q(const struct scene *scene, const struct view_args *args)
{
	return args->has_q ? args->q : scene->selection.q;
}

int
view_k(const struct scene *scene, const struct view_args *args)
{
	return args->has_k ? args->k : scene->selection.k;
}

int
view_neuron(const struct scene *scene, const struct view_args *args)
{
	return args->has_neuron ? args->neuron : scene->selection.neuron;
}

const struct ugo *
view_ugo(const struct scene *scene, const struct view_args *args)
{
	if (args->function)
		return scene->ugo_asked;
	if (args->site)
		return scene->model ? scene_site_ugo(scene, view_site(scene, args)) : NULL;
	return scene->ugo_shown;
}

struct neuron_logs
view_neuron_logs(const struct scene *scene, const struct view_args *args)
{
	struct site site = view_site(scene, args);
	size_t size = site_size(scene->model, site), at = (size_t)view_neuron(scene, args);
	struct history_request request = {.site = site,
					  .element = at < size ? at : 0,
					  .unit = args->has_unit ? args->unit : scene->selection.unit,
					  .layer = view_layer(scene, args),
					  .head = view_head(scene, args),
					  .q = view_q(scene, args),
					  .k = view_k(scene, args)};

	return scene_neuron_logs(scene, &request);
}

const struct findings *
view_findings(const struct scene *scene)
{
	static const struct findings none;

	return scene->findings ? scene->findings : &none;
}

struct layout_maps
view_maps(const struct scene *scene, struct canvas_style style)
{
	bool half = canvas_half_blocks(style);
	int tokens = scene->model ? graph_maps(scene->model).tokens : 0;

	return (struct layout_maps){scene->model && tokens == 0 ? -1 : tokens, half ? 2 : 1};
}

/* --- drawing -------------------------------------------------------------- */

void
view_say(struct canvas *canvas, struct rect area, const char *text)
{
	canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, text);
}

static struct rect
draw_frame(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
	   struct rect area)
{
	char title[200];
	struct pen line = {.fg = args->focused ? ROLE_FOCUS : ROLE_DIM, .attr = args->focused ? ATTR_BOLD : 0};
	struct pen name = {.fg = args->focused ? ROLE_FOCUS : ROLE_TITLE, .attr = ATTR_BOLD};

	if (unfit(scene, view))
		return canvas_frame(canvas, area, view->name, line, name);
	view->title(scene, args, title, sizeof(title));
	return canvas_frame(canvas, area, title, line, name);
}

void
view_draw(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas,
	  struct rect area)
{
	const char *missing;

	if (args->framed)
		area = draw_frame(scene, view, args, canvas, area);
	if (area.w <= 0 || area.h <= 0)
		return;
	missing = unfit(scene, view) ? unfit(scene, view) : view_lacks(scene, view, args);
	if (missing)
		view_say(canvas, area, missing);
	else if (view->of == VIEW_OF_EACH && scene_is_split(scene))
		view_draw_sides(scene, view, args, canvas, area);
	else
		view->draw(scene, args, canvas, area);
}

void
view_draw_alone(const struct scene *scene, const struct view *view, const struct view_args *args, struct canvas *canvas)
{
	struct view_args framed = *args;

	framed.framed = !view->whole_screen;
	view_draw(scene, view, &framed, canvas, canvas_all(canvas));
}
