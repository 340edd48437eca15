#include "ui/panes/keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define EACH_SITE(view)                                                                                                          \
	{view, PANE_KEY_LEFT, "select site -1", "site"},                                                                         \
	{                                                                                                                        \
		view, PANE_KEY_RIGHT, "select site +1", NULL                                                                     \
	}
#define EACH_PAIR(view)                                                                                                          \
	{view, PANE_KEY_UP, "select q -1", "query"}, {view, PANE_KEY_DOWN, "select q +1", NULL},                                 \
	    {view, PANE_KEY_LEFT, "select k -1", "key"}, {view, PANE_KEY_RIGHT, "select k +1", NULL},                            \
	    {view, 'h', "select head +1", "head"}, {view, 'H', "select head -1", NULL}, {view, 'l', "select layer +1", "layer"}, \
	{                                                                                                                        \
		view, 'L', "select layer -1", NULL                                                                               \
	}
#define EACH_PATCH(view)                                                                                                         \
	{view, PANE_KEY_UP, "select patch -row", "patch"}, {view, PANE_KEY_DOWN, "select patch +row", NULL},                     \
	    {view, PANE_KEY_LEFT, "select q -1", NULL}, {view, PANE_KEY_RIGHT, "select q +1", NULL},                             \
	    {view, 'h', "select head +1", "head"}, {view, 'H', "select head -1", NULL}, {view, 'l', "select layer +1", "layer"}, \
	{                                                                                                                        \
		view, 'L', "select layer -1", NULL                                                                               \
	}
#define EACH_NEURON(view)                                                                                                        \
	{view, PANE_KEY_UP, "select neuron -1", "neuron"}, {view, PANE_KEY_DOWN, "select neuron +1", NULL},                      \
	    {view, PANE_KEY_PAGE_UP, "select neuron -16", NULL}, {view, PANE_KEY_PAGE_DOWN, "select neuron +16", NULL},          \
	    {view, 'u', "select unit +1", "hidden neuron"},                                                                      \
	{                                                                                                                        \
		view, 'U', "select unit -1", NULL                                                                                \
	}
#define EACH_STEP(view)                                                                                                          \
	{view, PANE_KEY_LEFT, "back", "step back"},                                                                              \
	{                                                                                                                        \
		view, PANE_KEY_RIGHT, "step", "step"                                                                             \
	}
#define EACH_LAYER(view)                                                                                                         \
	{view, PANE_KEY_UP, "select layer -1", "layer"},                                                                         \
	{                                                                                                                        \
		view, PANE_KEY_DOWN, "select layer +1", NULL                                                                     \
	}

