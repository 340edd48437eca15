#include "ui/shell/help.h"

#include "spikescope.h"
#include "ui/commands/commands.h"
#include "ui/output/output.h"
#include "ui/shell/command.h"
#include "ui/shell/words.h"
#include "ui/views/view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Prints text in lines of at most 78 cells, each after `indent` blanks. */
static void
print_wrapped(FILE *out, const char *text, int indent)
{
	int column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > 0 && indent + column + 1 + (int)n > 78) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%*s%.*s", column > 0 ? 1 : indent, "", (int)n, text) - (column > 0 ? 0 : indent);
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* --- one command ---------------------------------------------------------- */

static void
print_options(FILE *out, const struct command_info *info)
{
	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++) {
		const struct option_info *o = &info->option[i];
		char head[48];

		snprintf(head, sizeof(head), "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		fprintf(out, "  %-22s %s\n", head, o->help);
	}
}

/* What expressions know besides the table. */
static void
print_expressions(FILE *out)
{
	char text[400] = "In expressions: x, pi, e, + - * / ^ and brackets, the functions above and";

	for (int i = 0; expression_function(i); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s", i > 0 ? "," : "", expression_function(i));
	fputc('\n', out);
	print_wrapped(out, text, 2);
}

/* "multi-threshold ...; levels 1 to 8 (6), repeat 1 to 3 (1)" */
static void
neuron_text(const struct neuron_type *type, char *out, size_t size)
{
	int used = snprintf(out, size, "%s", type->help);

	for (const struct neuron_setting *s = type->settings; s && s->key && used < (int)size; s++)
		used += snprintf(out + used, size - (size_t)used, "%s %s %g to %g (%g)", s == type->settings ? ";" : ",", s->key,
				 s->lo, s->hi, s->usual);
}

static void
print_neurons(FILE *out)
{
	char text[400];

	fputs("\n  Neurons, what they can be set to, and what they are unless said:\n", out);
	for (int i = NEURON_NONE + 1; i < NEURON_KINDS; i++) {
		const struct neuron_type *type = neuron_type((enum neuron_kind)i);

		neuron_text(type, text, sizeof(text));
		fprintf(out, "  %s\n", type->name);
		print_wrapped(out, text, 6);
	}
}

/* Recipes, views and neurons have tables of their own. */
static void
print_choices(FILE *out, const struct command_info *info)
{
	bool recipes = strcmp(info->name, "convert") == 0, views = info->arg[0].kind == VALUE_VIEW;

	for (const struct recipe_info *r = recipe_table; recipes && r->name; r++)
		fprintf(out, "  %-14s %s\n", r->name, r->help);
	for (int i = 0; views && i < VIEW_COUNT; i++)
		fprintf(out, "  %-14s %s\n", view_table[i]->name, view_table[i]->help);
	for (const struct setting_info *s = setting_table; info->run == cmd_set && s->name; s++)
		fprintf(out, "  %-14s %s\n", s->name, s->help);
	for (int i = 0; info->arg[0].kind == VALUE_FUNCTION && i < FUNCTIONS; i++)
		fprintf(out, "  %-14s %s\n", function_table[i].name, function_table[i].formula);
	if (info->arg[0].kind == VALUE_FUNCTION)
		print_expressions(out);
	if (info->arg[0].kind == VALUE_NEURON)
		print_neurons(out);
}

static void
print_command(FILE *out, const struct command_info *info)
{
	char *usage = command_usage(info);

	print_wrapped(out, usage ? usage : info->name, 0);
	free(usage);
	print_wrapped(out, info->summary, 2);
	fputc('\n', out);
	print_wrapped(out, info->text, 2);
	if (info->option[0].name)
		fputc('\n', out);
	print_options(out, info);
	print_choices(out, info);
	fprintf(out, "\n  Example: %s\n", info->example);
}

/* --- lists ---------------------------------------------------------------- */

static void
list_row(FILE *out, const struct command_info *info)
{
	fprintf(out, "  %-16s %s\n", info->name, info->summary);
}

static void
print_class(FILE *out, enum command_class class)
{
	fprintf(out, "%s (%s)\n", class_titles[class], class_names[class]);
	for (const struct command_info *i = command_table; i->name; i++)
		if (i->class == class)
			list_row(out, i);
}

static void
print_all(FILE *out)
{
	for (int class = 0; class < CLASSES; class ++)
		print_class(out, (enum command_class) class);
	fputs("\nCommands and options may be shortened. More: help COMMAND, help CLASS, help words, apropos WORD.\n"
	      "As in gdb: next, continue, finish, bt, and an empty line repeats a step; ? and h are help, q and exit are quit.\n",
	      out);
}

static void
output_command(struct output *o, const struct command_info *info)
{
	char *usage = command_usage(info);

	output_row(o);
	output_text(o, "command", info->name);
	output_text(o, "class", class_names[info->class]);
	output_text(o, "usage", usage);
	output_text(o, "summary", info->summary);
	output_text(o, "text", info->text);
	output_text(o, "example", info->example);
	free(usage);
}

/* What has a name but is no command: its kind, its name and what there is to say. */
struct thing {
	const char *kind, *name, *text;
};

static void
print_thing(FILE *out, const struct thing *t)
{
	fprintf(out, "%s%s%s\n", t->name, *t->kind ? ", " : "", t->kind);
	print_wrapped(out, t->text, 2);
}

/* --- topics --------------------------------------------------------------- */

/* Which commands a topic means: a class, a command, or a group ("ugo"). */
static bool
matches_topic(const struct command_info *info, const struct command_info *command, int class, const char *group)
{
	size_t n = group ? strlen(group) : 0;

	if (command)
		return info == command;
	if (group)
		return strncmp(info->name, group, n) == 0 && info->name[n] == ' ';
	return class < 0 || (int)info->class == class;
}

struct topic {
	const struct command_info *command;
	int class;         /* -1: none */
	const char *group; /* "ugo": all commands that start so */
};

static bool
is_group(const char *word)
{
	for (const struct command_info *i = command_table; i->name; i++)
		if (matches_topic(i, NULL, -1, word))
			return true;
	return false;
}

static bool
topic_find(struct topic *topic, int words, const char *const *text, struct status *st)
{
	struct word word[2] = {{0}};
	struct fault fault;
	int used;

	*topic = (struct topic){.class = -1};
	if (words == 0)
		return true;
	if (words == 1 && is_group(text[0])) {
		topic->group = text[0];
		return true;
	}
	for (int i = 0; i < words && i < 2; i++)
		word[i].text = (char *)text[i];
	topic->command = command_find(word, words < 2 ? words : 2, &used, &fault, st);
	if (topic->command)
		return true;
	if (words == 1 && (topic->class = value_choice(text[0], class_names)) >= 0) {
		status_clear(st);
		return true;
	}
	return false;
}

static void
print_topic(FILE *out, const struct topic *topic)
{
	if (topic->command)
		print_command(out, topic->command);
	else if (topic->class >= 0)
		print_class(out, (enum command_class)topic->class);
	else if (!topic->group)
		print_all(out);
	else {
		const struct word_info *word = word_find(topic->group);

		if (word)
			print_thing(out, &(struct thing){"", word->word, word->text});
		for (const struct command_info *i = command_table; i->name; i++)
			if (matches_topic(i, NULL, -1, topic->group))
				list_row(out, i);
	}
}

/* --- words, recipes, views ------------------------------------------------ */

/* A recipe is no word of the language: it says what is done, then how it is asked for. */
static bool
thing_find(const char *name, struct thing *t)
{
	const struct word_info *word;

	for (const struct recipe_info *r = recipe_table; r->name; r++)
		if (strcmp(r->name, name) == 0) {
			*t = (struct thing){"a recipe of convert", r->name, r->help};
			return true;
		}
	if ((word = word_find(name))) {
		*t = (struct thing){"", word->word, word->text};
		return true;
	}
	for (int i = 0; i < VIEW_COUNT; i++)
		if (strcmp(view_table[i]->name, name) == 0) {
			*t = (struct thing){"a view", view_table[i]->name, view_table[i]->help};
			return true;
		}
	return false;
}

static bool
is_command(const char *name)
{
	for (const struct command_info *i = command_table; i->name; i++)
		if (strcmp(i->name, name) == 0)
			return true;
	return false;
}

static bool
output_things(FILE *out, enum output_format format, const struct thing *only, struct status *st)
{
	struct output o;

	output_init(&o);
	output_table(&o, "words");
	for (const struct word_info *w = word_table; !only && w->word; w++) {
		output_row(&o);
		output_text(&o, "word", w->word);
		output_text(&o, "text", w->text);
	}
	if (only) {
		output_row(&o);
		output_text(&o, "word", only->name);
		output_text(&o, "text", only->text);
	}
	output_end(&o);
	return output_print(&o, format, out, st);
}

static bool
print_words(FILE *out, enum output_format format, const struct thing *only, struct status *st)
{
	if (format != FORMAT_TABLE)
		return output_things(out, format, only, st);
	if (only)
		print_thing(out, only);
	for (const struct word_info *w = word_table; !only && w->word; w++)
		print_thing(out, &(struct thing){"", w->word, w->text});
	return true;
}

bool
help_print(FILE *out, enum output_format format, int words, const char *const *word, struct status *st)
{
	struct topic topic;
	struct thing thing;
	struct output o;

	if (words == 1 && (strcmp(word[0], "words") == 0 || strcmp(word[0], "glossary") == 0))
		return print_words(out, format, NULL, st);
	if (words == 1 && !is_command(word[0]) && !is_group(word[0]) && thing_find(word[0], &thing))
		return print_words(out, format, &thing, st);
	if (!topic_find(&topic, words, word, st))
		return false;
	if (format == FORMAT_TABLE) {
		print_topic(out, &topic);
		return true;
	}
	output_init(&o);
	output_table(&o, "commands");
	for (const struct command_info *i = command_table; i->name; i++)
		if (matches_topic(i, topic.command, topic.class, topic.group))
			output_command(&o, i);
	output_end(&o);
	return output_print(&o, format, out, st);
}

/* --- apropos -------------------------------------------------------------- */

static bool
holds(const struct command_info *info, const char *word)
{
	if (strcasestr(info->name, word) || strcasestr(info->summary, word) || strcasestr(info->text, word))
		return true;
	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++)
		if (strcasestr(info->option[i].name, word) || strcasestr(info->option[i].help, word))
			return true;
	return false;
}

