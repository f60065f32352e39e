/*
 * Private to the module: plans as rows, the sheet they are worked on, and how they come into force.
 *
 * A plan is about the grids of a community, or the micro-grids of a grid: its units. A cell is a
 * building. A part is a future unit; one that keeps exactly the cells of a unit of today leaves
 * that unit as it is.
 */
#ifndef GEZHI_MOD_PLANNER_PLANNER_PLAN_H
#define GEZHI_MOD_PLANNER_PLANNER_PLAN_H

#include "core/app.h"
#include "core/entity.h"
#include "mod/planner/planner.h"

/* Stored as numbers: append only. */
enum plan_state { GP_DRAFT, GP_SUBMITTED, GP_APPROVED, GP_REJECTED, GP_APPLIED, GP_UNDONE };

struct grid_plan {
	int64_t id, version;
	int64_t place, level, kind, state;
	struct str reason;
	int64_t effective, norm_target, norm_low, norm_high, proposed_by, submitted_at,
		submitted_by, decided_at, decided_by;
	struct str decision;
	int64_t applied_at, applied_by, undone_at, undone_by;
	struct str problem, was, becomes,
		carried; /* was, becomes: figures as JSON; carried: numbers by object */
};
extern const struct entity grid_plan_entity, grid_barrier_entity;

enum { SHEET_CELLS_MAX = 5000, SHEET_UNITS_MAX = 999, SHEET_WHICH_MAX = 20,
	SHEET_BARRIERS_MAX = 500, CHOICES_MAX = 2000, MOVES_MAX = 50000 };

struct sheet_unit {
	int64_t code, households, leader_id;
	struct str name;
	double lon, lat;
	bool changed;
	int32_t heir; /* the part that continues it, or else has most of its households;
			 PLAN_NO_GRID: no cells */
};

/* A micro-grid in force below a grid that is planned. */
struct sheet_micro {
	int64_t code, households, leader_id;
	struct str name;
	double lon, lat;
	int32_t unit;
};

struct sheet_cell {
	int64_t building, at, became, households;
	int32_t unit, part; /* unit: PLAN_NO_GRID when it lies in none */
	double lon, lat;
};

struct sheet_part {
	int32_t origin; /* unit that it continues, or PLAN_NO_GRID */
	int64_t code;   /* once in force */
	struct str name;
	int64_t households, cells;
	uint8_t pieces; /* 2: two or more */
	bool changed;
};

/* A barrier by name, with its GeoJSON. */
struct sheet_barrier {
	struct str name, line;
	const char *kind;
};

struct sheet {
	struct arena *a;
	int64_t place;
	enum level level;
	struct norm norm;
	struct sheet_unit *unit;
	size_t nunit;
	struct sheet_micro *micro; /* ascending by code */
	size_t nmicro;
	struct sheet_cell *cell; /* ascending by building */
	size_t ncell;
	struct sheet_part *part;
	size_t npart;
	struct plan_figures before, after;
	struct sheet_barrier *barrier; /* those among the cells */
	size_t nbarrier;
	struct plan_barrier *wall; /* their stretches */
	size_t nwall;
};

/* ---- the sheet: planner_sheet.c ---- */

/* Today's units, micro-grids and cells with their households, no parts. */
enum err sheet_today(struct req *rq, int64_t place, struct sheet *ret) MUST_CHECK;
/* The cells and parts of a stored plan. */
enum err sheet_of_plan(struct req *rq, const struct grid_plan *p, struct sheet *ret) MUST_CHECK;
/* The barriers between its cells, anew. */
enum err sheet_barriers(struct req *rq, struct sheet *s) MUST_CHECK;
/* Parts as the planner proposes them. `which`: the units to split or merge, none: all. */
enum err sheet_propose(struct req *rq, struct sheet *s, enum plan_kind kind, const int64_t *which,
	size_t nwhich) MUST_CHECK;
/* Sums, what is changed, pieces and figures, anew from the cells' parts. */
enum err sheet_measure(struct sheet *s) MUST_CHECK;
/* ERR_CONFLICT when buildings or units are no longer those of the plan. */
enum err sheet_fresh(struct req *rq, const struct sheet *s) MUST_CHECK;
/* Index of the unit with this code, or around it; PLAN_NO_GRID. */
int32_t sheet_unit_at(const struct sheet *s, int64_t code);
bool sheet_changes(const struct sheet *s);
void figures_write(const struct plan_figures *f, struct jw *out);

/* ---- who goes where: planner_carry.c ---- */

/* A main row says where what has no point of its own goes; the others are buildings. */
struct carry_row {
	int64_t from, to, households;
	double lon, lat;
	bool main;
};
struct carry_map {
	enum level level;
	struct carry_row *v;
	size_t n, cap;
};
/* The new place of what lies at `at`; NIL: it stays. */
int64_t carry_to(const struct carry_map *m, int64_t at, double lon, double lat);

/* What the administrator gave to another part than it would go to by itself. */
struct plan_choice {
	bool matter; /* else a post */
	int64_t id;
	int64_t part;
	int64_t user, place; /* of a post: whose, and where it lies */
};

struct plan_move {
	const char *object;
	int64_t object_id, from_place, to_place, from_unit, to_unit;
};

