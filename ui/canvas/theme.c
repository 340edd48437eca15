#include "ui/canvas/theme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How a role looks: 24 bits (for files), and the index into 256 and 8 colours. Text keeps a
 * contrast of 4.5:1 on black, on the usual dark greys and on white, which a test computes. */
struct look {
	uint32_t rgb;
	short index256, index8;
};

static const struct look dark[ROLES] = {
    [ROLE_DEFAULT] = {0xd8d8d8, -1, -1}, [ROLE_DIM] = {0x9a9a9a, 247, -1},     [ROLE_TITLE] = {0xf0f0f0, -1, -1},
    [ROLE_FOCUS] = {0x5fafff, 75, 6},    [ROLE_KEY] = {0x5fafff, 75, 6},       [ROLE_GOOD] = {0x87afd7, 110, 6},
    [ROLE_WARN] = {0xffaf00, 214, 3},    [ROLE_BAD] = {0xff5f5f, 203, 1},      [ROLE_SNN] = {0xffaf5f, 215, 3},
    [ROLE_ANN] = {0x5fafff, 75, 6},      [ROLE_SERIES_C] = {0xd787d7, 176, 5}, [ROLE_SERIES_D] = {0x87d7af, 115, 2},
    [ROLE_MARK] = {0xffffff, -1, -1},
};
static const struct look light[ROLES] = {
    [ROLE_DEFAULT] = {0x202020, -1, -1}, [ROLE_DIM] = {0x666666, 241, -1},    [ROLE_TITLE] = {0x000000, -1, -1},
    [ROLE_FOCUS] = {0x005faf, 25, 4},    [ROLE_KEY] = {0x005faf, 25, 4},      [ROLE_GOOD] = {0x2f5f8f, 24, 4},
    [ROLE_WARN] = {0x8f5600, 94, 5},     [ROLE_BAD] = {0xc01c28, 160, 1},     [ROLE_SNN] = {0xb35300, 130, 1},
    [ROLE_ANN] = {0x1a6bb0, 25, 4},      [ROLE_SERIES_C] = {0x8a3a8a, 90, 5}, [ROLE_SERIES_D] = {0x1f7048, 23, -1},
    [ROLE_MARK] = {0x000000, -1, -1},
};

enum { ANCHORS = 9 };

/* On dark ground inferno (van der Walt and Smith) and Berlin (Crameri), at eighths; on light
 * ground the same hues from paper to ink, so that nothing is a black slab. */
static const uint32_t sequential[2][ANCHORS] = {
    {0x000004, 0x1f0c48, 0x57106e, 0x88226a, 0xbc3754, 0xe35933, 0xf98e09, 0xf8c932, 0xfcffa4},
    {0xffffff, 0xfff3c4, 0xfdd27a, 0xf9a444, 0xe8702f, 0xc5403f, 0x8e2257, 0x551459, 0x1f0c48},
};
static const uint32_t diverging[2][ANCHORS] = {
    {0x9eb0ff, 0x5ba4db, 0x2d7597, 0x1a4256, 0x110c09, 0x411206, 0x802c1e, 0xc3695a, 0xffadad},
    {0x0a3a66, 0x1f66a8, 0x5a9bd0, 0xa9cdea, 0xffffff, 0xf9cf9f, 0xe8964a, 0xbf5b10, 0x6e2f00},
};

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
ramp(double x, const uint32_t anchor[ANCHORS])
{
	int i;

	x = isnan(x) ? 0 : fmin(fmax(x, 0), 1);
	i = (int)fmin(x * (ANCHORS - 1), ANCHORS - 2);
	return COLOR_RGB(mix(anchor[i], anchor[i + 1], x * (ANCHORS - 1) - i));
}

color
ramp_sequential(double x, bool on_light)
{
	return ramp(x, sequential[on_light]);
}

color
ramp_diverging(double x, bool on_light)
{
	return ramp(x, diverging[on_light]);
}

uint32_t
color_rgb(color c, bool on_light, uint32_t ground)
{
	if (COLOR_IS_RGB(c))
		return c & 0xffffff;
	if (c == 0 || c >= ROLES)
		return ground;
	return on_light ? light[c].rgb : dark[c].rgb;
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
color_index(color c, enum palette palette, bool on_light)
{
	int r = (c >> 16) & 255, g = (c >> 8) & 255, b = c & 255;
	const struct look *look = on_light ? light : dark;

	if (palette == PALETTE_NONE)
		return -1;
	if (!COLOR_IS_RGB(c))
		return c >= ROLES ? -1 : palette == PALETTE_8 ? look[c].index8 : look[c].index256;
	if (palette == PALETTE_8)
		return (r >= 128) | (g >= 128) << 1 | (b >= 128) << 2;
	return nearest256(r, g, b);
}

bool
theme_terminal_is_light(const char *colorfgbg)
{
	const char *last = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
	char *end;
	long index = last ? strtol(last + 1, &end, 10) : 0;

	return last && end > last + 1 && *end == '\0' && (index == 7 || (index > 8 && index < 16));
}
