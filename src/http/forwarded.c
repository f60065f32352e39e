/* See forwarded.h. */
#include "http/forwarded.h"

#include <arpa/inet.h>
#include <string.h>

static const char separators[] = ", ";

static bool is_address(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* The next word of a list; empty at its end. */
static struct str next_word(const char **at)
{
	const char *p = *at + strspn(*at, separators);
	size_t n = strcspn(p, separators);

	*at = p + n;
	return (struct str){ p, n };
}

static bool listed(const char *proxies, struct str address)
{
	struct str w;

	if (proxies == NULL)
		return false;
	while ((w = next_word(&proxies)).n > 0) {
		if (str_eq(w, address))
			return true;
	}
	return false;
}

bool forwarded_proxies_ok(const char *proxies)
{
	struct str w;

	while ((w = next_word(&proxies)).n > 0) {
		if (!is_address(w))
			return false;
	}
	return true;
}

struct str forwarded_client(struct str peer, struct str chain, const char *proxies)
{
	struct str hop = peer;

	for (int i = 0; i < FORWARDED_HOPS && chain.n > 0 && listed(proxies, hop); i++) {
		size_t from = chain.n;

		while (from > 0 && chain.p[from - 1] != ',')
			from--;
		struct str last = str_trim((struct str){ chain.p + from, chain.n - from });

		if (!is_address(last))
			break;
		hop = last;
		chain.n = from > 0 ? from - 1 : 0;
	}
	return hop;
}
