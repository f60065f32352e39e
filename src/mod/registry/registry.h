/*
 * The registry (人房地事物 and organisations): people, households, buildings and their rooms, venues,
 * things and organisations, and how they belong together; consents, visit plans and visits. Collected
 * once, checked, with a source and a date for every value, under the area of whoever asks.
 *
 * There is no field for belief, ethnicity or opinion, and a test that says so.
 */
#ifndef GEZHI_MOD_REGISTRY_REGISTRY_H
#define GEZHI_MOD_REGISTRY_REGISTRY_H

#include "core/app.h"
#include "core/entity.h"
#include "core/matter.h"

/* ---- numbers that carry their own check; no SQL, no clock ---- */

enum { ID18_LEN = 18, USCC_LEN = 18, BUILDING_CODE = 20, BUILDING_SERIAL = 5, ROOM_CODE_MAX = 40 };

/* Stored as numbers: append only. Sex in the order of GB/T 2261.1 (0, 1, 2, 9). */
enum sex { SEX_UNKNOWN, SEX_MALE, SEX_FEMALE, SEX_UNSTATED };
enum id_fault { ID_GOOD, ID_FORM, ID_DATE, ID_CHECK };

/* Identity number, GB 11643: 17 digits and a check digit (ISO 7064 mod 11-2; x counts as X), a real date of
 * birth not after `today`. The outputs are set when it is good. */
enum id_fault id18_check(struct str s, int64_t today, int64_t *ret_birth, enum sex *ret_sex);
/* The check digit of 17 digits. */
char id18_digit(const char *seventeen);
/* Unified social credit code, GB 32100: 18 characters without I, O, S, V, Z, weights 3^i mod 31. */
enum id_fault uscc_check(struct str s);
char uscc_digit(const char *seventeen);
/*
 * Telephone: a mobile number (11 digits), or a fixed line with its area code, perhaps with an extension. Blanks,
 * hyphens, brackets and +86 do not count; what remains goes to `ret` (17 bytes): "13800001111", "02368881234".
 */
bool phone_plain(struct str s, char ret[18]);
/* A building's code: the 15 digits of its grid and five of its own. */
bool building_code_ok(struct str s);
/* Parts of a room's code, "building-unit-room"; false when it is none. */
bool room_code_parse(struct str code, struct str *ret_building, struct str *ret_unit, struct str *ret_room);
/* Whole years on a day; 29 February counts on 1 March. */
int64_t age_on(int64_t birth, int64_t day);
/* False where the day of birth is not known. */
bool younger_than(int years, int64_t birth, int64_t day);
enum { CHILD = 14, ADULT = 18 }; /* consents through a guardian; may be one */

/* ---- rows ---- */

enum data_source { DATA_SENSOR, DATA_STAFF, DATA_SELF, DATA_IMPORT };
enum residence { RESIDENCE_RESIDENT, RESIDENCE_FLOATING, RESIDENCE_ELSEWHERE };
enum relation { RELATION_HEAD, RELATION_SPOUSE, RELATION_CHILD, RELATION_CHILD_IN_LAW, RELATION_GRANDCHILD,
		RELATION_PARENT, RELATION_GRANDPARENT, RELATION_SIBLING, RELATION_OTHER };
enum ended { ENDED_MOVED, ENDED_DIED, ENDED_MERGED, ENDED_CONSENT, ENDED_NEEDLESS, ENDED_OTHER };
enum building_kind { BUILDING_HOMES, BUILDING_MIXED, BUILDING_SHOPS, BUILDING_OFFICES, BUILDING_PUBLIC,
		     BUILDING_INDUSTRY, BUILDING_FARMHOUSE, BUILDING_OTHER };
enum { VENUE_OTHER = 13, RISK_NORMAL = 1 }; /* of a venue: what is assumed when nothing is said */
enum room_use { ROOM_SELF, ROOM_RENT, ROOM_EMPTY, ROOM_SHOP, ROOM_OFFICE };
enum object { OBJECT_PERSON, OBJECT_HOUSEHOLD, OBJECT_BUILDING, OBJECT_ROOM, OBJECT_VENUE, OBJECT_THING,
	      OBJECT_ORGANISATION, OBJECT_MAX };
