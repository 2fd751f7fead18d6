/*
 * A real server on ports of its own, for the tests of the net layer, and plain
 * clients for it.  A client waits at most ten seconds for anything.
 */
#ifndef NET_TEST_WORLD_H
#define NET_TEST_WORLD_H

#include <semaphore.h>
#include "support/unit.h"
#include "net/net.h"

enum { PORT_HTTP, PORT_HTTPS, PORT_EST, PORT_OPS, PORT_CONTROL, PORTS };

struct world {
	/* May be set between world_init and world_start. */
	struct config_limits limits;
	unsigned loops, workers;
	const char *proxies; /* a CIDR, or NULL */

	struct net *net;
	struct http_routes *routes;
	struct http_waits *waits;
	struct blob *blob, *big;
	struct net_listener listeners[PORTS];
	unsigned ports[PORTS];
	char control_dir[64], control[96];
	struct config_cidr cidr;
	struct config_cidrs cidrs;
	/* What "/secret" answers with; no request's memory. */
	char secret[16];
	/* "/slow" and "/hold": entered; may go on. */
	sem_t entered, go;
};

#define BIG_BODY (3u << 20)

/*
 * Routes: GET/POST /blob (loop, 100 octets), GET /big (loop, 3 MiB),
 * POST /echo (worker, 100 000), POST /short (worker, 10, application/x-test),
 * GET /slow (worker, until `go`), GET /hold/{ms} (worker, job "job"),
 * GET /first/{what} (loop first: "loop" is answered there, the rest is /slow),
 * GET /secret (worker, to be wiped), GET /peer (worker), GET /cert (worker,
 * est), GET /x/… refused as problems.
 */
void world_init(struct world *w);
void world_start(struct world *w);
void world_stop(struct world *w);
/* One server with the limits' defaults for all the tests of a program. */
extern struct world world;
int world_setup(void **state);
int world_teardown(void **state);
/* A self-signed P-256 certificate for the name. */
void world_certificate(const char *name, struct buf *chain, struct buf *key);
struct net_stats world_stats(struct world *w);

/* A connected socket. */
int client_open(unsigned port);
int client_open_unix(const char *path);
void client_send(int fd, struct bytes data);
static inline void
client_say(int fd, const char *text)
{
	client_send(fd, bytes_str(text));
}
/* One whole response: status (0 at the end of the stream), head and body. */
struct answer {
	int status;
	struct buf head, body;
};
/* before: octets that were read too far, kept for the next call. */
struct reader {
	int fd;
	struct buf ahead;
};
void client_read(struct reader *r, bool is_head, struct answer *a);
void reader_close(struct reader *r);
void answer_free(struct answer *a);
/* The value of a field in exactly this case, or NULL; into a static buffer. */
const char *answer_field(const struct answer *a, const char *name);
/* Waits for the end of the stream; whatever comes before is dropped. */
void client_expect_end(int fd);
/* Says the text on a new connection, reads one answer, closes. */
int client_ask(unsigned port, const char *text, struct answer *a);

#endif
