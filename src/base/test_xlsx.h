/* For tests: workbooks made part by part, as no program would write them. Included by one file each. */
#ifndef GEZHI_BASE_TEST_XLSX_H
#define GEZHI_BASE_TEST_XLSX_H

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/str.h"

struct made {
	char *p;
	size_t n;
};

struct made_part {
	const char *path;
	struct str bytes;
};

#define MADE_ROOT "<Relationships><Relationship Id=\"r1\" Type=\"http://x/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
#define MADE_BOOK "<workbook xmlns:r=\"r\"><workbookPr/><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"s1\"/></sheets></workbook>"
#define MADE_RELS "<Relationships><Relationship Id=\"s1\" Type=\"http://x/worksheet\" Target=\"worksheets/sheet1.xml\"/>" \
	"<Relationship Id=\"s2\" Type=\"http://x/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>"                     \
	"<Relationship Id=\"s3\" Type=\"http://x/styles\" Target=\"styles.xml\"/></Relationships>"
#define MADE_STRINGS "<sst><si><t>first</t></si><si><r><t>sec</t></r><r><t>ond</t></r><rPh><t>no</t></rPh></si>" \
	"<si><t>a_x000A_b_x005F_</t></si></sst>"
#define MADE_STYLES "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>" \
	"<numFmt numFmtId=\"165\" formatCode=\"yyyy/m/d h:mm\"/><numFmt numFmtId=\"166\" formatCode=\"[Red]0.00\"/></numFmts>"    \
	"<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"                                                               \
	"<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/>" \
	"<xf numFmtId=\"20\"/></cellXfs></styleSheet>"

/* Free with free(m.p). A part with NULL bytes is left out. */
static inline struct made made_zip(const struct made_part *v, size_t n)
{
	struct made m = { NULL, 0 };
	zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z = to != NULL ? zip_open_from_source(to, ZIP_TRUNCATE, NULL) : NULL;
	zip_stat_t st;

	if (z == NULL)
		abort();
	zip_source_keep(to);
	for (size_t i = 0; i < n; i++) {
		if (v[i].bytes.p != NULL &&
		    zip_file_add(z, v[i].path, zip_source_buffer(z, v[i].bytes.p, v[i].bytes.n, 0), ZIP_FL_OVERWRITE) < 0)
			abort();
	}
	if (zip_close(z) != 0 || zip_source_open(to) != 0 || zip_source_stat(to, &st) != 0)
		abort();
	m.p = malloc(st.size + 1);
	if (m.p == NULL || zip_source_read(to, m.p, st.size) != (zip_int64_t)st.size)
		abort();
	m.n = st.size;
	zip_source_close(to);
	zip_source_free(to);
	return m;
}

/* A workbook whose one sheet is `sheet`. */
static inline struct made made_book(struct str sheet)
{
	const struct made_part v[] = {
		{ "_rels/.rels", STR(MADE_ROOT) },
		{ "xl/workbook.xml", STR(MADE_BOOK) },
		{ "xl/_rels/workbook.xml.rels", STR(MADE_RELS) },
		{ "xl/sharedStrings.xml", STR(MADE_STRINGS) },
		{ "xl/styles.xml", STR(MADE_STYLES) },
		{ "xl/worksheets/sheet1.xml", sheet },
	};

	return made_zip(v, sizeof(v) / sizeof(v[0]));
}

#endif