enum link_role { LINK_OWNER, LINK_TENANT, LINK_LIVES_IN, LINK_WORKS_AT, LINK_GUARDIAN, LINK_MEMBER_OF, LINK_MAX };
enum care_type { CARE_LONE_ELDER, CARE_DISABILITY, CARE_HARDSHIP, CARE_LEFT_CHILD, CARE_HAZARD_VENUE,
		 CARE_HAZARD_STRUCTURE };
enum care_mode { CARE_VISIT, CARE_PHONE_ALLOWED };
/* Refuted: whom it was about said that nobody came, and whoever checked it agreed. */
enum care_outcome { CARE_MET, CARE_NOT_HOME, CARE_PHONE, CARE_REFUTED };
/* By whom it was confirmed that a visit took place; nobody said anything; that nobody came; that it was looked into. */
enum confirmed { CONFIRM_SELF, CONFIRM_GUARDIAN, CONFIRM_SPOT, CONFIRM_NONE, CONFIRM_OBJECTED, CONFIRM_CHECKED,
		 CONFIRM_MAX };
extern const struct vocab object_vocab, care_type_vocab, care_mode_vocab, care_outcome_vocab, ended_vocab, confirmed_vocab,
	data_source_vocab, relation_vocab, link_role_vocab;

struct building {
	int64_t id, version;
	struct str code, name, address;
	int64_t kind, floors, units, year_built, structure, has_lift, risk;
	double lon, lat;
	int64_t place;
	struct str shape;
	int64_t active, source, verified_at, verified_by;
};

struct room {
	int64_t id, version;
	struct str code;
	int64_t building_id;
	struct str unit_no;
	int64_t floor;
	struct str room_no;
	int64_t use;
	double area;
	int64_t place, active, source, verified_at, verified_by;
};

struct household {
	int64_t id, version;
	struct str code;
	int64_t room_id, head_id, size, self_confirmed_at, place, active, source, verified_at, verified_by;
};

struct person {
	int64_t id, version;
	struct str name;
	int64_t sex, birth;
	struct str id_no, phone;
	int64_t residence_kind, household_id, relation, place, active, ended_at, ended_reason, source, verified_at,
		verified_by;
};

struct venue {
	int64_t id, version;
	struct str code, name;
	int64_t kind, org_id;
	struct str contact, phone;
	int64_t risk_level, last_check;
	struct str address;
	double lon, lat;
	int64_t place, active, source, verified_at, verified_by;
};

struct thing_class {
	int64_t id, version;
	struct str code, name, category, dept;
	int64_t active;
};

struct thing {
	int64_t id, version;
	struct str code, class_code, name;
	int64_t owner_unit, state;
	struct str address;
	double lon, lat;
	int64_t place, active, source, verified_at, verified_by;
};

struct organisation {
	int64_t id, version;
	struct str uscc, name;
	int64_t kind;
	struct str industry, address, phone;
	double lon, lat;
	int64_t place, active, source, verified_at, verified_by;
};

struct link {
	int64_t id, version;
	int64_t role, from_kind, from_id, to_kind, to_id, valid_from, valid_to, place, source, verified_at, verified_by;
};

struct consent {
	int64_t id, version;
	int64_t person_id;
	struct str purpose;
	int64_t guardian_id, given_at, expires_at, withdrawn_at, place;
};

struct care_plan {
	int64_t id, version;
	int64_t target_kind, target_id, type;
	struct str basis;
	int64_t consent_id;
	struct str law;
	int64_t started, expires, cycle_days, mode, visitor_id, next_due, ended_at, ended_reason, place;
};

struct care_visit {
	int64_t id, version;
	int64_t plan_id, at, day, outcome;
	struct str note;
	int64_t event_id; /* what an opinion heard there became */
	int64_t on_spot;  /* whoever was visited confirmed it there, as the visitor says */
	int64_t place;
};

extern const struct entity building_entity, room_entity, household_entity, person_entity, venue_entity,
	thing_class_entity, thing_entity, organisation_entity, link_entity, consent_entity, care_plan_entity,
	care_visit_entity;

/* May a link of this role join these kinds? */
bool link_fits(int64_t role, int64_t from_kind, int64_t to_kind);
/* Does a visit count for the plan's coverage? */
bool care_counts(int64_t mode, int64_t outcome);
/* May a plan of this type stand on this kind of object? */
bool care_fits(int64_t type, int64_t target_kind);

/*
 * Words of relation when `p[head]` becomes the head of these members, from those they had to the former head.
 * RELATION_OTHER where the words do not tell: a grandchild of the former head is a child of the new one only
 * when that is the only child.
 */
