/* spikescope: the program. Options, the config file, and which face to show. */
#include "base/file.h"
#include "base/text.h"
#include "spikescope.h"
#include "ui/commands/commands.h"
#include "ui/shell/command.h"
#include "ui/shell/help.h"
#include "ui/shell/repl.h"
#include "ui/shell/version.h"
#include "ui/workbench/paths.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "Usage: spikescope [OPTION]... [MODEL]\n"
			    "Step a spiking vision transformer through time, beside the network it came from.\n"
			    "\n"
			    "  -c COMMAND        run COMMAND and leave; may be repeated\n"
			    "  -f FILE           run the commands of FILE and leave; may be repeated\n"
			    "  MODEL             folder of a model to load first\n"
			    "      --example     load the digits example and show the first step\n"
			    "      --db FILE     the notebook (default: in $XDG_DATA_HOME/spikescope)\n"
			    "      --format F    table, csv, json or markdown\n"
			    "      --size CxR    size of views as text (default: the terminal's, or 80x24)\n"
			    "      --seed N      seed of conversions (default: 0)\n"
			    "      --threads N   threads (default: all cores)\n"
			    "      --color WHEN  auto, always, never, 256 or 8\n"
			    "      --ascii       draw with ASCII characters only\n"
			    "      --no-config   do not read $XDG_CONFIG_HOME/spikescope/config\n"
			    "      --man-commands  print the manual page of the commands\n"
			    "      --help, --version\n"
			    "\n"
			    "Without -c and -f: commands from the terminal, or from standard input.\n"
			    "Exit status: 0 fine, 1 a command failed, 2 wrong usage, 3 bad data or database,\n"
			    "130 interrupted. Commands: spikescope -c help\n";

enum { SCRIPTS_MAX = 256 };

/* What the command line asked for. */
struct arguments {
	struct script {
		bool file;
		const char *text;
	} script[SCRIPTS_MAX];
	int scripts;
	const char *db, *model;
	bool no_config, example;
	struct options options;
	bool set_format, set_size, set_seed, set_threads, set_color, set_ascii;
};

static struct app app;

/* --- arguments ------------------------------------------------------------ */

enum long_option {
	OPTION_DB = 256,
	OPTION_FORMAT,
	OPTION_SIZE,
	OPTION_SEED,
	OPTION_THREADS,
	OPTION_COLOR,
	OPTION_ASCII,
	OPTION_NO_CONFIG,
	OPTION_EXAMPLE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_MAN
};

static const struct option long_options[] = {{"db", required_argument, NULL, OPTION_DB},
					     {"format", required_argument, NULL, OPTION_FORMAT},
					     {"size", required_argument, NULL, OPTION_SIZE},
					     {"seed", required_argument, NULL, OPTION_SEED},
					     {"threads", required_argument, NULL, OPTION_THREADS},
					     {"color", required_argument, NULL, OPTION_COLOR},
					     {"ascii", no_argument, NULL, OPTION_ASCII},
					     {"no-config", no_argument, NULL, OPTION_NO_CONFIG},
					     {"example", no_argument, NULL, OPTION_EXAMPLE},
					     {"help", no_argument, NULL, OPTION_HELP},
					     {"version", no_argument, NULL, OPTION_VERSION},
					     {"man-commands", no_argument, NULL, OPTION_MAN},
					     {NULL, 0, NULL, 0}};

static bool
wrong(const char *option, const char *value, const char *expected)
{
	char shown[100];

	fprintf(stderr, "spikescope: %s must be %s, not \"%s\"; try: spikescope --help\n", option, expected,
		text_escape(value, shown, sizeof(shown)));
	return false;
}

static bool
add_script(struct arguments *a, bool file, const char *text)
{
	if (a->scripts == SCRIPTS_MAX) {
		fprintf(stderr, "spikescope: more than %d -c and -f; put the commands into one file\n", SCRIPTS_MAX);
		return false;
	}
	a->script[a->scripts++] = (struct script){file, text};
	return true;
}

