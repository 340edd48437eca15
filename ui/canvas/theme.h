/* Colours by meaning, and how each terminal shows them.
 *
 * A colour is a role of the theme (ROLE_*), a 24-bit value (COLOR_RGB), or 0: the
 * terminal's own. Views use roles for text and values of a ramp for data; back
 * ends ask here what that is in 256, 8 or no colours. */
#ifndef SPIKESCOPE_UI_THEME_H
#define SPIKESCOPE_UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t color;

enum role {
	ROLE_DEFAULT, /* text */
	ROLE_DIM,     /* axes, frames, what can be overlooked */
	ROLE_TITLE,
	ROLE_FOCUS, /* the focused pane's frame */
	ROLE_KEY,   /* what can be typed */
	ROLE_GOOD,
	ROLE_WARN,
	ROLE_BAD, /* what the eye should find first */
	ROLE_SNN,
	ROLE_ANN,
	ROLE_SERIES_C,
	ROLE_SERIES_D,
	ROLE_MARK, /* selected rows and columns */
	ROLES
};

#define COLOR_RGB(rgb)  ((color)(0x1000000u | (rgb)))
#define COLOR_IS_RGB(c) (((c)&0x1000000u) != 0)

enum palette { PALETTE_NONE, PALETTE_8, PALETTE_256, PALETTE_RGB };

/* Ramps on 0..1, evenly perceived and safe for the colour-blind: sequential from the
 * background (dark or light) to what stands out most, diverging around 0.5, which is the
 * background (blue below, orange above). */
color ramp_sequential(double x, bool on_light);
color ramp_diverging(double x, bool on_light);

/* 24 bits of c on a light or dark background; `ground` is what 0 means. */
uint32_t color_rgb(color c, bool on_light, uint32_t ground);
/* Index into the terminal's palette of 8 or 256, or -1 for its own colour. */
int color_index(color c, enum palette palette, bool on_light);

/* Is the terminal's background light? From COLORFGBG ("foreground;background", set by
 * rxvt, Konsole and others); what it does not say is dark. */
bool theme_terminal_is_light(const char *colorfgbg);

#endif
