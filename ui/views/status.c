/* The line that says where one is. */
#include "base/text.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <string.h>

static void
append(char *out, size_t size, const char *text)
{
	size_t used = strlen(out);

	if (used + 1 < size)
		snprintf(out + used, size - used, "%s%s", used ? "  " : "", text);
}

static void
status_step(const struct scene *scene, char *out, size_t size)
{
	const struct model *model = scene->model;
	const struct walk_step *last = scene_last(scene);
	char label[2][16], number[4][16];
	float p = 0, q = 0;
	int snn = 0, ann = 0;

	walk_top(scene->logits, model->classes, 1, &ann, &q);
	short_number(q, number[1], sizeof(number[1]));
	if (!last) {
		snprintf(out, size, "ANN %s %s", model_label(model, ann, label[1]), number[1]);
		return;
	}
	walk_top(last->logits, model->classes, 1, &snn, &p);
	snprintf(out, size, "%s%s %s (ANN %s %s)  spikes/t %s  logit rmse %s", snn != ann ? "! " : "",
		 model_label(model, snn, label[0]), short_number(p, number[0], sizeof(number[0])),
		 model_label(model, ann, label[1]), number[1], text_count(last->units, number[2], sizeof(number[2])),
		 short_number(last->logit_rmse, number[3], sizeof(number[3])));
}

/* "t=4", within a step "t=4+ blocks.2.attn.qk", and what stopped it. */
static void
status_time(const struct scene *scene, char *out, size_t size)
{
	const struct stop *stop = scene->stop;
	char name[SITE_NAME_MAX];

	if (scene->sites_done > 0)
		snprintf(out, size, "t=%d+ %s", scene->t, site_name(site_at(scene->model, scene->sites_done - 1), name));
	else
		snprintf(out, size, "t=%d", scene->t);
	if (stop && stop->stopped && stop->number)
		snprintf(out + strlen(out), size - strlen(out), "  stopped by %s %d", stop->is_watch ? "watch" : "breakpoint",
			 stop->number);
	else if (stop && stop->stopped)
		snprintf(out + strlen(out), size - strlen(out), "  stopped");
}

static void
status_where(const struct scene *scene, bool model, char *out, size_t size)
{
	snprintf(out, size, "[%s%s%s%s", model ? scene->model->name : "", model && scene->title ? " " : "",
		 scene->title ? scene->title : "", scene->plan && (model || scene->title) ? ", " : "");
	if (scene->plan)
		snprintf(out + strlen(out), size - strlen(out), "plan %.4s", scene->plan->hash);
	snprintf(out + strlen(out), size - strlen(out), "]");
}

void
view_status(const struct scene *scene, int columns, char *out, size_t size)
{
	char step[200], where[300];
	int room;

	out[0] = '\0';
	if (!scene->model) {
		append(out, size, scene_lacks(scene, NEEDS_MODEL));
		return;
	}
	if (scene->shown) {
		status_time(scene, out, size);
		status_step(scene, step, sizeof(step));
		append(out, size, step);
	} else {
		append(out, size, scene_lacks(scene, NEEDS_WALK));
	}
	room = columns - text_columns(out) - 2;
	status_where(scene, true, where, sizeof(where));
	if (text_columns(where) > room)
		status_where(scene, false, where, sizeof(where));
	if (text_columns(where) <= room)
		append(out, size, where);
}
