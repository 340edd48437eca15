#include "ui/canvas/theme.h"

#include <math.h>
#include <stdlib.h>

struct look {
	uint32_t dark, light; /* 24 bits, for files */
	short index256, index8;
};

static const struct look look[ROLES] = {
    [ROLE_DEFAULT] = {0xd8d8d8, 0x202020, -1, -1},  [ROLE_DIM] = {0x808080, 0x8a8a8a, 244, -1},
    [ROLE_TITLE] = {0xf0f0f0, 0x000000, -1, -1},    [ROLE_FOCUS] = {0x5fafff, 0x005faf, 75, 6},
    [ROLE_KEY] = {0x5fafff, 0x005faf, 75, 6},       [ROLE_GOOD] = {0x87afd7, 0x3f6fa0, 110, 6},
    [ROLE_WARN] = {0xffaf00, 0xb36b00, 214, 3},     [ROLE_BAD] = {0xff5f5f, 0xc01c28, 203, 1},
    [ROLE_SNN] = {0xffaf5f, 0xc25a00, 215, 3},      [ROLE_ANN] = {0x5fafff, 0x1a6fb5, 75, 4},
    [ROLE_SERIES_C] = {0xd787d7, 0x8a3a8a, 176, 5}, [ROLE_SERIES_D] = {0x87d7af, 0x2a7a55, 115, 2},
    [ROLE_MARK] = {0xffffff, 0x000000, -1, -1},
};

enum { ANCHORS = 9 };

/* Inferno (van der Walt and Smith) and Berlin (Crameri), at eighths. */
static const uint32_t sequential[ANCHORS] = {0x000004, 0x1f0c48, 0x57106e, 0x88226a, 0xbc3754,
					     0xe35933, 0xf98e09, 0xf8c932, 0xfcffa4};
static const uint32_t diverging[ANCHORS] = {0x9eb0ff, 0x5ba4db, 0x2d7597, 0x1a4256, 0x110c09,
					    0x411206, 0x802c1e, 0xc3695a, 0xffadad};
/* The same order of lightness in the eight colours every terminal has. */
static const uint32_t sequential8[] = {0x000000, 0x0000ff, 0xff0000, 0xff00ff, 0xffff00, 0xffffff};
static const uint32_t diverging8[] = {0x00ffff, 0x0000ff, 0x000000, 0xff0000, 0xffff00};

static uint32_t
mix(uint32_t a, uint32_t b, double f)
{
	uint32_t out = 0;
	int shift;

	for (shift = 0; shift <= 16; shift += 8) {
		double u = (a >> shift) & 255, v = (b >> shift) & 255;

		out |= (uint32_t)lround(u + (v - u) * f) << shift;
	}
	return out;
}

static color
ramp(double x, const uint32_t *anchor, const uint32_t *plain, int plains, enum palette palette)
{
	int i;

	x = isnan(x) ? 0 : fmin(fmax(x, 0), 1);
	if (palette == PALETTE_8)
		return COLOR_RGB(plain[(int)fmin(x * plains, plains - 1)]);
	i = (int)fmin(x * (ANCHORS - 1), ANCHORS - 2);
	return COLOR_RGB(mix(anchor[i], anchor[i + 1], x * (ANCHORS - 1) - i));
}

color
ramp_sequential(double x, enum palette palette)
{
	return ramp(x, sequential, sequential8, sizeof(sequential8) / sizeof(*sequential8), palette);
}

color
ramp_diverging(double x, enum palette palette)
{
	return ramp(x, diverging, diverging8, sizeof(diverging8) / sizeof(*diverging8), palette);
}

uint32_t
color_rgb(color c, bool dark, uint32_t ground)
{
	if (COLOR_IS_RGB(c))
		return c & 0xffffff;
	if (c == 0 || c >= ROLES)
		return ground;
	return dark ? look[c].dark : look[c].light;
}

/* The nearest of the 6x6x6 cube and the 24 greys of xterm's 256 colours. */
static int
nearest256(int r, int g, int b)
{
	static const int level[] = {0, 95, 135, 175, 215, 255};
	int channel[3] = {r, g, b}, at[3], i, j, best = 0, grey, cube_error = 0, grey_error = 0;

	for (i = 0; i < 3; i++) {
		for (at[i] = 0, j = 1; j < 6; j++)
			if (abs(level[j] - channel[i]) < abs(level[at[i]] - channel[i]))
				at[i] = j;
		cube_error += (level[at[i]] - channel[i]) * (level[at[i]] - channel[i]);
		best = best * 6 + at[i];
	}
	grey = ((r + g + b) / 3 - 8 + 5) / 10;
	grey = grey < 0 ? 0 : grey > 23 ? 23 : grey;
	for (i = 0; i < 3; i++)
		grey_error += (8 + 10 * grey - channel[i]) * (8 + 10 * grey - channel[i]);
	return grey_error < cube_error ? 232 + grey : 16 + best;
}

int
color_index(color c, enum palette palette)
{
	int r = (c >> 16) & 255, g = (c >> 8) & 255, b = c & 255;

	if (palette == PALETTE_NONE)
		return -1;
	if (!COLOR_IS_RGB(c))
		return c >= ROLES ? -1 : palette == PALETTE_8 ? look[c].index8 : look[c].index256;
	if (palette == PALETTE_8)
		return (r >= 128) | (g >= 128) << 1 | (b >= 128) << 2;
	return nearest256(r, g, b);
}
