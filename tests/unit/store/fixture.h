/*
 * A store in a folder of its own, a fixed clock, and rows to put into it.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "support/unit.h"
#include "store/store.h"

#define NOW INT64_C(1800000000)

struct fixture {
	char dir[64];
	char path[96];
	int64_t now; /* what the store's clock says */
	struct store *s;
	struct arena *a;
	struct err err;
};

/* cmocka's setup and teardown; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Closes and opens it again, with a queue of this size. */
void fixture_reopen(struct fixture *f, unsigned queue);

#define assert_ok(f, call)                                                     \
	do {                                                                   \
		err_clear(&(f)->err);                                          \
		if (!(call))                                                   \
			fail_msg("%s: %s (%s)", #call, (f)->err.shown,         \
			    (f)->err.detail);                                  \
	} while (0)
#define assert_err(f, kind_, call)                                             \
	do {                                                                   \
		err_clear(&(f)->err);                                          \
		assert_false(call);                                            \
		assert_string_equal(                                           \
		    err_kind_name((f)->err.kind), err_kind_name(kind_));       \
	} while (0)

/* 32 octets of c. */
void fill_hash(uint8_t out[32], uint8_t c);
/* The nth account: id "acct-n". */
struct account_row account_make(struct fixture *f, unsigned n);
void account_add(struct fixture *f, unsigned n);
/* The nth order "order-n" of account 1 with one new authorization "authz-n" for
 * n.example, which lasts an hour; the order two. */
void order_add(struct fixture *f, unsigned n);
/* Starts, claims and finishes the validation of "authz-n". */
void authz_validate(struct fixture *f, unsigned n);
/* Posts an outcome and waits for it; err_kind_name of what came. */
const char *outcome_post(struct fixture *f, const struct validation_outcome *o);
/* The nth certificate "cert-n" for n.example, without account or order. */
struct cert_row cert_make(struct fixture *f, unsigned n);
/* Its intent and, unless it is to stay open, its signature. */
void cert_add(struct fixture *f, unsigned n, bool issued);
struct cert_row cert_read_back(struct fixture *f, unsigned n);
struct order_row order_read_back(struct fixture *f, unsigned n);
struct authz_row authz_read_back(struct fixture *f, unsigned n);
/* The last row of the log, as text. */
const char *log_last(struct fixture *f, const char **kind);
uint64_t log_count(struct fixture *f);

/*
 * Runs steps first to last - 1 in a process of its own, which opens the store
 * and arms the fault.  The last step that was durable; *killed if the fault
 * was reached, else all were.
 */
int killed_run(struct fixture *f, const char *fault, int first, int last,
    bool (*step)(struct fixture *f, int step), bool *killed);

/* Waits until this many changes are queued (the writer is paused). */
void queue_wait(struct fixture *f, uint64_t n);

#endif
