/* Keys of the panes: every key is a command.
 *
 * A key means what the focused pane's binding says, else what the common one says;
 * what the user bound comes before both. A key is written as the character it types,
 * or Up, Down, Left, Right, PageUp, PageDown, Home, End, Tab, BackTab, Enter, Esc,
 * Space, F1..F12, C-a..C-z. */
#ifndef SPIKESCOPE_UI_KEYS_H
#define SPIKESCOPE_UI_KEYS_H

#include "base/status.h"

/* Keys beside characters. */
enum pane_key {
	PANE_KEY_UP = 0x110000,
	PANE_KEY_DOWN,
	PANE_KEY_LEFT,
	PANE_KEY_RIGHT,
	PANE_KEY_PAGE_UP,
	PANE_KEY_PAGE_DOWN,
	PANE_KEY_HOME,
	PANE_KEY_END,
	PANE_KEY_BACK_TAB,
	PANE_KEY_F1,
	PANE_KEY_F12 = PANE_KEY_F1 + 11,
	PANE_KEY_ENTER = '\r',
	PANE_KEY_ESCAPE = 27,
	PANE_KEY_TAB = '\t'
};

struct binding {
	const char *view; /* NULL: in every pane */
	int key;
	const char *command;
	const char *help; /* what it does, in two words; NULL: not worth a line */
};

/* The bindings there are from the start; ends with a NULL command. */
extern const struct binding key_defaults[];

struct user_binding {
	char *view, *command; /* view NULL: everywhere; command "": the key means nothing */
	int key;
};

struct keys {
	struct user_binding *own;
	int count, capacity;
};

void keys_done(struct keys *keys);
/* Binds, or with command "" unbinds; view may be NULL. */
bool keys_bind(struct keys *keys, const char *view, int key, const char *command, struct status *st);
/* Back to what it was from the start. False when it was not bound. */
bool keys_forget(struct keys *keys, const char *view, int key);
/* The command of a key while this view has the focus; NULL: none. */
const char *keys_command(const struct keys *keys, const char *view, int key);

/* "Up" or "s"; returns out. */
char *key_text(int key, char out[16]);
/* False when text names no key. */
bool key_parse(const char *text, int *key);

#endif
