/* Cells become rectangles and letters. Blocks, frames and braille are drawn as shapes, so
 * that a file looks the same whatever fonts there are. */
#include "ui/canvas/sheet.h"

#include <math.h>
#include <string.h>

enum { CELL_W = 9, CELL_H = 18, MARGIN = 9, FONT = 15, RUN_MAX = 1024 };

/* One cell's place on the page, and what it is drawn with. */
struct spot {
	struct plate *plate;
	double x, y, w, h;
	uint32_t rgb;
};

struct sheet
sheet_of(const struct canvas *canvas)
{
	const struct figure *f = canvas->figure;
	struct sheet s = {CELL_W, CELL_H, MARGIN, FONT, "monospace", f != NULL, 0, 0};

	if (f)
		s = (struct sheet){f->cell_w, f->cell_h, 0, f->page.font_size, f->page.font, true, 0, 0};
	s.paper = canvas->style.light ? 0xffffff : 0x16161d;
	s.ink = color_rgb(ROLE_DEFAULT, canvas->style.light, 0);
	if (f && canvas->style.light)
		s.ink = 0;
	return s;
}

void
sheet_size(const struct canvas *canvas, double *w, double *h)
{
	struct sheet s = sheet_of(canvas);

	*w = canvas->figure ? canvas->figure->page.width : 2 * s.margin + canvas->w * s.cell_w;
	*h = canvas->figure ? canvas->figure->page.height : 2 * s.margin + canvas->h * s.cell_h;
}

/* x, y, w, h: shares of the cell. */
static void
fill(const struct spot *at, double x, double y, double w, double h)
{
	plate_rect(at->plate, at->x + x * at->w, at->y + y * at->h, w * at->w, h * at->h, at->rgb);
}

static void
draw_block(const struct spot *at, uint32_t ch)
{
	if (ch == 0x2580)
		fill(at, 0, 0, 1, 0.5);
	else if (ch <= 0x2588)
		fill(at, 0, 1 - (ch - 0x2580) / 8.0, 1, (ch - 0x2580) / 8.0);
	else
		fill(at, 0, 0, (0x2590 - ch) / 8.0, 1);
}

static void
draw_braille(const struct spot *at, uint32_t ch)
{
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

	for (int r = 0; r < 4; r++)
		for (int c = 0; c < 2; c++)
			if (ch & bit[r][c])
				fill(at, c * 0.5 + 0.1, r * 0.25 + 0.05, 0.3, 0.15);
}

/* Arms of a frame: 1 up, 2 right, 4 down, 8 left; 0 for other characters. */
static int
arms(uint32_t ch)
{
	switch (ch) {
	case 0x2500:
	case 0x2504:
		return 10;
	case 0x2502:
	case 0x250a:
		return 5;
	case 0x250c:
		return 6;
	case 0x2510:
		return 12;
	case 0x2514:
		return 3;
	case 0x2518:
		return 9;
	case 0x251c:
		return 7;
	case 0x2524:
		return 13;
	case 0x252c:
		return 14;
	case 0x2534:
		return 11;
	case 0x253c:
		return 15;
	default:
		return 0;
	}
}

static void
draw_arms(const struct spot *at, int a, bool dashed)
{
	double line = 1 / at->w, thin = 1 / at->h, cx = 0.5 - line / 2, cy = 0.5 - thin / 2;

	if (dashed) {
		fill(at, a & 2 ? 0.1 : cx, a & 2 ? cy : 0.1, a & 2 ? 0.45 : line, a & 2 ? thin : 0.4);
		return;
	}
	if (a & 1)
		fill(at, cx, 0, line, cy + thin);
	if (a & 4)
		fill(at, cx, cy, line, 1 - cy);
	if (a & 8)
		fill(at, 0, cy, cx + line, thin);
	if (a & 2)
		fill(at, cx, cy, 1 - cx, thin);
}

static void
draw_pointer(const struct spot *at, bool down)
{
	struct plate_point right[] = {{0.1, 0.28}, {0.1, 0.72}, {0.9, 0.5}}, under[] = {{0.1, 0.4}, {0.9, 0.4}, {0.5, 0.8}};
	struct plate_point *point = down ? under : right;

	for (int i = 0; i < 3; i++)
		point[i] = (struct plate_point){at->x + point[i].x * at->w, at->y + point[i].y * at->h};
	plate_polygon(at->plate, point, 3, at->rgb);
}

/* Is the character drawn as a shape, or nothing? */
static bool
is_letter(uint32_t ch)
{
	return ch && ch != ' ' && ch != HARD_BLANK && !(ch >= 0x2580 && ch <= 0x258f) && (ch & ~0xffu) != 0x2800 && !arms(ch) &&
	       ch != 0x25b8 && ch != 0x25be;
}

static void
draw_shape(const struct spot *at, uint32_t ch)
{
	if (ch >= 0x2580 && ch <= 0x258f)
		draw_block(at, ch);
	else if ((ch & ~0xffu) == 0x2800)
		draw_braille(at, ch);
	else if (arms(ch))
		draw_arms(at, arms(ch), ch == 0x2504 || ch == 0x250a);
	else if (ch == 0x25b8 || ch == 0x25be)
		draw_pointer(at, ch == 0x25be);
}

