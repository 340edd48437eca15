/* Completion from the command table: commands, options, and values by their kind. */
#include "db/query.h"
#include "db/store.h"
#include "snn/neurons/neuron.h"
#include "study/energy/rules.h"
#include "ui/commands/commands.h"
#include "ui/panes/panes.h"
#include "ui/shell/repl.h"
#include "ui/shell/words.h"
#include "ui/views/view.h"

#include <stdio.h>

#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>

/* What may stand at the cursor, for readline to ask one by one. */
static struct {
	struct app *app;
	char **word;
	int count, capacity, next;
	const char *text; /* what they have to start with */
} list;

void
repl_complete_for(struct app *app)
{
	list.app = app;
}

static void
list_clear(void)
{
	for (int i = 0; i < list.count; i++)
		free(list.word[i]);
	list.count = list.next = 0;
}

static void
list_add(const char *word)
{
	if (strncmp(word, list.text, strlen(list.text)) != 0)
		return;
	for (int i = 0; i < list.count; i++)
		if (strcmp(list.word[i], word) == 0)
			return;
	if (list.count == list.capacity) {
		int capacity = list.capacity ? 2 * list.capacity : 64;
		char **more = realloc(list.word, (size_t)capacity * sizeof(*more));

		if (!more)
			return;
		list.word = more;
		list.capacity = capacity;
	}
	list.word[list.count] = strdup(word);
	if (list.word[list.count])
		list.count++;
}

static void
list_names(const char *const *names)
{
	for (int i = 0; names && names[i]; i++)
		list_add(names[i]);
}

static char *
list_next(const char *text, int state)
{
	(void)text;
	if (state == 0)
		list.next = 0;
	return list.next < list.count ? strdup(list.word[list.next++]) : NULL;
}

/* --- candidates ----------------------------------------------------------- */

/* The words at this level of the commands that start with `first`. */
static void
add_commands(int level, const char *first)
{
	for (const struct command_info *i = command_table; i->name; i++) {
		const char *space = strchr(i->name, ' ');
		size_t n = space ? (size_t)(space - i->name) : strlen(i->name);
		char head[32];

		snprintf(head, sizeof(head), "%.*s", (int)n, i->name);
		if (level == 0)
			list_add(head);
		else if (space && strcmp(head, first) == 0)
			list_add(space + 1);
	}
}

static void
add_sites(void)
{
	const struct model *model = list.app->model;
	char name[SITE_NAME_MAX];

	for (int i = 0; model && i < site_count(model); i++)
		list_add(site_name(site_at(model, i), name));
}

static void
add_rules(void)
{
	struct rules rules;

	if (!rules_load(&rules, NULL, NULL))
		return;
	for (int i = 0; i < rules.count; i++)
		list_add(rules.rule[i].name);
	rules_done(&rules);
}

static void
add_functions(void)
{
	for (int i = 0; i < FUNCTIONS; i++)
		list_add(function_table[i].name);
}

static bool
add_stored_ugo(void *ctx, const struct record_ugo *ugo)
{
	(void)ctx;
	list_add(ugo->name);
	return true;
}

static void
add_ugos(void)
{
	struct status st = {0};

	for (int i = 0; i < list.app->ugos; i++)
		list_add(list.app->ugo[i]->name);
	store_ugo_list(list.app->store, NULL, add_stored_ugo, NULL, &st);
}

static bool
add_table(void *ctx, const char *table, const char *column)
{
	(void)ctx;
	list_add(column ? column : table);
	return true;
}

static void
add_sql(void)
{
	static const char *const words[] = {"SELECT", "FROM", "WHERE", "ORDER BY", "GROUP BY", "LIMIT", "JOIN", NULL};

	query_names(list.app->store, add_table, NULL, NULL);
	list_names(words);
}

static void
add_layouts(void)
{
	const struct panes *panes = list.app->panes;

	for (int i = 0; i < panes->owns; i++)
		list_add(panes->own[i].name);
	for (const struct named_layout *l = layout_defaults; *l->name; l++)
		list_add(l->name);
}

static bool
add_answer(void *ctx, int count, const struct query_value *values)
{
	char number[24];

	(void)ctx;
	if (count > 0 && values[0].type == QUERY_INTEGER) {
		snprintf(number, sizeof(number), "%lld", (long long)values[0].integer);
		list_add(number);
	} else if (count > 0 && values[0].type == QUERY_TEXT) {
		list_add(values[0].text);
	}
	return true;
}

/* Names that the notebook has. */
static void
add_query(const char *sql)
{
	struct query query = {.sql = sql, .timeout_seconds = 1};
	struct status st = {0};

	query_run(list.app->store, &query, &(struct query_output){.row = add_answer}, &st);
}

/* A quantity, or the site within its parentheses. */
static void
add_condition(void)
{
	const struct model *model = list.app->model;
	const char *open = strrchr(list.text, '(');
	char name[SITE_NAME_MAX], word[2 * SITE_NAME_MAX];

	list_names(condition_words);
	for (int i = 0; model && open && i < site_count(model); i++) {
		snprintf(word, sizeof(word), "%.*s%s", (int)(open - list.text) + 1, list.text,
			 site_name(site_at(model, i), name));
		list_add(word);
	}
}

static void
add_neurons(void)
{
	for (int i = NEURON_NONE + 1; i < NEURON_KINDS; i++) {
		const struct neuron_type *type = neuron_type((enum neuron_kind)i);

		list_add(type->name);
		if (type->alias)
			list_add(type->alias);
	}
}

