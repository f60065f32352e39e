/*
 * Places as ranges, permissions by role, and the one predicate of sight; see scope.h.
 */
#include "core/scope.h"

#include <string.h>

#include "base/field.h"
#include "core/sqlb.h"

static const char *const role_word[] = { "district_admin", "district_dept", "director", "duty_officer", "board_lead",
	"post_clerk", "community_secretary", "grid_leader", "grid_worker_ft", "grid_worker_pt", "grid_instructor",
	"micro_leader", "party_household", "volunteer", "property_company", "owners_committee",
	"enterprise_partner", "gig_worker", "resident", "auditor", "district_viewer", NULL };
const struct vocab role_vocab = { "role", role_word };

static const char *const track_word[] = { "none", "party", "economy", "livelihood", "peace", NULL };
const struct vocab track_vocab = { "track", track_word };

static const char *const level_word[] = { "country", "province", "city", "district", "street", "community", "grid",
	"micro_grid", NULL };
const struct vocab level_vocab = { "level", level_word };

/* ---- places ---- */

/* Size of a subtree by level: what one step of the level's last digit spans. */
static const int64_t span_of[LEVEL_MAX] = {
	[LEVEL_COUNTRY] = INT64_C(100000000000000000),
	[LEVEL_PROVINCE] = INT64_C(1000000000000000),
	[LEVEL_CITY] = INT64_C(10000000000000),
	[LEVEL_DISTRICT] = INT64_C(100000000000),
	[LEVEL_STREET] = INT64_C(100000000),
	[LEVEL_COMMUNITY] = INT64_C(100000),
	[LEVEL_GRID] = INT64_C(100),
	[LEVEL_MICRO] = INT64_C(1),
};

enum level place_level(int64_t code)
{
	int l = LEVEL_COUNTRY;

	while (l < LEVEL_MICRO && code % span_of[l] != 0)
		l++;
	return (enum level)l;
}

int64_t place_end(int64_t code)
{
	return code + span_of[place_level(code)];
}

int64_t place_up(int64_t code, enum level l)
{
	return code - code % span_of[l];
}

bool place_parse(struct str s, int64_t *ret_code)
{
	/* What ends inside a level is a code with digits lost, not the code of a larger place. */
	static const char whole[18] = { [2] = 1, [4] = 1, [6] = 1, [9] = 1, [12] = 1, [15] = 1, [17] = 1 };
	int64_t v = 0;

	if (s.n >= sizeof(whole) || !whole[s.n] || s.p[0] == '0')
		return false;
	for (size_t i = 0; i < 17; i++) {
		char c = i < s.n ? s.p[i] : '0';

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*ret_code = v;
	return true;
}

void place_text(int64_t code, char ret[18])
{
	for (int i = 16; i >= 0; i--) {
		ret[i] = (char)('0' + code % 10);
		code /= 10;
	}
	ret[17] = '\0';
}

/* ---- permissions ---- */

const char *role_name(enum role r)
{
	return (unsigned)r < ROLE_MAX ? role_word[r] : NULL;
}

bool role_parse(struct str s, enum role *ret)
{
	int64_t v = vocab_index(&role_vocab, s);

	if (v == NIL)
		return false;
	*ret = (enum role)v;
	return true;
}

#define DISTRICT (ROLE(DISTRICT_ADMIN) | ROLE(DISTRICT_VIEWER))
#define CENTRE (ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(BOARD_LEAD) | ROLE(POST_CLERK))
#define GRID_STAFF (ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) | ROLE(GRID_WORKER_PT) | ROLE(GRID_INSTRUCTOR) | \
	ROLE(MICRO_LEADER))
#define STAFF (DISTRICT | CENTRE | GRID_STAFF | ROLE(DISTRICT_DEPT) | ROLE(COMMUNITY_SECRETARY))
#define OUTSIDE (ROLE(PARTY_HOUSEHOLD) | ROLE(VOLUNTEER) | ROLE(PROPERTY_COMPANY) | ROLE(OWNERS_COMMITTEE) | \
	ROLE(ENTERPRISE_PARTNER) | ROLE(GIG_WORKER) | ROLE(RESIDENT))
/* Who enters and verifies base data. */
#define KEEPERS (ROLE(DISTRICT_ADMIN) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT))
#define EVERYBODY ((UINT64_C(1) << ROLE_MAX) - 1)

