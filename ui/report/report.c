/* The pieces that reports are made of: questions, tables, facts and views. */
#include "ui/report/report.h"

#include "ui/workbench/show.h"

#include <string.h>

struct query_value
report_number_value(int64_t number)
{
	return (struct query_value){.type = QUERY_INTEGER, .integer = number};
}

struct query_value
report_text_value(const char *text)
{
	return (struct query_value){.type = QUERY_TEXT, .text = text, .size = strlen(text)};
}

struct answer *
report_ask(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	return answer_ask(r->app, &(struct query){.sql = sql, .params = &value, .param_count = 1}, 0, st);
}

bool
report_table(struct report *r, const char *sql, struct query_value value, const char *otherwise, struct status *st)
{
	struct answer *a = report_ask(r, sql, value, st);

	if (!a)
		return false;
	if (a->rows > 0)
		document_table(r->d, a);
	else if (otherwise)
		document_text(r->d, "%s", otherwise);
	answer_free(a);
	return true;
}

int64_t
report_find(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	double number = 0;

	return answer_number(r->app, sql, &value, 1, &number, st) ? (int64_t)number : 0;
}

bool
report_facts(struct report *r, const char *sql, struct query_value value, struct status *st)
{
	struct answer *a = report_ask(r, sql, value, st);
	const char *cell[2 * 33] = {"what", "value"};
	char text[32][300];
	int rows = 0;

	if (!a)
		return false;
	for (int c = 0; a->rows > 0 && c < a->columns && c < 32; c++) {
		const struct answer_cell *one = answer_at(a, 0, c);

		if (one->type == QUERY_NULL)
			continue;
		cell[2 * (rows + 1)] = a->name[c];
		cell[2 * (rows + 1) + 1] = answer_text(a, one, c, text[rows], sizeof(text[rows]));
		rows++;
	}
	document_cells(r->d, cell, rows, 2);
	answer_free(a);
	return true;
}

bool
report_view(struct report *r, const char *name, int columns, int rows, const char *caption, struct status *st)
{
	const struct view *view = view_find(name, st);
	struct view_args args = {.framed = true};
	struct canvas canvas = {0};
	struct showing s;

	show_scene(r->app, &s);
	if (!view || !view_check(&s.scene, view, &args, st))
		return false;
	if (!canvas_init(&canvas, columns, rows, r->style))
		return status_nomem(st, "a picture");
	view_draw(&s.scene, view, &args, &canvas, canvas_all(&canvas));
	document_picture(r->d, &canvas, caption);
	canvas_done(&canvas);
	return true;
}
