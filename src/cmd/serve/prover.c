/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/prover.h"

static void tell(struct alerts *a, const struct canary_rule *r)
{
	struct finding_pair entity[] = { { BYTES("rule.id"), r->id },
					 { BYTES("rule.name"), r->title } };
	struct finding_pair details[] = { { BYTES("file"), r->file },
					  { BYTES("event.reason"), r->why } };
	struct buf message = { 0 };
	struct finding f = { .time = clock_real(),
			     .rule_id = BYTES("vedette.detect.rule-dead"),
			     .rule_name = BYTES("A rule finds nothing any more"),
			     .level = LEVEL_HIGH,
			     .entity = entity,
			     .entity_n = 2,
			     .details = details,
			     .details_n = 2,
			     .count = 1 };

	f.since = f.time;
	if (r->state == CANARY_PROVEN) {
		f.ends = f.rule_id;
		f.message = BYTES("its own sample makes it fire again");
		alerts_end(a, &f);
		return;
	}
	buf_str(&message, "no sample of its own makes the rule fire: ");
	buf_bytes(&message, r->title);
	f.message = buf_view(&message);
	alerts_finding(a, &f);
	buf_done(&message);
}

void prover_take(struct prover *p, struct canary *c, struct analyst_numbers *numbers)
{
	p->runs++;
	if (!c)
		return;
	count_set(&numbers->rules_proven, c->count[CANARY_PROVEN]);
	count_set(&numbers->rules_dead, c->count[CANARY_DEAD]);
	canary_free(p->canary);
	p->canary = c;
	p->untold = true;
}

bool prover_tell(struct prover *p, struct alerts *alerts)
{
	if (!p->untold)
		return false;
	p->untold = false;
	alerts_tick(alerts, clock_real());
	for (size_t i = 0; i < p->canary->n; i++)
		if (p->canary->rule[i].state == CANARY_PROVEN ||
		    p->canary->rule[i].state == CANARY_DEAD)
			tell(alerts, &p->canary->rule[i]);
	return true;
}

bool prover_asked(struct prover *p, struct compiler *c, struct bytes request, struct buf *reply)
{
	bool run = bytes_eq(request, BYTES("{\"request\":\"canary\",\"run\":true}"));

	if (!run && !bytes_eq(request, BYTES("{\"request\":\"canary\"}")))
		return false;
	if (run)
		compiler_prove(c);
	else if (p->canary)
		canary_lines(p->canary, reply);
	buf_printf(reply, "{\"ok\":true,\"runs\":%llu", (unsigned long long)p->runs);
	if (p->canary)
		canary_members(p->canary, reply);
	buf_str(reply, "}\n");
	return true;
}

void prover_done(struct prover *p)
{
	p->canary = canary_free(p->canary);
}