static const struct grant {
	const char *perm;
	uint64_t roles;
} grants[] = {
	{ "matter.read", EVERYBODY },
	{ "event.read", EVERYBODY },
	{ "event.create", EVERYBODY & ~ROLE(AUDITOR) & ~ROLE(DISTRICT_VIEWER) },
	{ "event.import", ROLE(DISTRICT_ADMIN) | ROLE(DUTY_OFFICER) },
	{ "event.export", DISTRICT | CENTRE | ROLE(COMMUNITY_SECRETARY) | ROLE(DISTRICT_DEPT) | ROLE(AUDITOR) },
	{ "event.unmask", CENTRE | ROLE(DISTRICT_DEPT) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) |
		ROLE(GRID_WORKER_FT) },
	{ "task.read", STAFF | ROLE(AUDITOR) },
	{ "task.create", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(BOARD_LEAD) |
		ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) },
	{ "place.read", STAFF | ROLE(AUDITOR) },
	{ "place.write", ROLE(DISTRICT_ADMIN) },
	{ "party.read", STAFF | ROLE(AUDITOR) },
	{ "party.write", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) },
	{ "user.read", DISTRICT | ROLE(DIRECTOR) | ROLE(AUDITOR) },
	{ "user.write", ROLE(DISTRICT_ADMIN) },
	{ "post.read", DISTRICT | CENTRE | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR) },
	{ "post.write", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) },
	{ "unit.read", STAFF | ROLE(AUDITOR) },
	{ "unit.write", ROLE(DISTRICT_ADMIN) },
	{ "codes.read", EVERYBODY },
	{ "admin.codes", ROLE(DISTRICT_ADMIN) },
	{ "duty.read", STAFF | ROLE(AUDITOR) },
	{ "duty.write", ROLE(DISTRICT_ADMIN) },
	{ "calendar.read", EVERYBODY },
	{ "admin.calendar", ROLE(DISTRICT_ADMIN) },
	{ "audit.read", ROLE(AUDITOR) },
	{ "retention.read", ROLE(DISTRICT_ADMIN) | ROLE(AUDITOR) },
	{ "admin.retention", ROLE(DISTRICT_ADMIN) },
	{ "registry.read", STAFF | ROLE(AUDITOR) },
	{ "registry.write", KEEPERS },
	{ "person.read", DISTRICT | CENTRE | GRID_STAFF | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR) },
	{ "person.full", ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) |
		ROLE(GRID_WORKER_FT) | ROLE(MICRO_LEADER) },
	{ "person.write", KEEPERS },
	{ "person.export", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR) },
	{ "person.unmask", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(COMMUNITY_SECRETARY) |
		ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) },
	{ "care.read", DISTRICT | ROLE(DIRECTOR) | ROLE(DUTY_OFFICER) | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) |
		ROLE(GRID_WORKER_FT) | ROLE(GRID_INSTRUCTOR) | ROLE(AUDITOR) },
	{ "care.full", ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(AUDITOR) },
	{ "care.write", ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(GRID_WORKER_FT) },
	{ "care.export", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR) },
	{ "person.merge", KEEPERS },
	{ "change.read", EVERYBODY },
	{ "change.create", STAFF & ~ROLE(DISTRICT_VIEWER) },
	{ "round.read", STAFF | ROLE(AUDITOR) },
	{ "round.write", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) },
	{ "planner.read", DISTRICT | CENTRE | ROLE(COMMUNITY_SECRETARY) | ROLE(GRID_LEADER) | ROLE(AUDITOR) },
	{ "planner.plan", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) },
	{ "planner.approve", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) },
	{ "self.read", EVERYBODY },
	{ "data.read", ROLE(DISTRICT_ADMIN) | ROLE(DIRECTOR) | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR) | ROLE(RESIDENT) },
	{ "kpi.read", STAFF | ROLE(AUDITOR) },
	{ "map.read", STAFF | ROLE(AUDITOR) },
	{ "file.write", EVERYBODY & ~ROLE(AUDITOR) & ~ROLE(DISTRICT_VIEWER) },
	{ "stream.read", EVERYBODY },
};

uint64_t perm_roles(const char *perm)
{
	for (size_t i = 0; i < ARRAY_LEN(grants); i++) {
		if (strcmp(grants[i].perm, perm) == 0)
			return grants[i].roles;
	}
	return 0;
}

