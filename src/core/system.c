/* The server about itself; see system.h. */
#include "core/system.h"

#include <math.h>
#include <string.h>

#include "core/entity.h"
#include "core/matter.h"
#include "core/metrics.h"
#include "core/openapi.h"
#include "core/sqlb.h"

enum { VOCABS_MAX = 96, AUDIT_LIMIT = 50, AUDIT_LIMIT_MAX = 200 };
enum { Q_SYSTEM_PING, Q_SYSTEM_DEMO, Q_SYSTEM_ACCOUNTS, Q_SYSTEM_BOX, Q_SYSTEM_MAX };

static const char *const system_sql[Q_SYSTEM_MAX] = {
	[Q_SYSTEM_PING] = "SELECT count(*) AS n FROM setting",
	[Q_SYSTEM_DEMO] = "SELECT count(*) AS n FROM setting WHERE name = 'demo' AND value = '1'",
	[Q_SYSTEM_ACCOUNTS] = "SELECT a.login, a.name, (SELECT p.role FROM post p WHERE p.user_id = a.id "
			      "ORDER BY p.id LIMIT 1) AS role FROM account a WHERE a.demo = 1 AND a.active = 1 "
			      "ORDER BY a.id LIMIT 100",
	[Q_SYSTEM_BOX] = "SELECT s.x0, s.y0, s.x1, s.y1 FROM place_shape s WHERE s.code = $1",
};

static const char audit_select[] =
	"SELECT t.id, t.chain, t.n, t.at, t.actor_id, t.action, t.object, t.object_id, t.detail, a.login, a.name "
	"FROM audit t LEFT JOIN account a ON a.id = t.actor_id WHERE 1 = 1";

/* ---- health and counters ---- */

static const struct member health_member[] = {
	{ "status", F_STR },
	{ "version", F_STR },
	{ "store", F_STR, .help = "sqlite or postgresql" },
};
static const struct shape health_shape = { .name = "Health", MEMBERS(health_member) };
/* The document is described by its own standard. */
static const struct shape openapi_shape = { .name = "OpenApi", .open = true };

static enum err get_health(struct req *rq, struct jw *out)
{
	int64_t n;
	enum err err = db_int(rq->db, system_sql[Q_SYSTEM_PING], NO_ARGS, &n);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_kz(out, "status", "ok");
	jw_kz(out, "version", rq->app->version);
	jw_kz(out, "store", dbc_engine(rq->db) == DB_PG ? "postgresql" : "sqlite");
	jw_end_obj(out);
	return OK;
}

static enum err get_metrics(struct req *rq, struct jw *out)
{
	const struct snap *s = req_snap(rq);

	(void)out;
	metrics_write(rq->app->metrics, rq->raw);
	buf_fmt(rq->raw, "# HELP gezhi_streams Open event streams.\n# TYPE gezhi_streams gauge\ngezhi_streams %zu\n",
		rq->app->sse != NULL ? sse_count(rq->app->sse) : (size_t)0);
	buf_fmt(rq->raw, "# HELP gezhi_places Places known.\n# TYPE gezhi_places gauge\ngezhi_places %zu\n", s->nplace);
	buf_fmt(rq->raw, "# HELP gezhi_generation Version of the configuration in use.\n"
		"# TYPE gezhi_generation gauge\ngezhi_generation %lld\n", (long long)s->gen);
	rq->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
	return OK;
}

static enum err get_openapi(struct req *rq, struct jw *out)
{
	return openapi_write(rq->app, out);
}

/* ---- before sign-in ---- */

/* The smallest place down to the district that holds all others, its own ancestors aside. */
static const struct place *top_place(const struct snap *s)
{
	size_t top = 0, first, n;

	if (s->nplace == 0)
		return NULL;
	while (top + 1 < s->nplace && s->place[top + 1].level <= LEVEL_DISTRICT) {
		snap_subtree(s, s->place[top + 1].code, &first, &n);
		if (first + n < s->nplace)
			break;
		top++;
	}
	return &s->place[top];
}

static void widen(double box[4], double lon, double lat)
{
	box[0] = fmin(box[0], lon);
	box[1] = fmin(box[1], lat);
	box[2] = fmax(box[2], lon);
	box[3] = fmax(box[3], lat);
}

