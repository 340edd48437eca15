#include "ui/views/view.h"

#include "base/text.h"
#include "model/resnet/resnet.h"
#include "ui/views/parts.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW(name, help, site, of, hit)                                                                                           \
	{                                                                                                                        \
#name, help, site, of, view_##name##_title, view_##name##_draw, hit                                              \
	}

const struct view view_table[] = {
    ROW(overview, "the whole default screen as one picture", false, VIEW_OF_ONE, NULL),
    ROW(model, "the model's tree: rate, error and alarms of every site, the worst ones marked", false, VIEW_OF_BOTH,
	view_model_hit),
    ROW(attention, "attention of a layer and head: estimate, correction, ANN, difference", true, VIEW_OF_BOTH,
	view_attention_hit),
    ROW(features, "feature maps of a residual network's layer: channels side by side, estimate, ANN and difference", true,
	VIEW_OF_EACH, view_features_hit),
    ROW(patches, "attention from and to the selected token, over the picture's patches", true, VIEW_OF_EACH, NULL),
    ROW(product, "the product of a query and a key by t: what arrived, estimate, correction, sum sent", true, VIEW_OF_EACH, NULL),
    ROW(selected, "the selected query and key, and the selected site: values, spikes and error by t", true, VIEW_OF_EACH, NULL),
    ROW(neuron, "membrane, threshold and spikes of a neuron by t", true, VIEW_OF_EACH, NULL),
    ROW(raster, "spikes of a site: neurons by time", true, VIEW_OF_EACH, view_raster_hit),
    ROW(histogram, "what a site's function receives, against the range of its UGO", true, VIEW_OF_EACH, NULL),
    ROW(readout, "the five best classes of SNN and ANN, and their logits by t", false, VIEW_OF_EACH, NULL),
    ROW(error, "error of a site by t, and of the residual stream by layer", true, VIEW_OF_EACH, NULL),
    ROW(residual, "error of the residual stream: layers by t", false, VIEW_OF_EACH, view_residual_hit),
    ROW(image, "the picture with its patches; the selected token's patch is framed", false, VIEW_OF_ONE, view_image_hit),
    ROW(ugo, "a function and its UGO with knots, and the residual between the limits", true, VIEW_OF_ONE, NULL),
    ROW(sizes, "error of a function's fits by size, against the limit and after steps of spikes", false, VIEW_OF_ONE, NULL),
    ROW(pareto, "error by neurons and steps, and the front of error and spikes", false, VIEW_OF_ONE, NULL),
    ROW(inputs, "what a function received in calibration, over the range of its UGO", true, VIEW_OF_ONE, NULL),
    ROW(loss, "loss of the last training by Adam", false, VIEW_OF_ONE, NULL),
    ROW(ladder, "accuracy and errors from the ANN to the spikes, rung by rung", false, VIEW_OF_ONE, NULL),
    ROW(attribution, "what each class of sites costs alone", false, VIEW_OF_ONE, NULL),
    ROW(bench, "where the time of a step goes", false, VIEW_OF_ONE, NULL),
    ROW(energy, "energy against the ANN: by rule, by place and by step", false, VIEW_OF_ONE, NULL),
    ROW(front, "what tune has measured: error against energy, and the front", false, VIEW_OF_ONE, NULL),
    ROW(plot, "the curves of the last plot or compare", false, VIEW_OF_ONE, NULL),
    ROW(table, "the last answer of the notebook as a table", false, VIEW_OF_ONE, NULL),
    ROW(single, "the neuron that `neuron` ran: membrane, spikes, rate against current", false, VIEW_OF_ONE, NULL),
    ROW(log, "what was typed, and what it printed", false, VIEW_OF_ONE, NULL),
    ROW(tutorial, "the scene of the tutorial that is on", false, VIEW_OF_ONE, NULL),
    {NULL, NULL, false, VIEW_OF_ONE, NULL, NULL, NULL},
};
#undef ROW

