/*
 * The responder certificates that this process knows, by issuing key: read from
 * the record, never taken away, so that what was handed out stays.  Inside
 * src/ca only; ca->responders.lock is held around each call.
 */
#ifndef CA_RESPONDER_SET_H
#define CA_RESPONDER_SET_H

#include "ca/responder.h"

struct known_responder {
	struct known_responder *next; /* older */
	uint8_t issuer_key[32];
	uint8_t serial[SERIAL_SIZE];
	uint8_t spki_sha256[32];
	struct responder r;
};

struct responders {
	pthread_mutex_t lock; /* all of it but `run` */
	pthread_mutex_t run; /* one run at a time */
	struct arena *arena;
	struct known_responder *known; /* the newest first */
	/* The key that the signer holds, by its last word. */
	bool asked, has_key;
	struct bytes spki;
	uint8_t spki_sha256[32];
	/* Monotonic, microseconds. */
	int64_t ask_at;
	_Atomic int64_t look_at;
	_Atomic uint64_t withdrawn;
};

void responders_init(struct responders *s);
void responders_done(struct responders *s);
/* The signer holds this key (empty: none).  Is it another than before? */
bool responders_set_key(struct responders *s, struct bytes spki);
/* Adds a certificate unless it is there.  ERR_MALFORMED…: not one of ours. */
bool responders_add(struct responders *s, const uint8_t issuer_key[32],
    struct bytes der, struct err *err) MUST_CHECK;
/* One of them was revoked, if the serial is of one: what it signed counts no
 * more, and the next is due.  Takes the lock itself. */
bool responders_withdraw(struct responders *s, const uint8_t issuer_key[32],
    const uint8_t serial[SERIAL_SIZE]);
/* The newest that is valid now, for the key that the signer holds, and not
 * revoked; NULL: none. */
const struct known_responder *responders_live(
    struct ca *ca, const uint8_t issuer_key[32], int64_t now);
/* Why there is none, for the log. */
const char *responders_why_none(
    struct ca *ca, const uint8_t issuer_key[32], int64_t now, struct arena *a);

#endif
