#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "child.h"
#include "refusals.h"
#include "signer/memfd.h"
#include "signer/wire.h"

#define WAIT_US 10000000

/* The raw socket: what a taken server could write to it. */
struct raw {
	struct world w;
	int requests[2], control[2];
	pid_t pid;
	uint64_t id;
	uint8_t packet[WIRE_MESSAGE_MAX + 10];
};

static struct raw *
raw_start(const char *fault)
{
	struct raw *r = mem_alloc(sizeof(*r));

	world_make(&r->w);
	refusals_prepare(&r->w);
	child_use_real_time(&r->w);
	child_pair(r->requests);
	child_pair(r->control);
	r->pid = child_start(&r->w, r->requests[1], r->control[1], fault);
	return r;
}

static void
raw_stop(struct raw *r)
{
	kill(r->pid, SIGTERM);
	assert_int_equal(child_wait(r->pid), 0);
	close(r->requests[0]);
	close(r->requests[1]);
	close(r->control[0]);
	close(r->control[1]);
	world_free(&r->w);
	free(r);
}

static void
receive(struct raw *r, int socket, struct wire_message *m)
{
	struct err err = { 0 };
	size_t n;
	int fd;

	do {
		if (!packet_receive(socket, r->packet, sizeof(r->packet), &n,
			&fd, clock_monotonic_us() + WAIT_US, &err))
			print_error("%s\n", err.shown);
		assert_int_equal(err.kind, ERR_NONE);
		assert_int_equal(fd, -1);
		assert_true(n > 0);
		assert_true(wire_decode(bytes_of(r->packet, n), m, &err));
	} while (m->type == WIRE_HELLO);
}

