/* Where accuracy is lost: the rungs of the ladder and the errors of its sites, and what
 * each class of sites costs alone. */
#include "ui/scene/findings.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 11, NUMBER = 7, SITE_NAME = 18, BLOCKS_MAX = 64 };

static const color rung_color[LADDER_RUNGS] = {ROLE_ANN, ROLE_SERIES_C, ROLE_SERIES_D, ROLE_SNN};

static void
nothing_yet(struct canvas *canvas, struct rect area, const char *text)
{
	canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, text);
}

/* --- ladder --------------------------------------------------------------- */

static void
ladder_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct ladder *l = &view_findings(scene)->ladder;

	(void)args;
	if (l->t == 0)
		snprintf(out, size, "ladder");
	else
		snprintf(out, size, "ladder: %d pictures, t = %d", l->rung[0].result.images, l->t);
}

static double
rung_error(const struct ladder_rung *rung)
{
	return rung->result.points > 0 ? rung->result.point[0].logit_rmse : 0;
}

/* One line: name, accuracy, agreement, error as a number and a bar. */
static void
draw_rung(const struct ladder_rung *rung, int index, double most, struct canvas *canvas, struct rect line)
{
	const struct eval_point *p = rung->result.points > 0 ? &rung->result.point[0] : NULL;
	int x = line.x + NAME;
	char text[16];

	canvas_put(canvas, line, line.x, line.y, (struct pen){.fg = rung_color[index], .attr = ATTR_BOLD}, rung->name);
	if (!rung->done) {
		canvas_put(canvas, line, x, line.y, (struct pen){.fg = ROLE_DIM}, "not measured");
		return;
	}
	snprintf(text, sizeof(text), "%.1f%%", 100 * (p ? p->accuracy : rung->result.ann_accuracy));
	canvas_put_right(canvas, line, x + NUMBER, line.y, (struct pen){0}, text);
	snprintf(text, sizeof(text), "%.1f%%", 100 * (p ? p->agreement : 1));
	canvas_put_right(canvas, line, x + 2 * NUMBER + 3, line.y, (struct pen){0}, text);
	canvas_put_right(canvas, line, x + 3 * NUMBER + 4, line.y, (struct pen){0},
			 short_number(rung_error(rung), text, sizeof(text)));
	x += 3 * NUMBER + 6;
	if (most > 0)
		canvas_bar(canvas, line, x, line.y, line.x + line.w - x, rung_error(rung) / most, rung_color[index]);
}

static int
draw_rungs(const struct ladder *l, struct canvas *canvas, struct rect area)
{
	struct pen head = {.fg = ROLE_DIM};
	double most = 0;
	int x = area.x + NAME;

	for (int i = 0; i < LADDER_RUNGS; i++)
		most = fmax(most, rung_error(&l->rung[i]));
	canvas_put_right(canvas, area, x + NUMBER + 1, area.y, head, "accuracy");
	canvas_put_right(canvas, area, x + 2 * NUMBER + 3, area.y, head, "agrees");
	canvas_put(canvas, area, x + 2 * NUMBER + 5, area.y, head, " error of the logits");
	for (int i = 0; i < LADDER_RUNGS; i++)
		draw_rung(&l->rung[i], i, most, canvas, (struct rect){area.x, area.y + 1 + i, area.w, 1});
	return 1 + LADDER_RUNGS;
}

/* The relative errors of one kind of site in every block on a rung. */
static double
site_errors(const struct scene *scene, const struct ladder_rung *rung, enum site_kind kind, float *out)
{
	double most = 0;

	for (int b = 0; b < scene->model->depth && b < BLOCKS_MAX; b++) {
		struct site site;
		bool there = site_find(scene->model, kind, b, &site) && rung->result.sites > 0;

		out[b] = there ? (float)rung->result.site[site_index(scene->model, site)].relative : 0;
		most = fmax(most, (double)out[b]);
	}
	return most;
}

static bool
in_blocks(const struct model *model, enum site_kind kind)
{
	struct site site;

	for (int b = 0; b < model->depth; b++)
		if (site_find(model, kind, b, &site))
			return true;
	return false;
}

/* A line for each kind of site: its error in every block, analog and spiking, on one scale. */
static void
draw_sites(const struct scene *scene, const struct ladder *l, struct canvas *canvas, struct rect area)
{
	int depth = scene->model->depth < BLOCKS_MAX ? scene->model->depth : BLOCKS_MAX, half = (area.w - SITE_NAME) / 2,
	    y = area.y + 1;
	float errors[BLOCKS_MAX];
	double most = 0;

	for (int kind = 0; kind < SITE_KINDS; kind++)
		for (int r = 2; r < LADDER_RUNGS; r++)
			most = fmax(most, site_errors(scene, &l->rung[r], (enum site_kind)kind, errors));
	canvas_put(canvas, area, area.x, area.y, (struct pen){.fg = ROLE_DIM}, "error by block");
	for (int r = 2; r < LADDER_RUNGS; r++)
		canvas_put(canvas, area, area.x + SITE_NAME + (r - 2) * half, area.y,
			   (struct pen){.fg = rung_color[r], .attr = ATTR_BOLD}, l->rung[r].name);
	for (int kind = 0; kind < SITE_KINDS && y < area.y + area.h; kind++) {
		char number[16];

		if (!in_blocks(scene->model, (enum site_kind)kind))
			continue;
		canvas_put(canvas, (struct rect){area.x, y, SITE_NAME - 1, 1}, area.x, y, (struct pen){0},
			   site_kind_name((enum site_kind)kind));
		for (int r = 2; r < LADDER_RUNGS; r++) {
			int x = area.x + SITE_NAME + (r - 2) * half, w = depth < half - 8 ? depth : half - 8;
			double own = site_errors(scene, &l->rung[r], (enum site_kind)kind, errors);

			if (!l->rung[r].done || w < 1)
				continue;
			canvas_spark(canvas, area, x, y, w, errors, depth, most, rung_color[r]);
			canvas_put(canvas, (struct rect){x, y, half - 1, 1}, x + w + 1, y, (struct pen){.fg = ROLE_DIM},
				   short_number(own, number, sizeof(number)));
		}
		y++;
	}
}

