/* The keys of the table pane. */
#include "ui/output/answer.h"
#include "ui/panes/panes.h"

static void
move(struct answer *a, int rows, int columns)
{
	a->row += rows;
	a->column += columns;
	if (a->row >= a->rows)
		a->row = a->rows - 1;
	if (a->row < 0)
		a->row = 0;
	if (a->column >= a->columns)
		a->column = a->columns - 1;
	if (a->column < 0)
		a->column = 0;
}

static void
close_table(struct panes *panes, struct app *app)
{
	app->table_open = false;
	panes->leave = panes->table_alone;
}

/* Shows the run of the cursor's row, if the rows are of runs. */
static void
show_run(struct panes *panes, struct app *app)
{
	const struct answer *a = app->answer;
	int column = answer_column(a, "run");
	const struct answer_cell *cell = column >= 0 && a->rows > 0 ? answer_at(a, a->row, column) : NULL;
	char line[40];

	if (!cell || cell->type != QUERY_INTEGER)
		return;
	snprintf(line, sizeof(line), "show %lld", (long long)cell->integer);
	app->table_open = false;
	panes->table_alone = false;
	app_execute(app, line);
}

bool
panes_table_key(struct panes *panes, struct app *app, int key)
{
	struct answer *a = app->answer;
	int page = panes->layout.status.y - 4;

	switch (key) {
	case PANE_KEY_UP:
	case PANE_KEY_DOWN:
		move(a, key == PANE_KEY_UP ? -1 : 1, 0);
		return true;
	case PANE_KEY_PAGE_UP:
	case PANE_KEY_PAGE_DOWN:
		move(a, key == PANE_KEY_PAGE_UP ? -page : page, 0);
		return true;
	case PANE_KEY_HOME:
	case PANE_KEY_END:
		move(a, key == PANE_KEY_HOME ? -a->rows : a->rows, 0);
		return true;
	case PANE_KEY_LEFT:
	case PANE_KEY_RIGHT:
		move(a, 0, key == PANE_KEY_LEFT ? -1 : 1);
		return true;
	case 's':
		answer_sort(a, a->column, a->sorted_by == a->column && !a->descending);
		return true;
	case PANE_KEY_ENTER:
		show_run(panes, app);
		return true;
	case 'q':
	case PANE_KEY_ESCAPE:
		close_table(panes, app);
		return true;
	case PANE_KEY_TAB:
	case PANE_KEY_BACK_TAB:
	case ':':
		panes->on_line = true;
		return true;
	default:
		return false;
	}
}
