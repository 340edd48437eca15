/* What a session brings back of the debugger's screen. */
#include "ui/workbench/state.h"

#include "base/text.h"
#include "ui/commands/commands.h"
#include "ui/panes/panes.h"
#include "ui/views/view.h"
#include "ui/workbench/steps.h"

#include <stdlib.h>
#include <string.h>

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Is the state what is there already? */
static bool
is_same(json_t *now, const json_t *value)
{
	bool same = json_equal(now, value);

	json_decref(now);
	return same;
}

/* --- breakpoints ---------------------------------------------------------- */

json_t *
save_breakpoints(const struct app *app)
{
	json_t *list = json_array();

	for (int i = 0; i < app->breakpoints.count; i++) {
		const struct breakpoint *p = &app->breakpoints.list[i];

		json_array_append_new(list, json_pack("{s:s, s:b, s:b, s:b}", "text", p->text, "watch", p->is_watch, "silent",
						      p->is_silent, "enabled", p->enabled));
	}
	return list;
}

/* Texts may be a stranger's: those that cannot be read here are said and left out. */
bool
restore_breakpoints(struct app *app, const json_t *value, struct status *st)
{
	int last = app->breakpoints.last_number;

	(void)st;
	if (is_same(save_breakpoints(app), value))
		return true;
	breakpoints_done(&app->breakpoints);
	app->breakpoints.last_number = last;
	for (size_t i = 0; app->model && i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);
		const char *text = text_of(one, "text");
		bool watch = json_is_true(json_object_get(one, "watch")), silent = json_is_true(json_object_get(one, "silent"));
		struct condition_fault fault;
		struct status why = {0};
		struct breakpoint *p =
		    breakpoints_add(&app->breakpoints, text ? text : "", watch, silent, app->model, app->walk, &fault, &why);

		if (p)
			p->enabled = !json_is_false(json_object_get(one, "enabled"));
		else
			app_say(app, "warning: a breakpoint is left out: %s", why.message);
	}
	return true;
}

/* --- split ---------------------------------------------------------------- */

json_t *
save_split(const struct app *app)
{
	return app->split.plan ? json_string(app->split.plan->hash) : json_null();
}

bool
restore_split(struct app *app, const json_t *value, struct status *st)
{
	const char *hash = json_string_value(value);
	struct plan *plan;

	if (is_same(save_split(app), value))
		return steps_follow(app, st);
	app_set_split(app, NULL, NULL, NULL);
	if (!hash || !app->walk || !app->walk->shown)
		return true;
	plan = open_plan(app, hash, st);
	return plan && adopt_split(app, plan, st);
}

/* --- layouts -------------------------------------------------------------- */

json_t *
save_layouts(const struct app *app)
{
	json_t *own = json_array();

	for (int i = 0; i < app->panes->owns; i++)
		json_array_append_new(own,
				      json_pack("{s:s, s:s}", "name", app->panes->own[i].name, "text", app->panes->own[i].text));
	return json_pack("{s:s, s:o}", "shown", app->panes->layout_name, "own", own);
}

bool
restore_layouts(struct app *app, const json_t *value, struct status *st)
{
	const json_t *own = json_object_get(value, "own");
	const char *shown = text_of(value, "shown");
	struct status why = {0};

	if (!json_is_object(value) || is_same(save_layouts(app), value))
		return true;
	app->panes->owns = 0;
	for (size_t i = 0; i < json_array_size(own); i++) {
		const char *name = text_of(json_array_get(own, i), "name"), *text = text_of(json_array_get(own, i), "text");

		if (!panes_name_layout(app->panes, name ? name : "", text ? text : "", st))
			return false;
	}
	/* The tutorial's is made for a scene and has no text. */
	return panes_set_layout(app->panes, shown ? shown : "default", &why) || panes_set_layout(app->panes, "default", st);
}

/* --- keys ----------------------------------------------------------------- */

json_t *
save_keys(const struct app *app)
{
	const struct keys *keys = &app->panes->keys;
	json_t *list = json_array();

	for (int i = 0; i < keys->count; i++)
		json_array_append_new(list, json_pack("{s:s?, s:i, s:s}", "pane", keys->own[i].view, "key", keys->own[i].key,
						      "command", keys->own[i].command));
	return list;
}

bool
restore_keys(struct app *app, const json_t *value, struct status *st)
{
	if (is_same(save_keys(app), value))
		return true;
	keys_done(&app->panes->keys);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);
		const char *pane = text_of(one, "pane"), *command = text_of(one, "command");
		int key = (int)json_integer_value(json_object_get(one, "key"));

		if (command && !keys_bind(&app->panes->keys, pane, key, command, st))
			return false;
	}
	return true;
}

/* --- what a stranger's session would do here ------------------------------ */

static void
say_item(struct app *app, const char *what, const char *text)
{
	char shown[300];

	app_say(app, "  %s %s", what, text_escape(text ? text : "", shown, sizeof(shown)));
}

static int
say_bindings(struct app *app, const json_t *list)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		const char *pane = text_of(one, "pane"), *command = text_of(one, "command");
		char what[100], key[16], shown[40];

		snprintf(what, sizeof(what), "key %s%s%s:", key_text((int)json_integer_value(json_object_get(one, "key")), key),
			 pane ? " in " : "", pane ? text_escape(pane, shown, sizeof(shown)) : "");
		say_item(app, what, command);
	}
	return (int)json_array_size(list);
}

int
say_what_acts(struct app *app, const json_t *state)
{
	const json_t *layouts = json_object_get(json_object_get(state, "layouts"), "own");
	const json_t *breakpoints = json_object_get(state, "breakpoints");
	size_t i;
	json_t *one;

	json_array_foreach(breakpoints, i, one)
	    say_item(app, json_is_true(json_object_get(one, "watch")) ? "watch" : "break", text_of(one, "text"));
	json_array_foreach(layouts, i, one)
	{
		char what[100], shown[80];

		snprintf(what, sizeof(what), "layout %s:", text_escape(text_of(one, "name") ?: "", shown, sizeof(shown)));
		say_item(app, what, text_of(one, "text"));
	}
	return say_bindings(app, json_object_get(state, "keys")) + (int)json_array_size(layouts) +
	       (int)json_array_size(breakpoints);
}
