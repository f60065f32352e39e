/*
 * Attachments: what they are is read from the bytes; pictures come out upright and without their
 * metadata; only who sees the matter reads the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <turbojpeg.h>

#include "base/crypto.h"
#include "core/account_impl.h"
#include "core/file.h"
#include "core/file_image.h"
#include "core/test_core.h"

static const struct module *const modules[] = { &account_module, &file_module, NULL };

static struct core_case on_sqlite = { DB_SQLITE, modules, NULL }, on_pg = { DB_PG, modules, NULL };

/* ---- pictures to try ---- */

/* Left half red, right half blue, as JPEG; with an EXIF block that turns it and holds a secret. */
static struct str jpeg(unsigned w, unsigned h, int orientation, struct buf *b)
{
	const unsigned char exif[] = { 0xFF, 0xE1, 0, 46, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,
		0x01, 0x0F, 0, 2, 0, 0, 0, 4, 'S', 'E', 'C', 0, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0,
		(unsigned char)orientation, 0, 0, 0, 0, 0, 0 };
	tjhandle t = tjInitCompress();
	unsigned char *out = NULL, *px = calloc((size_t)w * h, 3);
	unsigned long n = 0;

	assert_non_null(px);
	assert_non_null(t);
	for (size_t i = 0; i < (size_t)w * h; i++)
		px[i * 3 + (i % w < w / 2 ? 0 : 2)] = 255;
	assert_int_equal(tjCompress2(t, px, (int)w, 0, (int)h, TJPF_RGB, &out, &n, TJSAMP_444, 90, 0), 0);
	buf_put(b, out, 2);
	if (orientation > 0)
		buf_put(b, exif, sizeof(exif));
	buf_put(b, out + 2, n - 2);
	tjFree(out);
	tjDestroy(t);
	free(px);
	return buf_view(b);
}

struct decoded {
	unsigned w, h;
	unsigned char first[3], last[3]; /* near the top left and the bottom right corner */
};

static struct decoded decode(struct str s)
{
	tjhandle t = tjInitDecompress();
	const unsigned char *p = (const unsigned char *)s.p;
	struct decoded r;
	int w, h, sampling, space;

	assert_non_null(t);
	assert_int_equal(tjDecompressHeader3(t, p, s.n, &w, &h, &sampling, &space), 0);
	unsigned char *px = malloc((size_t)w * (size_t)h * 3);

	assert_non_null(px);
	assert_int_equal(tjDecompress2(t, p, s.n, px, w, 0, h, TJPF_RGB, 0), 0);
	r.w = (unsigned)w;
	r.h = (unsigned)h;
	memcpy(r.first, px + ((size_t)w + 1) * 3, 3);
	memcpy(r.last, px + ((size_t)w * (size_t)(h - 1) - 2) * 3, 3);
	tjDestroy(t);
	free(px);
	return r;
}

static bool red(const unsigned char p[3])
{
	return p[0] > 200 && p[2] < 60;
}

static bool blue(const unsigned char p[3])
{
	return p[2] > 200 && p[0] < 60;
}

/* Each of the eight ways a camera may have been held. */
static void test_upright(void **state)
{
	/* Seen upright: size, and whether the first corner is red. */
	static const struct {
		bool turned, red_first;
	} row[9] = { [1] = { false, true }, [2] = { false, false }, [3] = { false, false }, [4] = { false, true },
		[5] = { true, true }, [6] = { true, true }, [7] = { true, false }, [8] = { true, false } };

	(void)state;
	for (int o = 1; o <= 8; o++) {
		struct buf in, full, thumb;

		buf_init(&in, 1 << 20);
		buf_init(&full, 1 << 20);
		buf_init(&thumb, 1 << 20);
		struct str bytes = jpeg(80, 48, o, &in);

		assert_int_equal(image_orientation(bytes), o);
		assert_int_equal(image_clean(bytes, IMAGE_JPEG, &full, &thumb), OK);
		struct decoded d = decode(buf_view(&full));

		assert_int_equal(d.w, row[o].turned ? 48 : 80);
		assert_int_equal(d.h, row[o].turned ? 80 : 48);
		assert_true(row[o].red_first ? red(d.first) && blue(d.last) : blue(d.first) && red(d.last));
		assert_non_null(memmem(bytes.p, bytes.n, "SEC", 3));
		assert_null(memmem(full.p, full.n, "SEC", 3));
		assert_null(memmem(full.p, full.n, "Exif", 4));
		buf_release(&in);
		buf_release(&full);
		buf_release(&thumb);
	}
}