static bool
tells(FILE *out, const char *word, const char *kind, const char *name, const char *text, const char *also)
{
	if (!strcasestr(name, word) && !strcasestr(text, word) && !strcasestr(also, word))
		return false;
	fprintf(out, "  help %-11s %s%s%.58s%s\n", name, kind, *kind ? ": " : "", text, strlen(text) > 58 ? "..." : "");
	return true;
}

/* Words, recipes, views and settings that tell of it; returns how many. */
static int
apropos_things(FILE *out, const char *word)
{
	int found = 0;

	for (const struct word_info *w = word_table; w->word; w++)
		found += tells(out, word, "", w->word, w->text, w->also);
	for (const struct recipe_info *r = recipe_table; r->name; r++)
		found += tells(out, word, "recipe", r->name, r->help, "");
	for (int i = 0; i < VIEW_COUNT; i++)
		found += tells(out, word, "view", view_table[i]->name, view_table[i]->help, "");
	for (const struct setting_info *i = setting_table; i->name; i++)
		if (strcasestr(i->name, word) || strcasestr(i->help, word)) {
			fprintf(out, "  set %-12s %s\n", i->name, i->help);
			found++;
		}
	return found;
}

bool
help_apropos(FILE *out, enum output_format format, const char *word, struct status *st)
{
	struct output o;
	int found = 0;

	output_init(&o);
	output_table(&o, "commands");
	for (const struct command_info *i = command_table; i->name; i++) {
		if (!holds(i, word))
			continue;
		found++;
		output_command(&o, i);
		if (format == FORMAT_TABLE)
			list_row(out, i);
	}
	if (format == FORMAT_TABLE)
		found += apropos_things(out, word);
	output_end(&o);
	if (found > 0 && format != FORMAT_TABLE)
		return output_print(&o, format, out, st);
	output_done(&o);
	return found > 0 || status_fail(st, STATUS_FAILED, "no command's help holds \"%s\"; type: help", word);
}

