/* The tutorial: ten scenes on the embedded example, each of them commands that are run. */
#ifndef SPIKESCOPE_UI_TUTORIAL_H
#define SPIKESCOPE_UI_TUTORIAL_H

enum { SCENES = 10, SCENE_COMMANDS = 6 };

struct scene {
	const char *title;
	const char *text;                    /* what happens and what to look for */
	const char *command[SCENE_COMMANDS]; /* run in order; @ stands for the example's folder; ends with NULL */
	const char *view;                    /* to look at afterwards */
	const char *try;                     /* what to type oneself */
};

extern const struct scene tutorial_scenes[SCENES];

#endif