static void test_thumbnail(void **state)
{
	struct buf in, full, thumb;

	(void)state;
	buf_init(&in, 1 << 20);
	buf_init(&full, 1 << 20);
	buf_init(&thumb, 1 << 20);
	assert_int_equal(image_clean(jpeg(1000, 500, 0, &in), IMAGE_JPEG, &full, &thumb), OK);
	struct decoded d = decode(buf_view(&thumb));

	assert_int_equal(d.w, IMAGE_THUMB);
	assert_int_equal(d.h, IMAGE_THUMB / 2);
	assert_true(red(d.first) && blue(d.last));
	buf_release(&in);
	buf_release(&full);
	buf_release(&thumb);
}

static size_t png(unsigned w, unsigned h, unsigned char *out, size_t max)
{
	png_image p = { .version = PNG_IMAGE_VERSION, .width = w, .height = h, .format = PNG_FORMAT_RGBA };
	unsigned char *px = calloc((size_t)w * h, 4); /* wholly transparent */
	png_alloc_size_t n = max;

	assert_non_null(px);
	assert_int_not_equal(png_image_write_to_memory(&p, out, &n, 0, px, 0, NULL), 0);
	free(px);
	return n;
}

/* What cannot be read or is too large is refused before memory is taken for it. */
static void test_bad_pictures(void **state)
{
	unsigned char bytes[1 << 16];
	struct buf in, full, thumb;
	size_t n = png(8, 8, bytes, sizeof(bytes));

	(void)state;
	buf_init(&in, 1 << 20);
	buf_init(&full, 1 << 20);
	buf_init(&thumb, 1 << 20);
	assert_int_equal(image_clean((struct str){ (const char *)bytes, n }, IMAGE_PNG, &full, &thumb), OK);
	/* Where nothing was drawn there is white paper. */
	struct decoded d = decode(buf_view(&full));

	assert_true(d.first[0] > 240 && d.first[1] > 240 && d.first[2] > 240);
	assert_int_equal(image_clean((struct str){ (const char *)bytes, n }, IMAGE_JPEG, &full, &thumb), ERR_INVALID);
	assert_int_equal(image_clean((struct str){ (const char *)bytes, n }, IMAGE_WEBP, &full, &thumb), ERR_INVALID);
	assert_int_equal(image_clean((struct str){ (const char *)bytes, n / 2 }, IMAGE_PNG, &full, &thumb), ERR_INVALID);
	struct str j = jpeg(64, 64, 0, &in);
	char *size = memmem(in.p, j.n, "\xFF\xC0", 2);

	assert_non_null(size);
	memcpy(size + 5, "\x75\x30\x75\x30", 4); /* 30,000 × 30,000 */
	assert_int_equal(image_clean(j, IMAGE_JPEG, &full, &thumb), ERR_LIMIT);
	for (size_t cut = 0; cut < j.n; cut += 7) {
		enum err err = image_clean((struct str){ j.p, cut }, IMAGE_JPEG, &full, &thumb);

		assert_true(err == ERR_INVALID || err == ERR_LIMIT);
	}
	buf_release(&in);
	buf_release(&full);
	buf_release(&thumb);
}

/* ---- through the routes ---- */