/* --- man page ------------------------------------------------------------- */

/* Text for man(7): backslashes, dashes, and dots and quotes at the start. */
static void
man_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static void
man_sentence(FILE *out, const char *words)
{
	char text[200];

	snprintf(text, sizeof(text), "%c%s.", toupper((unsigned char)words[0]), words + 1);
	man_text(out, text);
}

static void
man_neurons(FILE *out)
{
	char text[400];

	fputs(".IP\nNeurons, what they can be set to, and what they are unless said:\n", out);
	for (int i = NEURON_NONE + 1; i < NEURON_KINDS; i++) {
		const struct neuron_type *type = neuron_type((enum neuron_kind)i);

		neuron_text(type, text, sizeof(text));
		fprintf(out, ".RS\n.TP\n.B %s\n", type->name);
		man_text(out, text);
		fputs(".RE\n", out);
	}
}

static void
man_command(FILE *out, const struct command_info *info)
{
	char *usage = command_usage(info);

	fputs(".TP\n.B ", out);
	man_text(out, usage ? usage : info->name);
	free(usage);
	man_sentence(out, info->summary);
	man_text(out, info->text);
	for (int i = 0; i < COMMAND_OPTIONS && info->option[i].name; i++) {
		const struct option_info *o = &info->option[i];

		fprintf(out, ".RS\n.TP\n.BI \\-\\-%s \" %s\"\n", o->name, o->value ? o->value : "");
		man_text(out, o->help);
		fputs(".RE\n", out);
	}
	if (info->arg[0].kind == VALUE_NEURON)
		man_neurons(out);
	fputs(".IP\nExample:\n.B ", out);
	man_text(out, info->example);
}

void
help_man(FILE *out)
{
	fprintf(out,
		".\\\" Written by spikescope --man-commands from the command table; do not edit.\n"
		".TH SPIKESCOPE-COMMANDS 7 \"\" \"spikescope %s\" \"spikescope\"\n"
		".SH NAME\nspikescope-commands \\- the commands of spikescope\n"
		".SH DESCRIPTION\nA command line is a command, its arguments, and options as\n.B \\-\\-name value\nor\n.BR "
		"\\-\\-name=value .\n"
		"Commands and options may be shortened as long as they stay unambiguous.\n"
		"Words are split at blanks; quotes keep blanks. A line that starts with # is a comment.\n",
		SPIKESCOPE_VERSION);
	for (int class = 0; class < CLASSES; class ++) {
		fputs(".SH ", out);
		for (const char *c = class_titles[class]; *c; c++)
			fputc(toupper((unsigned char)*c), out);
		fputc('\n', out);
		for (const struct command_info *i = command_table; i->name; i++)
			if ((int)i->class == class)
				man_command(out, i);
	}
	fputs(".SH SEE ALSO\n.BR spikescope (1)\n", out);
}