/* One plan coming into force, or being undone. */
struct handover {
	struct req *rq;
	struct grid_plan *plan;
	struct sheet *s;
	struct carry_map map;
	struct plan_choice *choice; /* by matter and id */
	size_t nchoice;
	int64_t *unit_old,
		*unit_new; /* by unit of the sheet, by part: who works there; NIL: nobody */
	int64_t n;         /* moves so far */
	int64_t today;
	bool back; /* it is undone: nothing is written down */
};
/* Where it goes: as chosen for its part, else by the map. NIL: it stays. */
int64_t carry_target(const struct handover *h, bool matter, int64_t id, int64_t at, double lon,
	double lat);
/* The part that the post of the user who leads [at, end) was given to; PLAN_NO_GRID: to none. */
int32_t leader_chosen(const struct handover *h, int64_t leader, int64_t at);
/* Room for the offices, none known yet. */
enum err handover_offices(struct handover *h) MUST_CHECK;
enum err carry_add(struct handover *h, const struct carry_row *r) MUST_CHECK;
enum err move_note(struct handover *h, const struct plan_move *m) MUST_CHECK;
/* Everything that lies in [lo, hi) goes where the map says: rows of the entities that go along,
 * then open matters. */
enum err carry_rows(struct handover *h, int64_t lo, int64_t hi) MUST_CHECK;
enum err carry_matters(struct handover *h, int64_t lo, int64_t hi) MUST_CHECK;
/* The units (offices) of grids: each goes with the part that continues its grid, a new part gets a
 * new one. */
enum err carry_offices(struct handover *h) MUST_CHECK;
/* An office to a place, working or not. */
enum err carry_office(struct handover *h, int64_t id, int64_t place, bool active) MUST_CHECK;
/* Open matters that an ended office leads or helps with are its successor's. */
enum err hand_work_over(struct handover *h, int64_t office, int64_t heir) MUST_CHECK;
/* A row of an entity to another place and unit (NIL: as it is); the row must lie at `from`, unless
 * NIL. */
enum err carry_row(struct handover *h, const struct entity *e, int64_t id, int64_t from,
	int64_t place, int64_t unit) MUST_CHECK;

/* ---- coming into force: planner_apply.c, planner_undo.c ---- */

/* Both store the plan, whoever asks: the rights were looked at before. */
enum err plan_apply(struct req *rq, const struct grid_plan *old) MUST_CHECK;
enum err plan_undo(struct req *rq, const struct grid_plan *old, struct str reason) MUST_CHECK;
/* Where everything would go were it put in force now, without doing it: codes and map of `ret`. */
enum err plan_forecast(struct req *rq, const struct grid_plan *p, struct handover *ret) MUST_CHECK;
/* A place row changed under its own rules: in force again (NIL) or ended. */
enum err plan_place_ends(
	struct req *rq, int64_t code, int64_t valid_to, int64_t *ret_id) MUST_CHECK;
/* What came to the ended places of a plan in force since: to the new ones. */
enum err plan_follow(struct req *rq, struct grid_plan *p) MUST_CHECK;
/* The periodic job: what is approved and due, and what came late. */
enum err plan_due(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

/* ---- outlines: planner_outline.c ---- */

/* Of each part (and, with `micro`, of each new micro-grid by the cells' `became`): from the cells'
 * surroundings inside the outlines of the units that change. NULL where there is none. */
struct outline {
	int64_t key; /* part, or code */
	struct geo_shape *shape;
};
struct outlines {
	struct geo *g;
	struct outline *v;
	size_t n;
};
/* `by_code`: one for each place that cells became, of both levels; otherwise one for each changed
 * part. */
enum err outlines_make(
	struct req *rq, const struct sheet *s, bool by_code, struct outlines *ret) MUST_CHECK;
void outlines_free(struct outlines *o);
struct geo_shape *outline_of(const struct outlines *o, int64_t key);

/* ---- handlers ---- */

/* The plan that the path names, in sight. */
enum err plan_load(struct req *rq, struct grid_plan *ret) MUST_CHECK;
enum err plan_create(struct req *rq, struct jw *out);
enum err plan_sheet(struct req *rq, struct jw *out);
enum err plan_cells(struct req *rq, struct jw *out);
enum err plan_outlines(struct req *rq, struct jw *out);
enum err plan_carried(struct req *rq, struct jw *out);
enum err plan_step(struct req *rq, struct jw *out);
enum err plan_assignments(struct req *rq, struct jw *out);
enum err plan_assign(struct req *rq, struct jw *out);
enum err barrier_features(struct req *rq, struct jw *out);
/* A draft that the asker may change, as it was read by whoever changes it. */
enum err plan_draft(struct req *rq, int64_t version, struct grid_plan *ret) MUST_CHECK;
enum err plan_reply(struct req *rq, const struct grid_plan *p, struct jw *out) MUST_CHECK;
enum err plan_sheet_write(struct req *rq, const struct grid_plan *p, const struct sheet *s,
	struct jw *out) MUST_CHECK;
enum err plan_figures_set(struct req *rq, const struct sheet *s, struct grid_plan *p) MUST_CHECK;
extern const struct fields plan_create_fields, plan_cells_fields, plan_step_fields,
	plan_assign_fields, barrier_features_fields;
extern const struct shape plan_assignments_shape, barrier_features_shape;
extern const struct shape plan_sheet_shape, plan_outlines_shape, plan_carried_shape,
	plan_figures_shape;

#endif
