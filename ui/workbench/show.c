#include "ui/workbench/show.h"

#include "ui/panes/panes.h"
#include "ui/scene/lessons.h"
#include "ui/workbench/ugo_lab.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HIDDEN = 32 };

/* --- a walk as a scene's source ------------------------------------------- */

static bool
probe_walk(const void *from, struct site site, enum snn_quantity q, struct tensor *out)
{
	const struct snn *snn = walk_network(from, site);
	struct status st = {0};

	return snn && snn_has(snn, site, q) && snn_probe(snn, site, q, out, &st);
}

static double
walk_element(const void *from, struct site site, enum snn_quantity q, size_t index)
{
	const struct snn *snn = walk_network(from, site);

	return snn && snn_has(snn, site, q) ? (double)snn_element(snn, site, q, index) : NAN;
}

/* Without panes nobody waits for the next key: the log is read to its end, or to Ctrl-C. */
static bool
read_neurons(void *from, const struct history_request *request, struct neuron_log *out)
{
	struct log_reader *r = from;
	struct progress progress = app_progress(r->app);
	struct history **h = r->history;
	struct status st = {0};

	if ((!*h && !(*h = history_new(&st))) || !history_ask(*h, r->walk, request, &st))
		return false;
	while (!r->app->capture && !history_ready(*h, r->walk) &&
	       progress_report(&progress, "step again", history_count(*h), r->walk->t))
		if (!history_advance(*h, r->walk, 1, &st))
			return false;
	if (!history_ready(*h, r->walk))
		r->app->history_wanted = true;
	*out = (struct neuron_log){history_at(*h, 1), history_count(*h), history_unit(*h)};
	return true;
}

static void
scene_of_walk(struct scene *scene, struct log_reader *reader)
{
	const struct walk *walk = reader->walk;

	if (!walk)
		return;
	scene->shown = walk->shown;
	scene->t = walk->t;
	scene->sites_done = walk->site + 1;
	scene->step = walk->step;
	if (walk->shown) {
		scene->reference = walk->reference.value;
		scene->logits = walk->reference.logits;
	}
	scene->network = (struct scene_network){probe_walk, walk_element, walk};
	scene->neurons = (struct scene_neurons){read_neurons, reader};
}

/* --- the scene ------------------------------------------------------------ */

static void
scene_of_notebook(const struct app *app, struct scene *scene)
{
	scene->findings = app->findings;
	scene->lab = app->lab;
	scene->ugo = app->ugo;
	scene->ugos = app->ugos;
	scene->ugo_shown = lab_shown(app);
	scene->single = app->single;
	scene->answer = app->answer;
	scene->chart = app->chart;
	scene->log = &app->log;
	scene->lesson = app->tutorial > 0 ? &lessons[app->tutorial - 1] : NULL;
	scene->lesson_number = app->tutorial;
}

static void
scene_of_panes(const struct panes *panes, struct scene *scene)
{
	if (!panes)
		return;
	scene->layout = panes->plan.columns > 0 ? &panes->plan : NULL;
	scene->alone = panes->alone;
	scene->zoom = panes->zoom;
}

void
show_scene(struct app *app, struct showing *s)
{
	struct scene *scene = &s->scene;

	*s = (struct showing){.reader = {{app, app->walk, &app->history}, {app, app->split.walk, &app->split.history}}};
	*scene = (struct scene){.model = app->model,
				.pixels = app->pixels,
				.title = app->title,
				.label = app->label,
				.logits = app->logits,
				.plan = app->plan,
				.spikes = app->spikes,
				.stop = &app->stop,
				.side = app->side,
				.selection = app->selection};
	scene_of_notebook(app, scene);
	scene_of_panes(app->panes, scene);
	scene_of_walk(scene, &s->reader[0]);
	if (!app->split.walk)
		return;
	s->second = *scene;
	s->second.plan = app->split.plan;
	s->second.spikes = app->split.spikes;
	scene_of_walk(&s->second, &s->reader[1]);
	scene->second = &s->second;
}

static bool
fit_asked(struct app *app, const struct view_args *args, struct showing *s, struct status *st)
{
	struct ugo_request request = {0};
	struct curve *curve = NULL;

	if (!lab_target(app, args->function, &request, &curve, st))
		return false;
	request.hidden = args->hidden ? args->hidden : HIDDEN;
	if (args->has_range) {
		request.lo = args->lo;
		request.hi = args->hi;
	}
	s->scene.ugo_fitted = ugo_fit(&s->fitted, &request, st);
	s->scene.ugo_asked = s->scene.ugo_fitted ? &s->fitted : NULL;
	curve_free(curve);
	return s->scene.ugo_fitted;
}

bool
show_open(struct app *app, const struct view *view, const struct view_args *args, struct showing *s, struct status *st)
{
	const struct ugo *asked = NULL;
	struct status unknown = {0};

	/* The notebook may bring it into the session, so before the scene is made. */
	if (args->function && !args->hidden && (view->takes_function || view->observes))
		asked = lab_find(app, args->function, &unknown);
	show_scene(app, s);
	s->scene.ugo_asked = asked;
	return !args->function || asked || !view->takes_function || fit_asked(app, args, s, st);
}

void
show_done(struct showing *s)
{
	if (s->scene.ugo_fitted)
		ugo_done(&s->fitted);
	s->scene.ugo_fitted = false;
}

/* --- views alone ---------------------------------------------------------- */

static bool
draw_alone(struct app *app, const struct view *view, const struct view_args *args, struct canvas *canvas,
	   struct canvas_style style, struct status *st)
{
	struct showing s;
	int w, h;
	bool ok = show_open(app, view, args, &s, st) && view_check(&s.scene, view, args, st);

	app_size(app, &w, &h);
	if (ok && !canvas_init(canvas, w, h, style))
		ok = status_nomem(st, "the canvas");
	if (ok)
		view_draw_alone(&s.scene, view, args, canvas);
	show_done(&s);
	return ok;
}

bool
show_print(struct app *app, const struct view *view, const struct view_args *args, FILE *out, struct status *st)
{
	struct canvas canvas = {0};
	bool ok = draw_alone(app, view, args, &canvas, show_style(app, out), st);

	if (ok)
		canvas_text_write(&canvas, out);
	canvas_done(&canvas);
	return ok;
}

bool
show_save(struct app *app, const struct view *view, const struct view_args *args, const char *path, bool force, struct status *st)
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

/* --- style ---------------------------------------------------------------- */

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
show_style(const struct app *app, FILE *out)
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
