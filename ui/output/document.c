#include "ui/output/document.h"

#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct document *
document_new(const char *title)
{
	struct document *d = calloc(1, sizeof(*d));

	if (d && !(d->title = strdup(title))) {
		free(d);
		return NULL;
	}
	return d;
}

static void
block_done(struct block *b)
{
	free(b->text);
	for (int i = 0; b->cell && i < (b->rows + 1) * b->columns; i++)
		free(b->cell[i]);
	free(b->cell);
	free(b->number);
	canvas_done(&b->canvas);
}

void
document_free(struct document *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->count; i++)
		block_done(&d->block[i]);
	free(d->block);
	free(d->title);
	free(d);
}

/* One more block; NULL when out of memory, which the document remembers. */
static struct block *
add(struct document *d, enum block_kind kind)
{
	if (d->count == d->capacity) {
		int capacity = d->capacity ? 2 * d->capacity : 16;
		struct block *block = realloc(d->block, (size_t)capacity * sizeof(*block));

		if (!block) {
			d->failed = true;
			return NULL;
		}
		d->block = block;
		d->capacity = capacity;
	}
	d->block[d->count] = (struct block){.kind = kind};
	return &d->block[d->count++];
}

static void
add_text(struct document *d, enum block_kind kind, const char *text)
{
	struct block *b = add(d, kind);

	if (b && !(b->text = strdup(text)))
		d->failed = true;
}

void
document_heading(struct document *d, const char *text)
{
	add_text(d, BLOCK_HEADING, text);
}

void
document_text(struct document *d, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		d->failed = true;
	else
		add_text(d, BLOCK_TEXT, text);
	va_end(args);
	free(text);
}

void
document_lines(struct document *d, const char *text)
{
	add_text(d, BLOCK_LINES, text);
}

static struct block *
add_table(struct document *d, int rows, int columns)
{
	struct block *b = add(d, BLOCK_TABLE);

	if (!b)
		return NULL;
	b->rows = rows;
	b->columns = columns;
	b->cell = calloc((size_t)(rows + 1) * (size_t)columns + 1, sizeof(*b->cell));
	b->number = calloc((size_t)columns + 1, sizeof(*b->number));
	if (b->cell && b->number)
		return b;
	d->failed = true;
	d->count--;
	block_done(b);
	return NULL;
}

static void
put_cell(struct document *d, struct block *b, int row, int column, const char *text)
{
	if (!(b->cell[row * b->columns + column] = strdup(text)))
		d->failed = true;
}

void
document_table(struct document *d, const struct answer *answer)
{
	struct block *b = add_table(d, answer->rows, answer->columns);
	char text[400];

	for (int c = 0; b && c < answer->columns; c++) {
		snprintf(text, sizeof(text), "%s", answer->name[c]);
		for (char *p = text; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		put_cell(d, b, 0, c, text);
		for (int r = 0; r < answer->rows; r++) {
			const struct answer_cell *cell = answer_at(answer, r, c);

			put_cell(d, b, r + 1, c, answer_text(answer, cell, c, text, sizeof(text)));
			b->number[c] |= cell->type == QUERY_INTEGER || cell->type == QUERY_REAL;
		}
	}
}

void
document_cells(struct document *d, const char *const *cell, int rows, int columns)
{
	struct block *b = add_table(d, rows, columns);

	for (int i = 0; b && i < (rows + 1) * columns; i++)
		put_cell(d, b, i / columns, i % columns, cell[i]);
}

void
document_picture(struct document *d, struct canvas *canvas, const char *caption)
{
	struct block *b = add(d, BLOCK_PICTURE);

	if (!b)
		return;
	if (!(b->text = strdup(caption)))
		d->failed = true;
	b->canvas = *canvas;
	*canvas = (struct canvas){0};
}

/* --- saving --------------------------------------------------------------- */

static const struct {
	const char *end;
	bool (*write)(const struct document *d, FILE *out);
} forms[] = {{".html", document_write_html}, {".md", document_write_markdown}, {".pdf", document_write_pdf}};
enum { FORMS = sizeof(forms) / sizeof(*forms) };

static int
form_of(const char *path)
{
	const char *dot = strrchr(path, '.');
	int form = 0;

	while (form < FORMS && (!dot || strcmp(dot, forms[form].end) != 0))
		form++;
	return form;
}

bool
document_check(const char *path, bool force, struct status *st)
{
	if (form_of(path) == FORMS)
		return status_fail(st, STATUS_USAGE, "%s: the name must end in .html, .md or .pdf", path);
	return force || access(path, F_OK) != 0 || status_fail(st, STATUS_FAILED, "%s exists; say --force to overwrite it", path);
}

bool
document_save(const struct document *d, const char *path, bool force, struct status *st)
{
	struct draft draft;

	if (!document_check(path, force, st))
		return false;
	if (d->failed)
		return status_nomem(st, "a document");
	return draft_begin(&draft, path, force, st) && draft_end(&draft, forms[form_of(path)].write(d, draft.file), st);
}
