#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "net/address.h"
#include "util/text.h"

#define SHARDS 16u
#define CHAINS 256u /* per shard */

struct entry {
	struct entry *next;
	struct address_key key;
	size_t count;
};

struct addresses {
	struct shard {
		pthread_mutex_t lock;
		struct entry *chains[CHAINS];
	} shards[SHARDS];
};

struct addresses *
addresses_new(void)
{
	struct addresses *t = mem_alloc(sizeof(*t));

	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->shards[i].lock, NULL);
	return t;
}

void
addresses_free(struct addresses *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		for (size_t k = 0; k < CHAINS; k++)
			while (t->shards[i].chains[k] != NULL) {
				struct entry *e = t->shards[i].chains[k];

				t->shards[i].chains[k] = e->next;
				free(e);
			}
		pthread_mutex_destroy(&t->shards[i].lock);
	}
	free(t);
}

/* The link that points to the entry, or to the chain's end. */
static struct entry **
entry_find(
    struct addresses *t, const struct address_key *key, struct shard **shard)
{
	struct entry **e;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(key->b); i++)
		h = (h ^ key->b[i]) * 16777619u;
	*shard = &t->shards[h % SHARDS];
	pthread_mutex_lock(&(*shard)->lock);
	e = &(*shard)->chains[h / SHARDS % CHAINS];
	while (*e != NULL && memcmp(&(*e)->key, key, sizeof(*key)) != 0)
		e = &(*e)->next;
	return e;
}

bool
addresses_enter(struct addresses *t, const struct address_key *key, size_t max)
{
	struct shard *shard;
	struct entry **e = entry_find(t, key, &shard);
	bool ok;

	if (*e == NULL) {
		*e = mem_alloc(sizeof(**e));
		(*e)->key = *key;
	}
	/* An entry with no connection never outlives this lock. */
	ok = (*e)->count < max || (*e)->count == 0;
	if (ok)
		(*e)->count++;
	pthread_mutex_unlock(&shard->lock);
	return ok;
}

void
addresses_leave(struct addresses *t, const struct address_key *key)
{
	struct shard *shard;
	struct entry **e = entry_find(t, key, &shard);

	if (*e != NULL && --(*e)->count == 0) {
		struct entry *gone = *e;

		*e = gone->next;
		free(gone);
	}
	pthread_mutex_unlock(&shard->lock);
}

bool
address_key(const struct sockaddr_storage *peer, struct address_key *out)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;

	*out = (struct address_key){ { 0 } };
	if (peer->ss_family == AF_INET) {
		out->b[0] = 4;
		memcpy(out->b + 1, &v4->sin_addr, 4);
	} else if (peer->ss_family == AF_INET6) {
		out->b[0] = 6;
		memcpy(out->b + 1, &v6->sin6_addr, 8);
	} else {
		return false;
	}
	return true;
}

void
address_unmap(struct sockaddr_storage *peer)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (peer->ss_family != AF_INET6)
		return;
	memcpy(&v6, peer, sizeof(v6));
	if (!IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return;
	memcpy(&v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
	v4.sin_port = v6.sin6_port;
	memcpy(peer, &v4, sizeof(v4));
}

bool
address_in(
    const struct config_cidrs *cidrs, const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	const uint8_t *addr;

	if (peer->ss_family == AF_INET)
		addr = (const uint8_t *)&v4->sin_addr;
	else if (peer->ss_family == AF_INET6)
		addr = v6->sin6_addr.s6_addr;
	else
		return false;
	for (size_t i = 0; cidrs != NULL && i < cidrs->n; i++)
		if (config_cidr_contains(&cidrs->v[i], peer->ss_family, addr))
			return true;
	return false;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80". */
static bool
parse_peer(const char *s, size_t n, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char text[INET6_ADDRSTRLEN + 8];
	char *host = text, *end;

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != ':' && end[1] != '\0'))
			return false;
		*end = '\0';
	} else if (strchr(host, '.') != NULL &&
	    (end = strchr(host, ':')) != NULL && strchr(end + 1, ':') == NULL) {
		*end = '\0';
	}
	*out = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		memcpy(out, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		memcpy(out, &v6, sizeof(v6));
	else
		return false;
	address_unmap(out);
	return true;
}

/* The entries of one field, from the right.  False when the walk is over. */
static bool
walk_field(
    const struct config_cidrs *trusted, struct http_req *req, const char *value)
{
	size_t end = strlen(value);

	for (;;) {
		size_t start = end, from, to;
		struct sockaddr_storage peer;

		while (start > 0 && value[start - 1] != ',')
			start--;
		from = start;
		to = end;
		while (from < to && (value[from] == ' ' || value[from] == '\t'))
			from++;
		while (to > from &&
		    (value[to - 1] == ' ' || value[to - 1] == '\t'))
			to--;
		if (!parse_peer(value + from, to - from, &peer))
			return false;
		req->peer = peer;
		if (!address_in(trusted, &peer))
			return false;
		if (start == 0)
			return true;
		end = start - 1;
	}
}

void
address_forwarded(const struct config_cidrs *trusted, struct http_req *req)
{
	if (!address_in(trusted, &req->peer))
		return;
	/* The proxy's own: neither says anything of the client behind it. */
	req->client_cert = BYTES_NONE;
	req->binding = NULL;
	/* RFC 9110 section 5.3: several fields are one list, in order. */
	for (size_t i = req->headers_n; i-- > 0;)
		if (text_equal_nocase(
			req->headers[i].name, "X-Forwarded-For") &&
		    !walk_field(trusted, req, req->headers[i].value))
			return;
}