bool may(const struct principal *who, const char *perm)
{
	return who != NULL && (who->roles & perm_roles(perm)) != 0;
}

void perms_each(const struct principal *who, void (*fn)(const char *perm, void *arg), void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(grants); i++) {
		if (who->roles & grants[i].roles)
			fn(grants[i].perm, arg);
	}
}

bool may_at(const struct principal *who, const char *perm, int64_t place)
{
	uint64_t roles = perm_roles(perm);

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (((roles >> p->role) & 1) && place >= p->lo && place < p->hi)
			return true;
	}
	return false;
}

int64_t scope_whole(const struct principal *who, const char *perm)
{
	uint64_t roles = perm_roles(perm);
	const struct post *widest = NULL;

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (((roles >> p->role) & 1) && (widest == NULL || p->hi - p->lo > widest->hi - widest->lo))
			widest = p;
	}
	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (((roles >> p->role) & 1) && (p->lo < widest->lo || p->hi > widest->hi))
			return NIL;
	}
	return widest == NULL || place_end(widest->lo) != widest->hi ? NIL : widest->lo;
}

/* ---- ranges ---- */

struct range {
	int64_t lo, hi;
	enum track board;
};

/* The posts' ranges without those that another one contains. */
static size_t ranges(const struct principal *who, uint64_t roles, bool boards, struct range out[POSTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];
		struct range r = { p->lo, p->hi, boards ? p->board : TRACK_NONE };
		size_t keep = 0;
		bool covered = false;

		if (!((roles >> p->role) & 1))
			continue;
		for (size_t k = 0; k < n; k++)
			covered = covered || (out[k].lo <= r.lo && out[k].hi >= r.hi &&
					      (out[k].board == TRACK_NONE || out[k].board == r.board));
		if (covered)
			continue;
		for (size_t k = 0; k < n; k++) {
			bool inside = r.lo <= out[k].lo && r.hi >= out[k].hi &&
				      (r.board == TRACK_NONE || r.board == out[k].board);

			if (!inside)
				out[keep++] = out[k];
		}
		n = keep;
		out[n++] = r;
	}
	return n;
}

static void add_cond(struct sqlb *b, const char *column, const char *op, int64_t v)
{
	sqlb_add(b, column);
	sqlb_add(b, op);
	sqlb_arg(b, I(v));
}

void scope_place(struct sqlb *b, const struct principal *who, const char *perm, const char *col)
{
	struct range r[POSTS_MAX];
	size_t n = ranges(who, perm_roles(perm), false, r);

	sqlb_add(b, " AND (");
	for (size_t i = 0; i < n; i++) {
		sqlb_add(b, i > 0 ? " OR (" : "(");
		add_cond(b, col, " >= ", r[i].lo);
		sqlb_add(b, " AND ");
		add_cond(b, col, " < ", r[i].hi);
		sqlb_add(b, ")");
		if (place_level(r[i].lo) <= LEVEL_DISTRICT) {
			sqlb_add(b, " OR ");
			sqlb_add(b, col);
			sqlb_add(b, " IS NULL");
		}
	}
	sqlb_add(b, n == 0 ? "1 = 0)" : ")");
}

bool scope_sees(const struct principal *who, const char *perm, int64_t code)
{
	uint64_t roles = perm_roles(perm);

	if (code != NIL)
		return may_at(who, perm, code);
	for (size_t i = 0; i < who->nposts; i++) {
		if (((roles >> who->post[i].role) & 1) && place_level(who->post[i].lo) <= LEVEL_DISTRICT)
			return true;
	}
	return false;
}

/* Roles that see every matter of their area (with a board, of their board there). */
#define AREA_ROLES (DISTRICT | CENTRE | GRID_STAFF | ROLE(COMMUNITY_SECRETARY) | ROLE(AUDITOR))

static size_t own_units(const struct principal *who, int64_t out[POSTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < who->nposts; i++) {
		bool seen = who->post[i].unit_id == NIL;

		for (size_t k = 0; k < n; k++)
			seen = seen || out[k] == who->post[i].unit_id;
		if (!seen)
			out[n++] = who->post[i].unit_id;
	}
	return n;
}

