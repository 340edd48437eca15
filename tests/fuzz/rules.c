/* A file of energy rules, charged to a row of each site of a model. */
#include "tests/fuzz/support/fuzz.h"

#include "study/energy/rules.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ledger_row row = {0};
	struct status st = {0};
	struct rules rules = {0};

	if (!rules_load(&rules, fuzz_write("rules.json", data, size), &st)) {
		fuzz_refused(&st);
		return 0;
	}
	for (int i = 0; i < rules.count; i++) {
		fuzz_check(rules_find(&rules, rules.rule[i].name) != NULL, "a rule is found by its name");
		rule_charge(&rules.rule[i], fuzz_digits(), site_in(SITE_ACT_OUT, 0), &row);
	}
	rules_done(&rules);
	return 0;
}
