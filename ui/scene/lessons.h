/* The tutorial: ten scenes on the embedded example, each of them commands that are run. */
#ifndef SPIKESCOPE_UI_LESSONS_H
#define SPIKESCOPE_UI_LESSONS_H

enum { LESSONS = 10, LESSON_COMMANDS = 6 };

struct lesson {
	const char *title;
	const char *text;                     /* what happens and what to look for */
	const char *command[LESSON_COMMANDS]; /* run in order; @ stands for the example's folder; ends with NULL */
	const char *view;                     /* to look at afterwards */
	const char *try;                      /* what to type oneself */
};

extern const struct lesson lessons[LESSONS];

#endif
