#include "ui/scene/findings.h"

#include <stdlib.h>

struct findings *
findings_new(void)
{
	return calloc(1, sizeof(struct findings));
}

void
energy_finding_done(struct energy_finding *energy)
{
	ledger_free(energy->network);
	ledger_free(energy->reference);
	rules_done(&energy->rules);
	*energy = (struct energy_finding){.network = NULL};
}

void
findings_forget(struct findings *findings)
{
	ladder_done(&findings->ladder);
	attribution_done(&findings->attribution);
	profile_done(&findings->profile);
	energy_finding_done(&findings->energy);
	tune_done(&findings->tune.tune);
}

void
findings_free(struct findings *findings)
{
	if (!findings)
		return;
	findings_forget(findings);
	free(findings);
}
