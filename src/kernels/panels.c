#include "kernels/panels.h"

#include <string.h>

/* Fewer weights than this are moved before another thread is awake. */
#define SHARE_WEIGHTS 2e5

size_t
panels_size(int in, int out)
{
	return ((size_t)out + PANEL_PART - 1) / PANEL_PART * PANEL_PART * (size_t)in;
}

int
panel_width(int out, int p)
{
	int left = (out - p * PANEL + PANEL_PART - 1) / PANEL_PART * PANEL_PART;

	return left < PANEL ? left : PANEL;
}

void
panels_fill(float *panels, const float *w, size_t out_stride, size_t in_stride, int in, int out)
{
	int count = (out + PANEL - 1) / PANEL;

#pragma omp parallel for if ((double)in * out > SHARE_WEIGHTS)
	for (int p = 0; p < count; p++) {
		size_t width = (size_t)panel_width(out, p), first = (size_t)p * PANEL;
		size_t real = (size_t)out - first < width ? (size_t)out - first : width;
		float *to = panels + first * (size_t)in;

		if (real < width)
			memset(to, 0, width * (size_t)in * sizeof(*to));
		for (size_t o = 0; o < real; o++)
			for (size_t i = 0; i < (size_t)in; i++)
				to[i * width + o] = w[(first + o) * out_stride + i * in_stride];
	}
}

void
panels_read(const float *panels, int in, int out, float *w)
{
#pragma omp parallel for if ((double)in * out > SHARE_WEIGHTS)
	for (int o = 0; o < out; o++) {
		size_t width = (size_t)panel_width(out, o / PANEL), first = (size_t)(o / PANEL * PANEL) * (size_t)in;

		for (size_t i = 0; i < (size_t)in; i++)
			w[(size_t)o * (size_t)in + i] = panels[first + i * width + (size_t)(o % PANEL)];
	}
}
