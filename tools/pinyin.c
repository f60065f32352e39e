/*
 * Build-time program that writes the first letter of the usual reading of each Chinese character,
 * as a C table: pinyin OUT.c. The readings are those of ICU's transliterator; nothing of ICU is
 * needed later.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <unicode/ustring.h>
#include <unicode/utrans.h>

enum { FIRST = 0x4E00, LAST = 0x9FFF, ROOM = 64, PER_LINE = 24 };

/* '-' for what has no reading. */
static char initial(UTransliterator *t, UChar32 c)
{
	UChar text[ROOM] = { (UChar)c };
	int32_t n = 1, limit = 1;
	UErrorCode e = U_ZERO_ERROR;

	utrans_transUChars(t, text, &n, ROOM, 0, &limit, &e);
	if (U_FAILURE(e) || n < 1 || text[0] > 127 || !isalpha((int)text[0]))
		return '-';
	return (char)tolower((int)text[0]);
}

static bool write_table(FILE *f, UTransliterator *t)
{
	fputs("/* Made by tools/pinyin.c. */\n#include \"core/words.h\"\n\nconst char "
	      "words_initials[] = {",
		f);
	for (UChar32 c = FIRST; c <= LAST; c++) {
		if ((c - FIRST) % PER_LINE == 0)
			fputs("\n\t", f);
		fprintf(f, "'%c',", initial(t, c));
	}
	fputs("\n};\n", f);
	return ferror(f) == 0;
}

int main(int argc, char **argv)
{
	UChar id[ROOM];
	UErrorCode e = U_ZERO_ERROR;
	FILE *f = argc == 2 ? fopen(argv[1], "w") : NULL;

	if (f == NULL) {
		fputs("pinyin: cannot write the output\n", stderr);
		return EXIT_FAILURE;
	}
	u_uastrcpy(id, "Han-Latin; Latin-ASCII");
	UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &e);
	bool ok = U_SUCCESS(e) && write_table(f, t);

	if (U_SUCCESS(e))
		utrans_close(t);
	ok = fclose(f) == 0 && ok;
	if (!ok)
		fputs("pinyin: no transliterator, or no room for the output\n", stderr);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
