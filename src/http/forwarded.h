/* Whose request it is when reverse proxies stand before the server. Pure. */
#ifndef GEZHI_HTTP_FORWARDED_H
#define GEZHI_HTTP_FORWARDED_H

#include "base/str.h"

enum { FORWARDED_HOPS = 16 };

/*
 * The client's address: the peer itself, unless it is one of `proxies` (addresses separated by commas
 * or blanks); then the last address in `chain` (X-Forwarded-For, of which each proxy appends who came
 * to it) that is not a proxy. What stands further left anybody may have written. Where that is not an
 * address, the last hop that was. A view into one of the arguments.
 */
struct str forwarded_client(struct str peer, struct str chain, const char *proxies);
/* Are all of `proxies` addresses? */
bool forwarded_proxies_ok(const char *proxies);

#endif