const struct binding key_defaults[] = {
    {"model", PANE_KEY_UP, "select site -1", "site"},
    {"model", PANE_KEY_DOWN, "select site +1", NULL},
    {"model", PANE_KEY_LEFT, "select layer -1", "layer"},
    {"model", PANE_KEY_RIGHT, "select layer +1", NULL},
    {"model", PANE_KEY_PAGE_UP, "select site -10", NULL},
    {"model", PANE_KEY_PAGE_DOWN, "select site +10", NULL},
    {"model", PANE_KEY_HOME, "select site first", NULL},
    {"model", PANE_KEY_END, "select site last", NULL},
    EACH_PAIR("attention"),
    EACH_SITE("features"),
    EACH_NEURON("features"),
    {"features", '+', "zoom +1", "zoom in"},
    {"features", '-', "zoom -1", "zoom out"},
    {"attention", '+', "zoom +1", "zoom in"},
    {"attention", '-', "zoom -1", "zoom out"},
    EACH_PAIR("product"),
    EACH_PATCH("patches"),
    EACH_PATCH("image"),
    EACH_SITE("raster"),
    EACH_NEURON("raster"),
    {"raster", '+', "zoom +1", "zoom in"},
    {"raster", '-', "zoom -1", "zoom out"},
    EACH_SITE("selected"),
    EACH_NEURON("selected"),
    EACH_SITE("neuron"),
    EACH_NEURON("neuron"),
    EACH_SITE("histogram"),
    EACH_LAYER("histogram"),
    {"ugo", PANE_KEY_LEFT, "knot -1", "knot"},
    {"ugo", PANE_KEY_RIGHT, "knot +1", NULL},
    {"ugo", PANE_KEY_HOME, "knot first", NULL},
    {"ugo", PANE_KEY_END, "knot last", NULL},
    {"ugo", '+', "ugo nudge up", "raise, lower the knot"},
    {"ugo", '-', "ugo nudge down", NULL},
    {"ugo", '<', "ugo nudge left", "shift it"},
    {"ugo", '>', "ugo nudge right", NULL},
    {"ugo", PANE_KEY_PAGE_UP, "select site -1", "site"},
    {"ugo", PANE_KEY_PAGE_DOWN, "select site +1", NULL},
    EACH_SITE("inputs"),
    EACH_LAYER("inputs"),
    EACH_LAYER("ugo"),
    EACH_STEP("readout"),
    EACH_STEP("error"),
    EACH_LAYER("error"),
    EACH_STEP("residual"),
    EACH_LAYER("residual"),
    {"log", PANE_KEY_UP, "scroll -1", "older, newer"},
    {"log", PANE_KEY_DOWN, "scroll +1", NULL},
    {"log", PANE_KEY_PAGE_UP, "scroll -page", NULL},
    {"log", PANE_KEY_PAGE_DOWN, "scroll +page", NULL},
    {"log", PANE_KEY_LEFT, "scroll left", "sideways"},
    {"log", PANE_KEY_RIGHT, "scroll right", NULL},
    {"log", PANE_KEY_HOME, "scroll start", "oldest"},
    {"log", PANE_KEY_END, "scroll end", "newest"},
    {"tutorial", PANE_KEY_RIGHT, "tutorial next", "next scene"},
    {"tutorial", PANE_KEY_ENTER, "tutorial next", NULL},
    {"tutorial", PANE_KEY_LEFT, "tutorial previous", "scene before"},

    {NULL, PANE_KEY_TAB, "focus next", "next pane"},
    {NULL, PANE_KEY_BACK_TAB, "focus previous", NULL},
    {NULL, PANE_KEY_ENTER, "look", "look inside"},
    {NULL, PANE_KEY_ESCAPE, "out", "come out"},
    {NULL, 'o', "maximise", "maximise"},
    {NULL, ':', "line", "command line"},
    {NULL, '/', "line find ", "find a site"},
    {NULL, 'w', "find --worst", "worst site"},
    {NULL, 's', "step", "step"},
    {NULL, 'S', "step 10", "10 steps"},
    {NULL, 'n', "step --site", "to the next site"},
    {NULL, 'b', "back", "step back"},
    {NULL, 'B', "back 10", NULL},
    {NULL, 'r', "run", "run"},
    {NULL, 'd', "select side +1", "sides of a split"},
    {NULL, 't', "tutorial next", "tutorial"},
    {NULL, '?', "keys", "keys"},
    {NULL, 'q', "leave", "leave the panes"},
    {NULL, 0, NULL, NULL},
};

static const struct {
	const char *name;
	int key;
} names[] = {
    {"Up", PANE_KEY_UP},
    {"Down", PANE_KEY_DOWN},
    {"Left", PANE_KEY_LEFT},
    {"Right", PANE_KEY_RIGHT},
    {"PageUp", PANE_KEY_PAGE_UP},
    {"PageDown", PANE_KEY_PAGE_DOWN},
    {"Home", PANE_KEY_HOME},
    {"End", PANE_KEY_END},
    {"BackTab", PANE_KEY_BACK_TAB},
    {"Tab", PANE_KEY_TAB},
    {"Enter", PANE_KEY_ENTER},
    {"Esc", PANE_KEY_ESCAPE},
    {"Space", ' '},
};