static void
ladder_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct ladder *l = &view_findings(scene)->ladder;
	int rows;

	(void)args;
	if (l->t == 0 || !scene->model) {
		nothing_yet(canvas, area, "no ladder yet: ladder 100");
		return;
	}
	rows = draw_rungs(l, canvas, area);
	if (area.h - rows >= 4)
		draw_sites(scene, l, canvas, (struct rect){area.x, area.y + rows + 1, area.w, area.h - rows - 1});
}

/* --- attribution ---------------------------------------------------------- */

static void
attribution_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct attribution *a = &view_findings(scene)->attribution;

	(void)args;
	if (a->items == 0)
		snprintf(out, size, "attribution");
	else
		snprintf(out, size, "attribution: one class spiking, %d pictures, t = %d", a->images, a->t);
}

static int
name_width(const struct attribution *a)
{
	int width = NAME;

	for (int i = 0; i < a->items; i++) {
		int own = text_columns(a->item[i].name) + 1;

		width = own > width ? own : width;
	}
	return width;
}

static void
draw_item(const struct attribution_item *item, int width, double most, double sum, color fg, struct canvas *canvas,
	  struct rect line)
{
	int x = line.x + width;
	char text[16];

	canvas_put(canvas, (struct rect){line.x, line.y, width - 1, 1}, line.x, line.y, (struct pen){.fg = fg}, item->name);
	if (!item->done) {
		canvas_put(canvas, line, x, line.y, (struct pen){.fg = ROLE_DIM}, "not measured");
		return;
	}
	canvas_put_right(canvas, line, x + NUMBER, line.y, (struct pen){0}, short_number(item->logit_rmse, text, sizeof(text)));
	if (sum > 0) {
		snprintf(text, sizeof(text), "%.0f%%", 100 * item->excess / sum);
		canvas_put_right(canvas, line, x + 2 * NUMBER, line.y, (struct pen){.fg = ROLE_DIM}, text);
	}
	x += 2 * NUMBER + 2;
	if (most > 0)
		canvas_bar(canvas, line, x, line.y, line.x + line.w - x, item->logit_rmse / most, fg);
}

/* What adds up and what does not. */
static void
draw_account(const struct attribution *a, struct canvas *canvas, struct rect line)
{
	char sum[16], all[16], interaction[16];

	canvas_printf(canvas, line, line.x, line.y, (struct pen){0},
		      "squared: each alone, together %s; all at once %s; interaction %s", short_number(a->sum, sum, sizeof(sum)),
		      short_number(a->full.excess, all, sizeof(all)),
		      short_number(a->interaction, interaction, sizeof(interaction)));
}

static void
attribution_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct attribution *a = &view_findings(scene)->attribution;
	double most = fmax(a->full.logit_rmse, a->nothing.logit_rmse);
	int width = name_width(a), y = area.y;

	(void)args;
	if (a->items == 0) {
		nothing_yet(canvas, area, "no attribution yet: attribution 50");
		return;
	}
	for (int i = 0; i < a->items; i++)
		most = fmax(most, a->item[i].logit_rmse);
	canvas_put(canvas, area, area.x, y, (struct pen){.fg = ROLE_DIM}, "spiking");
	canvas_put_right(canvas, area, area.x + width + NUMBER, y, (struct pen){.fg = ROLE_DIM}, "error");
	canvas_put_right(canvas, area, area.x + width + 2 * NUMBER, y++, (struct pen){.fg = ROLE_DIM}, "share");
	draw_item(&a->nothing, width, most, 0, ROLE_ANN, canvas, (struct rect){area.x, y++, area.w, 1});
	for (int i = 0; i < a->items && y < area.y + area.h - 2; i++)
		draw_item(&a->item[i], width, most, a->sum, ROLE_SERIES_C, canvas, (struct rect){area.x, y++, area.w, 1});
	draw_item(&a->full, width, most, 0, ROLE_SNN, canvas, (struct rect){area.x, y++, area.w, 1});
	if (a->full.done && y < area.y + area.h)
		draw_account(a, canvas, (struct rect){area.x, y, area.w, 1});
}

const struct view ladder_view = {
    .name = "ladder",
    .help = "accuracy and errors from the ANN to the spikes, rung by rung",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = ladder_title,
    .draw = ladder_draw,
};

const struct view attribution_view = {
    .name = "attribution",
    .help = "what each class of sites costs alone",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = attribution_title,
    .draw = attribution_draw,
};
