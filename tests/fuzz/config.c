/* A configuration and, behind a byte 0, a preprocessor's, beside the weights of each family. */
#include "tests/fuzz/support/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct family {
	const char *folder, *config, *weights, *preprocessor, *target;
} families[] = {
    {"vit", "config.json", "model.safetensors", "preprocessor_config.json", "tests/fixtures/hf_vit/model.safetensors"},
    {"deit", "config.json", "model.safetensors", "preprocessor_config.json", "tests/fixtures/hf_deit/model.safetensors"},
    {"timm", "config.json", "model.safetensors", "preprocessor_config.json", "tests/fixtures/timm_vit/model.safetensors"},
    {"clip", "config.json", "model.safetensors", "preprocessor_config.json", "tests/fixtures/hf_clip/model.safetensors"},
    {"open_clip", "open_clip_config.json", "open_clip_model.safetensors", "preprocessor_config.json",
     "tests/fixtures/open_clip_rn/open_clip_model.safetensors"},
};

static const char *
in_folder(const struct family *f, const char *name, char out[100])
{
	strcpy(out, f->folder);
	strcat(out, "/");
	return strcat(out, name);
}

static void
load(const struct family *f, const char *config, const char *preprocessor)
{
	char name[100], label[16];
	struct status st = {0};
	struct model *model;

	fuzz_write(in_folder(f, f->config, name), config, strlen(config));
	fuzz_unlink(in_folder(f, f->preprocessor, name));
	if (*preprocessor)
		fuzz_write(name, preprocessor, strlen(preprocessor));
	fuzz_link(in_folder(f, f->weights, name), f->target);
	model = model_load(fuzz_path(f->folder), &st);
	if (!model)
		fuzz_refused(&st);
	for (int i = 0; model && i < model->classes && i < 100; i++)
		fuzz_check(model_label(model, i, label) != NULL, "a class has a label");
	model_free(model);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data, size};
	char *config = fuzz_text(&parts), *preprocessor = fuzz_text(&parts);

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		load(&families[i], config, preprocessor);
	free(config);
	free(preprocessor);
	return 0;
}
