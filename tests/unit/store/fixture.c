#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util/fault.h"
#include "fixture.h"

static int64_t
fixture_now(void *ctx)
{
	return ((struct fixture *)ctx)->now * 1000000;
}

static void
fixture_open(struct fixture *f, unsigned queue, bool create)
{
	const struct store_options o = {
		.path = f->path,
		.queue = queue,
		.create = create,
		.clock = { fixture_now, f },
	};

	assert_ok(f, store_open(&o, &f->s, &f->err));
}

int
fixture_setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	const char *base = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%s/chancery-store-XXXXXX",
	    base == NULL || strlen(base) > 24 ? "/tmp" : base);
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/chancery.db", f->dir);
	f->a = arena_new();
	f->now = NOW;
	assert_true(fault_init_from(NULL));
	fixture_open(f, 0, true);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	fault_init_from(NULL);
	store_close(f->s);
	arena_free(f->a);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

void
fixture_reopen(struct fixture *f, unsigned queue)
{
	store_close(f->s);
	fixture_open(f, queue, false);
}

void
fill_hash(uint8_t out[32], uint8_t c)
{
	memset(out, c, 32);
}

struct account_row
account_make(struct fixture *f, unsigned n)
{
	struct account_row row = {
		.id = arena_printf(f->a, "acct-%u", n),
		.jwk = arena_printf(f->a, "{\"kty\":\"EC\",\"n\":%u}", n),
		.contacts = "[]",
		.created_at = f->now,
		.created_from = "192.0.2.1",
	};

	memcpy(row.thumbprint, &n, sizeof(n));
	row.thumbprint[31] = 1;
	return row;
}

void
account_add(struct fixture *f, unsigned n)
{
	struct account_row row = account_make(f, n);

	assert_ok(f, store_account_insert(f->s, &row, &f->err));
}

void
order_add(struct fixture *f, unsigned n)
{
	const char *authz_id = arena_printf(f->a, "authz-%u", n);
	struct authz_row z = {
		.id = authz_id,
		.account_id = "acct-1",
		.name_type = 1,
		.name = arena_printf(f->a, "%u.example", n),
		.expires_at = f->now + 3600,
		.created_at = f->now,
		.token = "token",
		.offered = CHALLENGE_HTTP_01 | CHALLENGE_DNS_01,
	};
	struct order_row o = {
		.id = arena_printf(f->a, "order-%u", n),
		.account_id = "acct-1",
		.expires_at = f->now + 7200,
		.created_at = f->now,
		.names_json = arena_printf(
		    f->a, "[{\"type\":\"dns\",\"value\":\"%u.example\"}]", n),
		.profile = "default",
		.authz_ids = &authz_id,
		.authz_n = 1,
	};

	fill_hash(o.profile_hash, 7);
	assert_ok(f, store_order_insert(f->s, &o, &z, 1, &f->err));
}

struct posted {
	sem_t done;
	enum err_kind kind;
};

static void
outcome_done(void *arg, const struct err *err)
{
	struct posted *p = arg;

	p->kind = err == NULL ? ERR_NONE : err->kind;
	sem_post(&p->done);
}

const char *
outcome_post(struct fixture *f, const struct validation_outcome *o)
{
	struct posted p = { .kind = ERR_NONE };

	sem_init(&p.done, 0, 0);
	assert_ok(f, store_validation_post(f->s, o, outcome_done, &p, &f->err));
	while (sem_wait(&p.done) != 0)
		continue;
	sem_destroy(&p.done);
	return err_kind_name(p.kind);
}

void
authz_validate(struct fixture *f, unsigned n)
{
	const char *id = arena_printf(f->a, "authz-%u", n);
	const struct validation_outcome o = {
		.authz_id = id,
		.what = VALIDATION_VALID,
		.at = f->now,
		.expires_at = f->now + 86400,
		.record_json = "{\"url\":\"http://n.example/\"}",
	};
	struct validation_job job;
	bool started;

	assert_ok(f,
	    store_challenge_start(f->s, id, "acct-1", CHALLENGE_HTTP_01, f->now,
		&started, &f->err));
	assert_true(started);
	assert_ok(f,
	    store_validation_claim_one(
		f->s, id, f->now, f->now + 30, f->a, &job, &f->err));
	assert_string_equal(outcome_post(f, &o), "none");
}

