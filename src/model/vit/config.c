#include "model/vit/config.h"

#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool
config_load(const char *path, bool optional, json_t **json, struct status *st)
{
	struct stat info;

	*json = NULL;
	if (stat(path, &info) != 0) {
		if (optional && errno == ENOENT)
			return true;
		return status_fail(st, STATUS_DATA, "%s: %s; give a model's folder (config.json and model.safetensors)", path,
				   strerror(errno));
	}
	*json = json_read(path, 0, st);
	if (!*json)
		return false;
	if (json_is_object(*json))
		return true;
	json_decref(*json);
	*json = NULL;
	return status_fail(st, STATUS_DATA, "%s: not a JSON object", path);
}

static bool
check_int(const struct config *config, const json_t *value, const char *key, int fallback, int max, int *out, struct status *st)
{
	if (!value || json_is_null(value)) {
		*out = fallback;
		if (fallback > 0)
			return true;
		return status_fail(st, STATUS_DATA, "%s: '%s' is missing", config->path, key);
	}
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > max)
		return status_fail(st, STATUS_DATA, "%s: '%s' must be a whole number from 1 to %d", config->path, key, max);
	*out = (int)json_integer_value(value);
	return true;
}

bool
config_int(const struct config *config, const json_t *object, const char *key, int fallback, int max, int *out, struct status *st)
{
	return check_int(config, json_object_get(object, key), key, fallback, max, out, st);
}

bool
config_side(const struct config *config, const json_t *object, const char *key, int fallback, int *out, struct status *st)
{
	const json_t *value = json_object_get(object, key);

	if (json_array_size(value) == 2) {
		if (!json_equal(json_array_get(value, 0), json_array_get(value, 1)))
			return status_fail(st, STATUS_DATA,
					   "%s: '%s' is not square; only square pictures and patches are supported", config->path,
					   key);
		value = json_array_get(value, 0);
	}
	return check_int(config, value, key, fallback, CONFIG_DIM_MAX, out, st);
}

bool
config_real(const struct config *config, const json_t *object, const char *key, double fallback, double *out, struct status *st)
{
	const json_t *value = json_object_get(object, key);

	*out = fallback;
	if (!value || json_is_null(value))
		return true;
	*out = json_number_value(value);
	if (json_is_number(value) && isfinite(*out) && *out >= 0)
		return true;
	return status_fail(st, STATUS_DATA, "%s: '%s' must be a number, not negative", config->path, key);
}

bool
config_bool(const json_t *object, const char *key, bool fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *
config_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool
config_channels(const struct config *config, const json_t *object, const char *key, float out[3], struct status *st)
{
	const json_t *value = json_object_get(object, key);
	size_t n = json_array_size(value);

	if (!value || json_is_null(value))
		return true;
	for (size_t c = 0; c < 3; c++) {
		const json_t *v = json_is_array(value) ? json_array_get(value, n == 1 ? 0 : c) : value;

		if (!json_is_number(v) || n > 3)
			return status_fail(st, STATUS_DATA, "%s: '%s' must be one number a channel", config->path, key);
		out[c] = (float)json_number_value(v);
	}
	return true;
}

bool
config_activation(const struct config *config, const char *name, enum activation *act, struct status *st)
{
	static const struct {
		const char *name;
		enum activation act;
	} known[] = {
	    {"gelu", ACT_GELU},
	    {"gelu_python", ACT_GELU},
	    {"gelu_pytorch_tanh", ACT_GELU_TANH},
	    {"gelu_new", ACT_GELU_TANH},
	    {"gelu_fast", ACT_GELU_TANH},
	    {"gelu_tanh", ACT_GELU_TANH},
	    {"quick_gelu", ACT_QUICK_GELU},
	    {"quickgelu", ACT_QUICK_GELU},
	    {"relu", ACT_RELU},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i].name, name) == 0) {
			*act = known[i].act;
			return true;
		}
	return status_fail(st, STATUS_DATA,
			   "%s: the activation '%.60s' is not supported; gelu, gelu_pytorch_tanh, quick_gelu and relu are",
			   config->path, name);
}

bool
config_derive(const struct config *config, struct model *model, struct status *st)
{
	int side = model->image_size / model->patch_size;

	if (model->channels != 1 && model->channels != 3)
		return status_fail(st, STATUS_DATA, "%s: %d channels; pictures have 1 or 3", config->path, model->channels);
	if (model->width % model->heads != 0)
		return status_fail(st, STATUS_DATA, "%s: the width %d is not a multiple of %d heads", config->path, model->width,
				   model->heads);
	if (side < 1 || side * model->patch_size != model->image_size || side > 256)
		return status_fail(st, STATUS_DATA,
				   "%s: pictures of %d pixels cannot be cut into patches of %d (at most 256 a side)",
				   config->path, model->image_size, model->patch_size);
	model->head_dim = model->width / model->heads;
	model->patches = side * side;
	model->tokens = model->prefix + model->patches;
	return true;
}

/* The label of one class, or NULL. */
static const char *
label_text(const json_t *config, int class_index)
{
	const json_t *names = json_object_get(config, "label_names");
	char key[16];
	const char *name, *description;

	if (!names) {
		snprintf(key, sizeof(key), "%d", class_index);
		return config_text(json_object_get(config, "id2label"), key);
	}
	name = json_string_value(json_array_get(names, (size_t)class_index));
	description = name ? config_text(json_object_get(config, "label_descriptions"), name) : NULL;
	return description ? description : name;
}

static char *
make_label(const json_t *config, int class_index, struct arena *arena)
{
	const char *text = label_text(config, class_index);
	char plain[32], *label;
	size_t room;

	if (!text) {
		snprintf(plain, sizeof(plain), "class %d", class_index);
		text = plain;
	}
	room = 4 * strlen(text) + 1; /* an escaped byte takes four */
	label = arena_alloc(arena, room);
	return label ? text_escape(text, label, room) : NULL;
}

bool
config_labels(const struct config *config, struct model *model, struct arena *arena, struct status *st)
{
	const json_t *names = json_object_get(config->json, "label_names"), *ids = json_object_get(config->json, "id2label");
	size_t count = names ? json_array_size(names) : json_object_size(ids);

	if (count == 0)
		return true;
	if (count != (size_t)model->classes)
		return status_fail(st, STATUS_DATA, "%s: %zu labels, but the head has %d classes", config->path, count,
				   model->classes);
	model->labels = arena_alloc(arena, count * sizeof(*model->labels));
	if (!model->labels)
		return status_nomem(st, "labels");
	for (int i = 0; i < model->classes; i++)
		if (!(model->labels[i] = make_label(config->json, i, arena)))
			return status_nomem(st, "labels");
	return true;
}