static void
cell_colors(const struct canvas *canvas, const struct sheet *s, const struct cell *cell, uint32_t *fg, uint32_t *bg)
{
	*fg = color_rgb(cell->fg, canvas->style.light, s->ink);
	*bg = color_rgb(cell->bg, canvas->style.light, s->paper);
	if (cell->attr & ATTR_REVERSE) {
		uint32_t swap = *fg;

		*fg = *bg;
		*bg = swap;
	}
}

/* Letters that stand together and look alike; single blanks are of them. */
struct run {
	char text[RUN_MAX];
	size_t length;
	int first, end; /* columns */
};

static bool
same_look(const struct cell *a, const struct cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attr == b->attr;
}

static void
run_make(struct run *run, const struct canvas *canvas, int x, int y)
{
	const struct cell *row = &canvas->cell[(size_t)y * (size_t)canvas->w], *first = &row[x];
	int gap = 0;

	run->first = run->end = x;
	run->length = 0;
	for (; x < canvas->w && run->length < RUN_MAX - 8; x++) {
		bool blank = row[x].ch == ' ';

		if (row[x].ch == 0) {
			run->end = x + 1;
			continue;
		}
		if (!same_look(first, &row[x]) || (!blank && !is_letter(row[x].ch)) || (blank && gap))
			break;
		gap = blank;
		if (blank)
			continue;
		if (x > run->end)
			run->text[run->length++] = ' ';
		run->length += text_encode(row[x].ch, run->text + run->length);
		run->end = x + 1;
	}
	run->text[run->length] = '\0';
}

/* Numbers stand in columns by their last digit. */
static bool
is_number(const char *text)
{
	return strspn(text, "0123456789.+-−%kMGeE±") == strlen(text);
}

static void
run_draw(const struct run *run, const struct canvas *canvas, const struct sheet *s, struct plate *p, int y)
{
	const struct cell *cell = &canvas->cell[(size_t)y * (size_t)canvas->w + (size_t)run->first];
	double room = (run->end - run->first) * s->cell_w;
	struct plate_text how = {
	    .x = s->margin + run->first * s->cell_w, .y = s->margin + (y + 0.74) * s->cell_h, .size = s->font_size};
	uint32_t paper;

	cell_colors(canvas, s, cell, &how.rgb, &paper);
	how.bold = cell->attr & ATTR_BOLD;
	if (!s->is_figure || plate_text_width(p, s->font_size, how.bold, run->text) > room)
		how.width = room;
	else if (is_number(run->text)) {
		how.x += room;
		how.anchor = PLATE_RIGHT;
	}
	plate_put(p, &how, run->text);
}

static void
draw_grounds(const struct canvas *canvas, const struct sheet *s, struct plate *p, int y)
{
	for (int x = 0; x < canvas->w; x++) {
		const struct cell *cell = &canvas->cell[(size_t)y * (size_t)canvas->w + (size_t)x];
		struct spot at = {p, s->margin + x * s->cell_w, s->margin + y * s->cell_h, s->cell_w, s->cell_h, 0};
		uint32_t fg, bg;

		cell_colors(canvas, s, cell, &fg, &bg);
		at.rgb = bg;
		if (bg != s->paper)
			fill(&at, 0, 0, 1, 1);
		at.rgb = fg;
		draw_shape(&at, cell->ch);
	}
}

static void
draw_row(const struct canvas *canvas, const struct sheet *s, struct plate *p, int y)
{
	struct run run;

	draw_grounds(canvas, s, p, y);
	for (int x = 0; x < canvas->w; x++) {
		if (!is_letter(canvas->cell[(size_t)y * (size_t)canvas->w + (size_t)x].ch))
			continue;
		run_make(&run, canvas, x, y);
		run_draw(&run, canvas, s, p, y);
		x = run.end - 1;
	}
}

static void
draw_item(const struct canvas *canvas, const struct sheet *s, struct plate *p, const struct figure_item *item)
{
	bool light = canvas->style.light;

	switch (item->kind) {
	case FIGURE_CHART:
		sheet_chart(s, light, p, item->area, &item->chart);
		break;
	case FIGURE_HEAT:
		sheet_heat(s, light, p, item->area, &item->heat);
		break;
	case FIGURE_RAMP:
		sheet_ramp(s, light, p, item->area, &item->heat);
		break;
	case FIGURE_IMAGE:
		sheet_image(s, p, item->area, item);
		break;
	}
}

void
sheet_draw(const struct canvas *canvas, struct plate *p)
{
	struct sheet s = sheet_of(canvas);
	double w, h;

	p->font = s.font;
	sheet_size(canvas, &w, &h);
	plate_rect(p, 0, 0, w, h, s.paper);
	for (int i = 0; canvas->figure && i < canvas->figure->count; i++)
		draw_item(canvas, &s, p, &canvas->figure->item[i]);
	for (int y = 0; y < canvas->h; y++)
		draw_row(canvas, &s, p, y);
}