/* The options that set something of struct options. */
static bool
take_setting(struct arguments *a, int option, const char *value)
{
	struct options *o = &a->options;
	long number;
	int choice;

	switch (option) {
	case OPTION_FORMAT:
		if ((choice = value_choice(value, format_names)) < 0)
			return wrong("--format", value, "table, csv, json or markdown");
		o->format = (enum output_format)choice;
		return a->set_format = true;
	case OPTION_COLOR:
		if ((choice = value_choice(value, color_names)) < 0)
			return wrong("--color", value, "auto, always, never, 256 or 8");
		o->color = (enum color_mode)choice;
		return a->set_color = true;
	case OPTION_SIZE:
		if (!value_size(value, &o->columns, &o->rows))
			return wrong("--size", value, "COLSxROWS as 80x24, at most 1000x1000");
		return a->set_size = true;
	case OPTION_SEED:
		if (!value_int(value, 0, (double)INT_MAX, &number))
			return wrong("--seed", value, "a whole number");
		o->seed = (uint64_t)number;
		return a->set_seed = true;
	default:
		if (!value_int(value, 0, 1024, &number))
			return wrong("--threads", value, "a whole number from 0 to 1024");
		o->threads = (int)number;
		return a->set_threads = true;
	}
}

/* False ends the program with *code. */
static bool
take_option(struct arguments *a, int option, enum status_code *code)
{
	*code = STATUS_USAGE;
	switch (option) {
	case 'c':
	case 'f':
		return add_script(a, option == 'f', optarg);
	case OPTION_DB:
		a->db = optarg;
		return true;
	case OPTION_ASCII:
		return a->options.ascii = a->set_ascii = true;
	case OPTION_NO_CONFIG:
		return a->no_config = true;
	case OPTION_EXAMPLE:
		return a->example = true;
	case OPTION_HELP:
		fputs(usage, stdout);
		break;
	case OPTION_VERSION:
		version_print(stdout);
		break;
	case OPTION_MAN:
		help_man(stdout);
		break;
	case '?':
	case ':':
		fputs("Try: spikescope --help\n", stderr);
		return false;
	default:
		return take_setting(a, option, optarg);
	}
	*code = fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
	return false;
}

static bool
take_arguments(struct arguments *a, int argc, char **argv, enum status_code *code)
{
	char shown[100];
	int option;

	opterr = 0; /* getopt's own messages print the words as they are */
	while ((option = getopt_long(argc, argv, ":c:f:", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			fprintf(stderr, "spikescope: %s: \"%s\"\n",
				option == ':' ? "a value is missing" : "no such option, or not so",
				text_escape(argv[optind - 1], shown, sizeof(shown)));
		if (!take_option(a, option, code))
			return false;
	}
	*code = STATUS_USAGE;
	if (optind < argc)
		a->model = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "spikescope: one MODEL only; \"%s\" is one too many; try: spikescope --help\n",
			text_escape(argv[optind], shown, sizeof(shown)));
		return false;
	}
	if (a->model && a->example) {
		fputs("spikescope: --example brings its own model; leave MODEL out\n", stderr);
		return false;
	}
	return true;
}

/* The command line wins over the config file. */
static void
apply_options(struct options *to, const struct arguments *a)
{
	if (a->set_format)
		to->format = a->options.format;
	if (a->set_color)
		to->color = a->options.color;
	if (a->set_ascii)
		to->ascii = true;
	if (a->set_seed)
		to->seed = a->options.seed;
	if (a->set_threads)
		app_set_threads(&app, a->options.threads);
	if (a->set_size) {
		to->columns = a->options.columns;
		to->rows = a->options.rows;
	}
}

/* --- signals -------------------------------------------------------------- */

/* The first asks the running command to stop; a second one, when nobody has
 * listened and nobody types, ends the program. */
static void
interrupted(int sig)
{
	if (atomic_exchange(&app.cancel, true) && !app.interactive) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
}

