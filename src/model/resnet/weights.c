/* From tensors to folded convolutions. */
#include "kernels/panels.h"
#include "model/resnet/build.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* torch.nn.BatchNorm2d's, which none of the known networks changes. */
#define BATCH_NORM_EPS 1e-5

/* w' = w scale, b' = b scale + shift, by output channel. */
struct folding {
	double *scale, *shift; /* [channels] */
};

static const float *
take_part(struct binder *b, const char *module, const char *part, struct shape shape)
{
	char name[NAME_MAX_LENGTH + 16];

	snprintf(name, sizeof(name), "%s.%s", module, part);
	return binder_take(b, name, shape, NULL);
}

/* Of batch norm's four vectors, and of a bias that the convolution may have. */
static bool
read_folding(struct binder *b, const char *convolution, const char *norm, int channels, struct folding *f)
{
	struct shape shape = {1, {channels}};
	const float *gamma = take_part(b, norm, "weight", shape), *beta = gamma ? take_part(b, norm, "bias", shape) : NULL;
	const float *mean = beta ? take_part(b, norm, "running_mean", shape) : NULL;
	const float *variance = mean ? take_part(b, norm, "running_var", shape) : NULL, *bias = NULL;
	char name[NAME_MAX_LENGTH + 16];

	if (!variance)
		return false;
	snprintf(name, sizeof(name), "%s.bias", convolution);
	if (safetensors_find(b->file, name) && !(bias = binder_take(b, name, shape, NULL)))
		return false;
	for (int i = 0; i < channels; i++) {
		if (!(variance[i] >= 0))
			return status_fail(b->st, STATUS_DATA, "%s: tensor '%s.running_var' has the variance %g", b->path, norm,
					   (double)variance[i]);
		f->scale[i] = (double)gamma[i] / sqrt((double)variance[i] + BATCH_NORM_EPS);
		f->shift[i] = (double)beta[i] + ((bias ? (double)bias[i] : 0) - (double)mean[i]) * f->scale[i];
	}
	return true;
}

/* One output's weights from (channel, row, column) to (row, column, channel), scaled. */
static void
fold_row(const float *from, int channels, int places, double scale, float *to)
{
	for (int p = 0; p < places; p++)
		for (int c = 0; c < channels; c++)
			to[p * channels + c] = (float)((double)from[c * places + p] * scale);
}

/* Group `g` of the layer. rows: scratch [out, in] of the group. */
static bool
fold_group(struct binder *b, struct layer *layer, int g, const float *weight, const struct folding *f, float *rows)
{
	struct linear *l = &layer->weight[g];
	int places = layer->kernel * layer->kernel;
	float *panels = arena_floats(b->arena, panels_size(l->in, l->out)), *bias = arena_floats(b->arena, (size_t)l->out);

	if (!panels || !bias)
		return status_nomem(b->st, "a convolution");
	for (int o = 0; o < l->out; o++) {
		size_t channel = (size_t)g * (size_t)l->out + (size_t)o;

		fold_row(weight + channel * (size_t)l->in, l->in / places, places, f->scale[channel],
			 rows + (size_t)o * (size_t)l->in);
		bias[o] = (float)f->shift[channel];
	}
	panels_fill(panels, rows, (size_t)l->in, 1, l->in, l->out);
	l->panels = panels;
	l->bias = bias;
	return true;
}

static bool
fold_layer(struct binder *b, struct layer *layer, const float *weight, const char *convolution, const char *norm)
{
	struct linear shape = layer->weight[0];
	struct folding f = {calloc((size_t)layer->channels, sizeof(double)), calloc((size_t)layer->channels, sizeof(double))};
	float *rows = malloc((size_t)shape.in * (size_t)shape.out * sizeof(*rows));
	bool ok = f.scale && f.shift && rows ? read_folding(b, convolution, norm, layer->channels, &f)
					     : status_nomem(b->st, "a convolution");

	for (int g = 0; ok && g < layer->groups; g++)
		ok = fold_group(b, layer, g, weight, &f, rows);
	free(rows);
	free(f.scale);
	free(f.shift);
	return ok;
}

