/*
 * The flow of events as a table: who may do what when, what it needs, what it does to the clocks. The
 * numbers follow the domain rules (docs/event.md). Effects are in event_effect.c.
 */
#include "mod/event/event_effect.h"

#define CENTRE_DUTY (ROLE(DUTY_OFFICER) | ROLE(DIRECTOR))
#define BOARD (ROLE(BOARD_LEAD))
#define GRID_ROLES (ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) | ROLE(GRID_WORKER_PT) | ROLE(MICRO_LEADER))
#define VERIFIERS (CENTRE_DUTY | BOARD | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT))
#define REPORTERS (((UINT64_C(1) << ROLE_MAX) - 1) & ~ROLE(AUDITOR))
#define REPORTER (REL_REPORTER | REL_QUERY)
#define ALL_STATES ((1u << MS_MAX) - 1)

#define CLOCKS(...) .clocks = { __VA_ARGS__ }, .nclocks = sizeof((struct clock_do[]){ __VA_ARGS__ }) / \
	sizeof(struct clock_do)
#define START(c) { CLOCK_##c, CLK_START }
#define STOP(c) { CLOCK_##c, CLK_STOP }
#define VOID_(c) { CLOCK_##c, CLK_VOID }

const struct transition event_flow[EVENT_NFLOW] = {
	/* 1 report */
	{ .action = "report", .to = MS_REPORTED, .who = REPORTERS | REL_ANY, CLOCKS(START(ACCEPT)),
		.effect = do_report },
	{ .action = "report_sealed", .to = MS_DISPATCHED, .who = REPORTERS | REL_ANY,
		CLOCKS(START(SIGN), START(HANDLE)), .effect = do_report_sealed },
	{ .action = "part", .to = MS_DISPATCHED, .who = REPORTERS | REL_ANY, CLOCKS(START(SIGN)),
		.effect = do_part },
	/* 2 fixed on the spot */
	{ .action = "self_close", .from = ST(REPORTED), .to = MS_CHECKING, .who = GRID_ROLES | ROLE(COMMUNITY_SECRETARY),
		.needs = "result", CLOCKS(STOP(ACCEPT), START(VERIFY)), .effect = do_self_close },
	{ .action = "auto_close", .from = ST(CHECKING), .to = MS_CLOSED, .who = REL_SYSTEM, CLOCKS(STOP(VERIFY)),
		.effect = do_close, .flags = T_HIDDEN | T_CLOSES },
	{ .action = "object", .from = ST(CHECKING) | ST(CLOSED), .to = MS_REPORTED, .who = REPORTER, .needs = "text",
		CLOCKS(STOP(VERIFY), START(ACCEPT)), .effect = do_object },
	/* 3 accept */
	{ .action = "accept", .from = ST(REPORTED), .to = MS_ACCEPTED, .who = CENTRE_DUTY,
		.allows = "event_code urgency place lon lat address", CLOCKS(STOP(ACCEPT)), .effect = do_accept },
	{ .action = "unaccept", .from = ST(ACCEPTED), .to = MS_REPORTED, .who = CENTRE_DUTY, .effect = do_unaccept },
	/* 4 reject */
	{ .action = "reject", .from = ST(REPORTED), .to = MS_REJECTED, .who = CENTRE_DUTY, .needs = "reason text",
		CLOCKS(STOP(ACCEPT)), .effect = do_reject, .flags = T_DANGER },
	{ .action = "appeal", .from = ST(REJECTED), .to = MS_REPORTED, .who = REPORTER, .needs = "text",
		CLOCKS(START(ACCEPT)), .effect = do_appeal },
	/* 5 merge */
	{ .action = "merge", .from = ST(REPORTED) | ST(ACCEPTED), .to = MS_MERGED, .who = CENTRE_DUTY,
		.needs = "into_id", CLOCKS(VOID_(ACCEPT)), .effect = do_merge },
	{ .action = "unmerge", .from = ST(MERGED), .to = MS_REPORTED, .who = CENTRE_DUTY, CLOCKS(START(ACCEPT)),
		.effect = do_unmerge },
	{ .action = "absorb", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .allows = "urgency until into_id",
		.effect = do_absorb, .flags = T_HIDDEN },
	/* 6 dispatch */
	{ .action = "dispatch", .from = ST(ACCEPTED), .to = MS_DISPATCHED, .who = CENTRE_DUTY | BOARD,
		.allows = "unit_id coop duty_item_id", CLOCKS(START(SIGN), START(HANDLE)), .effect = do_dispatch },
	{ .action = "recall", .from = ST(DISPATCHED), .to = MS_ACCEPTED, .who = CENTRE_DUTY | BOARD,
		CLOCKS(VOID_(SIGN), VOID_(HANDLE)), .effect = do_recall },
	/* 7 sign */
	{ .action = "sign", .from = ST(DISPATCHED), .to = MS_HANDLING, .who = REL_UNIT, CLOCKS(STOP(SIGN)) },
	/* 8–10 return, decided by the board, by the director after two */
	{ .action = "return", .from = ST(DISPATCHED), .to = MS_RETURN_REVIEW, .who = REL_UNIT,
		.needs = "duty_item_id proposed_unit_id", .allows = "reason", .effect = do_return },
	{ .action = "unreturn", .from = ST(RETURN_REVIEW), .to = MS_DISPATCHED, .who = REL_UNIT,
		.effect = do_unreturn },
	{ .action = "return_accept", .from = ST(RETURN_REVIEW), .to = MS_DISPATCHED, .who = BOARD | ROLE(DIRECTOR),
		.allows = "unit_id", CLOCKS(VOID_(HANDLE), START(SIGN), START(HANDLE)), .effect = do_return_accept },
	{ .action = "return_refuse", .from = ST(RETURN_REVIEW), .to = MS_DISPATCHED, .who = BOARD | ROLE(DIRECTOR),
		.needs = "text", CLOCKS(START(SIGN)), .effect = do_return_refuse },
	{ .action = "consult", .from = ST(RETURN_REVIEW), .to = MS_DISPATCHED, .who = ROLE(DIRECTOR),
		.needs = "unit_id text", CLOCKS(VOID_(HANDLE), START(SIGN), START(HANDLE)), .effect = do_consult },
	/* 11–12 pause */
	{ .action = "pause", .from = ST(HANDLING), .to = MS_NONE, .who = REL_UNIT, .needs = "reason until",
		.effect = do_ask_pause },
	{ .action = "pause_grant", .from = ST(HANDLING), .to = MS_PAUSED, .who = BOARD | ROLE(DIRECTOR),
		CLOCKS({ CLOCK_HANDLE, CLK_PAUSE }), .effect = do_pause_grant },
	{ .action = "pause_refuse", .from = ST(HANDLING), .to = MS_NONE, .who = BOARD | ROLE(DIRECTOR), .needs = "text",
		.effect = do_ask_refuse },
	{ .action = "resume", .from = ST(PAUSED), .to = MS_HANDLING, .who = REL_UNIT | BOARD,
		CLOCKS({ CLOCK_HANDLE, CLK_RESUME }), .effect = do_resume },
	{ .action = "auto_resume", .from = ST(PAUSED), .to = MS_HANDLING, .who = REL_SYSTEM,
		CLOCKS({ CLOCK_HANDLE, CLK_RESUME }), .effect = do_resume, .flags = T_HIDDEN },
	/* 13 extension */
	{ .action = "extend", .from = ST(HANDLING), .to = MS_NONE, .who = REL_UNIT, .needs = "until reason plan",
		.effect = do_ask_extend },
	{ .action = "extend_grant", .from = ST(HANDLING), .to = MS_NONE, .who = BOARD | ROLE(DIRECTOR),
		.effect = do_extend_grant },
	{ .action = "extend_refuse", .from = ST(HANDLING), .to = MS_NONE, .who = BOARD | ROLE(DIRECTOR), .needs = "text",
		.effect = do_ask_refuse },
	/* 14–16 finish and check */
	{ .action = "finish", .from = ST(HANDLING), .to = MS_CHECKING, .who = REL_UNIT, .needs = "result",
		.allows = "contacted", CLOCKS(STOP(HANDLE), START(VERIFY)), .effect = do_finish, .flags = T_CONTACT },
	{ .action = "pass", .from = ST(CHECKING), .to = MS_CLOSED, .who = VERIFIERS | NOT_HANDLER, CLOCKS(STOP(VERIFY)),
		.effect = do_close, .flags = T_CLOSES },
	{ .action = "fail", .from = ST(CHECKING), .to = MS_HANDLING, .who = VERIFIERS | NOT_HANDLER, .needs = "text",
		CLOCKS(STOP(VERIFY)), .effect = do_fail },
	/* …of a sealed one, by a colleague at the unit */
	{ .action = "pass", .from = ST(CHECKING), .to = MS_CLOSED, .who = REL_UNIT | NOT_HANDLER, CLOCKS(STOP(VERIFY)),
		.effect = do_close_sealed, .flags = T_CLOSES },
	{ .action = "fail", .from = ST(CHECKING), .to = MS_HANDLING, .who = REL_UNIT | NOT_HANDLER, .needs = "text",
		CLOCKS(STOP(VERIFY)), .effect = do_fail_sealed },
	/* 17–18 hard cases */
	{ .action = "hard_case", .from = ST(HANDLING) | ST(PAUSED), .to = MS_HARD_CASE, .who = ROLE(DIRECTOR),
		.needs = "reason plan until", CLOCKS(VOID_(HANDLE)), .effect = do_hard_case },
	{ .action = "hard_case_resume", .from = ST(HARD_CASE), .to = MS_HANDLING, .who = ROLE(DIRECTOR), .needs = "until",
		CLOCKS(START(HANDLE)), .effect = do_hard_resume },
	{ .action = "hard_case_close", .from = ST(HARD_CASE), .to = MS_CLOSED, .who = ROLE(DIRECTOR) | NOT_HANDLER,
		.needs = "text", .effect = do_close, .flags = T_CLOSES | T_DANGER },
	{ .action = "review_due", .from = ST(HARD_CASE), .to = MS_NONE, .who = REL_SYSTEM, .effect = do_review_due,
		.flags = T_HIDDEN },
	/* 19–20 rating and reopening */
	{ .action = "rate", .from = ST(CLOSED), .to = MS_RATED, .who = REPORTER, .needs = "resolved satisfied",
		.effect = do_rate },
	{ .action = "revisit", .from = ST(CLOSED), .to = MS_RATED, .who = CENTRE_DUTY | ROLE(COMMUNITY_SECRETARY) | NOT_HANDLER,
		.needs = "resolved satisfied", .effect = do_rate },
	{ .action = "reopen", .from = ST(CLOSED) | ST(RATED), .to = MS_DISPATCHED, .who = REPORTER, .needs = "text",
		CLOCKS(START(SIGN), START(HANDLE)), .effect = do_reopen },
	{ .action = "director_reopen", .from = ST(CLOSED) | ST(RATED), .to = MS_DISPATCHED, .who = ROLE(DIRECTOR),
		.needs = "text", CLOCKS(START(SIGN), START(HANDLE)), .effect = do_reopen },
	/* 21 supervision */
	{ .action = "supervise", .from = ST_OPEN, .to = MS_NONE, .who = CENTRE_DUTY | ROLE(DISTRICT_ADMIN),
		.needs = "text until", .effect = do_supervise },
	{ .action = "supervise_reply", .from = ST_OPEN, .to = MS_NONE, .who = REL_UNIT, .needs = "text",
		.effect = do_supervise_reply },
	{ .action = "alarm", .from = ST_OPEN, .to = MS_NONE, .who = REL_SYSTEM, .effect = do_alarm, .flags = T_HIDDEN },
	/* 22 archive */
	{ .action = "archive", .from = ST(CLOSED) | ST(RATED), .to = MS_ARCHIVED, .who = REL_SYSTEM,
		.effect = do_archive, .flags = T_HIDDEN },
	/* transfer, parts, whistle */
	{ .action = "transfer", .from = ST(DISPATCHED) | ST(HANDLING), .to = MS_DISPATCHED, .who = CENTRE_DUTY | BOARD,
		.needs = "unit_id text", CLOCKS(STOP(SIGN), START(SIGN)), .effect = do_transfer },
	{ .action = "transfer", .from = ST(DISPATCHED) | ST(HANDLING), .to = MS_DISPATCHED, .who = REL_UNIT,
		.needs = "unit_id text", CLOCKS(STOP(SIGN), START(SIGN)), .effect = do_transfer_sealed },
	{ .action = "split", .from = ST(ACCEPTED) | ST(HANDLING), .to = MS_SPLIT, .who = CENTRE_DUTY | BOARD | REL_UNIT,
		.needs = "parts join", .effect = do_split },
	{ .action = "join", .from = ST(SPLIT), .to = MS_CHECKING, .who = REL_SYSTEM, CLOCKS(STOP(HANDLE), START(VERIFY)),
		.effect = do_join, .flags = T_HIDDEN },
	{ .action = "whistle", .from = ST_OPEN, .to = MS_NONE,
		.who = CENTRE_DUTY | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_INSTRUCTOR), .needs = "departments",
		.allows = "arrive_by", .effect = do_whistle },
	{ .action = "whistle_arrive", .from = ST_OPEN, .to = MS_NONE, .who = REL_COOP, .effect = do_arrive },
	{ .action = "whistle_rate", .from = ST_OPEN | ST(CLOSED) | ST(RATED), .to = MS_NONE, .who = CENTRE_DUTY,
		.needs = "unit_id score", .effect = do_whistle_rate },
	/* notes */
	{ .action = "support", .from = ST_OPEN, .to = MS_NONE, .who = REL_ANY | REL_QUERY, .effect = do_support },
	{ .action = "comment", .from = ALL_STATES, .to = MS_NONE, .who = REL_ANY, .needs = "text" },
	{ .action = "edit", .from = ST_OPEN, .to = MS_NONE, .who = CENTRE_DUTY | BOARD,
		.allows = "event_code urgency place lon lat address", .effect = do_edit },
};
