/* Private to the reader of workbooks: the archive's parts, parsed in pieces, and what is kept of them. */
#ifndef GEZHI_BASE_XLSX_IMPL_H
#define GEZHI_BASE_XLSX_IMPL_H

#include <expat.h>
#include <zip.h>

#include "base/xlsx.h"

enum {
	XLSX_PATH = 256, XLSX_NAME = 128, XLSX_CHUNK = 1 << 14, XLSX_DEPTH = 64, XLSX_ATTRS = 64,
	XLSX_SILENT = 1 << 20 /* bytes without any tag or text: one endless tag */
};

/* One part of the archive while it is read. */
struct xlsx_part {
	zip_file_t *file;
	uint64_t packed, n; /* inflated so far */
};

struct xlsx_area {
	int64_t top, bottom;
	size_t left, right;
};

enum cell_type { CELL_NUMBER, CELL_SHARED, CELL_TEXT, CELL_BOOL, CELL_ERROR, CELL_DATE };

/* The sheet that is being read. */
struct xlsx_reading {
	struct xlsx_part part;
	XML_Parser xml;
	size_t index;
	bool suspended, in_data, have_row, ended;
	int depth;
	uint64_t silent; /* bytes since the parser said anything */
	int64_t row;	 /* 1-based, of the row being read */
	size_t n;	 /* cells up to the last one with a value */
	struct str cell[XLSX_COLS];
	size_t off[XLSX_COLS];
	unsigned char flag[XLSX_COLS];
	struct buf text; /* of the row's cells */
	struct buf value; /* of the cell being read */
	size_t col;
	enum cell_type type;
	int64_t style;
	unsigned char flags;
	bool in_cell, takes, phonetic;
	size_t active[XLSX_COLS], nactive, next_area;
};

struct xlsx {
	zip_t *zip;
	struct xlsx_limits limit;
	uint64_t kept; /* inflated bytes of the parts read at opening */
	bool date1904;
	size_t nsheet;
	struct {
		char name[XLSX_NAME], id[64], path[XLSX_PATH];
		bool hidden;
	} sheet[XLSX_SHEETS];
	char workbook[XLSX_PATH], strings_path[XLSX_PATH], styles_path[XLSX_PATH];
	struct buf strings;
	size_t *string_end; /* string i ends there and begins where the one before ends */
	size_t nstring, cap_string;
	unsigned char *style; /* XF_ flags by cell format */
	size_t nstyle, cap_style;
	struct {
		int64_t id;
		unsigned char kind;
	} *format; /* the workbook's own number formats */
	size_t nformat, cap_format;
	bool in_formats; /* within cellXfs */
	struct xlsx_area *area;
	size_t narea, cap_area;
	struct xlsx_reading r;
	enum err dead;
	struct error why;
};

/* What a number format makes of a number. */
enum { XF_DATE = 1, XF_TIME = 2 };

enum err xlsx_fail(struct xlsx *x, enum err err, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Name without its prefix. */
const char *xlsx_local(const char *name);
/* Value of an attribute by local name, or NULL. */
const char *xlsx_attr(const char **atts, const char *name);

enum err xlsx_part_open(struct xlsx *x, const char *path, struct xlsx_part *p) MUST_CHECK;
void xlsx_part_close(struct xlsx_part *p);
enum err xlsx_part_read(struct xlsx *x, struct xlsx_part *p, void *to, size_t room, size_t *ret_n) MUST_CHECK;
/* A parser that refuses a document type. */
XML_Parser xlsx_parser(struct xlsx *x);
/* A whole part through handlers with `x` as their argument; x->r is free for their use. The end handler
 * calls xlsx_on_end or is it. */
enum err xlsx_part_parse(struct xlsx *x, const char *path, XML_StartElementHandler start, XML_EndElementHandler end,
			 XML_CharacterDataHandler text) MUST_CHECK;
void XMLCALL xlsx_on_end(void *arg, const XML_Char *name);
/* Error of a parser that stopped: what was said, or that the XML is broken. */
enum err xlsx_xml_error(struct xlsx *x, XML_Parser xml, const char *part);

/* xlsx_style.c */
enum err xlsx_read_styles(struct xlsx *x) MUST_CHECK;
unsigned char xlsx_format_kind(struct str code);
unsigned char xlsx_format_builtin(int64_t id);
/* Text of a number as it stands in the file; adds to *flags. False when it is none. */
bool xlsx_number_text(const struct xlsx *x, struct str raw, unsigned char format, struct buf *out,
		      unsigned char *flags);
/* Undoes _x000D_, in place. */
size_t xlsx_unescape(char *p, size_t n);
/* xlsx_sheet.c */
bool xlsx_cell_ref(const char *s, int64_t *ret_row, size_t *ret_col);
void xlsx_reading_end(struct xlsx *x);
/* xlsx_merge.c */
enum err xlsx_read_merges(struct xlsx *x, size_t sheet) MUST_CHECK;
void xlsx_mark_merged(struct xlsx *x);

#endif