/* Where the map opens: the shape of the place, else all known points, else the country. */
static enum err find_box(struct req *rq, const struct place *top, double box[4])
{
	const struct snap *s = req_snap(rq);
	bool found = false;
	struct rows *r = db_query(rq->db, system_sql[Q_SYSTEM_BOX], ARGS(I(top != NULL ? top->code : NIL)));

	if (rows_next(r)) {
		for (int i = 0; i < 4; i++)
			box[i] = row_real_at(r, i);
		found = true;
	}
	enum err err = rows_close(r);

	for (size_t i = 0; !found && i < s->nplace; i++) {
		const struct place *p = &s->place[i];

		if (isnan(p->lon) || isnan(p->lat))
			continue;
		if (isinf(box[0]))
			box[0] = box[2] = p->lon, box[1] = box[3] = p->lat;
		widen(box, p->lon, p->lat);
	}
	if (!isfinite(box[0])) {
		box[0] = 73.5, box[1] = 18, box[2] = 135, box[3] = 53.5;
	} else if (!found) {
		/* Points only: with a margin of about two kilometres. */
		widen(box, box[0] - 0.02, box[1] - 0.02);
		widen(box, box[2] + 0.02, box[3] + 0.02);
	}
	return err;
}

static const struct member account_member[] = {
	{ "login", F_STR },
	{ "role", F_ENUM, .vocab = &role_vocab, .null = true },
	{ "name", F_STR },
};
static const struct shape account_shape = { .name = "DemoAccount", MEMBERS(account_member) };

static const struct member map_member[] = {
	{ "center", F_REAL, .list = 1, .n = 2, .help = "longitude and latitude" },
	{ "zoom", F_REAL },
	{ "bounds", F_REAL, .list = 1, .n = 4, .help = "west, south, east, north" },
};
static const struct shape map_shape = { .name = "MapHome", MEMBERS(map_member) };

static const struct member boot_member[] = {
	{ "name", F_STR },
	{ "demo", F_BOOL },
	{ "version", F_STR },
	{ "zone", F_STR },
	{ "accounts", .of = &account_shape, .list = 1, .maybe = true, .help = "of a demo only" },
	{ "map", .of = &map_shape },
};
static const struct shape boot_shape = { .name = "Boot", MEMBERS(boot_member) };

static enum err write_map(struct req *rq, const struct place *top, struct jw *out)
{
	double box[4] = { (double)INFINITY, (double)INFINITY, -(double)INFINITY, -(double)INFINITY };
	enum err err = find_box(rq, top, box);
	double span = fmax(fmax(box[2] - box[0], box[3] - box[1]), 1e-4);

	jw_kobj(out, "map");
	jw_karr(out, "center");
	jw_real(out, round((box[0] + box[2]) * 5e5) / 1e6);
	jw_real(out, round((box[1] + box[3]) * 5e5) / 1e6);
	jw_end_arr(out);
	/* At zoom 0 a tile of 512 points holds 360 degrees. */
	jw_kreal(out, "zoom", fmin(fmax(round(log2(720 / span) * 10) / 10, 2), 16));
	jw_karr(out, "bounds");
	for (int i = 0; i < 4; i++)
		jw_real(out, round(box[i] * 1e6) / 1e6);
	jw_end_arr(out);
	jw_end_obj(out);
	return err;
}

static enum err write_accounts(struct req *rq, struct jw *out)
{
	struct rows *r = db_query(rq->db, system_sql[Q_SYSTEM_ACCOUNTS], NO_ARGS);

