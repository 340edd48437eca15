#include "ui/canvas/figure.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A letter's columns and rows, in sizes of the font. */
static const double letter_w = 0.6, letter_h = 1.3;

static struct figure_page
page_of(const struct figure_page *page)
{
	struct figure_page p = *page;

	p.width = p.width > 0 ? p.width : 384;
	p.height = p.height > 0 ? p.height : p.width * 5 / 8;
	p.font = p.font ? p.font : "sans-serif";
	p.font_size = p.font_size > 0 ? p.font_size : 8;
	p.dpi = p.dpi > 0 ? p.dpi : 300;
	return p;
}

bool
canvas_figure_init(struct canvas *canvas, const struct figure_page *page, struct canvas_style style)
{
	struct figure *figure = calloc(1, sizeof(*figure));

	if (figure)
		figure->arena = arena_new();
	if (!figure || !figure->arena) {
		figure_free(figure);
		return false;
	}
	figure->page = page_of(page);
	figure->page.font = arena_strdup(figure->arena, figure->page.font);
	figure->cell_w = letter_w * figure->page.font_size;
	figure->cell_h = letter_h * figure->page.font_size;
	if (!figure->page.font || !canvas_init(canvas, (int)(figure->page.width / figure->cell_w),
					       (int)(figure->page.height / figure->cell_h), style)) {
		figure_free(figure);
		return false;
	}
	canvas->figure = figure;
	return true;
}

void
figure_free(struct figure *figure)
{
	if (!figure)
		return;
	arena_free(figure->arena);
	free(figure->item);
	free(figure);
}

static struct figure_item *
add_item(struct figure *f, enum figure_kind kind, struct rect area)
{
	if (f->count == f->capacity) {
		int capacity = f->capacity ? 2 * f->capacity : 8;
		struct figure_item *item = realloc(f->item, (size_t)capacity * sizeof(*item));

		if (!item) {
			f->failed = true;
			return NULL;
		}
		f->item = item;
		f->capacity = capacity;
	}
	f->item[f->count] = (struct figure_item){.kind = kind, .area = area};
	return &f->item[f->count++];
}

/* NULL stays NULL. */
static void *
keep(struct figure *f, const void *data, size_t size)
{
	void *copy = data ? arena_alloc(f->arena, size) : NULL;

	if (copy)
		memcpy(copy, data, size);
	f->failed = f->failed || (data && !copy);
	return copy;
}

static const char *
keep_text(struct figure *f, const char *text)
{
	return text ? keep(f, text, strlen(text) + 1) : NULL;
}

static void
keep_series(struct figure *f, struct series *s)
{
	size_t size = (size_t)s->count * sizeof(float);

	s->x = keep(f, s->x, size);
	s->y = keep(f, s->y, size);
	s->lo = keep(f, s->lo, size);
	s->hi = keep(f, s->hi, size);
	s->name = keep_text(f, s->name);
	s->count = s->y ? s->count : 0;
}

void
figure_add_chart(struct figure *f, struct rect area, const struct chart *chart)
{
	struct figure_item *item = add_item(f, FIGURE_CHART, area);
	struct spike_train *train = keep(f, chart->train, sizeof(*train));
	struct series *series = keep(f, chart->series, (size_t)chart->count * sizeof(*series));

	if (!item)
		return;
	item->chart = *chart;
	item->chart.series = series;
	item->chart.count = series ? chart->count : 0;
	for (int i = 0; i < item->chart.count; i++)
		keep_series(f, &series[i]);
	item->chart.rule = keep(f, chart->rule, sizeof(*chart->rule));
	item->chart.rule_name = keep_text(f, chart->rule_name);
	item->chart.x_name = keep_text(f, chart->x_name);
	item->chart.y_name = keep_text(f, chart->y_name);
	if (train && !(train->sent = keep(f, train->sent, (size_t)train->count * sizeof(float))))
		train->count = 0;
	item->chart.train = train;
}

void
figure_add_heat(struct figure *f, struct rect area, const struct heat *heat)
{
	struct figure_item *item = add_item(f, FIGURE_HEAT, area);
	size_t stride = (size_t)(heat->stride ? heat->stride : heat->cols), cols = (size_t)heat->cols;
	float *data = arena_floats(f->arena, (size_t)heat->rows * cols);

	if (!item || !data) {
		f->failed = true;
		f->count -= item != NULL;
		return;
	}
	for (size_t row = 0; row < (size_t)heat->rows; row++)
		memcpy(data + row * cols, heat->data + row * stride, cols * sizeof(*data));
	item->heat = *heat;
	item->heat.data = data;
	item->heat.stride = 0;
	item->heat.label = keep_text(f, heat->label);
}

void
figure_add_ramp(struct figure *f, struct rect area, const struct heat *heat)
{
	struct figure_item *item = add_item(f, FIGURE_RAMP, area);

	if (!item)
		return;
	item->heat = *heat;
	item->heat.data = NULL;
	item->heat.label = keep_text(f, heat->label);
}

void
figure_add_image(struct figure *f, struct rect area, const uint8_t *rgb, int rows, int cols)
{
	struct figure_item *item = add_item(f, FIGURE_IMAGE, area);

	if (!item)
		return;
	item->rgb = keep(f, rgb, 3 * (size_t)rows * (size_t)cols);
	item->rows = rows;
	item->cols = cols;
	f->count -= item->rgb == NULL;
}

struct heat_fit
figure_heat_fit(const struct figure *f, struct rect area, int rows, int cols)
{
	double side = fmin(area.w * f->cell_w / cols, area.h * f->cell_h / rows);
	struct heat_fit fit = {.magnify = 1, .factor = 1, .unit = 1, .per_row = 1, .rows = rows, .cols = cols};

	fit.data_rows = rows;
	fit.data_cols = cols;
	fit.w = (int)ceil(cols * side / f->cell_w - 1e-6);
	fit.h = (int)ceil(rows * side / f->cell_h - 1e-6);
	return fit;
}
