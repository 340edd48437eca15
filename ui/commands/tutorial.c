/* tutorial: one scene after the other. */
#include "ui/commands/commands.h"

#include "ui/panes/panes.h"
#include "ui/scene/lessons.h"
#include "ui/workbench/paths.h"

#include <stdlib.h>
#include <string.h>

static const char *const tutorial_moves[] = {"next", "previous", "again", "off", NULL};

/* Text in lines of at most 76 cells, indented by two. */
static void
say_wrapped(struct app *app, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > 0 && column + 1 + n > 76) {
			fputc('\n', app->out);
			column = 0;
		}
		fprintf(app->out, "%s%.*s", column ? " " : "  ", (int)n, text);
		column += n + (column ? 1 : 0);
		text += n + (text[n] == ' ');
	}
	fputc('\n', app->out);
}

/* The command with @ replaced by the example's folder; the caller frees. */
static char *
with_folder(const char *command, const char *folder)
{
	const char *at = strchr(command, '@');
	char *line = malloc(strlen(command) + strlen(folder) + 3);

	if (line && at)
		sprintf(line, "%.*s'%s'%s", (int)(at - command), command, folder, at + 1);
	else if (line)
		strcpy(line, command);
	return line;
}

/* Runs a line as if it had been typed. */
static enum status_code
run_line(struct app *app, const char *line)
{
	enum status_code code;

	if (!app->capture)
		fprintf(app->out, "\n(spikescope) %s\n", line);
	app->depth++;
	code = app_execute(app, line);
	app->depth--;
	return code;
}

static bool
run_commands(struct app *app, const struct lesson *lesson, const char *folder, struct status *st)
{
	for (int i = 0; i < LESSON_COMMANDS && lesson->command[i]; i++) {
		char *line = with_folder(lesson->command[i], folder);
		enum status_code code = line ? run_line(app, line) : STATUS_FAILED;

		free(line);
		if (code != STATUS_OK)
			return status_fail(st, code, "the scene stopped; tutorial again repeats it");
	}
	return true;
}

/* In panes the view stands beside the scene's text, which gets half of a narrow screen. */
static bool
show_panes(struct app *app, const struct lesson *lesson, struct status *st)
{
	char text[LAYOUT_TEXT];
	int columns, rows;

	app_size(app, &columns, &rows);
	snprintf(text, sizeof(text), "%s %s", columns < 100 ? "1 tutorial | 1" : "2 tutorial | 3", lesson->view);
	app->panes->alone = NULL;
	app->panes->looks = 0;
	snprintf(app->panes->layout_name, sizeof(app->panes->layout_name), "tutorial");
	return layout_parse(&app->panes->plan, text, st);
}

/* On lines it is printed above the text, so low that both can be seen together. */
static bool
show_lines(struct app *app, const struct lesson *lesson, struct status *st)
{
	enum { TEXT_ROWS = 11, VIEW_ROWS_LEAST = 8 };
	int columns, rows, own = app->options.rows, own_columns = app->options.columns;
	char text[40];
	bool ok = true;

	app_size(app, &columns, &rows);
	app->options.columns = columns;
	app->options.rows = rows - TEXT_ROWS > VIEW_ROWS_LEAST ? rows - TEXT_ROWS : VIEW_ROWS_LEAST;
	snprintf(text, sizeof(text), "view %s", lesson->view);
	if (strcmp(lesson->view, "log") != 0)
		ok = run_line(app, text) == STATUS_OK || status_fail(st, STATUS_FAILED, "the scene stopped");
	app->options.rows = own;
	app->options.columns = own_columns;
	return ok;
}

static void
say_scene(struct app *app, int number)
{
	const struct lesson *lesson = &lessons[number - 1];

	fprintf(app->out, "%s%d/%d  %s\n", app->capture ? "" : "\n", number, LESSONS, lesson->title);
	if (app->capture)
		return;
	say_wrapped(app, lesson->text);
	fprintf(app->out, "  Try:  %s\n  %s\n", lesson->try,
		number < LESSONS ? "Next: tutorial" : "That was the last scene; tutorial off ends it.");
}

static bool
play(struct app *app, int number, struct status *st)
{
	const struct lesson *lesson = &lessons[number - 1];
	char *folder = path_example("digits-vit");
	bool ok;

	if (!folder)
		return status_fail(st, STATUS_DATA,
				   "examples/digits-vit is neither beside the program nor installed; type: make install");
	app->tutorial = number;
	/* Later scenes need what the first ones made. */
	ok =
	    number < 3 || app->walk || (run_commands(app, &lessons[0], folder, st) && run_commands(app, &lessons[1], folder, st));
	ok = ok && run_commands(app, lesson, folder, st) &&
	     (app->capture ? show_panes(app, lesson, st) : show_lines(app, lesson, st));
	free(folder);
	if (ok)
		say_scene(app, number);
	return ok;
}

/* The key t must not take somebody's model away. */
static bool
may_begin(const struct app *app, struct status *st)
{
	return !app->model || strcmp(app->model->name, "digits-vit") == 0 ||
	       status_fail(st, STATUS_FAILED, "the tutorial loads its own model in place of %s; type: tutorial 1",
			   app->model->name);
}

bool
cmd_tutorial(struct app *app, const struct call *call, struct status *st)
{
	const char *to = call->args > 0 ? call->arg[0] : "next";
	int move = value_choice(to, tutorial_moves), number = app->tutorial;
	long n;

	if (value_int(to, 1, LESSONS, &n))
		number = (int)n;
	else if (call->args > 0 && move < 3 && move >= 0 && number == 0 && !may_begin(app, st))
		return false;
	else if (move == 0)
		number++;
	else if (move == 1)
		number--;
	else if (move < 0)
		return status_fail(st, STATUS_USAGE, "tutorial: \"%s\" is no scene; as next, previous, again, off or 1 to %d", to,
				   LESSONS);
	if (move == 3 || number > LESSONS) {
		app->tutorial = 0;
		return panes_set_layout(app->panes, "default", st);
	}
	if (app->depth > 8)
		return status_fail(st, STATUS_FAILED, "the tutorial cannot run within so many scripts");
	return play(app, number < 1 ? 1 : number, st);
}