	jw_karr(out, "accounts");
	while (rows_next(r)) {
		int64_t role = row_int_at(r, 2);

		jw_obj(out);
		jw_kstr(out, "login", row_str_at(r, 0));
		jw_kz(out, "role", role == NIL ? NULL : role_name((enum role)role));
		jw_kstr(out, "name", row_str_at(r, 1));
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

static enum err get_boot(struct req *rq, struct jw *out)
{
	const struct place *top = top_place(req_snap(rq));
	int64_t demo;
	enum err err = db_int(rq->db, system_sql[Q_SYSTEM_DEMO], NO_ARGS, &demo);

	if (err != OK)
		return err;
	jw_obj(out);
	jw_kstr(out, "name", top != NULL ? top->name : STR("格治"));
	jw_kbool(out, "demo", demo > 0);
	jw_kz(out, "version", rq->app->version);
	jw_kz(out, "zone", "+08:00");
	if (demo > 0)
		err = write_accounts(rq, out);
	if (err == OK)
		err = write_map(rq, top, out);
	jw_end_obj(out);
	return err;
}

/* ---- after sign-in ---- */

static const struct member transition_member[] = {
	{ "action", F_STR },
	{ "from", F_ENUM, .vocab = &mstate_vocab, .list = 1 },
	{ "to", F_ENUM, .vocab = &mstate_vocab, .null = true },
	{ "needs", F_STR, .list = 1 },
	{ "allows", F_STR, .list = 1 },
	{ "danger", F_BOOL },
};
static const struct shape transition_shape = { .name = "MetaAction", MEMBERS(transition_member) };

static const struct member kind_member[] = {
	{ "kind", F_STR },
	{ "path", F_STR },
	{ "states", F_ENUM, .vocab = &mstate_vocab, .list = 1 },
	{ "actions", .of = &transition_shape, .list = 1 },
};
static const struct shape kind_shape = { .name = "MetaKind", MEMBERS(kind_member) };

static const struct member meta_member[] = {
	{ "entities", .of = &meta_entity_shape, .list = 1 },
	{ "matters", .of = &kind_shape, .list = 1 },
	{ "roles", F_ENUM, .vocab = &role_vocab, .list = 1 },
	{ "vocab", F_STR, .list = 1, .map = true, .help = "words by vocabulary" },
};
static const struct shape meta_shape = { .name = "Meta", MEMBERS(meta_member) };

static void write_words(const char *key, const char *words, struct jw *out)
{
	struct str rest = str_z(words != NULL ? words : ""), piece;

	jw_karr(out, key);
	while (str_split(&rest, ' ', &piece)) {
		if (piece.n > 0)
			jw_str(out, piece);
	}
	jw_end_arr(out);
}

static void write_states(const char *key, unsigned set, struct jw *out)
{
	jw_karr(out, key);
	for (int s = MS_NONE + 1; s < MS_MAX; s++) {
		if (set >> s & 1)
			jw_z(out, vocab_word(&mstate_vocab, s));
	}
	jw_end_arr(out);
}

static void write_kind(const struct matter_kind *k, struct jw *out)
{
	unsigned states = 0;

	for (size_t i = 0; i < k->nflow; i++)
		states |= k->flow[i].from | (1u << k->flow[i].to);
	jw_obj(out);
	jw_kz(out, "kind", k->name);
	jw_kz(out, "path", k->path);
	write_states("states", states, out);
	jw_karr(out, "actions");
	for (size_t i = 0; i < k->nflow; i++) {
		const struct transition *t = &k->flow[i];

		if (t->flags & T_HIDDEN)
			continue;
		jw_obj(out);
		jw_kz(out, "action", t->action);
		write_states("from", t->from, out);
		jw_kz(out, "to", t->to == MS_NONE ? NULL : vocab_word(&mstate_vocab, t->to));
		write_words("needs", t->needs, out);
		write_words("allows", t->allows, out);
		jw_kbool(out, "danger", (t->flags & T_DANGER) != 0);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	jw_end_obj(out);
}

struct vocabs {
	const struct vocab *v[VOCABS_MAX];
	size_t n;
};

static void vocabs_add(struct vocabs *all, const struct vocab *v)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i]->name, v->name) == 0)
			return;
	}
	if (all->n < VOCABS_MAX)
		all->v[all->n++] = v;
}

static void write_vocabs(const struct app *app, struct jw *out)
{
	const struct vocab *const own[] = { &role_vocab, &track_vocab, &level_vocab, &urgency_vocab, &mstate_vocab,
		&source_vocab, &join_vocab, &satisfied_vocab, &clock_vocab };
	struct vocabs all = { .n = 0 };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		vocabs_add(&all, own[i]);
	for (size_t i = 0; i < app->nentity; i++) {
		for (size_t k = 0; k < app->entity[i]->fields.n; k++) {
			if (app->entity[i]->fields.v[k].vocab != NULL)
				vocabs_add(&all, app->entity[i]->fields.v[k].vocab);
		}
	}
	jw_kobj(out, "vocab");
	for (size_t i = 0; i < all.n; i++) {
		jw_karr(out, all.v[i]->name);
		for (const char *const *w = all.v[i]->word; *w != NULL; w++)
			jw_z(out, *w);
		jw_end_arr(out);
	}
	jw_end_obj(out);
}