/* The units' values are bound once, from parameter `*first` on, and named again afterwards. */
static void unit_list(struct sqlb *b, const int64_t *unit, size_t n, size_t *first)
{
	bool bound = *first != 0;

	if (!bound)
		*first = b->n + 1;
	sqlb_add(b, " IN (");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sqlb_add(b, ", ");
		if (bound)
			buf_fmt(&b->text, "$%zu", *first + i);
		else
			sqlb_arg(b, I(unit[i]));
	}
	sqlb_add(b, ")");
}

static bool sees_all_units(const struct range *r, size_t n)
{
	return n == 1 && r[0].board == TRACK_NONE && place_level(r[0].lo) <= LEVEL_DISTRICT;
}

/* Sealed ones: the reporter, named persons, and an auditor inside the audited area. */
static void seal_cond(struct sqlb *b, const struct principal *who)
{
	struct range r[POSTS_MAX];
	int64_t unit[POSTS_MAX];
	size_t n = ranges(who, ROLE(AUDITOR), false, r);

	if (who->roles == ROLE(AUDITOR) && own_units(who, unit) == 0)
		return; /* sees nothing outside that area */
	sqlb_cond(b, " AND (m.sealed = 0 OR m.reporter_id = ?", I(who->user_id));
	for (size_t i = 0; i < n; i++) {
		add_cond(b, " OR (m.place + 0", " >= ", r[i].lo);
		add_cond(b, " AND m.place + 0", " < ", r[i].hi);
		sqlb_add(b, ")");
	}
	sqlb_cond(b, " OR EXISTS (SELECT 1 FROM matter_party y WHERE y.matter_id = m.id AND y.user_id = ?))", I(who->user_id));
}

static bool audits(const struct principal *who, int64_t place)
{
	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];

		if (p->role == ROLE_AUDITOR && place >= p->lo && place < p->hi)
			return true;
	}
	return false;
}

/* `walk`: "+ 0" keeps the planner from the place index, so that the order's index is walked. */
static void matter_cond(struct sqlb *b, const struct principal *who, bool walk)
{
	struct range r[POSTS_MAX];
	int64_t unit[POSTS_MAX];
	size_t n = ranges(who, AREA_ROLES, true, r), nu = own_units(who, unit), first = 0;

	sqlb_add(b, " AND (");
	for (size_t i = 0; i < n; i++) {
		sqlb_add(b, i > 0 ? " OR (" : "(");
		add_cond(b, walk ? "m.place + 0" : "m.place", " >= ", r[i].lo);
		add_cond(b, walk ? " AND m.place + 0" : " AND m.place", " < ", r[i].hi);
		if (r[i].board != TRACK_NONE)
			add_cond(b, " AND m.track", " = ", r[i].board);
		sqlb_add(b, ")");
	}
	if (!sees_all_units(r, n)) {
		sqlb_cond(b, n > 0 ? " OR m.reporter_id = ?" : "m.reporter_id = ?", I(who->user_id));
		if (nu > 0) {
			sqlb_add(b, " OR m.unit_id");
			unit_list(b, unit, nu, &first);
			sqlb_add(b, " OR m.first_unit");
			unit_list(b, unit, nu, &first);
			sqlb_add(b, " OR m.id IN (SELECT matter_id FROM matter_unit WHERE unit_id");
			unit_list(b, unit, nu, &first);
			sqlb_add(b, ")");
		}
	}
	sqlb_add(b, ")");
	seal_cond(b, who);
}

void scope_matter(struct sqlb *b, const struct principal *who)
{
	matter_cond(b, who, false);
}

void scope_matter_list(struct sqlb *b, const struct principal *who)
{
	matter_cond(b, who, true);
}

bool scope_sees_matter(const struct principal *who, const struct matter_view *m, bool takes_part)
{
	struct range r[POSTS_MAX];
	int64_t unit[POSTS_MAX];
	size_t n, nu;

	if (m->reporter_id != NIL && m->reporter_id == who->user_id)
		return true;
	if (m->sealed && !audits(who, m->place))
		return false;
	if (takes_part)
		return true;
	n = ranges(who, AREA_ROLES, true, r);
	for (size_t i = 0; i < n; i++) {
		if (m->place >= r[i].lo && m->place < r[i].hi &&
		    (r[i].board == TRACK_NONE || r[i].board == m->track))
			return true;
	}
	nu = own_units(who, unit);
	for (size_t i = 0; i < nu; i++) {
		if (unit[i] == m->unit_id || unit[i] == m->first_unit)
			return true;
	}
	return false;
}
