/* What a site receives (or, without a function, carries), against the range it was made for. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS_MAX = 256 };

static void
histogram_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (!scene->model)
		snprintf(out, size, "histogram");
	else
		snprintf(out, size, "histogram %s", site_name(view_site(scene, args), name));
}

struct histogram {
	int bins;
	double lo, hi; /* ends of the axis */
	double count[BINS_MAX];
	double most;
	const struct ugo *ugo; /* its range; NULL: none */
	size_t n, below, above, bad;
	double least, greatest;
};

static void
histogram_fill(struct histogram *h, const float *data, size_t n)
{
	double width;

	heat_range(data, n, &h->least, &h->greatest);
	h->lo = h->ugo ? fmin(h->least, h->ugo->lo) : h->least;
	h->hi = h->ugo ? fmax(h->greatest, h->ugo->hi) : h->greatest;
	if (h->hi <= h->lo)
		h->hi = h->lo + 1;
	width = (h->hi - h->lo) / h->bins;
	h->n = n;
	for (size_t i = 0; i < n; i++) {
		double v = (double)data[i];
		int bin;

		if (!isfinite(v)) {
			h->bad++;
			continue;
		}
		bin = (int)((v - h->lo) / width);
		bin = bin < 0 ? 0 : bin >= h->bins ? h->bins - 1 : bin;
		h->most = fmax(h->most, ++h->count[bin]);
		h->below += h->ugo && v < h->ugo->lo;
		h->above += h->ugo && v > h->ugo->hi;
	}
}

static int
column_of(const struct histogram *h, double v)
{
	return (int)((v - h->lo) / (h->hi - h->lo) * h->bins);
}

/* Counts on a logarithmic scale: the one value that is outside must be seen. */
static void
draw_bars(const struct histogram *h, struct canvas *canvas, struct rect area)
{
	static const char *const eighth[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double top = log1p(h->most);

	for (int i = 0; i < h->bins; i++) {
		double from = h->lo + (h->hi - h->lo) * i / h->bins, to = h->lo + (h->hi - h->lo) * (i + 1) / h->bins;
		bool outside = h->ugo && (to <= h->ugo->lo || from >= h->ugo->hi);
		int high = (int)ceil(top > 0 ? log1p(h->count[i]) / top * area.h * 8 : 0);
		struct pen pen = {.fg = outside ? ROLE_BAD : ROLE_SNN, .attr = outside ? ATTR_BOLD : 0};

		for (int y = 0; y < area.h && high > 8 * y; y++) {
			int part = high - 8 * y < 8 ? high - 8 * y : 8;

			canvas_put(canvas, area, area.x + i, area.y + area.h - 1 - y, pen,
				   canvas->style.unicode ? eighth[part]
				   : outside             ? "!"
							 : "#");
		}
	}
}

static void
draw_edge(const struct histogram *h, double v, struct canvas *canvas, struct rect area)
{
	int x = area.x + column_of(h, v);
	char number[16];

	x = x >= area.x + area.w ? area.x + area.w - 1 : x;
	for (int y = 0; y < area.h - 1; y++)
		canvas_put(canvas, area, x, area.y + y, (struct pen){.fg = ROLE_WARN}, "┊");
	short_number(v, number, sizeof(number));
	if (x + text_columns(number) < area.x + area.w)
		canvas_put(canvas, area, x + 1, area.y, (struct pen){.fg = ROLE_WARN}, number);
	else
		canvas_put_right(canvas, area, x, area.y, (struct pen){.fg = ROLE_WARN}, number);
}

static void
draw_axis(const struct histogram *h, struct canvas *canvas, struct rect line)
{
	struct pen dim = {.fg = ROLE_DIM};
	char a[16], b[16];

	canvas_put(canvas, line, line.x, line.y, dim, short_number(h->lo, a, sizeof(a)));
	canvas_put_right(canvas, line, line.x + line.w, line.y, dim, short_number(h->hi, b, sizeof(b)));
}

static int
draw_facts(const struct histogram *h, bool input, struct canvas *canvas, struct rect area)
{
	char n[5][16], text[300];
	size_t outside = h->below + h->above;
	struct pen pen = {.fg = outside ? ROLE_BAD : ROLE_DEFAULT, .attr = outside ? ATTR_BOLD : 0};

	snprintf(text, sizeof(text), "%zu %s from %s to %s", h->n, input ? "inputs" : "values", short_number(h->least, n[0], 16),
		 short_number(h->greatest, n[1], 16));
	if (h->ugo && outside)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; ! %zu below, %zu above the UGO's range %s to %s",
			 h->below, h->above, short_number(h->ugo->lo, n[2], 16), short_number(h->ugo->hi, n[3], 16));
	else if (h->ugo)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", all within the UGO's range %s to %s",
			 short_number(h->ugo->lo, n[2], 16), short_number(h->ugo->hi, n[3], 16));
	if (h->bad)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; %zu not finite", h->bad);
	return canvas_wrap(canvas, area, pen, text);
}

static void
histogram_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct site site = {0};
	struct histogram h = {0};
	struct tensor hold = {0};
	const float *data;
	bool input;
	int rows;

	site = view_site(scene, args);
	data = scene_probe(scene, site, SNN_INPUT, &hold);
	input = data != NULL;
	if (!data)
		data = scene_probe(scene, site, SNN_VALUE, &hold);
	if (!data) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM},
			    "This site carries no values of its own; select another.");
		tensor_done(&hold);
		return;
	}
	/* Differences have no range. */
	h.ugo = input && !scene->minus ? scene_site_ugo(scene, site) : NULL;
	h.bins = area.w < BINS_MAX ? area.w : BINS_MAX;
	histogram_fill(&h, data, tensor_size(&hold));
	tensor_done(&hold);
	rows = draw_facts(&h, input, canvas, area);
	area.y += rows;
	area.h -= rows;
	if (area.h < 2)
		return;
	draw_axis(&h, canvas, (struct rect){area.x, area.y + area.h - 1, area.w, 1});
	area.h--;
	if (h.ugo) {
		draw_edge(&h, h.ugo->lo, canvas, area);
		draw_edge(&h, h.ugo->hi, canvas, area);
	}
	draw_bars(&h, canvas, area);
}

const struct view histogram_view = {
    .name = "histogram",
    .help = "what a site's function receives, against the range of its UGO",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "ugo",
    .title = histogram_title,
    .draw = histogram_draw,
};