static bool
take_convolution(struct binder *b, const struct resnet_names *names, const struct graph *net, struct layer *layer)
{
	const struct layer *source = layer_source(net, layer);
	int in = (source ? source->channels : b->model->channels) / layer->groups;
	struct shape shape = {4, {layer->channels, in, layer->kernel, layer->kernel}};
	struct resnet_tensors tensors = resnet_tensors(names, layer->site);
	const float *weight = take_part(b, tensors.convolution, "weight", shape);

	if (!weight)
		return false;
	layer->weight = arena_alloc(b->arena, (size_t)layer->groups * sizeof(*layer->weight));
	if (!layer->weight)
		return status_nomem(b->st, "a convolution");
	for (int g = 0; g < layer->groups; g++)
		layer->weight[g] =
		    (struct linear){.in = layer->kernel * layer->kernel * in, .out = layer->channels / layer->groups};
	return fold_layer(b, layer, weight, tensors.convolution, tensors.norm);
}

/* The number of classes: the configuration's, else as many as the head has rows. */
static bool
take_head(struct binder *b, struct graph *net)
{
	struct model *model = b->model;
	const struct st_tensor *t = safetensors_find(b->file, "fc.weight");
	int width = net->layer[net->layers - 2].channels, classes = b->classes;

	if (classes == 0 && t && t->dims == 2 && t->dim[0] > 0 && t->dim[0] <= 16 * CONFIG_DIM_MAX)
		classes = (int)t->dim[0];
	model->classes = net->layer[net->layers - 1].channels = classes > 0 ? classes : 1;
	model->head = (struct linear){.in = width, .out = model->classes};
	return (model->head.weight = take_part(b, "fc", "weight", (struct shape){2, {model->classes, width}})) &&
	       (model->head.bias = take_part(b, "fc", "bias", (struct shape){1, {model->classes}}));
}

/* Of what begins with the prefix: the other tensors are the text tower's. */
static bool
check_unused(const struct binder *b)
{
	for (int i = 0; i < safetensors_count(b->file); i++) {
		const char *name = safetensors_at(b->file, i)->name, *counter = strstr(name, ".num_batches_tracked");

		if (!b->used[i] && !counter && strncmp(name, b->prefix, strlen(b->prefix)) == 0)
			return status_fail(
			    b->st, STATUS_DATA,
			    "%s: tensor '%.100s' has no place in the network that its configuration describes (%d blocks)",
			    b->path, name, b->model->depth);
	}
	return true;
}

/* Groups share channels evenly, on both sides. */
static bool
check_groups(const struct binder *b, const struct graph *net)
{
	for (int i = 0; i < net->layers; i++) {
		const struct layer *layer = &net->layer[i], *source = layer_source(net, layer);

		if (layer->groups > 1 && (layer->channels % layer->groups != 0 || source->channels % layer->groups != 0))
			return status_fail(b->st, STATUS_DATA, "%s: %d channels cannot be shared by %d groups", b->path,
					   layer->channels, layer->groups);
	}
	return true;
}

bool
resnet_bind(struct model *model, struct graph *net, const struct resnet_spec *spec, const struct safetensors *file,
	    struct arena *arena, struct status *st)
{
	static const struct resnet_names torchvision = {.prefix = ""};
	const struct resnet_names *names = spec->head_dim > 0 ? resnet_clip_names(file) : &torchvision;
	struct binder b = {.path = model->path,
			   .file = file,
			   .arena = arena,
			   .prefix = names->prefix,
			   .parameters = &model->parameters,
			   .model = model,
			   .classes = spec->classes,
			   .st = st};
	bool ok;

	b.used = calloc((size_t)safetensors_count(file) + 1, sizeof(*b.used));
	if (!b.used)
		return status_nomem(st, "the list of tensors");
	ok = check_groups(&b, net);
	for (int i = 0; ok && i < net->layers; i++)
		if (net->layer[i].op == LAYER_CONVOLUTION)
			ok = take_convolution(&b, names, net, &net->layer[i]);
	ok = ok && (spec->head_dim > 0 ? resnet_bind_attention_pool(&b, names, net) : take_head(&b, net)) && check_unused(&b);
	free(b.used);
	return ok;
}
