#include "tests/support/competitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static double
seconds_of(const char *command)
{
	char line[64];
	double seconds = 0;
	FILE *pipe = popen(command, "r");

	if (pipe && fgets(line, sizeof(line), pipe))
		seconds = atof(line);
	if (pipe)
		pclose(pipe);
	return seconds;
}

double
competitor_onnx(const char *model, int size, int threads)
{
	const char *folder = getenv("BENCH_ONNX");
	char command[1024];

	if (!folder || !model || access(model, R_OK) != 0)
		return 0;
	snprintf(command, sizeof(command), "node tests/bench/onnx.js '%s' '%s' 3 %d %d 2>/dev/null", folder, model, size,
		 threads);
	return seconds_of(command);
}

double
competitor_torch(const struct model *model, int threads)
{
	char command[256];

	snprintf(command, sizeof(command), "tests/bench/torch_vit.py time %d %d %d %d %d %d %d %d 2>/dev/null", threads,
		 model->width, model->depth, model->heads, model->mlp_width, model->image_size, model->patch_size,
		 model->classes);
	return seconds_of(command);
}
