/* The picture as the network sees it: patches apart, the selected token's framed. */
#include "model/image/image.h"
#include "model/graph.h"
#include "ui/views/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
image_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	struct patch_grid grid = scene->model ? graph_patches(scene->model) : (struct patch_grid){0};
	int q = scene->model ? view_q(scene, args) - grid.prefix : -1;
	char label[16];

	snprintf(out, size, "%s", scene->title ? scene->title : "picture");
	if (scene->pixels && scene->label >= 0)
		snprintf(out + strlen(out), size - strlen(out), " (%s)", model_label(scene->model, scene->label, label));
	if (!scene->pixels || grid.side == 0)
		return;
	if (q >= 0)
		snprintf(out + strlen(out), size - strlen(out), ", token %d: patch %d,%d", view_q(scene, args), q / grid.side,
			 q % grid.side);
	else
		snprintf(out + strlen(out), size - strlen(out), ", token %d: the class token", view_q(scene, args));
}

/* The picture with a line of one pixel around every patch. */
static uint8_t *
with_grid(const struct model *model, const uint8_t *rgb, int patch, int *size)
{
	static const uint8_t grey[3] = {72, 72, 72}, chosen[3] = {255, 175, 0};
	int p = graph_patches(model).size, per_side = graph_patches(model).side, pitch = p + 1, n = per_side * pitch + 1, x, y;
	uint8_t *out = malloc(3 * (size_t)n * (size_t)n);

	*size = n;
	for (y = 0; out && y < n; y++) {
		for (x = 0; x < n; x++) {
			bool line = x % pitch == 0 || y % pitch == 0;
			int px = patch % per_side * pitch, py = patch / per_side * pitch;
			bool framed = patch >= 0 && x >= px && x <= px + pitch && y >= py && y <= py + pitch;
			const uint8_t *from = line ? (framed ? chosen : grey)
						   : rgb + 3 * ((size_t)(y - y / pitch - 1) * (size_t)model->image_size +
								(size_t)(x - x / pitch - 1));

			memcpy(out + 3 * ((size_t)y * (size_t)n + (size_t)x), from, 3);
		}
	}
	return out;
}

static void
image_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	uint8_t *rgb, *grid = NULL;
	struct patch_grid patches;
	size_t side;
	int n;

	side = (size_t)scene->model->image_size;
	patches = graph_patches(scene->model);
	rgb = malloc(3 * side * side);
	if (rgb) {
		image_show(scene->model, scene->pixels, rgb);
		if (patches.side > 0)
			grid = with_grid(scene->model, rgb, view_q(scene, args) - patches.prefix, &n);
	}
	/* Lines that would be averaged away are left out. */
	if (grid && canvas_heat_fit(canvas, area, n, n).factor == 1)
		canvas_image(canvas, area, grid, n, n);
	else if (rgb)
		canvas_image(canvas, area, rgb, (int)side, (int)side);
	free(grid);
	free(rgb);
}

static bool
image_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
	  char *command, size_t size)
{
	struct patch_grid grid = scene->model ? graph_patches(scene->model) : (struct patch_grid){0};
	int p = grid.size, side = grid.side, n, col, row;
	struct heat_fit fit;

	(void)args;
	if (!scene->pixels || side == 0)
		return false;
	n = side * (p + 1) + 1;
	fit = canvas_heat_fit(canvas, area, n, n);
	if (fit.factor > 1) {
		n = scene->model->image_size;
		fit = canvas_heat_fit(canvas, area, n, n);
	} else {
		p++;
	}
	col = (x - area.x) / (fit.unit * fit.magnify) * fit.factor / p;
	row = (y - area.y) * fit.per_row / fit.magnify * fit.factor / p;
	if (col >= side || row >= side)
		return false;
	snprintf(command, size, "select q %d", row * side + col + grid.prefix);
	return true;
}

const struct view image_view = {
    .name = "image",
    .help = "the picture with its patches; the selected token's patch is framed",
    .needs = NEEDS_PICTURE,
    .of = VIEW_OF_ONE,
    .inside = "patches",
    .title = image_title,
    .draw = image_draw,
    .hit = image_hit,
};
