/* The matter engine's records as field tables, and its vocabularies. */
#include "core/matter.h"

static const char *const urgency_word[] = { "U1", "U2", "U3", "U4", "Q", NULL };
const struct vocab urgency_vocab = { "urgency", urgency_word };

static const char *const mstate_word[] = { "none", "reported", "accepted", "dispatched", "handling",
	"checking", "closed", "rated", "archived", "rejected", "merged", "return_review", "paused",
	"hard_case", "split", NULL };
const struct vocab mstate_vocab = { "state", mstate_word };

static const char *const source_word[] = { "resident", "desk", "grid", "hotline", "sensor", "import", "api",
	NULL };
const struct vocab source_vocab = { "source", source_word };

static const char *const join_word[] = { "all", "any", NULL };
const struct vocab join_vocab = { "join", join_word };

static const char *const satisfied_word[] = { "yes", "fairly", "no", NULL };
const struct vocab satisfied_vocab = { "satisfied", satisfied_word };

/* Database columns in this order; version second, as in every table. */
static const struct field matter_field[] = {
	FIELD(matter, id, F_ID, .flags = FIELD_READONLY),
	FIELD(matter, version, F_INT),
	FIELD(matter, kind, F_INT, .flags = FIELD_HIDDEN),
	FIELD(matter, ext_no, F_STR, .max = 64),
	FIELD(matter, title, F_STR, .max = 200, .flags = FIELD_ALWAYS),
	FIELD(matter, text, F_STR, .max = 8000),
	FIELD(matter, address, F_STR, .max = 300),
	FIELD(matter, code_id, F_ID),
	FIELD(matter, track, F_ENUM, .vocab = &track_vocab, .flags = FIELD_ALWAYS),
	FIELD(matter, urgency, F_ENUM, .vocab = &urgency_vocab, .flags = FIELD_ALWAYS),
	FIELD(matter, source, F_ENUM, .vocab = &source_vocab, .flags = FIELD_ALWAYS),
	FIELD(matter, place, F_CODE, .flags = FIELD_ALWAYS),
	FIELD(matter, lon, F_REAL),
	FIELD(matter, lat, F_REAL),
	FIELD(matter, morton, F_INT, .flags = FIELD_HIDDEN),
	FIELD(matter, state, F_ENUM, .vocab = &mstate_vocab, .flags = FIELD_ALWAYS),
	FIELD(matter, open, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, sealed, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, anonymous, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, unit_id, F_ID),
	FIELD(matter, first_unit, F_ID),
	FIELD(matter, handler_id, F_ID),
	FIELD(matter, reporter_id, F_ID, .flags = FIELD_HIDDEN),
	FIELD(matter, reporter, F_SECRET, .flags = FIELD_HIDDEN, .purpose = "telling the reporter the result"),
	FIELD(matter, query_hash, F_INT, .flags = FIELD_HIDDEN),
	FIELD(matter, reported_at, F_TIME, .flags = FIELD_ALWAYS),
	FIELD(matter, accepted_at, F_TIME),
	FIELD(matter, dispatched_at, F_TIME),
	FIELD(matter, finished_at, F_TIME),
	FIELD(matter, closed_at, F_TIME),
	FIELD(matter, clock, F_ENUM, .vocab = &clock_vocab),
	FIELD(matter, due_at, F_TIME),
	FIELD(matter, level, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, wake_at, F_TIME, .flags = FIELD_HIDDEN),
	FIELD(matter, auto_at, F_TIME, .flags = FIELD_HIDDEN),
	FIELD(matter, auto_action, F_INT, .flags = FIELD_HIDDEN),
	FIELD(matter, supporters, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, reopens, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, returns, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, extensions, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, fails, F_INT, .flags = FIELD_ALWAYS),
	FIELD(matter, supervised, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, supervise_due, F_TIME),
	FIELD(matter, parent_id, F_ID),
	FIELD(matter, join_rule, F_ENUM, .vocab = &join_vocab),
	FIELD(matter, merged_into, F_ID),
	FIELD(matter, duty_item_id, F_ID),
	FIELD(matter, proposed_unit, F_ID),
	FIELD(matter, rule_id, F_ID, .flags = FIELD_HIDDEN),
	FIELD(matter, self_closed, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, sampled, F_BOOL, .flags = FIELD_ALWAYS),
	FIELD(matter, resolved, F_BOOL),
	FIELD(matter, satisfied, F_ENUM, .vocab = &satisfied_vocab),
	FIELD(matter, pending, F_JSON, .max = 4000),
	FIELD(matter, answers, F_JSON, .max = 16000),
	FIELD(matter, result, F_STR, .max = 4000),
	FIELD(matter, data, F_JSON, .max = 64000),
};
const struct fields matter_fields = FIELDS(matter, matter_field);

static const struct field act_field[] = {
	FIELD(act_in, version, F_INT, .min = 1, .max = INT64_C(1) << 40),
	FIELD(act_in, text, F_STR, .max = 4000),
	FIELD(act_in, reason, F_STR, .max = 64),
	FIELD(act_in, plan, F_STR, .max = 2000),
	FIELD(act_in, result, F_STR, .max = 4000),
	FIELD(act_in, address, F_STR, .max = 300),
	FIELD(act_in, title, F_STR, .max = 200),
	FIELD(act_in, unit_id, F_ID, .ref = "unit"),
	FIELD(act_in, duty_item_id, F_ID, .ref = "duty_item"),
	FIELD(act_in, proposed_unit_id, F_ID, .ref = "unit"),
	FIELD(act_in, into_id, F_ID, .ref = "matter"),
	FIELD(act_in, event_code, F_ID, .ref = "event_code"),
	FIELD(act_in, place, F_CODE),
	FIELD(act_in, urgency, F_ENUM, .vocab = &urgency_vocab),
	FIELD(act_in, until, F_TIME),
	FIELD(act_in, arrive_by, F_TIME),
	FIELD(act_in, contacted, F_BOOL),
	FIELD(act_in, resolved, F_BOOL),
	FIELD(act_in, satisfied, F_ENUM, .vocab = &satisfied_vocab),
	FIELD(act_in, score, F_INT, .min = 1, .max = 5),
	FIELD(act_in, sample, F_BOOL),
	FIELD(act_in, lon, F_REAL, .min = -180, .max = 180),
	FIELD(act_in, lat, F_REAL, .min = -90, .max = 90),
	FIELD(act_in, coop, F_JSON, .max = 2000),
	FIELD(act_in, departments, F_JSON, .max = 2000),
	FIELD(act_in, files, F_JSON, .max = 2000),
	FIELD(act_in, parts, F_JSON, .max = 16000),
	FIELD(act_in, answers, F_JSON, .max = 16000),
	FIELD(act_in, join, F_ENUM, .vocab = &join_vocab),
};
const struct fields act_fields = FIELDS(act_in, act_field);
