/* Log lines: built in memory and given to the kernel in one write, so that threads do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/jw.h"
#include "base/time.h"

enum { LOG_MESSAGE = 2048, LOG_LINE = 16384 };

static const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_DEBUG:
		return "debug";
	case LOG_INFO:
		return "info";
	case LOG_WARN:
		return "warn";
	case LOG_ERROR:
		return "error";
	}
	return "unknown";
}

void log_msg(const struct log *l, enum log_level level, const char *area, const char *fmt, ...)
{
	char message[LOG_MESSAGE];
	struct buf b;
	struct jw j;
	va_list ap;

	if (!l || level < l->level)
		return;
	va_start(ap, fmt);
	if (vsnprintf(message, sizeof(message), fmt, ap) < 0)
		message[0] = 0;
	va_end(ap);

	buf_init(&b, LOG_LINE);
	jw_init(&j, &b);
	jw_obj(&j);
	jw_ktime(&j, "at", time_now());
	jw_kz(&j, "level", log_level_name(level));
	jw_kz(&j, "area", area);
	jw_kz(&j, "message", message);
	jw_end_obj(&j);
	buf_char(&b, '\n');
	if (!b.failed) {
		/* A log that cannot be written has nowhere to complain. */
		ssize_t n = write(STDERR_FILENO, b.p, b.n);
		(void)n;
	}
	buf_release(&b);
}