enum { NAMES = sizeof(names) / sizeof(*names) };

char *
key_text(int key, char out[16])
{
	char bytes[MB_LEN_MAX + 1];
	mbstate_t state = {0};
	size_t n;

	for (int i = 0; i < NAMES; i++)
		if (names[i].key == key) {
			snprintf(out, 16, "%s", names[i].name);
			return out;
		}
	if (key >= PANE_KEY_F1 && key <= PANE_KEY_F12)
		snprintf(out, 16, "F%d", key - PANE_KEY_F1 + 1);
	else if (key > 0 && key < ' ')
		snprintf(out, 16, "C-%c", key + 'a' - 1);
	else if ((n = wcrtomb(bytes, (wchar_t)key, &state)) != (size_t)-1)
		snprintf(out, 16, "%.*s", (int)n, bytes);
	else
		snprintf(out, 16, "?");
	return out;
}

bool
key_parse(const char *text, int *key)
{
	mbstate_t state = {0};
	size_t length = strlen(text);
	wchar_t c;
	long n;

	for (int i = 0; i < NAMES; i++)
		if (strcasecmp(names[i].name, text) == 0) {
			*key = names[i].key;
			return true;
		}
	if (text[0] == 'F' && (n = strtol(text + 1, NULL, 10)) >= 1 && n <= 12 && length <= 3) {
		*key = PANE_KEY_F1 + (int)n - 1;
		return true;
	}
	if (length == 3 && text[0] == 'C' && text[1] == '-' && text[2] >= 'a' && text[2] <= 'z') {
		*key = text[2] - 'a' + 1;
		return true;
	}
	if (length == 0 || mbrtowc(&c, text, length, &state) != length)
		return false;
	*key = (int)c;
	return true;
}

/* --- what the user bound -------------------------------------------------- */

static void
own_done(struct user_binding *b)
{
	free(b->view);
	free(b->command);
}

void
keys_done(struct keys *keys)
{
	for (int i = 0; i < keys->count; i++)
		own_done(&keys->own[i]);
	free(keys->own);
	*keys = (struct keys){0};
}

static bool
is_of(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

bool
keys_forget(struct keys *keys, const char *view, int key)
{
	for (int i = 0; i < keys->count; i++)
		if (keys->own[i].key == key && is_of(keys->own[i].view, view)) {
			own_done(&keys->own[i]);
			keys->own[i] = keys->own[--keys->count];
			return true;
		}
	return false;
}

bool
keys_bind(struct keys *keys, const char *view, int key, const char *command, struct status *st)
{
	struct user_binding new = {.key = key, .command = strdup(command), .view = view ? strdup(view) : NULL};

	keys_forget(keys, view, key);
	if (keys->count == keys->capacity) {
		int capacity = keys->capacity ? 2 * keys->capacity : 16;
		struct user_binding *grown = realloc(keys->own, (size_t)capacity * sizeof(*grown));

		if (grown) {
			keys->own = grown;
			keys->capacity = capacity;
		}
	}
	if (!new.command || (view && !new.view) || keys->count == keys->capacity) {
		own_done(&new);
		return status_nomem(st, "a key");
	}
	keys->own[keys->count++] = new;
	return true;
}

static const char *
own_command(const struct keys *keys, const char *view, int key)
{
	for (int i = 0; i < keys->count; i++)
		if (keys->own[i].key == key && is_of(keys->own[i].view, view))
			return keys->own[i].command;
	return NULL;
}

static const char *
default_command(const char *view, int key)
{
	for (const struct binding *b = key_defaults; b->command; b++)
		if (b->key == key && is_of(b->view, view))
			return b->command;
	return NULL;
}

const char *
keys_command(const struct keys *keys, const char *view, int key)
{
	const char *command = own_command(keys, view, key);

	if (!command)
		command = own_command(keys, NULL, key);
	if (!command)
		command = default_command(view, key);
	if (!command)
		command = default_command(NULL, key);
	return command && *command ? command : NULL;
}
