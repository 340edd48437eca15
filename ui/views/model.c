/* The model tree: every site with its rate, error and alarms; what is worst stands out. */
#include "ui/views/parts.h"

#include <stdlib.h>
#include <string.h>

enum { WORST = 3 };

struct row {
	int site;         /* index; of the block's residual stream for a block */
	int block;        /* of a block's own row, else -1 */
	bool inner, open; /* inner: a site within a block; open: its sites follow */
};

struct tree {
	const struct scene *scene;
	bool stepped;                  /* there are numbers of sites */
	const struct walk_step *other; /* the second plan's step of a split, or NULL */
	int worst[WORST];              /* site indices by relative error, -1: none */
	struct row *row;
	int rows;
};

static void
model_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	(void)scene;
	snprintf(out, size, "model");
}

static int
rank_of(const struct tree *tree, int site)
{
	int i;

	for (i = 0; i < WORST; i++)
		if (tree->worst[i] == site)
			return i;
	return -1;
}

/* The error of a site as far as the walk; 0 before its first step. */
static float
relative(const struct tree *tree, int site)
{
	const struct walk_site *s = scene_site_now(tree->scene, site);

	return s ? s->relative : 0;
}

static void
find_worst(struct tree *tree)
{
	int n = site_count(tree->scene->model), i, k;

	for (k = 0; k < WORST; k++) {
		tree->worst[k] = -1;
		for (i = 0; tree->stepped && i < n; i++) {
			float r = relative(tree, i);

			if (r > 0.001f && rank_of(tree, i) < 0 && (tree->worst[k] < 0 || r > relative(tree, tree->worst[k])))
				tree->worst[k] = i;
		}
	}
}

/* The rows in forward order; a block's row stands above its sites. */
static bool
make_rows(struct tree *tree, bool all)
{
	const struct model *model = tree->scene->model;
	int n = site_count(model), i, block = -1;

	tree->row = calloc((size_t)n + 1, sizeof(*tree->row));
	tree->rows = 0;
	for (i = 0; tree->row && i < n; i++) {
		struct site site = site_at(model, i);
		bool open = all || site.block == tree->scene->selection.layer;

		if (site.block >= 0 && site.block != block) {
			block = site.block;
			tree->row[tree->rows++] =
			    (struct row){site_index(model, site_of_block(model, block)), block, false, open};
		}
		if (site.block < 0)
			tree->row[tree->rows++] = (struct row){i, -1, false, false};
		else if (open && !site_is_block(model, site))
			tree->row[tree->rows++] = (struct row){i, -1, true, false};
	}
	return tree->row != NULL;
}

static bool
is_selected(const struct tree *tree, const struct row *row)
{
	struct site site = site_at(tree->scene->model, row->site);

	return site.kind == tree->scene->selection.site.kind && site.block == tree->scene->selection.site.block;
}

/* The row's name, without its block's when it stands below it, and without its
 * first part when there is little room. */
static void
row_name(const struct tree *tree, const struct row *row, int room, char *out, size_t size)
{
	char name[SITE_NAME_MAX];
	const char *s = site_name(site_at(tree->scene->model, row->site), name);

	if (row->inner) {
		s = strchr(s, '.');
		s = s ? strchr(s + 1, '.') + 1 : name;
		if (text_columns(s) + 2 > room && strncmp(s, "attn.", 5) == 0)
			s += 5;
		snprintf(out, size, "%s%s", is_selected(tree, row) ? "> " : "  ", s);
	} else {
		snprintf(out, size, "%s%s", row->block < 0 ? "" : row->open ? "▾ " : "▸ ", name);
	}
}

/* Does a closed block hide one of the worst sites? Its rank, or -1. */
static int
hidden_rank(const struct tree *tree, const struct row *row)
{
	int i;

	for (i = 0; i < WORST && row->block >= 0 && !row->open; i++)
		if (tree->worst[i] >= 0 && site_at(tree->scene->model, tree->worst[i]).block == row->block)
			return i;
	return -1;
}

static struct pen
row_pen(const struct tree *tree, const struct row *row)
{
	int rank = rank_of(tree, row->site);
	struct pen pen = {.fg = row->block >= 0 ? ROLE_TITLE : ROLE_DEFAULT};

	if (rank < 0)
		rank = hidden_rank(tree, row);
	if (rank >= 0)
		pen = (struct pen){.fg = rank == 0 ? ROLE_BAD : ROLE_WARN, .attr = ATTR_BOLD};
	if (is_selected(tree, row))
		pen.attr |= ATTR_REVERSE;
	return pen;
}

/* The error, for a split of both plans, and where there is room the rate. Returns
 * the columns left. */
static int
draw_numbers(const struct tree *tree, const struct row *row, struct pen pen, struct canvas *canvas, struct rect line)
{
	const struct walk_site *site = tree->stepped ? scene_site_now(tree->scene, row->site) : NULL;
	bool marked = rank_of(tree, row->site) >= 0 || hidden_rank(tree, row) >= 0, wide = line.w >= 24;
	int right = line.x + line.w;
	char number[16];

	if (!site)
		return line.w;
	canvas_put(canvas, line, right - 1, line.y, pen, site->alarms > 0 ? "^" : marked ? "!" : " ");
	if (tree->other) {
		canvas_put_right(canvas, line, right - 1, line.y, (struct pen){.fg = ROLE_SERIES_C},
				 short_number(tree->other->site[row->site].relative, number, sizeof(number)));
		right -= 6;
	}
	canvas_put_right(canvas, line, right - 1, line.y, pen, short_number(site->relative, number, sizeof(number)));
	right -= 6;
	if (wide && !tree->other) {
		if (site->events > 0)
			canvas_put_right(canvas, line, right - 1, line.y, (struct pen){.fg = ROLE_DIM},
					 short_number(site->rate, number, sizeof(number)));
		right -= 6;
	}
	return right - line.x;
}

