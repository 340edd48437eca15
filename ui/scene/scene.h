/* A scene: all that views can look at, and nothing of the program.
 *
 * A view draws a scene. Who has a model, a walk and a notebook makes one of them
 * (ui/workbench/show.h); a test makes one by hand from a few numbers. Nothing here is
 * owned, and what is NULL or 0 is not there; a view says then what to type.
 *
 *	struct scene scene = {.model = model, .selection = {.unit = -1}};
 *	view_draw(&scene, view_find("model", &st), &args, &canvas, area);
 *
 * Two plans that stand side by side (`split`) are two scenes, the first of which knows
 * the second; scene_difference() makes a third one of them. */
#ifndef SPIKESCOPE_UI_SCENE_H
#define SPIKESCOPE_UI_SCENE_H

#include "base/tensor.h"
#include "model/model.h"
#include "snn/plan/plan.h"
#include "snn/snn.h"
#include "study/single.h"
#include "study/walk/breakpoint.h"
#include "study/walk/history.h"
#include "study/walk/spike_log.h"
#include "study/walk/walk.h"

struct answer;
struct chart_data;
struct findings;
struct layout_plan;
struct lesson;
struct log;
struct ugo_lab;

/* What is selected. Always within the model's bounds while one is loaded. */
struct selection {
	int layer, head;
	int q, k;         /* tokens: the row and column of an attention map */
	struct site site; /* the tree's cursor; the raster shows it */
	int neuron;       /* index into the site's flattened shape */
	int unit;         /* hidden neuron of a UGO; -1: the one with the largest membrane */
};

/* Which plans of a split are shown. */
enum side { SIDE_ALL, SIDE_FIRST, SIDE_SECOND, SIDE_DIFFERENCE };
extern const char *const side_names[]; /* ends with NULL */

/* A neuron that ran alone; owns the settings' train. */
struct single {
	struct single_settings settings;
	struct single_trace trace;
	struct single_curve curve;
};
void single_free(struct single *single); /* NULL is fine */

/* Where the last command stopped before its end. */
struct stop {
	int number; /* of the breakpoint or watch; 0: `until` */
	bool stopped, is_watch;
	double before; /* watch: the value before */
	struct condition_found found;
	char text[200]; /* the condition */
};

/* Where the numbers of a network come from: a stepped one, or arrays. */
struct scene_network {
	/* The whole site; false: it has no such quantity. out is tensor_done() by the caller. */
	bool (*probe)(const void *from, struct site site, enum snn_quantity q, struct tensor *out);
	/* One element; NAN: likewise, or index is past the end. */
	double (*element)(const void *from, struct site site, enum snn_quantity q, size_t index);
	const void *from;
};

/* A neuron and a product by t, as far as they are known. */
struct neuron_log {
	const struct history_point *point; /* [count], point[i] after i + 1 steps */
	int count;
	int unit; /* the hidden neuron looked at; -1: none */
};

struct scene_neurons {
	/* False: not to be had. It may reach less far than the scene's t: the reader goes on later. */
	bool (*read)(void *from, const struct history_request *request, struct neuron_log *out);
	void *from;
};

struct scene {
	const struct model *model;
	const float *pixels; /* the picture [channels, size, size] */
	const char *title;   /* its name, control characters escaped */
	int label;           /* its class, or -1 */
	const float *logits; /* the reference's [classes] */

	/* A plan, and the steps it has been through with the picture. */
	const struct plan *plan;
	bool shown;                   /* the picture is before the spiking network */
	int t;                        /* whole steps done */
	int sites_done;               /* within step t + 1; 0: between steps */
	const struct walk_step *step; /* [t], one more within a step */
	float *const *reference;      /* [site_count] the reference's values [site shape] */
	struct scene_network network;
	const struct spike_log *spikes;
	struct scene_neurons neurons;
	const struct stop *stop;

	const struct scene *second; /* the other plan of a split */
	const struct scene
	    *minus; /* of a difference: what is taken off. Its steps and probes are differences, it has no reference */
	enum side side;

	struct selection selection;

	/* What was found and kept. */
	const struct findings *findings; /* of studies (ui/scene/findings.h) */
	const struct ugo_lab *lab;       /* of functions (ui/scene/lab.h) */
	struct ugo *const *ugo;          /* [ugos] of the session */
	int ugos;
	const struct ugo *ugo_shown; /* the one to show unless told */
	const struct ugo *ugo_asked; /* the one that view_args.function names, or one fitted to that function */
	bool ugo_fitted;             /* ugo_asked was fitted for this view */
	const struct single *single;
	struct answer *answer; /* of the notebook; drawn as a table it is scrolled to its cursor */
	const struct chart_data *chart;
	const struct log *log;
	const struct lesson *lesson; /* of the tutorial */
	int lesson_number;

	/* How views stand beside each other. */
	const struct layout_plan *layout; /* NULL: by default */
	const char *alone;                /* the view that is maximised */
	const int *zoom;                  /* [VIEW_COUNT] */
};

/* The last step, or NULL at t = 0. */
const struct walk_step *scene_last(const struct scene *scene);
/* The numbers of a site as far as it is; NULL when it has done no step. */
const struct walk_site *scene_site_now(const struct scene *scene, int site_index);

/* Are two plans to be shown? */
bool scene_is_split(const struct scene *scene);

/* Numbers of the network: NULL or NAN where the plan does not have them. of a difference,
 * the second plan's are taken off. scene_probe: [site shape], owned by *hold. */
const float *scene_probe(const struct scene *scene, struct site site, enum snn_quantity q, struct tensor *hold);
double scene_element(const struct scene *scene, struct site site, enum snn_quantity q, size_t index);
const float *scene_reference(const struct scene *scene, struct site site);
double scene_reference_element(const struct scene *scene, struct site site, size_t index);

/* The UGO that a site of the plan uses; NULL when it has none. */
const struct ugo *scene_site_ugo(const struct scene *scene, struct site site);

/* A neuron and a product by t; of a difference both plans', of a UGO the same hidden neuron. */
struct neuron_logs {
	struct neuron_log first, second;
	bool both;
	int count; /* steps known of all */
};
struct neuron_logs scene_neuron_logs(const struct scene *scene, const struct history_request *request);
/* After step t of 1..count; of a difference, the second one's taken off (but for a, b, A and B). */
struct history_point neuron_logs_at(const struct neuron_logs *logs, int t);

/* a with the numbers of b taken off in every step; both have done the same steps. False
 * when out of memory. scene_difference_done() out in any case. */
bool scene_difference(struct scene *out, const struct scene *a, const struct scene *b);
void scene_difference_done(struct scene *scene);

#endif
