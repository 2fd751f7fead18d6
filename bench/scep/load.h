/*
 * A load generator for SCEP: messages that were made beforehand, each sent
 * once, by N clients over kept or new connections; and what came back, opened
 * by OpenSSL's CMS, which shares no code with the server.
 *
 * Threads: messages are one thread's at a time, the rest is read only.
 */
#ifndef BENCH_SCEP_LOAD_H
#define BENCH_SCEP_LOAD_H

#include "codec/scep.h"

/* Ends the program. */
void die(const char *what, const struct err *err) __attribute__((noreturn));

/* ---- keys.c ---- */

/* Who asks: an RSA-2048 key, and a certificate for it: its own signature's, or
 * one that is to be renewed. */
struct device {
	struct privkey *key;
	EVP_PKEY *pkey; /* the same, of OpenSSL's default context */
	char name[64];
	X509 *x509;
	struct buf der;
	struct cert cert;
};

/*
 * More devices than any cache of keys has room for.  Their moduli share primes,
 * which takes a second instead of half a minute; nobody measured here looks
 * for that.
 */
#define DEVICES 120u
void devices_make(struct device devices[DEVICES], struct arena *a);
/* Takes the certificate. */
void device_take(struct device *d, X509 *cert, struct arena *a);

/* ---- message.c ---- */

enum kind { KIND_ISSUE, KIND_RENEW, KIND_WRONG, KIND_GARBAGE };

struct message {
	const struct device *by;
	char name[64]; /* asked for */
	struct buf der;
	struct buf reply;
	long http; /* 0: no answer */
	double ms;
};

struct letterhead {
	const struct cert *to;
	const char *challenge;
	enum kind kind;
	const char *run; /* of names and transactions: new with each run */
};
void message_make(struct message *m, struct lane *lane,
    const struct letterhead *l, const struct device *by, size_t number);

/* ---- client.c ---- */

struct round {
	const char *url;
	bool fresh; /* a connection a request */
	unsigned clients;
	struct message *messages;
	size_t n;
};
/* Sends each once; seconds it took. */
double round_run(const struct round *r);

/* ---- reply.c ---- */

/* pkiStatus and failInfo; -1: none.  Nothing is verified. */
void reply_status(struct bytes der, int *status, int *fail_info);
/* Verifies, decrypts and finds the certificate that was asked for, signed by
 * this CA; NULL, and why. */
X509 *reply_open(const struct message *m, X509 *ca, const char **why);

#endif
