/*
 * Routes and requests, as handlers see them.
 *
 * A module declares routes in a const table. The router matches the path, authenticates, checks `perm`,
 * reads the query, decodes and validates the body, and only then calls the handler, which writes the
 * reply's JSON into `out`. How it runs follows from the method and flags:
 *   GET               on a worker thread with a reading connection (rq->db)
 *   GET + QUICK       on the I/O thread with that thread's own reading connection
 *   other             inside a writing transaction; the reply is sent after the commit is durable.
 *                     The handler may be run again, so its only effects are in the database.
 *   other + NO_TX     on a worker thread with a reading connection; it may call db_write itself
 */
#ifndef GEZHI_HTTP_ROUTE_H
#define GEZHI_HTTP_ROUTE_H

#include "base/field.h"
#include "http/shape.h"

struct app;
struct dbc;
struct principal; /* core/scope.h */
struct req;
struct snap;	  /* core/app.h */
struct sse_client;

enum method { M_GET, M_POST, M_PUT, M_PATCH, M_DELETE, METHOD_MAX };

enum {
	ROUTE_PUBLIC = 1 << 0, /* no session needed; perm must be NULL */
	ROUTE_QUICK = 1 << 1,
	ROUTE_NO_TX = 1 << 2,
	ROUTE_RAW_BODY = 1 << 3, /* body is not JSON: rq->body holds it, up to the route's max_body */
	ROUTE_RAW_OUT = 1 << 4,	 /* reply is not JSON: the handler fills rq->reply and `out` is unused */
	ROUTE_SIGNED_IN = 1 << 5, /* any signed-in user; perm must be NULL */
	ROUTE_PATCH_BODY = 1 << 6 /* decode the body as a patch (REQUIRED lifted); implied by M_PATCH */
};

/* A query parameter the route accepts; others are refused. */
struct param {
	const char *name;
	enum ftype type; /* F_STR, F_INT, F_BOOL, F_REAL, F_TIME, F_DATE, F_ID, F_CODE */
	const char *help;
};

/* Tables of cells, both ways. */
#define TYPE_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define TYPES_TABLE "text/csv " TYPE_XLSX

struct route {
	enum method method;
	const char *path; /* "/api/events/{id}/actions/{action}"; at most 4 parameters */
	const char *perm; /* permission word; NULL only with PUBLIC or SIGNED_IN */
	unsigned flags;
	const struct fields *in;  /* body, or NULL: no body allowed */
	const struct shape *reply; /* shape of the reply; NULL only with RAW_OUT */
	bool out_list;		   /* reply is {"items":[reply…],"next":…,"count":…} */
	const struct shape *other; /* what it may reply instead (?preview=true) */
	const char *takes;	   /* RAW_BODY: content types separated by blanks; NULL: any */
	const char *gives;	   /* RAW_OUT: the same of the reply */
	const struct param *query;
	size_t nquery;
	size_t max_body; /* 0: 1 MiB */
	int per_minute;  /* PUBLIC: writes of one address in a minute; 0: 60 */
	enum err (*fn)(struct req *rq, struct jw *out);
	const void *data; /* the descriptor a generic handler works for */
	const char *id;	  /* operationId, unique: "listEvents" */
	const char *summary;
};

enum reply_kind { REPLY_JSON, REPLY_BYTES, REPLY_FILE, REPLY_SSE };

struct reply {
	enum reply_kind kind;
	int status; /* 0: 200, or 201 for POST */
	const char *content_type;
	const char *cache;    /* Cache-Control; NULL: no-store */
	struct str etag;      /* with quotes, or absent */
	struct str filename;  /* Content-Disposition: attachment; RFC 6266 encoded */
	struct str cookie;    /* Set-Cookie value, or absent */
	struct str location;
	int fd;		      /* REPLY_FILE: sent and closed */
	uint64_t fd_size;
	struct sse_client *sse; /* REPLY_SSE */
};

enum { REQ_PARAMS = 4, REQ_QUERY = 24 };

struct req {
	struct app *app;
	const struct route *route;
	struct arena *arena; /* dies with the reply */
	struct dbc *db;	     /* this execution's connection */
	const struct principal *who; /* NULL on public routes without a session */
	struct snap *snap;	     /* core's: what slowly changing data this request sees */
	int64_t now;		     /* instant of arrival, ms */
	enum method method;
	struct str path;
	struct str param[REQ_PARAMS];  /* path parameters in order */
	struct str query[REQ_QUERY];   /* by index in route->query; absent where not given */
	void *in;		       /* decoded body, laid out as route->in */
	uint64_t present;	       /* bit i: field i of route->in was given */
	struct str body;	       /* as received */
	struct str content_type;
	struct str idempotency_key;
	struct str token;  /* bearer or cookie value, absent if none */
	bool by_cookie;	   /* token came from the cookie: CSRF check applies */
	struct str csrf;   /* X-CSRF-Token header */
	struct str remote; /* client address as text */
	struct str agent;
	struct str host; /* Host header, absent if none; for addresses in replies, never for decisions */
	bool https;	 /* a proxy in front says so */
	struct str etag_given; /* If-None-Match */
	struct str last_event; /* Last-Event-ID */
	struct buf *raw;   /* ROUTE_RAW_OUT: the reply's bytes */
	struct reply reply;
	struct error err;
	int64_t rows; /* for the request log */
};

/* Path parameter by name; absent if the route has none of that name. */
struct str req_param(const struct req *rq, const char *name);
/* Path parameter as an id; ERR_NOT_FOUND (with rq->err) unless it is a positive number. */
enum err req_id(struct req *rq, const char *name, int64_t *ret) MUST_CHECK;
/* Query parameter by name, already checked against its type; absent / NIL / NaN when not given. */
struct str req_query(const struct req *rq, const char *name);
int64_t req_query_int(const struct req *rq, const char *name);
double req_query_real(const struct req *rq, const char *name);
/* Fills rq->err and returns `err`. */
enum err req_fail(struct req *rq, enum err err, const char *code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
