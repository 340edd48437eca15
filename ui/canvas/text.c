/* Canvas to lines of text, and to files by their name. */
#include "ui/canvas/canvas.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* Dots in a braille cell as a shade, for ASCII. */
static char
dots_shade(uint32_t ch)
{
	return " ..::-=+*"[__builtin_popcount(ch & 0xff)];
}

char
canvas_ascii(uint32_t ch)
{
	static const struct {
		uint32_t ch;
		char ascii;
	} like[] = {{HARD_BLANK, ' '}, {0x2502, '|'}, {0x2500, '-'}, {0x2504, '-'}, {0x250a, ':'}, {0x2524, '+'},
		    {0x252c, '+'},     {0x2026, '~'}, {0xd7, 'x'},   {0xb7, '.'},   {0xb1, '+'},   {0x25b8, '>'},
		    {0x25be, 'v'},     {0x25c2, '<'}, {0x25b4, '^'}, {0x2212, '-'}, {0x2248, '~'}, {0x2192, '>'},
		    {0x03b8, 'o'},     {0x25cf, '*'}, {0x2590, '#'}, {0x2265, '>'}, {0x2264, '<'}};
	size_t i;

	if (ch < 0x80)
		return (char)ch;
	for (i = 0; i < sizeof(like) / sizeof(*like); i++)
		if (like[i].ch == ch)
			return like[i].ascii;
	if (ch >= 0x2500 && ch < 0x2580)
		return '+';
	if (ch >= 0x2581 && ch <= 0x2588)
		return "..:-=+*#"[ch - 0x2581];
	if (ch >= 0x2589 && ch <= 0x258f)
		return ch <= 0x258c ? '=' : '-';
	if ((ch & ~0xffu) == 0x2800)
		return dots_shade(ch);
	return '?';
}

size_t
text_encode(uint32_t ch, char out[4])
{
	if (ch < 0x80) {
		out[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		out[0] = (char)(0xc0 | ch >> 6);
		out[1] = (char)(0x80 | (ch & 63));
		return 2;
	}
	if (ch < 0x10000) {
		out[0] = (char)(0xe0 | ch >> 12);
		out[1] = (char)(0x80 | (ch >> 6 & 63));
		out[2] = (char)(0x80 | (ch & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | ch >> 18);
	out[1] = (char)(0x80 | (ch >> 12 & 63));
	out[2] = (char)(0x80 | (ch >> 6 & 63));
	out[3] = (char)(0x80 | (ch & 63));
	return 4;
}

/* One of fg (base 30) and bg (base 40) as SGR parameters. */
static void
write_color(FILE *out, color c, struct canvas_style style, int base)
{
	int index = color_index(c, style.palette, style.light);

	if (style.palette == PALETTE_RGB && COLOR_IS_RGB(c))
		fprintf(out, ";%d;2;%d;%d;%d", base + 8, (int)(c >> 16 & 255), (int)(c >> 8 & 255), (int)(c & 255));
	else if (index >= 8)
		fprintf(out, ";%d;5;%d", base + 8, index);
	else if (index >= 0)
		fprintf(out, ";%d", base + index);
}

static void
write_pen(FILE *out, const struct cell *cell, struct canvas_style style)
{
	fputs("\033[0", out);
	if (cell->attr & ATTR_BOLD)
		fputs(";1", out);
	if (cell->attr & ATTR_UNDERLINE)
		fputs(";4", out);
	if (cell->attr & ATTR_REVERSE)
		fputs(";7", out);
	write_color(out, cell->fg, style, 30);
	write_color(out, cell->bg, style, 40);
	fputc('m', out);
}

/* Is there nothing to see from x to the end of the row? */
static int
row_end(const struct cell *row, int w, bool colored)
{
	while (w > 0) {
		const struct cell *c = &row[w - 1];

		if ((c->ch != ' ' && c->ch != HARD_BLANK) || (colored && (c->bg || c->attr)))
			break;
		w--;
	}
	return w;
}

static bool
same_pen(const struct cell *a, const struct cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attr == b->attr;
}

void
canvas_text_write(const struct canvas *canvas, FILE *out)
{
	bool colored = canvas->style.palette != PALETTE_NONE;
	int x, y;

	for (y = 0; y < canvas->h; y++) {
		const struct cell *row = &canvas->cell[(size_t)y * (size_t)canvas->w];
		struct cell plain = {0}, *pen = &plain;
		int end = row_end(row, canvas->w, colored);

		for (x = 0; x < end; x++) {
			uint32_t ch = row[x].ch == HARD_BLANK ? ' ' : row[x].ch;
			char utf8[4];

			if (ch == 0)
				continue;
			if (colored && !same_pen(pen, &row[x])) {
				write_pen(out, &row[x], canvas->style);
				plain = row[x];
			}
			utf8[0] = canvas_ascii(ch);
			fwrite(utf8, 1, canvas->style.unicode ? text_encode(ch, utf8) : 1, out);
		}
		if (colored && (plain.fg || plain.bg || plain.attr))
			fputs("\033[0m", out);
		fputc('\n', out);
	}
}

static bool
text_save(const struct canvas *canvas, FILE *out)
{
	struct canvas plain = *canvas;

	plain.style.palette = PALETTE_NONE;
	canvas_text_write(&plain, out);
	return !ferror(out);
}

bool
canvas_save(const struct canvas *canvas, const char *path, bool force, struct status *st)
{
	static const char *const kinds[] = {"txt", "svg", "pdf", "png", NULL};
	const char *dot = strrchr(path, '.'), *const *kind = kinds;
	struct draft draft;
	bool ok;

	while (*kind && (!dot || strcmp(dot + 1, *kind) != 0))
		kind++;
	if (!*kind)
		return status_fail(st, STATUS_USAGE, "%s: the name must end in .txt, .svg, .pdf or .png", path);
	if (!draft_begin(&draft, path, force, st))
		return false;
	ok = kind == kinds ? text_save(canvas, draft.file) : canvas_cairo_save(canvas, draft.file, *kind);
	return draft_end(&draft, ok, st);
}