void relations_to(const struct person *p, size_t n, size_t head, int64_t *ret);

/* ---- for modules that work on the registry ---- */

/* The entity of a kind of object. */
const struct entity *registry_entity(int64_t object);
/* Among the seven kinds; NULL: no such path. */
const struct entity *registry_by_path(struct str path);
int64_t registry_place(const struct entity *e, const void *rec);
/* What a row is called: a person's name in part unless `full`, a household and a room by where they are, else by
 * their codes. In the request's arena. */
struct str registry_called(struct req *rq, const struct entity *e, const void *rec, bool full);
/* Who has this person's identity number, wherever they lie: not to be told as it is. */
enum err registry_same_number(struct req *rq, const struct person *p, struct person *ret, bool *ret_found) MUST_CHECK;
/* What lies below a building, a household or a person goes where that has gone: rooms, households, people, and
 * with them consents, visit plans, visits and links. */
enum err registry_move(struct dbc *c, int64_t id, int64_t place, int64_t now) MUST_CHECK;
/* Somebody leaves: their visit plans and links end. */
enum err registry_leave(struct req *rq, int64_t id, int64_t day, int64_t reason) MUST_CHECK;
/* After visit plans about somebody or something were ended otherwise: what was opened to visit them follows. */
enum err registry_visits_follow(struct req *rq, int64_t target_id) MUST_CHECK;
/* Is there another link of these, some day of [from, to]? */
enum err link_overlaps(struct dbc *c, const struct link *l, bool *ret) MUST_CHECK;

struct fact {
	struct str field, user_name;
	int64_t source, user, at;
};
/* Remembers where a value came from. All that is remembered of an object, at most FIELD_MAX; texts in `a`. */
enum err fact_put(struct dbc *c, int64_t id, const char *kind, const char *field, int64_t source, int64_t user,
		  int64_t at) MUST_CHECK;
enum err fact_list(struct dbc *c, int64_t id, struct arena *a, struct fact ret[FIELD_MAX], size_t *ret_n) MUST_CHECK;

/* ---- for the person it is about; the caller has made sure that it may ---- */

/* Every value held of a person, in full, with its purpose, source and date: elements of a list. */
enum err registry_held(struct req *rq, const struct person *p, struct jw *out) MUST_CHECK;
/* Who read it in full, newest first: elements of a list. */
enum err registry_readers_of(struct dbc *c, int64_t person_id, struct jw *out) MUST_CHECK;
extern const struct shape registry_held_shape, registry_reader_shape;
enum err registry_withdraw(struct req *rq, int64_t consent_id) MUST_CHECK;
/* Ends what runs about a person, and forgets what names them; the row stays and counts. */
enum err registry_forget(struct req *rq, int64_t person_id) MUST_CHECK;

/* They say that a visit took place, or that nobody came; of a visit that is theirs to speak about. ERR_CONFLICT: it
 * does not wait for that, or no longer. */
enum err visit_confirm(struct req *rq, int64_t visit_id, enum confirmed by) MUST_CHECK;
enum err visit_object(struct req *rq, int64_t visit_id) MUST_CHECK;

/* Visit plans below a place in force on a day, in sight, in order of place: is each covered? */
enum err care_covered_each(struct req *rq, int64_t place, int64_t day,
			   void (*fn)(int64_t place, bool covered, void *arg), void *arg) MUST_CHECK;

/* When a visit becomes a matter unless the settings say otherwise, and until when it is waited for an answer; days. */
enum { VISIT_AHEAD = 3, VISIT_CONFIRM = 7, VISIT_OBJECT = 30 };
extern const struct matter_kind visit_kind;

/* A visit plan in force: what it is called, as far as the asker may know, and where it is; never why. */
struct care_point {
	int64_t id, place, due;
	double lon, lat; /* NaN: it has no point */
	struct str name; /* for the call */
};
/* Where to look: streets, or districts where there are more streets than fit, and so on upwards. */
enum { CARE_PLACES = 32 };
struct care_where {
	enum level level;
	int64_t place[CARE_PLACES];
	size_t n;
};
void care_where_add(struct care_where *w, int64_t place);
/* Those in sight there, the longest overdue first. */
enum err care_points_each(struct req *rq, const struct care_where *w,
			  void (*fn)(const struct care_point *p, void *arg), void *arg) MUST_CHECK;

extern const struct module registry_module;

#endif
