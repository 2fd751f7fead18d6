/*
 * The channel between the supervisor and a child: SOCK_SEQPACKET, one message a
 * packet, at most one descriptor with it.  A child is exec'ed with nothing but
 * standard error and this channel (descriptor 3); everything that it may use
 * arrives here, so its rights can be read off the supervisor's calls.
 *
 * One thread at each end.  Not for requests: the signer's have a socket of
 * their own (signer/signer.h).
 */
#ifndef MAIN_BOOT_H
#define MAIN_BOOT_H

#include "util/arena.h"
#include "util/own.h"

#define BOOT_FD 3
#define BOOT_MAX_NAME 256u
/* Of a file that is handed over: lists of weak keys are the largest. */
#define BOOT_MAX_FILE (8u << 20)
#define BOOT_MAX_BODY 32768u

/* The key that signs the log's checkpoints; `init` makes it. */
#define LOG_KEY_PATH "keys/log.key"
/* What the server seals secrets in its store with: 32 octets. */
#define SEAL_KEY_PATH "keys/seal"
#define SEAL_KEY_SIZE 32u
/* Which of the signer's keys is the OCSP responder's. */
#define BOOT_KEY_RESPONDER "keys/ocsp.key"

enum boot_type {
	BOOT_CONFIG = 1, /* body: path; fd: memfd with the text */
	BOOT_FILE, /* body: path as configured; fd: memfd */
	BOOT_LISTENER, /* body: index in config.listen, or "control" */
	BOOT_KEY, /* body: role; fd: the key file, read only */
	BOOT_PASSPHRASE, /* body: the octets; wiped after sending */
	BOOT_DIRECTORY, /* body: "db"; fd */
	BOOT_SIGNER, /* fd: the requests socket */
	BOOT_CONTROL, /* fd: the signer's limits socket */
	BOOT_JOURNAL, /* fd: keys/signer.journal */
	BOOT_LIMITS, /* fd: memfd with the limits' JSON */
	BOOT_FLAG, /* body: "testing", "status-only", "root" … */
	BOOT_FAULT, /* body: CHANCERY_FAULT's value */
	BOOT_GO, /* all is sent: start */
	BOOT_RELOAD, /* the configuration and files sent anew */
	BOOT_DRAIN, /* finish what runs and leave */
	BOOT_READY, /* from the child */
	BOOT_RELOADED, /* from the child; body: "" or why not */
	BOOT_TYPES
};

struct boot_message {
	enum boot_type type;
	struct bytes body; /* in the arena */
	int fd; /* -1: none; the receiver's to close */
};

/* A pair: [0] the supervisor's end, [1] the child's. */
bool boot_pair(int fds[2], struct err *err) MUST_CHECK;
/* fd -1: none; it stays the caller's.  ERR_BUSY: nobody reads at the other end
 * (for the supervisor's; a child waits). */
bool boot_send(int channel, enum boot_type type, struct bytes body, int fd,
    struct err *err) MUST_CHECK;
/* Waits for a message; ERR_NOT_FOUND when the other end is gone. */
bool boot_receive(int channel, struct arena *a, struct boot_message *out,
    struct err *err) MUST_CHECK;
/* A read-only memory file holding the bytes; the caller closes it. */
bool boot_memfd(const char *name, struct bytes content, int *fd,
    struct err *err) MUST_CHECK;

#endif
