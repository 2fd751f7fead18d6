#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "child.h"

struct far {
	struct world w;
	int requests[2], control[2];
	struct signer_remote *remote;
	struct signer port;
};

static void
far_make(struct far *f)
{
	world_make(&f->w);
	child_use_real_time(&f->w);
	child_pair(f->requests);
	child_pair(f->control);
	f->remote = signer_remote_new(f->requests[0]);
	f->port = signer_remote_port(f->remote);
}

static pid_t
far_start(struct far *f, const char *fault)
{
	return child_start(&f->w, f->requests[1], f->control[1], fault);
}

static void
far_free(struct far *f)
{
	signer_remote_free(f->remote);
	close(f->requests[1]);
	close(f->control[0]);
	close(f->control[1]);
	world_free(&f->w);
}

static void
await_signer(struct far *f)
{
	struct err err = { 0 };

	if (!signer_remote_ping(f->remote, 10000, &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
}

static size_t
journal_count(const struct world *w)
{
	struct journal_record r;
	struct err err = { 0 };
	size_t offset = 0, n = 0;
	int fd = world_journal(w);
	bool end;

	for (;;) {
		assert_true(journal_read(fd, &offset, &r, &end, &err));
		if (end)
			break;
		n++;
	}
	close(fd);
	return n;
}

static void
test_signs_and_refuses(void **state)
{
	struct far f;
	struct cert_spec leaf;
	struct signer_request req;
	AUTO_BUF sig = { 0 };
	struct err err = { 0 };
	pid_t pid;

	(void)state;
	far_make(&f);
	pid = far_start(&f, NULL);
	leaf = world_leaf(&f.w);
	req = world_request(&f.w, SIGN_LEAF, world_tbs(&f.w, &leaf));
	assert_true(signer_sign(&f.port, &req, &sig, &err));
	world_assert_signature(&f.w, req.tbs, buf_bytes(&sig));
	leaf.is_ca = true;
	req = world_request(&f.w, SIGN_LEAF, world_tbs(&f.w, &leaf));
	assert_false(signer_sign(&f.port, &req, &sig, &err));
	assert_int_equal(err.kind, ERR_SIGNER_REFUSED);
	assert_non_null(strstr(err.shown, "basic constraints"));
	err_clear(&err);
	req.tbs = BYTES_NONE;
	assert_false(signer_sign(&f.port, &req, &sig, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	await_signer(&f);
	assert_int_equal(signer_remote_syncs(f.remote), 1);
	kill(pid, SIGTERM);
	assert_int_equal(child_wait(pid), 0);
	far_free(&f);
}

/* Above 64 KiB the bytes come as a sealed memory file. */
static void
test_large_crl(void **state)
{
	struct far f;
	struct crl_spec crl;
	struct signer_request req;
	AUTO_BUF entries = { 0 };
	AUTO_BUF sig = { 0 };
	struct err err = { 0 };
	pid_t pid;

	(void)state;
	far_make(&f);
	pid = far_start(&f, NULL);
	for (uint32_t i = 1; i <= 5000; i++) {
		uint8_t serial[SERIAL_SIZE] = { WORLD_NODE };

		memcpy(serial + 16, &i, sizeof(i));
		crl_entry_put(&entries, bytes_of(serial, sizeof(serial)),
		    world_now(&f.w) - i, REASON_KEY_COMPROMISE);
	}
	crl = world_crl(&f.w);
	crl.entries = buf_bytes(&entries);
	req = world_request(&f.w, SIGN_CRL, world_crl_tbs(&f.w, &crl));
	assert_true(req.tbs.n > 65536);
	if (!signer_sign(&f.port, &req, &sig, &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
	world_assert_signature(&f.w, req.tbs, buf_bytes(&sig));
	kill(pid, SIGTERM);
	assert_int_equal(child_wait(pid), 0);
	far_free(&f);
}

struct asker {
	struct far *f;
	pthread_t thread;
	struct signer_request *reqs;
	size_t n;
	atomic_size_t *answered;
};

static void *
asker_main(void *arg)
{
	struct asker *a = arg;

	for (size_t i = 0; i < a->n; i++) {
		AUTO_BUF sig = { 0 };
		struct err err = { 0 };

		if (!signer_sign(&a->f->port, &a->reqs[i], &sig, &err))
			print_error("%s\n", err.shown);
		else if (sig.n > 60)
			atomic_fetch_add(a->answered, 1);
	}
	return NULL;
}

static void
askers_start(struct far *f, struct asker *askers, size_t n, size_t each,
    atomic_size_t *answered)
{
	for (size_t i = 0; i < n; i++) {
		struct asker *a = &askers[i];

		*a = (struct asker){ .f = f, .n = each, .answered = answered };
		a->reqs = arena_array(f->w.arena, each, sizeof(*a->reqs));
		for (size_t k = 0; k < each; k++) {
			struct cert_spec leaf = world_leaf(&f->w);

			a->reqs[k] = world_request(
			    &f->w, SIGN_LEAF, world_tbs(&f->w, &leaf));
		}
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_create(&askers[i].thread, NULL,
				     asker_main, &askers[i]),
		    0);
}

static void
askers_join(struct asker *askers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
}

static void
test_many_threads(void **state)
{
	struct far f;
	struct asker askers[16];
	atomic_size_t answered = 0;
	pid_t pid;

	(void)state;
	far_make(&f);
	pid = far_start(&f, NULL);
	askers_start(&f, askers, 16, 40, &answered);
	askers_join(askers, 16);
	assert_int_equal(atomic_load(&answered), 16 * 40);
	assert_int_equal(journal_count(&f.w), 16 * 40);
	await_signer(&f);
	/* Fewer syncs than certificates: requests were taken together. */
	print_message("%llu syncs for %d signatures\n",
	    (unsigned long long)signer_remote_syncs(f.remote), 16 * 40);
	assert_true(signer_remote_syncs(f.remote) <= 16 * 40);
	kill(pid, SIGTERM);
	assert_int_equal(child_wait(pid), 0);
	far_free(&f);
}

/* Requests that nobody serves yet are answered by the signer that starts. */
static void
test_late_signer(void **state)
{
	struct far f;
	struct asker askers[4];
	atomic_size_t answered = 0;
	pid_t pid;

	(void)state;
	far_make(&f);
	askers_start(&f, askers, 4, 2, &answered);
	pid = far_start(&f, NULL);
	askers_join(askers, 4);
	assert_int_equal(atomic_load(&answered), 8);
	kill(pid, SIGTERM);
	assert_int_equal(child_wait(pid), 0);
	far_free(&f);
}

/*
 * A signer that dies with requests in flight, before and after they are in the
 * journal: its successor answers them, and none is recorded twice.
 */
static void
test_restart_with_requests_in_flight(void **state)
{
	static const char *const faults[] = { "signer.reply.before:3:kill",
		"journal.append.before:2:kill", "journal.append.after:2:kill",
		"journal.sync.before:2:kill", "journal.sync.after:2:kill" };

	(void)state;
#ifdef CHANCERY_FAULTS
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct far f;
		struct asker askers[6];
		atomic_size_t answered = 0;
		pid_t pid;

		far_make(&f);
		pid = far_start(&f, faults[i]);
		await_signer(&f);
		askers_start(&f, askers, 6, 4, &answered);
		assert_int_equal(child_wait(pid), -SIGKILL);
		pid = far_start(&f, NULL);
		askers_join(askers, 6);
		assert_int_equal(atomic_load(&answered), 24);
		assert_int_equal(journal_count(&f.w), 24);
		kill(pid, SIGTERM);
		assert_int_equal(child_wait(pid), 0);
		far_free(&f);
	}
#else
	(void)faults;
#endif
}

/* No signer and no supervisor: said at once, not after ten seconds. */
static void
test_closed_socket(void **state)
{
	struct world w;
	struct signer_remote *remote;
	struct signer port;
	struct signer_request req;
	struct cert_spec leaf;
	AUTO_BUF sig = { 0 };
	struct err err = { 0 };
	int fds[2];

	(void)state;
	world_make(&w);
	child_pair(fds);
	remote = signer_remote_new(fds[0]);
	port = signer_remote_port(remote);
	close(fds[1]);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	assert_false(signer_sign(&port, &req, &sig, &err));
	assert_int_equal(err.kind, ERR_SIGNER);
	assert_non_null(strstr(err.shown, "closed"));
	signer_remote_free(remote);
	world_free(&w);
}

static void
test_ping_that_nobody_answers(void **state)
{
	struct far f;
	struct err err = { 0 };

	(void)state;
	far_make(&f);
	assert_false(signer_remote_ping(f.remote, 20, &err));
	assert_int_equal(err.kind, ERR_SIGNER);
	assert_non_null(strstr(err.shown, "within 20 ms"));
	far_free(&f);
}

/* The port in this process gives the same answers. */
static void
test_local_port(void **state)
{
	struct world w;
	struct signer_local *local;
	struct signer port;
	struct signer_request req;
	struct cert_spec leaf;
	AUTO_BUF sig = { 0 };
	struct err err = { 0 };

	(void)state;
	world_make(&w);
	local = signer_local_new(world_core(&w));
	port = signer_local_port(local);
	leaf = world_leaf(&w);
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	assert_true(signer_sign(&port, &req, &sig, &err));
	world_assert_signature(&w, req.tbs, buf_bytes(&sig));
	leaf.is_ca = true;
	req = world_request(&w, SIGN_LEAF, world_tbs(&w, &leaf));
	assert_false(signer_sign(&port, &req, &sig, &err));
	assert_int_equal(err.kind, ERR_SIGNER_REFUSED);
	signer_local_free(local);
	world_free(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs_and_refuses),
		cmocka_unit_test(test_large_crl),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_late_signer),
		cmocka_unit_test(test_restart_with_requests_in_flight),
		cmocka_unit_test(test_closed_socket),
		cmocka_unit_test(test_ping_that_nobody_answers),
		cmocka_unit_test(test_local_port),
	};
	int child = child_dispatch(argc, argv);

	if (child >= 0)
		return child;
	return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
