#include "signer/journal.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/unit.h"

struct file {
	char path[64];
	int fd;
};

static void
file_make(struct file *f)
{
	strcpy(f->path, "/tmp/chancery-journal-XXXXXX");
	f->fd = mkstemp(f->path);
	assert_true(f->fd >= 0);
	assert_int_equal(fcntl(f->fd, F_SETFL, O_APPEND), 0);
}

static void
file_free(struct file *f)
{
	close(f->fd);
	unlink(f->path);
}

static off_t
length_of(const struct file *f)
{
	struct stat st;

	assert_int_equal(fstat(f->fd, &st), 0);
	return st.st_size;
}

static struct journal_record
record(uint64_t i)
{
	struct journal_record r = {
		.kind = SIGN_LEAF, .position = i, .at_us = (int64_t)i * 7
	};

	memset(r.issuer, (int)i & 0xff, sizeof(r.issuer));
	memset(r.serial, (int)i * 3 & 0xff, sizeof(r.serial));
	memset(r.tbs_sha256, (int)i * 5 & 0xff, sizeof(r.tbs_sha256));
	return r;
}

/* Reads to the end: how many records, or -1 for damage. */
static int
read_all(const struct file *f, struct journal *j)
{
	struct journal_reader *r = mem_alloc(sizeof(*r));
	struct journal_record got;
	struct err err = { 0 };
	bool end = false;
	int n = 0;

	journal_reader_init(r, f->fd);
	while (journal_reader_next(r, &got, &end, &err) && !end) {
		struct journal_record expected = record((uint64_t)n);

		assert_memory_equal(&got, &expected, sizeof(got));
		n++;
	}
	if (err.kind != ERR_NONE) {
		assert_int_equal(err.kind, ERR_MALFORMED);
		n = -1;
	} else if (j != NULL) {
		assert_true(journal_open(r, j, &err));
	}
	free(r);
	return n;
}

static void
append(struct journal *j, uint64_t from, size_t n)
{
	struct journal_record batch[JOURNAL_BATCH];
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++)
		batch[i] = record(from + i);
	assert_true(journal_append(j, batch, n, &err));
}

/* A journal of ten records in three batches. */
static void
ten_records(struct file *f)
{
	struct journal j;

	file_make(f);
	assert_int_equal(read_all(f, &j), 0);
	append(&j, 0, 1);
	append(&j, 1, 5);
	append(&j, 6, 4);
	assert_int_equal(j.syncs, 3);
	assert_int_equal(length_of(f), 11 * JOURNAL_SLOT);
}

static void
test_append_and_read(void **state)
{
	struct file f;
	struct journal j;
	struct journal_record r, expected;
	struct err err = { 0 };
	size_t offset = 0;
	bool end;

	(void)state;
	ten_records(&f);
	assert_int_equal(read_all(&f, &j), 10);
	append(&j, 10, JOURNAL_BATCH);
	assert_int_equal(read_all(&f, NULL), 74);
	/* One by one, with nothing kept between. */
	for (uint64_t i = 0; i < 74; i++) {
		assert_true(journal_read(f.fd, &offset, &r, &end, &err));
		assert_false(end);
		expected = record(i);
		assert_memory_equal(&r, &expected, sizeof(r));
	}
	assert_true(journal_read(f.fd, &offset, &r, &end, &err));
	assert_true(end);
	file_free(&f);
}

/* A crash leaves any part of the last batch: it is cut off, no more. */
static void
test_torn_tail(void **state)
{
	(void)state;
	for (off_t cut = 1; cut < 5 * (off_t)JOURNAL_SLOT; cut += 37) {
		struct file f;
		struct journal j;
		off_t length = 11 * (off_t)JOURNAL_SLOT - cut;
		int whole = (int)(length / (off_t)JOURNAL_SLOT) - 1;

		ten_records(&f);
		assert_int_equal(ftruncate(f.fd, length), 0);
		assert_int_equal(read_all(&f, &j), whole);
		assert_int_equal(
		    length_of(&f), (size_t)(whole + 1) * JOURNAL_SLOT);
		append(&j, (uint64_t)whole, 2);
		assert_int_equal(read_all(&f, NULL), whole + 2);
		file_free(&f);
	}
}