/* What a view of attention says to a network that has no maps of it; NULL when there is nothing to say. */
static const char *
view_unfit(const struct app *app, const struct view *view)
{
	static const char *const attending[] = {"attention", "patches", "product"};
	bool features = strcmp(view->name, "features") == 0;

	if (!app->model)
		return NULL;
	for (size_t i = 0; i < sizeof(attending) / sizeof(*attending); i++)
		if (app->model->resnet && strcmp(view->name, attending[i]) == 0)
			return app->model->resnet->heads > 0
				   ? "attention pooling has no such maps; type: view features attnpool.softmax"
				   : "a residual network has no attention; type: view features";
	return features && !app->model->resnet ? "a transformer has no feature maps; type: view attention" : NULL;
}

static enum need
view_need(const struct view *view)
{
	static const struct {
		const char *name;
		enum need need;
	} needs[] = {{"model", NEED_MODEL},     {"attention", NEED_STEP}, {"selected", NEED_STEP}, {"raster", NEED_STEP},
		     {"readout", NEED_PICTURE}, {"error", NEED_STEP},     {"image", NEED_PICTURE}, {"patches", NEED_STEP},
		     {"features", NEED_STEP},   {"product", NEED_STEP},   {"neuron", NEED_STEP},   {"residual", NEED_STEP},
		     {"histogram", NEED_STEP}};
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (strcmp(needs[i].name, view->name) == 0)
			return needs[i].need;
	return NEED_NOTHING;
}