static enum err get_meta(struct req *rq, struct jw *out)
{
	const struct app *app = rq->app;

	jw_obj(out);
	jw_karr(out, "entities");
	for (size_t i = 0; i < app->nentity; i++) {
		if (may(rq->who, app->entity[i]->read))
			entity_meta(app->entity[i], out);
	}
	jw_end_arr(out);
	jw_karr(out, "matters");
	for (size_t i = 0; i < app->nkind; i++) {
		if (may(rq->who, app->kind[i]->read))
			write_kind(app->kind[i], out);
	}
	jw_end_arr(out);
	jw_karr(out, "roles");
	for (int r = 0; r < ROLE_MAX; r++)
		jw_z(out, role_name((enum role)r));
	jw_end_arr(out);
	write_vocabs(app, out);
	jw_end_obj(out);
	return OK;
}

/* ---- audit ---- */

static const struct param audit_params[] = {
	{ "object", F_STR, "kind of object, or kind:id" },
	{ "object_id", F_ID, "id of the object" },
	{ "user", F_ID, "id of who did it" },
	{ "from", F_TIME, "not before" },
	{ "to", F_TIME, "before" },
	{ "after", F_STR, "cursor: `next` of the page before" },
	{ "limit", F_INT, "page size, 1 to 200" },
};

static enum err audit_object(struct req *rq, struct sqlb *b)
{
	struct str rest = req_query(rq, "object"), kind;
	int64_t id = req_query_int(rq, "object_id");

	if (rest.p != NULL && rest.n > 0 && str_split(&rest, ':', &kind)) {
		sqlb_cond(b, " AND t.object = ?", T(kind));
		if (rest.p != NULL && !str_i64(rest, &id))
			return req_fail(rq, ERR_INVALID, "wrong_type", "object", "an object is written kind:id");
	}
	if (id != NIL)
		sqlb_cond(b, " AND t.object_id = ?", I(id));
	return OK;
}

/* The cursor is "time-id" of the last entry shown. */
static enum err audit_after(struct req *rq, struct sqlb *b)
{
	struct str rest = req_query(rq, "after"), at_text;
	int64_t at, id;

	if (rest.p == NULL || rest.n == 0)
		return OK;
	if (!str_split(&rest, '-', &at_text) || !str_i64(at_text, &at) || rest.p == NULL || !str_i64(rest, &id))
		return req_fail(rq, ERR_INVALID, "cursor", "after", "that cursor is not from this list");
	sqlb_cond(b, " AND (t.at, t.id) < (?", I(at));
	sqlb_cond(b, ", ?)", I(id));
	return OK;
}

static enum err audit_where(struct req *rq, struct sqlb *b)
{
	int64_t user = req_query_int(rq, "user"), from = req_query_int(rq, "from"), to = req_query_int(rq, "to");
	enum err err = audit_object(rq, b);

	if (user != NIL)
		sqlb_cond(b, " AND t.actor_id = ?", I(user));
	if (from != NIL)
		sqlb_cond(b, " AND t.at >= ?", I(from));
	if (to != NIL)
		sqlb_cond(b, " AND t.at < ?", I(to));
	return err == OK ? audit_after(rq, b) : err;
}

static const struct member audit_member[] = {
	{ "id", F_ID },
	{ "chain", F_INT },
	{ "n", F_INT, .help = "place in the chain" },
	{ "at", F_TIME },
	{ "user", F_ID, .null = true },
	{ "login", F_STR, .null = true },
	{ "user_name", F_STR, .null = true },
	{ "action", F_STR },
	{ "object", F_STR },
	{ "object_id", F_ID, .null = true },
	{ "detail", F_JSON },
};
static const struct shape audit_shape = { .name = "AuditEntry", MEMBERS(audit_member) };