static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = interrupted};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* A file that may grow no more is an error to be told, as a full disk is. */
	signal(SIGXFSZ, SIG_IGN);
}

/* --- what to do ----------------------------------------------------------- */

static enum status_code
complain(const struct status *st)
{
	fflush(stdout);
	fprintf(stderr, "spikescope: %s\n", st->message);
	return st->code;
}

static void
read_config(void)
{
	char *path = path_config();
	bool there = path && access(path, F_OK) == 0;
	struct status st = {0};
	FILE *file = there ? file_open(path, FILE_TEXT_MAX, &st) : NULL;

	if (there && !file)
		complain(&st);
	if (file) {
		app_source(&app, file, path, false);
		fclose(file);
	}
	free(path);
}

static enum status_code
run_file(const char *given)
{
	char *path = path_expand(given);
	struct status st = {0};
	FILE *file = !path ? NULL : strcmp(path, "-") == 0 ? stdin : file_open(path, FILE_TEXT_MAX, &st);
	enum status_code code;

	if (!file) {
		free(path);
		return complain(&st);
	}
	code = app_source(&app, file, path, true);
	free(path);
	if (file != stdin)
		fclose(file);
	return code;
}

static enum status_code
run_scripts(const struct arguments *a)
{
	enum status_code code = STATUS_OK;

	for (int i = 0; code == STATUS_OK && i < a->scripts && !app.quit; i++)
		code = a->script[i].file ? run_file(a->script[i].text) : app_execute(&app, a->script[i].text);
	return code;
}

/* Model, data and picture 0 of the example, converted, after one step. */
static bool
open_example(struct status *st)
{
	char *folder = path_example("digits-vit");
	char *test = folder ? text_format("%s/test.safetensors", folder) : NULL;
	bool ok;

	if (!test)
		ok = status_fail(st, STATUS_DATA,
				 "examples/digits-vit is neither beside the program nor installed; type: make install");
	else
		ok = open_model(&app, folder, st) && open_data(&app, test, st) && open_picture(&app, "0", st) &&
		     need_walk(&app, st) && spike_log_steps(app.spikes, app.walk, 1, NULL, st);
	free(folder);
	free(test);
	return ok;
}

static enum status_code
show_faces(const struct arguments *a)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (a->scripts > 0)
		return run_scripts(a);
	if (terminal)
		return repl_run(&app, a->example);
	if (a->example)
		return app_execute(&app, "view overview");
	return app_source(&app, stdin, "standard input", false);
}

/* A path of the command line: a shell leaves the ~ of --db=~/FILE and of quoted words. */
static bool
expand(const char **path, char **owned, struct status *st)
{
	if (*path && !(*owned = path_expand(*path)))
		return status_nomem(st, "a path");
	*path = *owned;
	return true;
}

static enum status_code
run(struct arguments *a)
{
	static char *db, *model;
	struct status st = {0};
	enum status_code code;

	if (!expand(&a->db, &db, &st) || !expand(&a->model, &model, &st) || !app_init(&app, a->db, stdout, stderr, &st))
		return complain(&st);
	if (!a->no_config)
		read_config();
	apply_options(&app.options, a);
	if (a->model && !open_model(&app, a->model, &st))
		return complain(&st);
	if (a->example && !open_example(&st))
		return complain(&st);
	code = show_faces(a);
	free(db);
	free(model);
	return code == STATUS_OK && app.recording_failed ? STATUS_DATA : code;
}

int
main(int argc, char **argv)
{
	static struct arguments arguments;
	struct status st = {0};
	enum status_code code;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	if (!take_arguments(&arguments, argc, argv, &code))
		return code;
	if (!kernels_choose(getenv("SPIKESCOPE_KERNELS"), &st))
		return complain(&st);
	catch_signals();
	code = run(&arguments);
	app_done(&app);
	if (fflush(stdout) != 0 && code == STATUS_OK)
		code = STATUS_FAILED;
	return code;
}
