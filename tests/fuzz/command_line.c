/* A command line: parsed as the table of commands says, its values read; nothing is run. */
#include "tests/fuzz/support/fuzz.h"

#include "ui/shell/command.h"

#include <stdlib.h>
#include <string.h>

static void
read_values(const struct call *call)
{
	for (int i = 0; i < COMMAND_OPTIONS && call->info->option[i].name; i++)
		fuzz_check(call_has(call, call->info->option[i].name) == call->given[i], "an option is found by its name");
	for (int i = 0; i < call->args; i++)
		fuzz_check(call->arg[i] != NULL, "an argument is a text");
	for (int i = 0; i < call->words; i++)
		fuzz_check(call->word[i].at + call->word[i].length <= strlen(call->line), "a word is within the line");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data, size};
	char *line = fuzz_text(&parts);
	struct fault fault = {0};
	struct status st = {0};
	struct call call;

	if (!call_parse(&call, line, &fault, &st)) {
		fuzz_refused(&st);
		fuzz_check(fault.at <= strlen(line) && fault.length <= strlen(line) - fault.at, "a fault is within the line");
	} else if (call.info) {
		read_values(&call);
	}
	call_done(&call);
	free(line);
	return 0;
}
