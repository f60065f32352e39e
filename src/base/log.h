/*
 * One structured line (JSON) per message on standard error. Libraries never log above debug; whoever
 * handles an error logs it, once. Never bodies, secrets or citizens' data.
 */
#ifndef GEZHI_BASE_LOG_H
#define GEZHI_BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
	enum log_level level;
};

void log_msg(const struct log *l, enum log_level level, const char *area, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
