#include "ui/output/grid.h"

#include "ui/output/output.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, TEXT_LEAST = 12 };

/* The texts of a table: cells[row][column], row 0 the headings. */
struct grid {
	char **cell;
	int *width;
	bool *right;   /* numbers stand to the right */
	bool *dropped; /* columns that did not fit */
	int rows, columns;
};

static void
grid_done(struct grid *g)
{
	for (int i = 0; g->cell && i < g->rows * g->columns; i++)
		free(g->cell[i]);
	free(g->cell);
	free(g->width);
	free(g->right);
	free(g->dropped);
}

static void
grid_set(struct grid *g, int row, int column, char *text)
{
	int w = text ? output_width(text) : 0;

	g->cell[row * g->columns + column] = text;
	if (w > g->width[column])
		g->width[column] = w;
}

/* The columns are the first row's keys. */
static bool
grid_fill(struct grid *g, const json_t *table)
{
	const json_t *first = json_array_get(table, 0);
	const char *key;
	json_t *head;
	int column = 0;

	memset(g, 0, sizeof(*g));
	g->rows = (int)json_array_size(table) + 1;
	g->columns = (int)json_object_size(first);
	g->cell = calloc((size_t)g->rows * (size_t)g->columns + 1, sizeof(*g->cell));
	g->width = calloc((size_t)g->columns + 1, sizeof(*g->width));
	g->right = calloc((size_t)g->columns + 1, sizeof(*g->right));
	g->dropped = calloc((size_t)g->columns + 1, sizeof(*g->dropped));
	if (!g->cell || !g->width || !g->right || !g->dropped)
		return false;
	json_object_foreach((json_t *)first, key, head)
	{
		grid_set(g, 0, column, output_heading(key));
		for (int row = 1; row < g->rows; row++) {
			const json_t *v = json_object_get(json_array_get(table, (size_t)row - 1), key);
			grid_set(g, row, column, v ? output_cell(key, v) : strdup("-"));
			if (json_is_number(v))
				g->right[column] = true;
		}
		column++;
	}
	return true;
}

/* --- fitting -------------------------------------------------------------- */

static int
grid_width(const struct grid *g)
{
	int sum = -GAP;

	for (int c = 0; c < g->columns; c++)
		sum += g->dropped[c] ? 0 : g->width[c] + GAP;
	return sum;
}

/* Narrows the widest column of texts by at most `over` cells; false when none can be. */
static bool
grid_narrow(struct grid *g, int over)
{
	int widest = -1, least;

	for (int c = 0; c < g->columns; c++)
		if (!g->dropped[c] && !g->right[c] && (widest < 0 || g->width[c] > g->width[widest]))
			widest = c;
	if (widest < 0)
		return false;
	least = g->cell[widest] ? output_width(g->cell[widest]) : 0;
	least = least > TEXT_LEAST ? least : TEXT_LEAST;
	if (g->width[widest] <= least)
		return false;
	g->width[widest] = g->width[widest] - over > least ? g->width[widest] - over : least;
	return true;
}

/* What people look at last, least of all first. */
static const char *const unimportant[] = {"host",
					  "version",
					  "threads",
					  "seed",
					  "image hash",
					  "model hash",
					  "data hash",
					  "dataset",
					  "hash",
					  "plan",
					  "session",
					  "ended",
					  "hidden spikes",
					  "positive events",
					  "negative events",
					  "alarm reach",
					  "analog sends",
					  "ann seconds",
					  "rows",
					  "events per image",
					  "seconds",
					  "started",
					  "created",
					  "units",
					  "events",
					  "ann accuracy",
					  "T",
					  "status",
					  NULL};

/* Drops the column that matters least; the first one, which names the rows, stays. */
static bool
grid_drop(struct grid *g)
{
	int last = -1;

	for (int i = 0; unimportant[i]; i++)
		for (int c = 1; c < g->columns; c++)
			if (!g->dropped[c] && g->cell[c] && strcmp(g->cell[c], unimportant[i]) == 0)
				return g->dropped[c] = true;
	for (int c = 1; c < g->columns; c++)
		if (!g->dropped[c])
			last = c;
	return last > 0 && (g->dropped[last] = true);
}

/* All columns with short texts say more than some with long ones: narrowing comes first. */
static void
grid_fit(struct grid *g, int columns)
{
	int over;

	while ((over = grid_width(g) - columns) > 0)
		if (!grid_narrow(g, over) && !grid_drop(g))
			break;
}

/* --- printing ------------------------------------------------------------- */

/* The first cells of text that leave room for an ellipsis; returns its width. */
static int
print_cut(const char *text, int width, FILE *out)
{
	size_t n = strlen(text);
	char *head = strdup(text);

	if (!head)
		return 0;
	while (n > 0 && (output_width(head) > width - 2 || ((unsigned char)text[n] & 0xc0) == 0x80))
		head[--n] = '\0';
	fprintf(out, "%s..", head);
	width = output_width(head) + 2;
	free(head);
	return width;
}

static void
grid_print_row(const struct grid *g, int row, FILE *out)
{
	int owed = 0; /* blanks before the next column */

	for (int c = 0; c < g->columns; c++) {
		const char *text = g->cell[row * g->columns + c] ? g->cell[row * g->columns + c] : "";
		int w = output_width(text);

		if (g->dropped[c])
			continue;
		output_pad(out, owed + (g->right[c] && w < g->width[c] ? g->width[c] - w : 0));
		if (w > g->width[c])
			w = print_cut(text, g->width[c], out);
		else
			fputs(text, out);
		owed = GAP + (g->right[c] ? 0 : g->width[c] - w);
	}
	fputc('\n', out);
}

static void
grid_print_dropped(const struct grid *g, FILE *out)
{
	bool any = false;

	for (int c = 0; c < g->columns; c++)
		if (g->dropped[c]) {
			fprintf(out, "%s%s", any ? ", " : "(for want of room without: ", g->cell[c] ? g->cell[c] : "");
			any = true;
		}
	if (any)
		fputs(")\n", out);
}

bool
grid_print(const json_t *table, int columns, FILE *out)
{
	struct grid g;
	bool ok = grid_fill(&g, table);

	if (ok && columns > 0)
		grid_fit(&g, columns);
	for (int row = 0; ok && row < g.rows; row++)
		grid_print_row(&g, row, out);
	if (ok)
		grid_print_dropped(&g, out);
	grid_done(&g);
	return ok;
}