static void
add_kind(enum value_kind kind, const char *const *choices)
{
	switch (kind) {
	case VALUE_CHOICE:
		list_names(choices);
		break;
	case VALUE_SITE:
		add_sites();
		break;
	case VALUE_VIEW:
		for (int i = 0; i < VIEW_COUNT; i++)
			list_add(view_table[i]->name);
		break;
	case VALUE_NEURON:
		add_neurons();
		break;
	case VALUE_RULE:
		add_rules();
		break;
	case VALUE_SELECT:
		list_names(select_names);
		break;
	case VALUE_LAYOUT:
		add_layouts();
		break;
	case VALUE_CONDITION:
		add_condition();
		break;
	case VALUE_PLAN:
		add_query("SELECT name FROM plan_names");
		break;
	case VALUE_RUN:
	case VALUE_RUNS:
		add_query("SELECT id FROM runs ORDER BY id DESC LIMIT 100");
		break;
	case VALUE_SESSION:
		add_query("SELECT name FROM sessions ORDER BY id DESC LIMIT 100");
		break;
	case VALUE_SPLIT:
		list_add("off");
		add_query("SELECT name FROM plan_names");
		/* fall through */
	case VALUE_RECIPE:
		for (const struct recipe_info *r = recipe_table; r->name; r++)
			list_add(r->name);
		break;
	case VALUE_UGO:
		add_ugos();
		add_sites();
		add_functions();
		break;
	case VALUE_FUNCTION:
		add_functions();
		break;
	case VALUE_TOPIC:
		add_commands(0, "");
		list_names(class_names);
		list_add("words");
		for (const struct word_info *w = word_table; w->word; w++)
			list_add(w->word);
		for (const struct recipe_info *r = recipe_table; r->name; r++)
			list_add(r->name);
		break;
	case VALUE_SETTING:
		for (const struct setting_info *s = setting_table; s->name; s++)
			list_add(s->name);
		break;
	case VALUE_LINE:
		add_sql();
		add_query("SELECT name FROM questions");
		break;
	default:
		break;
	}
}

/* --- where the cursor stands ---------------------------------------------- */

static const struct option_info *
option_named(const struct command_info *info, const char *word)
{
	size_t n = strcspn(word, "=");

	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++)
		if (strncmp(info->option[i].name, word, n) == 0)
			return &info->option[i];
	return NULL;
}

static char **
by_kind(enum value_kind kind, const char *const *choices, const char *text)
{
	if (kind == VALUE_PATH)
		return rl_completion_matches(text, rl_filename_completion_function);
	add_kind(kind, choices);
	return rl_completion_matches(text, list_next);
}

/* The number of arguments among the words after the command's name; *option is
 * the one whose value comes next, or NULL. */
static int
arguments_before(const struct command_info *info, const struct word *word, int words, const struct option_info **option)
{
	int args = 0;

	*option = NULL;
	for (int i = 0; i < words; i++) {
		if (*option && word[i - 1].text[0] == '-' && !strchr(word[i - 1].text, '='))
			*option = NULL;
		else if (strncmp(word[i].text, "--", 2) == 0) {
			size_t n = strlen(word[i].text);
			const struct option_info *o = option_named(info, word[i].text + 2);

			*option =
			    o && o->kind != VALUE_NONE && (!strchr(word[i].text, '=') || word[i].text[n - 1] == '=') ? o : NULL;
		} else {
			*option = NULL;
			args++;
		}
	}
	return args;
}

static char **
complete_argument(const struct command_info *info, const struct word *word, int words, const char *text)
{
	const struct option_info *option;
	int args = arguments_before(info, word, words, &option);
	const struct argument_info *arg = NULL;
	char dashed[64];

	if (option)
		return by_kind(option->kind, option->choices, text);
	if (strncmp(text, "--", 2) == 0) {
		for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++) {
			snprintf(dashed, sizeof(dashed), "--%s", info->option[i].name);
			list_add(dashed);
		}
		return rl_completion_matches(text, list_next);
	}
	for (int i = 0; i < COMMAND_ARGS && info->arg[i].name; i++)
		if (i == args || info->arg[i].many || info->arg[i].kind == VALUE_LINE || info->arg[i].kind == VALUE_CONDITION)
			arg = &info->arg[i];
	if (arg && info->run == cmd_set && args == 1)
		for (const struct setting_info *s = setting_table; s->name; s++)
			if (strcmp(s->name, word[0].text) == 0)
				return by_kind(s->kind, s->choices, text);
	if (arg && arg->kind == VALUE_LINE && info->run != cmd_query && info->run != cmd_plot)
		return NULL;
	return arg ? by_kind(arg->kind, arg->choices, text) : NULL;
}

static char **
complete_words(struct word *word, int words, const char *text)
{
	struct status st = {0};
	struct fault fault;
	const struct command_info *info;
	int used;

	if (words == 0) {
		add_commands(0, "");
		return rl_completion_matches(text, list_next);
	}
	if (words == 1) {
		add_commands(1, word[0].text);
		if (list.count > 0)
			return rl_completion_matches(text, list_next);
	}
	info = command_find(word, words, &used, &fault, &st);
	return info ? complete_argument(info, word + used, words - used, text) : NULL;
}

char **
repl_complete(const char *text, int start, int end)
{
	struct word word[CALL_WORDS];
	struct fault fault;
	int words = 0;
	char *before = strndup(rl_line_buffer, (size_t)start), **found = NULL;
	size_t n = before ? strlen(before) : 0;

	(void)end;
	rl_attempted_completion_over = 1;
	list_clear();
	list.text = text;
	/* The quote that the word itself opened is not part of what is before it. */
	if (n > 0 && (before[n - 1] == '"' || before[n - 1] == '\''))
		before[n - 1] = '\0';
	if (before && words_split(before, word, &words, &fault, NULL))
		found = complete_words(word, words, text);
	for (int i = 0; i < words; i++)
		free(word[i].text);
	free(before);
	return found;
}