static void
send_raw(int socket, struct bytes packet, int fd)
{
	struct err err = { 0 };

	if (!packet_send(
		socket, packet, fd, clock_monotonic_us() + WAIT_US, &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
}

static void
send_message(struct raw *r, const struct wire_message *m, int fd)
{
	AUTO_BUF packet = { 0 };

	wire_encode(m, &packet);
	send_raw(r->requests[0], buf_bytes(&packet), fd);
}

/* Sends a request; asserts the answer. */
static void
exchange(struct raw *r, const struct signer_request *req, const char *says)
{
	const struct wire_message m = {
		.type = WIRE_SIGN, .id = ++r->id, .request = *req
	};
	struct wire_message got;
	char text[WIRE_TEXT_MAX + 1] = "";

	send_message(r, &m, -1);
	receive(r, r->requests[0], &got);
	assert_int_equal(got.id, r->id);
	memcpy(text, got.text.p == NULL ? (const uint8_t *)"" : got.text.p,
	    got.text.n);
	if (says == NULL) {
		if (got.type != WIRE_SIGNED)
			print_error("%s\n", text);
		assert_int_equal(got.type, WIRE_SIGNED);
		world_assert_signature(&r->w, req->tbs, got.signature);
		return;
	}
	assert_int_equal(got.type, WIRE_REFUSED);
	if (strstr(text, says) == NULL)
		print_error("\"%s\", expected \"%s\"\n", text, says);
	assert_non_null(strstr(text, says));
}

/* Design section 9: forbidden structures over the raw signer socket. */
static void
test_forbidden_structures(void **state)
{
	struct raw *r = raw_start(NULL);
	struct signer_request req;

	(void)state;
	req = world_request(&r->w, SIGN_LEAF, refusals_first_leaf(&r->w));
	exchange(r, &req, NULL);
	req = world_request(&r->w, SIGN_CRL, refusals_first_crl(&r->w));
	exchange(r, &req, NULL);
	for (size_t i = 0; i < refusals_n; i++) {
		uint64_t next = r->w.position + 1;
		struct bytes tbs = refusals[i].make(&r->w);
		const char *says = refusals[i].says;

		/* The child's clock may have gone on by a second. */
		if (strstr(says, "s back") != NULL ||
		    strstr(says, "s ahead") != NULL)
			says = "notBefore lies";
		if (strstr(says, "thisUpdate is") != NULL)
			says = "thisUpdate is";
		req = world_request(&r->w, refusals[i].kind, tbs);
		r->w.position = next;
		print_message("%s\n", refusals[i].name);
		exchange(r, &req, says);
	}
	for (size_t i = 0; i < ocsp_refusals_n; i++) {
		struct bytes tbs = ocsp_refusals[i].make(&r->w);

		req = world_request(&r->w, SIGN_OCSP, tbs);
		print_message("%s\n", ocsp_refusals[i].name);
		exchange(r, &req, ocsp_refusals[i].says);
	}
	raw_stop(r);
}

static void
assert_refused(struct raw *r, uint64_t id)
{
	struct wire_message got;

	receive(r, r->requests[0], &got);
	assert_int_equal(got.type, WIRE_REFUSED);
	assert_int_equal(got.id, id);
}

/* What is no message is answered as far as it can be, and changes nothing. */
static void
test_bad_messages(void **state)
{
	struct raw *r = raw_start(NULL);
	struct cert_spec leaf = world_leaf(&r->w);
	struct signer_request req =
	    world_request(&r->w, SIGN_LEAF, world_tbs(&r->w, &leaf));
	struct wire_message m = { .type = WIRE_SIGN, .id = 7, .request = req };
	AUTO_BUF packet = { 0 };
	AUTO_BUF big = { 0 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	wire_encode(&m, &packet);
	/* Garbage, and every cut of a good one. */
	send_raw(r->requests[0], bytes_str("GET / HTTP/1.1\r\n\r\n"), -1);
	assert_refused(r, 0);
	for (size_t n = 1; n < 60; n++) {
		send_raw(r->requests[0], bytes_of(packet.p, n), -1);
		assert_refused(r, n < WIRE_HEADER ? 0 : 7);
	}
	/* Types that are no requests. */
	for (unsigned type = 4; type < 256; type++) {
		packet.p[3] = (uint8_t)type;
		send_raw(r->requests[0], buf_bytes(&packet), -1);
		assert_refused(r, 7);
	}
	packet.p[3] = WIRE_SIGN;
	/* A descriptor where none belongs, none where one does. */
	send_raw(r->requests[0], buf_bytes(&packet), null);
	assert_refused(r, 7);
	m.type = WIRE_SIGN_MEMFD;
	m.memfd_size = req.tbs.n;
	send_message(r, &m, -1);
	assert_refused(r, 7);
	/* Too large to be one; it was cut off, so nobody knows whose. */
	buf_reserve(&big, 100000);
	memset(big.p, 'x', 100000);
	send_raw(r->requests[0], bytes_of(big.p, 100000), -1);
	/* And an empty packet; neither is answered. */
	send_raw(r->requests[0], bytes_of(big.p, 0), -1);
	exchange(r, &req, NULL);
	close(null);
	raw_stop(r);
}

static void
test_memory_files(void **state)
{
	struct raw *r = raw_start(NULL);
	struct cert_spec leaf = world_leaf(&r->w);
	struct bytes tbs = world_tbs(&r->w, &leaf);
	struct signer_request req = world_request(&r->w, SIGN_LEAF, tbs);
	struct wire_message m = {
		.type = WIRE_SIGN_MEMFD, .request = req, .memfd_size = tbs.n
	};
	static const int partial[] = { 0, F_SEAL_WRITE,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };
	struct wire_message got;
	struct err err = { 0 };
	int fd, file;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(partial); i++) {
		fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(write(fd, tbs.p, tbs.n), tbs.n);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, partial[i]), 0);
		m.id = ++r->id;
		send_message(r, &m, fd);
		assert_refused(r, m.id);
		close(fd);
	}
	/* A file of the disk has no seals at all. */
	file = world_journal(&r->w);
	m.id = ++r->id;
	send_message(r, &m, file);
	assert_refused(r, m.id);
	close(file);
	/* A size that is not the file's. */
	assert_true(memfd_seal(tbs, &fd, &err));
	m.id = ++r->id;
	m.memfd_size = tbs.n + 1;
	send_message(r, &m, fd);
	assert_refused(r, m.id);
	m.id = ++r->id;
	m.memfd_size = tbs.n;
	send_message(r, &m, fd);
	receive(r, r->requests[0], &got);
	assert_int_equal(got.type, WIRE_SIGNED);
	world_assert_signature(&r->w, tbs, got.signature);
	close(fd);
	raw_stop(r);
}

