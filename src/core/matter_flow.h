/* Private to the matter engine: who may take a transition, with the administrator's changes to it. */
#ifndef GEZHI_CORE_MATTER_FLOW_H
#define GEZHI_CORE_MATTER_FLOW_H

#include "core/app.h"
#include "core/matter.h"

/* Rows of flow_rule in the snapshot: who may act and what it needs, where that differs from the table. */
struct flow_rule {
	struct str kind, action;
	uint64_t roles; /* 0: as built in */
	const char *needs;
};
struct flow_rules {
	struct arena *arena;
	struct flow_rule *v;
	size_t n;
};
enum err flow_rules_load(struct snap *s, struct dbc *c, void **ret_part) MUST_CHECK;
void flow_rules_free(void *part);

/* May rq->who (or the relation bits `as`) take t on a->m now? Sets a->as when a post permits it. */
enum err flow_may(struct act *a, const struct transition *t, uint64_t as, bool *ret) MUST_CHECK;
/* The first of the user's posts with one of the roles whose range and board cover the matter. */
const struct post *flow_post(const struct principal *who, uint64_t roles, const struct matter *m);
/* Members the administrator made mandatory for a->t; NULL for none. */
const char *flow_extra_needs(const struct act *a);

#endif
