#include "ann/layers.h"

#include "ann/ann.h"
#include "kernels/kernel.h"

#include <math.h>
#include <string.h>

size_t
layer_scratch(const struct graph *net)
{
	return LAYER_TILE * net->patch_size;
}

void
picture_interleave(const struct model *model, const float *pixels, float *out)
{
	size_t places = (size_t)model->image_size * (size_t)model->image_size, channels = (size_t)model->channels;

	for (size_t i = 0; i < places; i++)
		for (size_t c = 0; c < channels; c++)
			out[i * channels + c] = pixels[c * places + i];
}

/* What a convolution reads: the size of its input. */
struct input {
	const float *x;
	int height, width, channels;
};

static struct input
input_of(const struct model *model, const struct layer *layer, const float *x)
{
	const struct layer *source = layer_source(model->graph, layer);

	if (source)
		return (struct input){x, source->height, source->width, source->channels};
	return (struct input){x, model->image_size, model->image_size, model->channels};
}

/* The window of one place: row [groups, kernel, kernel, channels / groups], 0 beyond the border. */
static void
cut_window(const struct input *in, const struct layer *layer, int place, float *row)
{
	int top = place / layer->width * layer->stride - layer->padding;
	int left = place % layer->width * layer->stride - layer->padding;
	size_t channels = (size_t)(in->channels / layer->groups);

	for (int g = 0; g < layer->groups; g++)
		for (int y = top; y < top + layer->kernel; y++)
			for (int x = left; x < left + layer->kernel; x++, row += channels) {
				if (y < 0 || y >= in->height || x < 0 || x >= in->width)
					memset(row, 0, channels * sizeof(*row));
				else
					memcpy(row,
					       in->x + ((size_t)y * (size_t)in->width + (size_t)x) * (size_t)in->channels +
						   (size_t)g * channels,
					       channels * sizeof(*row));
			}
}

/* rows windows from `row` on. */
static void
multiply_windows(const struct layer *layer, const float *row, int rows, struct spikes *spikes, bool accumulate, float *y)
{
	const struct linear *l = layer->weight;

	if (spikes && layer->groups == 1 && accumulate) {
		spikes_list(spikes, row, rows, l->in);
		spikes_run(spikes, l->panels, l->out, y);
		return;
	}
	for (int g = 0; g < layer->groups; g++, l++)
		dense_run(&(struct dense){.rows = rows,
					  .in = l->in,
					  .out = l->out,
					  .x = row + (size_t)g * (size_t)l->in,
					  .ldx = l->in * layer->groups,
					  .weight = l->panels,
					  .bias = accumulate ? NULL : l->bias,
					  .accumulate = accumulate,
					  .y = y + (size_t)g * (size_t)l->out,
					  .ldy = layer->channels});
}

void
convolution_apply(const struct model *model, const struct layer *layer, const float *x, float *scratch, struct spikes *spikes,
		  bool accumulate, float *y)
{
	struct input in = input_of(model, layer, x);
	int places = (int)layer_places(layer);
	size_t patch = (size_t)layer->kernel * (size_t)layer->kernel * (size_t)in.channels;
	bool plain = layer->kernel == 1 && layer->stride == 1; /* windows are the places themselves */

	for (int at = 0; at < places; at += LAYER_TILE) {
		int rows = places - at < LAYER_TILE ? places - at : LAYER_TILE;

		for (int r = 0; !plain && r < rows; r++)
			cut_window(&in, layer, at + r, scratch + (size_t)r * patch);
		multiply_windows(layer, plain ? x + (size_t)at * patch : scratch, rows, spikes, accumulate,
				 y + (size_t)at * (size_t)layer->channels);
	}
}

KERNEL static void
take_greater(float *restrict y, const float *restrict x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = greater(x[i], y[i]);
}

KERNEL static void
add_row(float *restrict y, const float *restrict x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

/* Puts the places of a window together, those that are there: starts from `start`. */
typedef void take_place(float *restrict y, const float *restrict x, size_t n);

static void
join_window(const struct layer *source, const struct layer *layer, int place, float start, take_place *take, const float *x,
	    float *y)
{
	int top = place / layer->width * layer->stride - layer->padding;
	int left = place % layer->width * layer->stride - layer->padding;
	size_t channels = (size_t)layer->channels;

	for (size_t c = 0; c < channels; c++)
		y[c] = start;
	for (int row = top < 0 ? 0 : top; row < top + layer->kernel && row < source->height; row++)
		for (int column = left < 0 ? 0 : left; column < left + layer->kernel && column < source->width; column++)
			take(y, x + ((size_t)row * (size_t)source->width + (size_t)column) * channels, channels);
}

void
max_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y)
{
	int places = (int)layer_places(layer);

	for (int p = 0; p < places; p++)
		join_window(source, layer, p, -INFINITY, take_greater, x, y + (size_t)p * (size_t)layer->channels);
}

/* Windows of average pooling lie within the picture. */
void
average_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y)
{
	int places = (int)layer_places(layer);
	size_t size = layer_size(layer);

	for (int p = 0; p < places; p++)
		join_window(source, layer, p, 0, add_row, x, y + (size_t)p * (size_t)layer->channels);
	for (size_t i = 0; i < size; i++)
		y[i] /= (float)(layer->kernel * layer->kernel);
}

void
global_pool_apply(const struct layer *source, const float *x, float *y)
{
	size_t places = layer_places(source), channels = (size_t)source->channels;

	memset(y, 0, channels * sizeof(*y));
	for (size_t p = 0; p < places; p++)
		add_row(y, x + p * channels, channels);
	for (size_t c = 0; c < channels; c++)
		y[c] /= (float)places;
}

void
tokens_apply(const struct layer *source, const struct layer *layer, const float *x, float scale, float *y)
{
	size_t channels = (size_t)source->channels, size = layer_size(layer);

	global_pool_apply(source, x, y);
	memcpy(y + channels, x, (size - channels) * sizeof(*y));
	for (size_t i = 0; i < size; i++)
		y[i] += scale * layer->positions[i];
}
