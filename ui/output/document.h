/* Documents: headings, text, tables, lines to type and pictures, one after the other,
 * written as one file that needs no other.
 *
 *	struct document *d = document_new("a report");
 *	document_heading(d, "Accuracy");
 *	document_text(d, "After %d steps.", 4);
 *	document_table(d, answer);
 *	document_picture(d, &canvas, "accuracy by t");
 *	document_save(d, "report.html", false, &st);
 *	document_free(d);
 *
 * By the end of its name a file is HTML (pictures as PNG within), Markdown (pictures as
 * text) or PDF (A4). Text may hold anything: each form escapes what it has to. */
#ifndef SPIKESCOPE_UI_DOCUMENT_H
#define SPIKESCOPE_UI_DOCUMENT_H

#include "ui/canvas/canvas.h"
#include "ui/output/answer.h"

enum block_kind { BLOCK_HEADING, BLOCK_TEXT, BLOCK_LINES, BLOCK_TABLE, BLOCK_PICTURE };

struct block {
	enum block_kind kind;
	char *text;   /* of a picture its caption */
	char **cell;  /* of a table: [rows + 1, columns], names first */
	bool *number; /* [columns]: they stand to the right */
	int rows, columns;
	struct canvas canvas; /* of a picture */
};

struct document {
	char *title;
	struct block *block; /* [count] */
	int count, capacity;
	bool failed; /* out of memory: document_save() says so */
};

struct document *document_new(const char *title); /* NULL when out of memory */
void document_free(struct document *d);           /* NULL is fine */

void document_heading(struct document *d, const char *text);
void document_text(struct document *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Lines as they are typed. */
void document_lines(struct document *d, const char *text);
/* The answer's rows, as people read them. */
void document_table(struct document *d, const struct answer *answer);
/* A table made by hand: cell [rows + 1, columns] is copied. */
void document_cells(struct document *d, const char *const *cell, int rows, int columns);
/* Takes what the canvas holds, and leaves it empty. */
void document_picture(struct document *d, struct canvas *canvas, const char *caption);

/* What document_save() refuses because of the name, told before there is a document. */
bool document_check(const char *path, bool force, struct status *st);
/* STATUS_USAGE for another end than .html, .md and .pdf, STATUS_FAILED when the file exists
 * and force is false or when it cannot be written; what was there is then still there. */
bool document_save(const struct document *d, const char *path, bool force, struct status *st);

/* The forms; they write to a file that is new. */
bool document_write_html(const struct document *d, FILE *out);
bool document_write_markdown(const struct document *d, FILE *out);
bool document_write_pdf(const struct document *d, FILE *out);

#endif
