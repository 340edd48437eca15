/* Documents as HTML: one file, with style and pictures in it, and no script. */
#include "ui/canvas/bytes.h"
#include "ui/canvas/cairo.h"
#include "ui/output/document.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 sans-serif;color:#202020;max-width:60em;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.6em}h2{font-size:1.25em;margin-top:2em;border-bottom:1px solid #ccc}"
    "table{border-collapse:collapse;font-size:.85em;margin:1em 0;font-variant-numeric:tabular-nums}"
    "th,td{padding:.2em .7em;text-align:left;border-bottom:1px solid #e4e4e4;overflow-wrap:break-word}"
    "th{border-bottom:1px solid #888;font-weight:600}.n{text-align:right;white-space:nowrap}"
    "pre{background:#f5f5f5;padding:.8em;overflow-x:auto;font-size:.85em;white-space:pre-wrap;overflow-wrap:anywhere}"
    "figure{margin:1em 0}img{max-width:100%;height:auto}figcaption{font-size:.85em;color:#606060}";

static void
put_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
				fputc(*text, out);
		}
}

static void
put_element(FILE *out, const char *open, const char *text, const char *close)
{
	fputs(open, out);
	put_escaped(out, text);
	fputs(close, out);
}

/* A picture of cells and dots is thousands of shapes as SVG, and ten times the size. Two
 * pixels a unit stay sharp where the page is enlarged. */
static bool
put_picture(FILE *out, const struct block *b)
{
	size_t size = 0;
	char *png = canvas_cairo_png(&b->canvas, 2, &size);
	double w, h;

	if (!png)
		return false;
	canvas_cairo_size(&b->canvas, &w, &h);
	fprintf(out, "<figure><img width=\"%.0f\"", w);
	put_element(out, " alt=\"", b->text, "\" src=\"data:image/png;base64,");
	base64_write(out, png, size);
	put_element(out, "\"><figcaption>", b->text, "</figcaption></figure>\n");
	free(png);
	return true;
}

static void
put_table(FILE *out, const struct block *b)
{
	fputs("<table>\n", out);
	for (int r = 0; r <= b->rows; r++) {
		const char *tag = r == 0 ? "th" : "td";

		fputs("<tr>", out);
		for (int c = 0; c < b->columns; c++) {
			fprintf(out, b->number[c] ? "<%s class=\"n\">" : "<%s>", tag);
			put_escaped(out, b->cell[r * b->columns + c]);
			fprintf(out, "</%s>", tag);
		}
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
}

static bool
put_block(FILE *out, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		put_element(out, "<h2>", b->text, "</h2>\n");
		return true;
	case BLOCK_TEXT:
		put_element(out, "<p>", b->text, "</p>\n");
		return true;
	case BLOCK_LINES:
		put_element(out, "<pre>", b->text, "</pre>\n");
		return true;
	case BLOCK_TABLE:
		put_table(out, b);
		return true;
	default:
		return put_picture(out, b);
	}
}

bool
document_write_html(const struct document *d, FILE *out)
{
	put_element(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", d->title, "</title>\n");
	fprintf(out, "<meta name=\"viewport\" content=\"width=device-width\"><style>%s</style></head>\n<body>\n", style);
	put_element(out, "<h1>", d->title, "</h1>\n");
	for (int i = 0; i < d->count; i++)
		if (!put_block(out, &d->block[i]))
			return false;
	fputs("</body></html>\n", out);
	return !ferror(out);
}