static void insert_matter(struct core_test *t, int64_t id, int64_t place, int64_t sealed)
{
	core_test_sql(t, "INSERT INTO matter (id, version, kind, title, track, urgency, source, place, state, open, "
		"sealed, anonymous, reported_at, level, auto_action, supporters, reopens, returns, extensions, fails, "
		"supervised, self_closed, sampled) VALUES ($1, 1, 0, 't', 1, 0, 0, $2, 1, 1, $3, 0, 0, 0, 0, 0, 0, 0, "
		"0, 0, 0, 0, 0)", ARGS(I(id), I(place), I(sealed)));
}

static void test_upload_and_sight(void **state)
{
	struct core_test *t = *state;
	char mine[TOKEN_TEXT], other[TOKEN_TEXT], far[TOKEN_TEXT], read[64], thumb[64];
	struct buf in;

	core_test_need(t);
	core_test_someone(t, "mine", ROLE_GRID_LEADER, PLACE_GRID_A, mine);
	core_test_someone(t, "other", ROLE_DUTY_OFFICER, PLACE_STREET_A, other);
	core_test_someone(t, "far", ROLE_DUTY_OFFICER, PLACE_STREET_B, far);
	buf_init(&in, 1 << 20);
	struct str photo = jpeg(640, 400, 6, &in);

	assert_int_equal(core_test_send(t, mine, "POST /api/files?name=..%2F%E4%BA%95%E7%9B%96.PNG", photo, "image/jpeg"), 201);
	assert_string_equal(core_test_str(t, "name"), "井盖.jpg");
	assert_string_equal(core_test_str(t, "type"), "image/jpeg");
	int64_t id = strtoll(core_test_str(t, "id"), NULL, 10);

	snprintf(read, sizeof(read), "GET /api/files/%lld", (long long)id);
	snprintf(thumb, sizeof(thumb), "GET /api/files/%lld/thumb", (long long)id);
	assert_int_equal(core_test_call(t, mine, read, NULL), 200);
	assert_int_equal(decode(buf_view(&t->raw)).w, 400);
	assert_null(memmem(t->raw.p, t->raw.n, "SEC", 3));
	assert_int_equal(core_test_call(t, other, read, NULL), 404);
	assert_int_equal(core_test_call(t, mine, thumb, NULL), 200);
	assert_int_equal(decode(buf_view(&t->raw)).h, IMAGE_THUMB);
	/* Once it belongs to a matter, whoever sees that sees it. */
	insert_matter(t, 5001, PLACE_GRID_A, 0);
	core_test_sql(t, "UPDATE file SET matter_id = 5001 WHERE id = $1", ARGS(I(id)));
	assert_int_equal(core_test_call(t, other, read, NULL), 200);
	assert_int_equal(core_test_call(t, far, read, NULL), 404);
	assert_int_equal(core_test_call(t, far, thumb, NULL), 404);
	assert_int_equal(core_test_call(t, NULL, read, NULL), 401);
	core_test_sql(t, "UPDATE matter SET sealed = 1 WHERE id = 5001", NO_ARGS);
	assert_int_equal(core_test_call(t, other, read, NULL), 404);
	buf_release(&in);
}

/* The bytes decide, not the name or the header. */
static void test_types(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT];
	static const struct {
		const char *bytes, *name;
		int status;
		const char *want; /* name as stored, or the error's code */
	} row[] = {
		{ "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "plan.pdf", 201, "plan.pdf" },
		{ "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "plan.exe", 201, "plan.pdf" },
		{ "a note about a broken lamp\n", "note", 201, "note.txt" },
		{ "<!DOCTYPE html><html><script>alert(1)</script></html>", "page.txt", 400, "file.type" },
		{ "<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>", "a.jpg", 400, "file.type" },
		{ "#!/bin/sh\nrm -rf /\n", "run.txt", 400, "file.type" },
		{ "PK\3\4\024rest of some archive", "a.xlsx", 400, "file.type" },
	};

	core_test_need(t);
	core_test_someone(t, "mine", ROLE_GRID_LEADER, PLACE_GRID_A, token);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		char request[96];

		snprintf(request, sizeof(request), "POST /api/files?name=%s", row[i].name);
		int status = core_test_send(t, token, request, str_z(row[i].bytes), "image/png");

		if (status != row[i].status)
			print_error("%s\n", row[i].bytes);
		assert_int_equal(status, row[i].status);
		assert_string_equal(core_test_str(t, row[i].status == 201 ? "name" : "error.code"), row[i].want);
	}
	assert_int_equal(core_test_send(t, token, "POST /api/files", (struct str){ NULL, 0 }, "image/png"), 400);
	char auditor[TOKEN_TEXT];

	core_test_someone(t, "auditor", ROLE_AUDITOR, PLACE_DISTRICT, auditor);
	assert_int_equal(core_test_send(t, auditor, "POST /api/files", STR("note"), "text/plain"), 403);
}

