/*
 * A probe loop against the stand-in name server, and probes that are waited
 * for.  The configuration may be changed between begin and start.
 */
#ifndef SUPPORT_PROBING_H
#define SUPPORT_PROBING_H

#include <pthread.h>
#include "net/probe.h"
#include "support/dns_standin.h"
#include "support/http_standin.h"

struct probing {
	struct dns_standin *dns;
	struct config_validation v;
	struct config_cidr permitted[4];
	const char *resolvers[2];
	struct probes *probes;
};

/* A result, copied. */
struct probed {
	bool done, ok, transient, secure, alpn;
	struct err err;
	char record[16384];
	uint8_t body[PROBE_MAX_BODY];
	size_t body_n;
	char txt[PROBE_MAX_TXT][300];
	size_t txt_n;
	uint8_t certificate[4096];
	size_t certificate_n;
	char caa[8][300];
	size_t caa_n;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/* Loopback is permitted, timeout 5 s, ports that nobody listens on. */
void probing_begin(struct probing *p);
void probing_permit(struct probing *p, const char *cidr);
void probing_start(struct probing *p);
void probing_end(struct probing *p);

/* start() without waiting; false when refused. */
bool probing_post(struct probing *p, enum probe_kind kind, const char *name,
    bool is_ip, struct probed *out, struct err *err);
void probing_wait(struct probed *out);
/* Both; a refusal fails the test. */
void probing_ask(struct probing *p, enum probe_kind kind, const char *name,
    bool is_ip, struct probed *out);
/* A loopback port that nobody listens on. */
unsigned probing_free_port(void);

#define PROBING_PATH "/.well-known/acme-challenge/token"

#endif
