/* Scenes made by hand: no picture is shown, no network stepped, nothing rounds. What a view
 * draws of them is the same on every machine.
 *
 *	struct made_scene m;
 *	made_scene_init(&m, model, 4);
 *	made_values(&m, site, SNN_VALUE)[3] = 0.5f;
 *	view_draw(&m.scene, view, &args, &canvas, area);
 *	made_scene_done(&m);
 *
 * All numbers are 0 until they are set; a quantity of a site that was never asked for is one
 * that the plan does not have. */
#ifndef SPIKESCOPE_TESTS_SCENE_H
#define SPIKESCOPE_TESTS_SCENE_H

#include "ui/scene/scene.h"

enum { MADE_VALUES = 64 };

struct made_scene {
	struct scene scene;          /* its other fields may be set too */
	struct plan plan;            /* recipe "made", T 16, hash "cafe..."; sites without UGOs */
	float *pixels;               /* [channels, size, size] */
	float *logits;               /* [classes] the reference's */
	struct walk_step *step;      /* [t]; logits [classes] and site [site_count] */
	struct history_point *point; /* [t]; a, b, A and B [head_dim] */
	int points, unit;            /* steps of them that are known; the hidden neuron */
	struct spike_log *spikes;    /* every site spikes: spike_log_add() */
	float **reference;           /* [site_count] */
	struct made_values {
		struct site site;
		enum snn_quantity q;
		float *data;
	} values[MADE_VALUES];
	int count;
};

/* A picture, and t steps of a plan with it. The model must outlive the scene. */
void made_scene_init(struct made_scene *m, const struct model *model, int t);
void made_scene_done(struct made_scene *m);

/* [site shape], to be written; made at the first call. */
float *made_values(struct made_scene *m, struct site site, enum snn_quantity q);
float *made_reference(struct made_scene *m, struct site site);

#endif