struct cert_row
cert_make(struct fixture *f, unsigned n)
{
	struct cert_row row = {
		.id = arena_printf(f->a, "cert-%u", n),
		.ca = "issuing",
		.not_before = f->now - 60,
		.not_after = f->now + 90 * 86400 + n,
		.created_at = f->now,
		.profile = "default",
		.requester = "operator",
		.names = arena_printf(
		    f->a, "dns:%u.example\ndns:www.%u.example", n, n),
		.sig_alg = 1,
		.tbs = bytes_str(arena_printf(f->a, "tbs %u", n)),
	};

	fill_hash(row.issuer_key, 0x11);
	fill_hash(row.profile_hash, 0x22);
	fill_hash(row.spki_sha256, 0x33);
	memcpy(row.spki_sha256, &n, sizeof(n));
	row.serial[0] = 1;
	row.serial[18] = (uint8_t)(n >> 8);
	row.serial[19] = (uint8_t)n;
	return row;
}

void
cert_add(struct fixture *f, unsigned n, bool issued)
{
	struct cert_row row = cert_make(f, n);
	uint64_t position;

	assert_ok(f, store_cert_intent(f->s, &row, NULL, &position, &f->err));
	if (issued)
		assert_ok(f,
		    store_cert_issued(f->s, row.id,
			bytes_str(arena_printf(f->a, "signature %u", n)),
			f->now, &f->err));
}

struct cert_row
cert_read_back(struct fixture *f, unsigned n)
{
	struct cert_row row;

	assert_ok(f,
	    store_cert_get(
		f->s, arena_printf(f->a, "cert-%u", n), f->a, &row, &f->err));
	return row;
}

struct order_row
order_read_back(struct fixture *f, unsigned n)
{
	struct order_row row;

	assert_ok(f,
	    store_order_get(f->s, arena_printf(f->a, "order-%u", n), f->now,
		f->a, &row, &f->err));
	return row;
}

struct authz_row
authz_read_back(struct fixture *f, unsigned n)
{
	struct authz_row row;

	assert_ok(f,
	    store_authz_get(
		f->s, arena_printf(f->a, "authz-%u", n), f->a, &row, &f->err));
	return row;
}

static size_t
log_all(struct fixture *f, struct log_row **rows)
{
	size_t n;

	assert_ok(f, store_log_list(f->s, 0, 10000, f->a, rows, &n, &f->err));
	for (size_t i = 0; i < n; i++)
		assert_int_equal((*rows)[i].position, i + 1);
	return n;
}

const char *
log_last(struct fixture *f, const char **kind)
{
	struct log_row *rows;
	size_t n = log_all(f, &rows);

	assert_true(n > 0);
	if (kind != NULL)
		*kind = rows[n - 1].kind;
	return arena_str(f->a, rows[n - 1].body);
}

uint64_t
log_count(struct fixture *f)
{
	struct log_row *rows;

	return log_all(f, &rows);
}

void
queue_wait(struct fixture *f, uint64_t n)
{
	struct store_counters c;

	do {
		sched_yield();
		store_counters_get(f->s, &c);
	} while (c.queue_depth < n);
}

/* The process that is killed; says each step that it was told is durable. */
static void
killed_main(struct fixture *f, const char *fault, int first, int last,
    bool (*step)(struct fixture *f, int step), int tell)
{
	const struct store_options o = { .path = f->path };

	if (!store_open(&o, &f->s, &f->err) || !fault_init_from(fault))
		_exit(3);
	for (int i = first; i < last; i++) {
		char c = (char)i;

		if (!step(f, i) || write(tell, &c, 1) != 1)
			_exit(4);
	}
	_exit(0);
}

int
killed_run(struct fixture *f, const char *fault, int first, int last,
    bool (*step)(struct fixture *f, int step), bool *killed)
{
	int told = first - 1, pipefd[2], status;
	pid_t pid;
	char c;

	assert_return_code(pipe(pipefd), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0)
		killed_main(f, fault, first, last, step, pipefd[1]);
	close(pipefd[1]);
	while (read(pipefd[0], &c, 1) == 1)
		told = c;
	close(pipefd[0]);
	assert_return_code(waitpid(pid, &status, 0), errno);
	*killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	if (!*killed)
		assert_int_equal(status, 0);
	return told;
}
