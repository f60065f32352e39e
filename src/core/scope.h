/*
 * Who may see and do what.
 *
 * A user holds posts. A post is a role at a place, perhaps for one board (track) or one unit. Places
 * carry a 17-digit position code, so a subtree is one numeric range. The predicate made here is the only
 * one: lists, counts, maps, exports and streams all use it, and nobody writes it by hand.
 */
#ifndef GEZHI_CORE_SCOPE_H
#define GEZHI_CORE_SCOPE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct dbc;
struct sqlb;

enum role {
	ROLE_DISTRICT_ADMIN,
	ROLE_DISTRICT_DEPT,
	ROLE_DIRECTOR,
	ROLE_DUTY_OFFICER,
	ROLE_BOARD_LEAD,
	ROLE_POST_CLERK,
	ROLE_COMMUNITY_SECRETARY,
	ROLE_GRID_LEADER,
	ROLE_GRID_WORKER_FT,
	ROLE_GRID_WORKER_PT,
	ROLE_GRID_INSTRUCTOR,
	ROLE_MICRO_LEADER,
	ROLE_PARTY_HOUSEHOLD,
	ROLE_VOLUNTEER,
	ROLE_PROPERTY_COMPANY,
	ROLE_OWNERS_COMMITTEE,
	ROLE_ENTERPRISE_PARTNER,
	ROLE_GIG_WORKER,
	ROLE_RESIDENT,
	ROLE_AUDITOR,
	ROLE_DISTRICT_VIEWER, /* sees what the district sees, configures nothing */
	ROLE_MAX
};

#define ROLE(r) (UINT64_C(1) << ROLE_##r)

enum track { TRACK_NONE, TRACK_PARTY, TRACK_ECONOMY, TRACK_LIVELIHOOD, TRACK_PEACE, TRACK_MAX };

enum level { LEVEL_COUNTRY, LEVEL_PROVINCE, LEVEL_CITY, LEVEL_DISTRICT, LEVEL_STREET, LEVEL_COMMUNITY,
	     LEVEL_GRID, LEVEL_MICRO, LEVEL_MAX };

struct post {
	int64_t id;
	enum role role;
	int64_t lo, hi; /* place range [lo, hi) */
	int64_t unit_id; /* NIL: none */
	enum track board; /* TRACK_NONE: every board */
	bool standin;	  /* held in the absence of the A person */
};

enum { POSTS_MAX = 32 };

/* Immutable; shared between requests, released by count. */
struct principal {
	int64_t user_id;
	struct str login, name;
	int64_t session_id;
	int64_t expires_at;
	unsigned char csrf[32]; /* hash of the token that unsafe cookie requests must carry */
	size_t nposts;
	struct post post[POSTS_MAX];
	uint64_t roles; /* union of the posts' roles */
};

/* Level of a position code by its trailing zeros, and the end of its subtree. */
enum level place_level(int64_t code);
int64_t place_end(int64_t code);	     /* first code after the subtree */
int64_t place_up(int64_t code, enum level l); /* the ancestor at level l (or code itself when higher) */
/* 17-digit text, or digits of a shorter official code padded with zeros; false when not a code. */
bool place_parse(struct str s, int64_t *ret_code);
void place_text(int64_t code, char ret[18]);

const char *role_name(enum role r);
bool role_parse(struct str s, enum role *ret);
extern const struct vocab role_vocab, track_vocab, level_vocab;

/* Does any post grant the permission word, e.g. "event.read", "admin.codes"? */
bool may(const struct principal *who, const char *perm);
/* Roles holding it; 0 for an unknown word. */
uint64_t perm_roles(const char *perm);
/* Calls fn for each permission word that `who` has. */
void perms_each(const struct principal *who, void (*fn)(const char *perm, void *arg), void *arg);
/* …at this very place (post's range covers it). */
bool may_at(const struct principal *who, const char *perm, int64_t place);

/* The one place that holds all that `who` may see under `perm`; NIL: there are several, or none. */
int64_t scope_whole(const struct principal *who, const char *perm);

/*
 * Appends " AND (…)" restricting rows to what `who` may see under `perm`. `col` is the SQL column with
 * the place code, e.g. "t.place". Rows with a NULL code are visible at district level only.
 */
void scope_place(struct sqlb *b, const struct principal *who, const char *perm, const char *col);
/* The same decision for one code, in memory. */
bool scope_sees(const struct principal *who, const char *perm, int64_t code);

/* What of a matter the predicate looks at. */
struct matter_view {
	int64_t id, place, unit_id, reporter_id, handler_id, first_unit;
	enum track track;
	bool sealed;
};
/* Matters: place range (with board), own unit, taking part (matter_unit), own report; sealed ones only
 * for the reporter, named handlers and the auditor. Table alias `m`. */
void scope_matter(struct sqlb *b, const struct principal *who);
/* The same for lists ordered by id: written so that the planner walks the ids. */
void scope_matter_list(struct sqlb *b, const struct principal *who);
/* In-memory twin, without the matter_unit part; `takes_part` says whether one of the user's units does. */
bool scope_sees_matter(const struct principal *who, const struct matter_view *m, bool takes_part);

#endif
