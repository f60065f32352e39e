/* Rules about places: kinds and levels, household norms, official names. No SQL, no clock. */
#include "mod/place/place.h"

#include <math.h>

#include "base/field.h"

static const char *const kind_word[] = { "city", "district", "subdistrict", "town", "community", "village", "general",
	"park", "mall", "school", "market", "hospital", "micro", "dedicated", "province", NULL };
const struct vocab place_kind_vocab = { "place_kind", kind_word };

static const char *const lineage_word[] = { "split", "merge", "adjust", "undo", NULL };
const struct vocab lineage_vocab = { "lineage", lineage_word };

static const enum level kind_level[PLACE_KIND_MAX] = {
	[PLACE_CITY] = LEVEL_CITY, [PLACE_DISTRICT] = LEVEL_DISTRICT,
	[PLACE_SUBDISTRICT] = LEVEL_STREET, [PLACE_TOWN] = LEVEL_STREET,
	[PLACE_COMMUNITY] = LEVEL_COMMUNITY, [PLACE_VILLAGE] = LEVEL_COMMUNITY,
	[PLACE_GRID] = LEVEL_GRID, [PLACE_PARK] = LEVEL_GRID, [PLACE_MALL] = LEVEL_GRID,
	[PLACE_SCHOOL] = LEVEL_GRID, [PLACE_MARKET] = LEVEL_GRID, [PLACE_HOSPITAL] = LEVEL_GRID,
	[PLACE_MICRO] = LEVEL_MICRO, [PLACE_DEDICATED] = LEVEL_GRID, [PLACE_PROVINCE] = LEVEL_PROVINCE,
};

bool place_kind_fits(int64_t kind, enum level l)
{
	return kind >= 0 && kind < PLACE_KIND_MAX && kind_level[kind] == l;
}

enum place_kind place_kind_usual(enum level l)
{
	static const enum place_kind usual[LEVEL_MAX] = {
		[LEVEL_COUNTRY] = PLACE_KIND_MAX, [LEVEL_PROVINCE] = PLACE_PROVINCE, [LEVEL_CITY] = PLACE_CITY,
		[LEVEL_DISTRICT] = PLACE_DISTRICT, [LEVEL_STREET] = PLACE_SUBDISTRICT,
		[LEVEL_COMMUNITY] = PLACE_COMMUNITY, [LEVEL_GRID] = PLACE_GRID, [LEVEL_MICRO] = PLACE_MICRO,
	};

	return usual[l];
}

bool place_is_dedicated(int64_t kind)
{
	return (kind >= PLACE_PARK && kind <= PLACE_HOSPITAL) || kind == PLACE_DEDICATED;
}

bool place_in_force(int64_t valid_to, int64_t today)
{
	return valid_to == NIL || valid_to > today;
}

/* ---- norms ---- */

const struct norms norms_default = { 1, { 400, 300, 500 }, { 50, 35, 65 } };

const struct norm *norm_of(const struct norms *n, enum level l, int64_t kind)
{
	if (l == LEVEL_GRID && !place_is_dedicated(kind))
		return &n->grid;
	return l == LEVEL_MICRO ? &n->micro : NULL;
}

bool norm_ok(const struct norm *n, int64_t households)
{
	return households >= n->low && households <= n->high;
}

double norm_drift(const struct norm *n, int64_t households)
{
	return fabs((double)(households - n->target)) / (double)n->target;
}

bool households_entered(int64_t registered, int64_t stated)
{
	return registered > 0 && registered * 2 >= stated;
}

int64_t norm_parts(const struct norm *n, int64_t households)
{
	int64_t parts = (households + n->target / 2) / n->target;

	if (parts < 2)
		return 2;
	/* Rounding down may leave parts that are still too large. */
	return households > parts * n->high ? parts + 1 : parts;
}

static bool norm_from(json_t *v, struct norm *n)
{
	n->target = json_integer_value(json_object_get(v, "target"));
	n->low = json_integer_value(json_object_get(v, "low"));
	n->high = json_integer_value(json_object_get(v, "high"));
	return n->low > 0 && n->low <= n->target && n->target <= n->high && n->high <= 100000;
}

enum err norms_parse(struct str json, struct norms *ret)
{
	struct norms n;
	struct error e;
	json_t *v = NULL;
	enum err err = field_parse_json(json, &v, &e);

	if (err != OK)
		return err;
	n.version = json_integer_value(json_object_get(v, "version"));
	if (n.version < 1 || !norm_from(json_object_get(v, "grid"), &n.grid) ||
	    !norm_from(json_object_get(v, "micro_grid"), &n.micro))
		err = ERR_INVALID;
	json_decref(v);
	if (err == OK)
		*ret = n;
	return err;
}

static const struct member missing_member[] = { { "code", F_CODE }, { "name", F_STR } };
static const struct shape missing_shape = { .name = "PlaceName", MEMBERS(missing_member) };
static const struct member coverage_member[] = {
	{ "numerator", F_INT },
	{ "denominator", F_INT },
	{ "value", F_REAL, .null = true },
	{ "missing", .of = &missing_shape, .list = 1, .help = "the first of them" },
};
const struct shape coverage_shape = { .name = "Coverage", MEMBERS(coverage_member) };

static const struct member norm_member[] = { { "target", F_INT }, { "low", F_INT }, { "high", F_INT } };
static const struct shape norm_shape = { .name = "Norm", MEMBERS(norm_member) };
static const struct member norms_member[] = {
	{ "version", F_INT },
	{ "grid", .of = &norm_shape },
	{ "micro_grid", .of = &norm_shape },
};
const struct shape norms_reply = { .name = "Norms", MEMBERS(norms_member) };

static void norm_write(const char *key, const struct norm *n, struct jw *out)
{
	jw_kobj(out, key);
	jw_kint(out, "target", n->target);
	jw_kint(out, "low", n->low);
	jw_kint(out, "high", n->high);
	jw_end_obj(out);
}

void norms_write(const struct norms *n, struct jw *out)
{
	jw_obj(out);
	jw_kint(out, "version", n->version);
	norm_write("grid", &n->grid, out);
	norm_write("micro_grid", &n->micro, out);
	jw_end_obj(out);
}

/* ---- official names ---- */

static bool ends(struct str s, const char *suffix)
{
	struct str t = str_z(suffix);

	return s.n >= t.n && str_eq((struct str){ s.p + s.n - t.n, t.n }, t);
}

struct str place_short_name(struct str name)
{
	static const char *const committee[] = { "居民委员会", "村民委员会", "居委会", "村委会" };

	for (size_t i = 0; i < ARRAY_LEN(committee); i++) {
		struct str s = { name.p, name.n - str_z(committee[i]).n };

		/* 大桥村村民委员会 → 大桥村, but 沿江居委会 says nothing without its ending */
		if (ends(name, committee[i]) && (ends(s, "社区") || ends(s, "村")))
			return s;
	}
	return name;
}

enum place_kind place_kind_of_name(struct str name, enum level l)
{
	struct str s = place_short_name(name);

	if (l == LEVEL_STREET)
		return ends(s, "镇") || ends(s, "乡") ? PLACE_TOWN : PLACE_SUBDISTRICT;
	if (l == LEVEL_COMMUNITY)
		return ends(s, "村") || ends(s, "村委会") || ends(s, "村民委员会") ? PLACE_VILLAGE : PLACE_COMMUNITY;
	return place_kind_usual(l);
}