const struct view *
view_find(const char *name, struct status *st)
{
	const struct view *found = NULL, *v;
	char shown[80], names[300] = "";
	int hits = 0;

	for (v = view_table; v->name; v++) {
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

/* What is there */

const char *
view_lacks(const struct app *app, enum need need)
{
	if (need >= NEED_MODEL && !app->model)
		return "no model yet: load DIR";
	if (need >= NEED_PICTURE && app->model->classes == 0)
		return "no classes yet: prompt TEXT TEXT ..., or data PATH and prompt";
	if (need >= NEED_PICTURE && !app->pixels)
		return "no picture yet: image FILE, or data PATH and image N";
	if (need >= NEED_WALK && (!app->walk || !app->walk->shown))
		return "not converted yet: convert";
	if (need >= NEED_STEP && app->walk->t == 0)
		return "t = 0, nothing has been sent: step";
	return NULL;
}

bool
view_lacking(const struct app *app, enum need need, struct canvas *canvas, struct rect area)
{
	const char *text = view_lacks(app, need);

	if (text)
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, text);
	return text != NULL;
}

struct site
view_site(const struct app *app, const struct view_args *args)
{
	struct site site;

	if (args->site && site_parse(app->model, args->site, &site))
		return site;
	return app->selection.site;
}

int
view_layer(const struct app *app, const struct view_args *args)
{
	struct site site;

	if (args->site && site_parse(app->model, args->site, &site) && site.block >= 0)
		return site.block;
	return app->selection.layer;
}

int
view_head(const struct app *app, const struct view_args *args)
{
	return args->has_head ? args->head : app->selection.head;
}

int
view_q(const struct app *app, const struct view_args *args)
{
	return args->has_q ? args->q : app->selection.q;
}

int
view_k(const struct app *app, const struct view_args *args)
{
	return args->has_k ? args->k : app->selection.k;
}

int
view_neuron(const struct app *app, const struct view_args *args)
{
	return args->has_neuron ? args->neuron : app->selection.neuron;
}

const struct ugo *
view_site_ugo(const struct app *app, struct site site)
{
	return app->plan ? app->plan->site[site_index(app->model, site)].ugo : NULL;
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

bool
view_check(struct app *app, const struct view *view, const struct view_args *args, struct status *st)
{
	const char *lack = view_lacks(app, view_need(view));
	struct site site;
	char shown[80];

	if (view_unfit(app, view))
		return status_fail(st, STATUS_USAGE, "%s", view_unfit(app, view));
	if (lack)
		return status_fail(st, STATUS_FAILED, "%s", lack);
	if (!app->model && args->site)
		return status_fail(st, STATUS_FAILED, "%s", view_lacks(app, NEED_MODEL));
	if (args->site && !site_parse(app->model, args->site, &site))
		return status_fail(st, STATUS_USAGE, "no site '%s' in the model; `model` lists them",
				   text_escape(args->site, shown, sizeof(shown)));
	if (!app->model)
		return true;
	return check_index("head", args->has_head, args->head, app->model->heads, st) &&
	       check_index("token", args->has_q, args->q, app->model->tokens, st) &&
	       check_index("token", args->has_k, args->k, app->model->tokens, st) &&
	       check_index("neuron", args->has_neuron, args->neuron, (int)site_size(app->model, view_site(app, args)), st);
}

/* Drawing */

void
view_draw(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	char title[200];
	struct pen line = {.fg = args->focused ? ROLE_FOCUS : ROLE_DIM, .attr = args->focused ? ATTR_BOLD : 0};
	struct pen name = {.fg = args->focused ? ROLE_FOCUS : ROLE_TITLE, .attr = ATTR_BOLD};

	if (view_unfit(app, view)) {
		if (args->framed)
			area = canvas_frame(canvas, area, view->name, line, name);
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, view_unfit(app, view));
		return;
	}
	if (args->framed) {
		view->title(app, args, title, sizeof(title));
		area = canvas_frame(canvas, area, title, line, name);
	}
	if (area.w <= 0 || area.h <= 0)
		return;
	if (view->of == VIEW_OF_EACH && view_is_split(app))
		view_draw_sides(app, view, args, canvas, area);
	else
		view->draw(app, args, canvas, area);
}

/* A view alone has its title in a frame; the overview frames its own parts. */
static bool
draw_alone(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas,
	   struct canvas_style style, struct status *st)
{
	struct view_args framed = *args;
	int w, h;

	if (!view_check(app, view, args, st))
		return false;
	app_size(app, &w, &h);
	if (!canvas_init(canvas, w, h, style))
		return status_nomem(st, "the canvas");
	framed.framed = view->draw != view_overview_draw;
	view_draw(app, view, &framed, canvas, canvas_all(canvas));
	return true;
}

bool
view_print(struct app *app, const struct view *view, const struct view_args *args, FILE *out, struct status *st)
{
	struct canvas canvas = {0};
	bool ok = draw_alone(app, view, args, &canvas, view_style(app, out), st);

	if (ok)
		canvas_text_write(&canvas, out);
	canvas_done(&canvas);
	return ok;
}

bool
view_save(struct app *app, const struct view *view, const struct view_args *args, const char *path, bool force, struct status *st)
{
	const char *dot = strrchr(path, '.');
	bool text = dot && strcmp(dot, ".txt") == 0;
	struct canvas_style style = {
	    .palette = text ? PALETTE_NONE : PALETTE_RGB, .unicode = !(text && app->options.ascii), .light = true};
	struct canvas canvas = {0};
	bool ok = draw_alone(app, view, args, &canvas, style, st) && canvas_save(&canvas, path, force, st);

	canvas_done(&canvas);
	return ok;
}

/* Where one is */

static void
append(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	if (used + 1 < size)
		snprintf(out + used, size - used, "%s%s", used ? "  " : "", text);
}

static void
status_step(const struct app *app, char *out, size_t size)
{
	const struct walk *walk = app->walk;
	const struct walk_step *last = walk_last(walk);
	char label[2][16], number[4][16];
	float p = 0, q = 0;
	int snn = 0, ann = 0;

	walk_top(walk->reference.logits, walk->model->classes, 1, &ann, &q);
	short_number(q, number[1], sizeof(number[1]));
	if (!last) {
		snprintf(out, size, "ANN %s %s", model_label(walk->model, ann, label[1]), number[1]);
		return;
	}
	walk_top(last->logits, walk->model->classes, 1, &snn, &p);
	snprintf(out, size, "%s%s %s (ANN %s %s)  spikes %s  logit rmse %s", snn != ann ? "! " : "",
		 model_label(walk->model, snn, label[0]), short_number(p, number[0], sizeof(number[0])),
		 model_label(walk->model, ann, label[1]), number[1], text_count(last->events, number[2], sizeof(number[2])),
		 short_number(last->logit_rmse, number[3], sizeof(number[3])));
}

/* "t=4", within a step "t=4+ blocks.2.attn.qk", and what stopped it. */
static void
status_time(const struct app *app, char *out, size_t size)
{
	const struct walk *walk = app->walk;
	char name[SITE_NAME_MAX];

	if (walk->site >= 0)
		snprintf(out, size, "t=%d+ %s", walk->t, site_name(site_at(walk->model, walk->site), name));
	else
		snprintf(out, size, "t=%d", walk->t);
	if (app->stop.stopped && app->stop.number)
		snprintf(out + strlen(out), size - strlen(out), "  stopped by %s %d", app->stop.is_watch ? "watch" : "breakpoint",
			 app->stop.number);
	else if (app->stop.stopped)
		snprintf(out + strlen(out), size - strlen(out), "  stopped");
}

static void
status_where(const struct app *app, bool model, char *out, size_t size)
{
	snprintf(out, size, "[%s%s%s%s", model ? app->model->name : "", model && app->title ? " " : "",
		 app->title ? app->title : "", app->plan && (model || app->title) ? ", " : "");
	if (app->plan)
		snprintf(out + strlen(out), size - strlen(out), "plan %.4s", app->plan->hash);
	snprintf(out + strlen(out), size - strlen(out), "]");
}

void
view_status(struct app *app, int columns, char *out, size_t size)
{
	char step[200], where[300];
	int room;

	out[0] = '\0';
	if (!app->model) {
		append(out, size, view_lacks(app, NEED_MODEL));
		return;
	}
	if (app->walk && app->walk->shown) {
		status_time(app, out, size);
		status_step(app, step, sizeof(step));
		append(out, size, step);
	} else {
		append(out, size, view_lacks(app, NEED_WALK));
	}
	room = columns - text_columns(out) - 2;
	status_where(app, true, where, sizeof(where));
	if (text_columns(where) > room)
		status_where(app, false, where, sizeof(where));
	if (text_columns(where) <= room)
		append(out, size, where);
}

struct layout_maps
view_maps(const struct app *app, struct canvas_style style)
{
	bool half = canvas_half_blocks(style);

	return (struct layout_maps){!app->model ? 0 : app->model->resnet ? -1 : app->model->tokens, half ? 2 : 1};
}

/* Style */

static enum palette
terminal_palette(void)
{
	const char *term = getenv("TERM"), *truecolor = getenv("COLORTERM");

	if (!term || strcmp(term, "dumb") == 0)
		return PALETTE_NONE;
	if (truecolor && (strcmp(truecolor, "truecolor") == 0 || strcmp(truecolor, "24bit") == 0))
		return PALETTE_RGB;
	return strstr(term, "256") ? PALETTE_256 : PALETTE_8;
}

struct canvas_style
view_style(const struct app *app, FILE *out)
{
	const char *no_color = getenv("NO_COLOR");
	struct canvas_style style = {.light = theme_terminal_is_light(getenv("COLORFGBG"))};
	bool terminal = out == app->out ? app->terminal && !app->capture : isatty(fileno(out));

	style.unicode = !app->options.ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	switch (app->options.color) {
	case COLOR_AUTO:
		if (terminal && !(no_color && *no_color))
			style.palette = terminal_palette();
		break;
	case COLOR_ALWAYS:
	case COLOR_256:
		style.palette = PALETTE_256;
		break;
	case COLOR_8:
		style.palette = PALETTE_8;
		break;
	default:
		break;
	}
	return style;
}