/* The file grew, but its last blocks were never written: zeros. */
static void
test_tail_of_zeros(void **state)
{
	struct file f;
	struct journal j;

	(void)state;
	ten_records(&f);
	assert_int_equal(ftruncate(f.fd, 14 * JOURNAL_SLOT + 50), 0);
	assert_int_equal(read_all(&f, &j), 10);
	assert_int_equal(length_of(&f), 11 * JOURNAL_SLOT);
	/* More than a batch can tear is no crash of ours. */
	assert_int_equal(
	    ftruncate(f.fd, (off_t)(12 + JOURNAL_BATCH) * JOURNAL_SLOT), 0);
	assert_int_equal(read_all(&f, NULL), -1);
	file_free(&f);
}

static void
poke(const struct file *f, off_t at, uint8_t with)
{
	int fd = open(f->path, O_RDWR | O_CLOEXEC);
	uint8_t c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= with;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

/* A changed octet anywhere but in the last record is damage, not a tail. */
static void
test_damage(void **state)
{
	struct file f;

	(void)state;
	ten_records(&f);
	for (off_t at = 0; at < 10 * (off_t)JOURNAL_SLOT; at += 11) {
		poke(&f, at, 0x20);
		if (read_all(&f, NULL) != -1)
			print_error("octet %lld\n", (long long)at);
		assert_int_equal(read_all(&f, NULL), -1);
		poke(&f, at, 0x20);
	}
	assert_int_equal(read_all(&f, NULL), 10);
	file_free(&f);
}

/* A record that was cut out, or swapped with another, is seen. */
static void
test_missing_record(void **state)
{
	struct file f;
	uint8_t slots[11 * JOURNAL_SLOT], swapped[JOURNAL_SLOT];
	int fd;

	(void)state;
	ten_records(&f);
	assert_int_equal(pread(f.fd, slots, sizeof(slots), 0), sizeof(slots));
	for (size_t out = 1; out < 10; out++) {
		fd = open(f.path, O_RDWR | O_TRUNC | O_CLOEXEC);
		assert_int_equal(
		    write(fd, slots, out * JOURNAL_SLOT), out * JOURNAL_SLOT);
		assert_int_equal(write(fd, slots + (out + 1) * JOURNAL_SLOT,
				     (10 - out) * JOURNAL_SLOT),
		    (10 - out) * JOURNAL_SLOT);
		/* The last but one: what is left could be a torn batch. */
		assert_int_equal(read_all(&f, NULL), out == 9 ? 8 : -1);
		close(fd);
	}
	memcpy(swapped, slots + 3 * JOURNAL_SLOT, JOURNAL_SLOT);
	memcpy(
	    slots + 3 * JOURNAL_SLOT, slots + 4 * JOURNAL_SLOT, JOURNAL_SLOT);
	memcpy(slots + 4 * JOURNAL_SLOT, swapped, JOURNAL_SLOT);
	fd = open(f.path, O_RDWR | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, slots, sizeof(slots)), sizeof(slots));
	close(fd);
	assert_int_equal(read_all(&f, NULL), -1);
	file_free(&f);
}

static void
test_not_a_journal(void **state)
{
	struct file f;
	char text[300];

	(void)state;
	file_make(&f);
	memset(text, 'x', sizeof(text));
	assert_int_equal(write(f.fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(read_all(&f, NULL), -1);
	file_free(&f);
}

/* The first slot of an empty file may be torn as well. */
static void
test_torn_first_slot(void **state)
{
	struct file f;
	struct journal j;

	(void)state;
	ten_records(&f);
	assert_int_equal(ftruncate(f.fd, 60), 0);
	assert_int_equal(read_all(&f, &j), 0);
	assert_int_equal(length_of(&f), JOURNAL_SLOT);
	append(&j, 0, 1);
	assert_int_equal(read_all(&f, NULL), 1);
	file_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_read),
		cmocka_unit_test(test_torn_tail),
		cmocka_unit_test(test_tail_of_zeros),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_missing_record),
		cmocka_unit_test(test_not_a_journal),
		cmocka_unit_test(test_torn_first_slot),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