/* Within a step: is this the last site that has done it? */
static bool
is_reached(const struct tree *tree, const struct row *row)
{
	return tree->stepped && tree->scene->sites_done == row->site + 1;
}

static void
draw_row(const struct tree *tree, const struct row *row, struct canvas *canvas, struct rect line)
{
	struct pen pen = row_pen(tree, row);
	char name[80];

	line.w = draw_numbers(tree, row, pen, canvas, line);
	row_name(tree, row, line.w, name, sizeof(name));
	canvas_put(canvas, line, line.x, line.y, pen, name);
	if (is_reached(tree, row))
		canvas_put_right(canvas, line, line.x + line.w - 1, line.y, (struct pen){.fg = ROLE_FOCUS, .attr = ATTR_BOLD},
				 "◂");
}

/* "! blocks.3.attn.qk .31" above the tree: what is wrong first. */
static int
draw_worst(const struct tree *tree, struct canvas *canvas, struct rect area)
{
	struct pen bad = {.fg = ROLE_BAD, .attr = ATTR_BOLD};
	char name[SITE_NAME_MAX], number[16], *shown = name;
	int room = area.w - 8;

	if (tree->worst[0] < 0)
		return 0;
	site_name(site_at(tree->scene->model, tree->worst[0]), name);
	if (text_columns(name) > room && strncmp(name, "blocks.", 7) == 0)
		shown += 7;
	canvas_printf(canvas, (struct rect){area.x, area.y, area.w - 5, 1}, area.x, area.y, bad, "! %s", shown);
	canvas_put_right(canvas, area, area.x + area.w, area.y, bad,
			 short_number((double)relative(tree, tree->worst[0]), number, sizeof(number)));
	return 1;
}

static void
draw_heading(const struct tree *tree, struct canvas *canvas, struct rect area, int y)
{
	struct pen dim = {.fg = ROLE_DIM};

	if (!tree->stepped)
		return;
	canvas_put_right(canvas, area, area.x + area.w - 1, y, dim, "error");
	if (tree->other) {
		canvas_put_right(canvas, area, area.x + area.w - 1, y, (struct pen){.fg = ROLE_SERIES_C},
				 tree->scene->second->plan->recipe);
		canvas_put_right(canvas, (struct rect){area.x, y, area.w - 7, 1}, area.x + area.w - 7, y, (struct pen){0},
				 tree->scene->plan->recipe);
		return;
	}
	if (area.w >= 24)
		canvas_put_right(canvas, area, area.x + area.w - 7, y, dim, "rate");
	canvas_put(canvas, area, area.x, y, dim, area.w >= 24 ? "site  (^ alarm)" : "site");
}

/* The first row shown, so that the selected one is seen. */
static int
first_row(const struct tree *tree, int h)
{
	int i, at = 0, first;

	for (i = 0; i < tree->rows; i++)
		if (is_selected(tree, &tree->row[i]) ||
		    (tree->row[i].block == tree->scene->selection.site.block && tree->row[i].block >= 0 && !tree->row[i].open))
			at = i;
	first = at - h / 2;
	if (first > tree->rows - h)
		first = tree->rows - h;
	return first < 0 ? 0 : first;
}

static void
look(struct tree *tree, const struct scene *scene)
{
	*tree = (struct tree){.scene = scene, .stepped = scene->shown && (scene->t > 0 || scene->sites_done > 0)};
	if (scene_is_split(scene))
		tree->other = scene_last(scene->second);
	find_worst(tree);
}

static bool
fits_whole(const struct scene *scene, struct rect area)
{
	return site_count(scene->model) + scene->model->depth + 2 <= area.h;
}

static bool
model_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
	  char *command, size_t size)
{
	struct tree tree;
	char name[SITE_NAME_MAX];
	int head, row;

	(void)args;
	(void)canvas;
	(void)x;
	if (!scene->model)
		return false;
	look(&tree, scene);
	head = area.h >= 6 ? (tree.worst[0] >= 0) + tree.stepped : 0;
	if (!make_rows(&tree, fits_whole(scene, area)))
		return false;
	/* The line above the tree names the worst site. */
	row = y - area.y < head ? -1 : first_row(&tree, area.h - head) + y - area.y - head;
	if (row < tree.rows && (row >= 0 || (y == area.y && tree.worst[0] >= 0)))
		snprintf(command, size, "select site %s",
			 site_name(site_at(scene->model, row < 0 ? tree.worst[0] : tree.row[row].site), name));
	else
		command[0] = '\0';
	free(tree.row);
	return command[0] != '\0';
}

static void
model_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct tree tree;
	int head, first, i;

	(void)args;
	look(&tree, scene);
	if (!make_rows(&tree, fits_whole(scene, area)))
		return;
	head = area.h >= 6 ? draw_worst(&tree, canvas, area) : 0;
	if (area.h >= 6 && tree.stepped)
		draw_heading(&tree, canvas, area, area.y + head++);
	first = first_row(&tree, area.h - head);
	for (i = 0; i < area.h - head && first + i < tree.rows; i++)
		draw_row(&tree, &tree.row[first + i], canvas, (struct rect){area.x, area.y + head + i, area.w, 1});
	free(tree.row);
}

const struct view model_view = {
    .name = "model",
    .help = "the model's tree: rate, error and alarms of every site, the worst ones marked",
    .needs = NEEDS_MODEL,
    .of = VIEW_OF_BOTH,
    .title = model_title,
    .draw = model_draw,
    .hit = model_hit,
};
