/*
 * Error codes and the explicit error object.
 *
 * A fallible function returns `enum err`; the details (a stable slug for programs, the field at fault,
 * a sentence that says what to do) go once into a `struct error` that the caller owns. There is no
 * "last error" and nothing below main exits.
 */
#ifndef GEZHI_BASE_ERR_H
#define GEZHI_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum err {
	OK = 0,
	ERR_INVALID,   /* the caller's input is wrong (400/422) */
	ERR_AUTH,      /* not signed in (401) */
	ERR_DENIED,    /* signed in, not allowed (403) */
	ERR_NOT_FOUND, /* absent, or outside the caller's scope (404) */
	ERR_CONFLICT,  /* the state does not allow it (409) */
	ERR_LIMIT,     /* too large, too many, too often (413/429) */
	ERR_RETRY,     /* serialization failure: run the transaction again (503 when given up) */
	ERR_NOMEM,
	ERR_IO,
	ERR_BUG,
	ERR_MAX
};

struct error {
	enum err err;
	char code[48];     /* stable slug, e.g. "required", "event.return_uncited" */
	char field[96];    /* input field or "" */
	char message[256]; /* one sentence in English; the web translates by code */
};

/* Fill `e` (NULL allowed) and return `err`, so that callers write `return err_set(...)`. */
enum err err_set(struct error *e, enum err err, const char *code, const char *field,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* "invalid", "not_found", … ; never NULL. */
const char *err_name(enum err err);

#endif