static void audit_row(struct rows *r, struct jw *out)
{
	jw_obj(out);
	jw_kid(out, "id", row_int_at(r, 0));
	jw_kint(out, "chain", row_int_at(r, 1));
	jw_kint(out, "n", row_int_at(r, 2));
	jw_ktime(out, "at", row_int_at(r, 3));
	jw_kid(out, "user", row_int_at(r, 4));
	jw_kstr(out, "login", row_str_at(r, 9));
	jw_kstr(out, "user_name", row_str_at(r, 10));
	jw_kstr(out, "action", row_str_at(r, 5));
	jw_kstr(out, "object", row_str_at(r, 6));
	jw_kid(out, "object_id", row_int_at(r, 7));
	jw_kraw(out, "detail", row_str_at(r, 8));
	jw_end_obj(out);
}

static enum err audit_page(struct req *rq, struct sqlb *b, int64_t limit, struct jw *out)
{
	struct rows *r = sqlb_query(b, rq->db);
	int64_t at = NIL, id = NIL, n = 0;
	bool more = false;

	jw_obj(out);
	jw_karr(out, "items");
	while (rows_next(r)) {
		more = n == limit;
		if (more)
			break;
		id = row_int_at(r, 0);
		at = row_int_at(r, 3);
		audit_row(r, out);
		n++;
	}
	jw_end_arr(out);
	jw_kstr(out, "next", more ? str_fmt(rq->arena, "%lld-%lld", (long long)at, (long long)id)
				  : (struct str){ NULL, 0 });
	jw_end_obj(out);
	rq->rows = n;
	return rows_close(r);
}

static enum err get_audit(struct req *rq, struct jw *out)
{
	int64_t limit = req_query_int(rq, "limit");
	struct sqlb b;
	enum err err;

	/* Entries lie at no place, so they are for those who audit the whole district. */
	if (!scope_sees(rq->who, "audit.read", NIL))
		return req_fail(rq, ERR_DENIED, "perm", "", "the record is for an auditor of the district");
	if (limit == NIL)
		limit = AUDIT_LIMIT;
	if (limit < 1 || limit > AUDIT_LIMIT_MAX)
		return req_fail(rq, ERR_INVALID, "range", "limit", "limit is 1 to %d", AUDIT_LIMIT_MAX);
	sqlb_init(&b);
	sqlb_add(&b, audit_select);
	err = audit_where(rq, &b);
	sqlb_cond(&b, " ORDER BY t.at DESC, t.id DESC LIMIT ?", I(limit + 1));
	if (err == OK)
		err = audit_page(rq, &b, limit, out);
	sqlb_release(&b);
	return err;
}

/* ---- the module ---- */

static const struct route routes[] = {
	{ .method = M_GET, .path = "/healthz", .flags = ROUTE_PUBLIC | ROUTE_QUICK, .reply = &health_shape,
		.fn = get_health, .id = "getHealth",
		.summary = "Is the server able to answer" },
	{ .method = M_GET, .path = "/metrics", .flags = ROUTE_PUBLIC | ROUTE_QUICK | ROUTE_RAW_OUT,
		.gives = "text/plain", .fn = get_metrics,
		.id = "getMetrics", .summary = "Counters as Prometheus text" },
	{ .method = M_GET, .path = "/api/boot", .flags = ROUTE_PUBLIC | ROUTE_QUICK, .reply = &boot_shape,
		.fn = get_boot, .id = "getBoot",
		.summary = "What the web needs before sign-in" },
	{ .method = M_GET, .path = "/api/meta", .flags = ROUTE_SIGNED_IN, .reply = &meta_shape, .fn = get_meta, .id = "getMeta",
		.summary = "Entities, kinds of matter, roles and vocabularies" },
	{ .method = M_GET, .path = "/api/openapi.json", .flags = ROUTE_PUBLIC, .reply = &openapi_shape,
		.fn = get_openapi, .id = "getOpenapi",
		.summary = "This document" },
	{ .method = M_GET, .path = "/api/audit", .perm = "audit.read", .query = audit_params,
		.nquery = ARRAY_LEN(audit_params), .reply = &audit_shape, .out_list = true, .fn = get_audit, .id = "listAudit",
		.summary = "The audit record, newest first" },
};

const struct module system_module = {
	.name = "system",
	.route = routes,
	.nroute = ARRAY_LEN(routes),
	.sql = system_sql,
	.nsql = Q_SYSTEM_MAX,
};
