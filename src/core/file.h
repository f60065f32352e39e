/*
 * Attachments by content hash: type sniffed from the bytes (libmagic), size-limited, images re-encoded
 * without EXIF and with a thumbnail. A file row belongs to the object it was attached to; reading it
 * needs sight of that object.
 */
#ifndef GEZHI_CORE_FILE_H
#define GEZHI_CORE_FILE_H

#include "core/app.h"

enum { FILE_MAX_BYTES = 10 << 20, FILES_PER_OBJECT = 20 };

/* Stores bytes durably under file_dir and a row with no owner yet. Runs outside a transaction for the
 * bytes; returns the row's id. */
enum err file_put(struct req *rq, struct str bytes, struct str name, bool is_public, int64_t *ret_id) MUST_CHECK;
/* In a transaction: hands uploaded, unowned files (JSON array of ids) to a matter. */
enum err file_attach(struct req *rq, struct str ids_json, int64_t matter_id) MUST_CHECK;
/* Writes "files":[…] of a matter. */
enum err file_list(struct req *rq, int64_t matter_id, struct jw *out) MUST_CHECK;
extern const struct shape file_shape; /* one of them */
extern const struct module file_module;

#endif
