/* Documents as Markdown: pictures are text. */
#include "ui/output/document.h"

#include <string.h>

/* What would be markup stands behind a backslash; in a table a newline is a blank. */
static void
put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>#|", *text))
			fputc('\\', out);
		if ((unsigned char)*text >= ' ')
			fputc(*text, out);
		else
			fputc(' ', out);
	}
}

static void
put_table(FILE *out, const struct block *b)
{
	for (int r = 0; r <= b->rows; r++) {
		for (int c = 0; c < b->columns; c++) {
			fputs(c ? " | " : "| ", out);
			put_escaped(out, b->cell[r * b->columns + c]);
		}
		fputs(" |\n", out);
		for (int c = 0; r == 0 && c < b->columns; c++)
			fputs(b->number[c] ? "|---:" : "|---", out);
		if (r == 0)
			fputs("|\n", out);
	}
	fputc('\n', out);
}

/* A fence that is longer than any in the text. */
static void
put_fence(FILE *out, const char *text)
{
	int longest = 2, run = 0;

	for (; *text; text++) {
		run = *text == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (int i = 0; i <= longest; i++)
		fputc('`', out);
	fputc('\n', out);
}

static void
put_block(FILE *out, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		fputs("## ", out);
		put_escaped(out, b->text);
		fputs("\n\n", out);
		break;
	case BLOCK_TEXT:
		put_escaped(out, b->text);
		fputs("\n\n", out);
		break;
	case BLOCK_LINES:
		put_fence(out, b->text);
		fprintf(out, "%s\n", b->text);
		put_fence(out, b->text);
		fputc('\n', out);
		break;
	case BLOCK_TABLE:
		put_table(out, b);
		break;
	case BLOCK_PICTURE:
		put_escaped(out, b->text);
		fputs(":\n\n```\n", out);
		canvas_text_write(&b->canvas, out);
		fputs("```\n\n", out);
		break;
	}
}

bool
document_write_markdown(const struct document *d, FILE *out)
{
	fputs("# ", out);
	put_escaped(out, d->title);
	fputs("\n\n", out);
	for (int i = 0; i < d->count; i++)
		put_block(out, &d->block[i]);
	return !ferror(out);
}