struct attach {
	struct core_test *t;
	const struct principal *who;
	const char *ids;
	enum err err;
};

static enum err attach_tx(struct dbc *c, void *arg)
{
	struct attach *a = arg;
	struct arena *mem = arena_new(1 << 20);
	struct req rq;

	req_local(&rq, &a->t->app, c, mem, a->who, time_now());
	a->err = file_attach(&rq, str_z(a->ids), 5002);
	req_local_done(&rq);
	arena_free(mem);
	return a->err;
}

/* Only one's own, only once; what nobody attached is gone after a day, with its content. */
static void test_attach_and_clear(void **state)
{
	struct core_test *t = *state;
	char token[TOKEN_TEXT], ids[64];
	struct principal other = { .user_id = 1 };
	int64_t n;

	core_test_need(t);
	int64_t user = core_test_someone(t, "mine", ROLE_GRID_LEADER, PLACE_GRID_A, token);
	struct principal me = { .user_id = user };

	insert_matter(t, 5002, PLACE_GRID_A, 0);
	assert_int_equal(core_test_send(t, token, "POST /api/files", STR("first note\n"), "text/plain"), 201);
	snprintf(ids, sizeof(ids), "[\"%s\"]", core_test_str(t, "id"));
	struct attach a = { .t = t, .who = &other, .ids = ids };

	assert_int_equal(core_test_write(t, attach_tx, &a), ERR_INVALID);
	a.who = &me;
	assert_int_equal(core_test_write(t, attach_tx, &a), OK);
	assert_int_equal(core_test_write(t, attach_tx, &a), ERR_INVALID);
	a.ids = "{}";
	assert_int_equal(core_test_write(t, attach_tx, &a), ERR_INVALID);
	/* The same content twice, once attached, once not: the content stays. */
	assert_int_equal(core_test_send(t, token, "POST /api/files", STR("first note\n"), "text/plain"), 201);
	assert_int_equal(core_test_send(t, token, "POST /api/files", STR("second note\n"), "text/plain"), 201);
	assert_int_equal(file_module.job[0].fn(&t->app, t->reader, time_now()), OK);
	assert_int_equal(db_int(t->reader, "SELECT count(*) AS n FROM file", NO_ARGS, &n), OK);
	assert_int_equal(n, 3);
	assert_int_equal(file_module.job[0].fn(&t->app, t->reader, time_now() + 2 * (int64_t)MS_DAY), OK);
	assert_int_equal(db_int(t->reader, "SELECT count(*) AS n FROM file", NO_ARGS, &n), OK);
	assert_int_equal(n, 1);
	char hash[HASH_HEX], path[256];

	crypto_sha256_hex(STR("first note\n"), hash);
	snprintf(path, sizeof(path), "%s/%.2s/%s", t->dir, hash, hash + 2);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	fclose(f);
	crypto_sha256_hex(STR("second note\n"), hash);
	snprintf(path, sizeof(path), "%s/%.2s/%s", t->dir, hash, hash + 2);
	assert_null(fopen(path, "rb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upright),
		cmocka_unit_test(test_thumbnail),
		cmocka_unit_test(test_bad_pictures),
		CORE_BOTH(test_upload_and_sight),
		CORE_BOTH(test_types),
		CORE_BOTH(test_attach_and_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