static void
test_ping_and_limits(void **state)
{
	struct raw *r = raw_start(NULL);
	const struct wire_message ping = { .type = WIRE_PING, .id = 5 };
	struct signer_limits none = r->w.limits;
	struct wire_message got;
	struct cert_spec leaf;
	struct signer_request req;
	struct err err = { 0 };

	(void)state;
	leaf = world_leaf(&r->w);
	req = world_request(&r->w, SIGN_LEAF, world_tbs(&r->w, &leaf));
	exchange(r, &req, NULL);
	send_message(r, &ping, -1);
	receive(r, r->requests[0], &got);
	assert_int_equal(got.type, WIRE_PONG);
	assert_int_equal(got.id, 5);
	assert_int_equal(got.syncs, 1);
	assert_true(bytes_equal(got.issuers, bytes_of(r->w.issuer, 32)));
	/* New limits by the supervisor's socket. */
	none.dns = false;
	if (!signer_control_set_limits(r->control[0],
		signer_limits_encode(&none, 1, r->w.arena), &err))
		print_error("%s\n", err.shown);
	assert_int_equal(err.kind, ERR_NONE);
	leaf = world_leaf(&r->w);
	req = world_request(&r->w, SIGN_LEAF, world_tbs(&r->w, &leaf));
	exchange(r, &req, "is of a type that CA test does not sign");
	assert_false(signer_control_set_limits(
	    r->control[0], bytes_str("{\"limits\":[{}]}"), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.shown, "\"ca\" is missing"));
	raw_stop(r);
}

/* Without its supervisor a signer ends. */
static void
test_ends_with_the_supervisor(void **state)
{
	struct raw *r = raw_start(NULL);

	(void)state;
	close(r->control[0]);
	close(r->control[1]);
	assert_int_equal(child_wait(r->pid), 0);
	close(r->requests[0]);
	close(r->requests[1]);
	world_free(&r->w);
	free(r);
}

/* A disk that fails ends the process: the next one reads what is there. */
static void
test_ends_with_a_broken_journal(void **state)
{
#ifdef CHANCERY_FAULTS
	struct raw *r = raw_start("journal.sync.before:1:eio");
	struct cert_spec leaf;
	struct signer_request req;
	struct wire_message m, got;

	(void)state;
	leaf = world_leaf(&r->w);
	req = world_request(&r->w, SIGN_LEAF, world_tbs(&r->w, &leaf));
	m = (struct wire_message){ .type = WIRE_SIGN, .id = 1, .request = req };
	send_message(r, &m, -1);
	receive(r, r->requests[0], &got);
	assert_int_equal(got.type, WIRE_FAILED);
	assert_int_equal(child_wait(r->pid), 1);
	r->pid = child_start(&r->w, r->requests[1], r->control[1], NULL);
	exchange(r, &req, NULL);
	raw_stop(r);
#else
	(void)state;
#endif
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_structures),
		cmocka_unit_test(test_bad_messages),
		cmocka_unit_test(test_memory_files),
		cmocka_unit_test(test_ping_and_limits),
		cmocka_unit_test(test_ends_with_the_supervisor),
		cmocka_unit_test(test_ends_with_a_broken_journal),
	};
	int child = child_dispatch(argc, argv);

	if (child >= 0)
		return child;
	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
