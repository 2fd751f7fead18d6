#include <errno.h>
#include <unistd.h>
#include "signer/journal.h"
#include "util/fault.h"
#include "util/log.h"

void
journal_reader_init(struct journal_reader *r, int fd)
{
	memset(r, 0, offsetof(struct journal_reader, chunk));
	r->fd = fd;
	r->chunk_n = r->chunk_at = 0;
}

/* The slot at r->offset, or NULL with *have < JOURNAL_SLOT at the end. */
static bool
reader_slot(struct journal_reader *r, const uint8_t **slot, size_t *have,
    struct err *err)
{
	if (r->chunk_at == r->chunk_n) {
		r->chunk_at = r->chunk_n = 0;
		while (r->chunk_n < sizeof(r->chunk)) {
			ssize_t n = pread(r->fd, r->chunk + r->chunk_n,
			    sizeof(r->chunk) - r->chunk_n,
			    (off_t)(r->offset + r->chunk_n));

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return fail_errno(err, ERR_SYSTEM,
				    "signer journal cannot be read");
			if (n == 0)
				break;
			r->chunk_n += (size_t)n;
		}
	}
	*slot = r->chunk + r->chunk_at;
	*have = MIN_OF(r->chunk_n - r->chunk_at, (size_t)JOURNAL_SLOT);
	return true;
}

static void
reader_pass(struct journal_reader *r, const uint8_t *slot)
{
	memcpy(r->check, slot + JOURNAL_SLOT - JOURNAL_CHECK, JOURNAL_CHECK);
	r->chunk_at += JOURNAL_SLOT;
	r->offset += JOURNAL_SLOT;
}

static bool
reader_tail(const struct journal_reader *r, struct err *err)
{
	bool torn;

	if (!journal_tail_is_torn(r->fd, r->offset, r->check, &torn, err))
		return false;
	if (!torn)
		return fail(err, ERR_MALFORMED,
		    "signer journal is damaged at octet %llu, expected a "
		    "record that continues the ones before",
		    (unsigned long long)r->offset);
	return true;
}

bool
journal_reader_next(struct journal_reader *r, struct journal_record *out,
    bool *end, struct err *err)
{
	const uint8_t *slot;
	size_t have;

	*end = false;
	if (!reader_slot(r, &slot, &have, err))
		return false;
	if (r->offset == 0 && have == JOURNAL_SLOT &&
	    journal_slot_is_first(slot)) {
		reader_pass(r, slot);
		if (!reader_slot(r, &slot, &have, err))
			return false;
	} else if (r->offset == 0 && have == JOURNAL_SLOT) {
		return fail(
		    err, ERR_MALFORMED, "signer journal does not begin as one");
	}
	if (have == JOURNAL_SLOT && r->offset != 0 &&
	    journal_slot_get(slot, r->check, out)) {
		reader_pass(r, slot);
		return true;
	}
	*end = true;
	return have == 0 || reader_tail(r, err);
}

bool
journal_read(int fd, size_t *offset, struct journal_record *out, bool *end,
    struct err *err)
{
	struct journal_reader r;
	uint8_t before[JOURNAL_CHECK];

	/* Reads a record a time: for those who need a few of them. */
	journal_reader_init(&r, fd);
	r.offset = *offset;
	if (*offset != 0 &&
	    pread(fd, before, sizeof(before),
		(off_t)(*offset - sizeof(before))) != sizeof(before))
		return fail_errno(
		    err, ERR_SYSTEM, "signer journal cannot be read");
	if (*offset != 0)
		memcpy(r.check, before, sizeof(before));
	if (!journal_reader_next(&r, out, end, err))
		return false;
	*offset = r.offset;
	return true;
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool
write_first(struct journal *j, struct err *err)
{
	uint8_t slot[JOURNAL_SLOT];

	journal_slot_first(slot);
	if (!write_all(j->fd, slot, sizeof(slot)))
		return fail_errno(
		    err, ERR_SYSTEM, "signer journal cannot be written");
	j->size = sizeof(slot);
	memcpy(j->check, slot + JOURNAL_SLOT - JOURNAL_CHECK, JOURNAL_CHECK);
	return true;
}

bool
journal_open(
    const struct journal_reader *r, struct journal *out, struct err *err)
{
	struct journal j = { .fd = r->fd, .size = r->offset };
	off_t length = lseek(r->fd, 0, SEEK_END);

	memcpy(j.check, r->check, sizeof(j.check));
	if (length < 0)
		return fail_errno(
		    err, ERR_SYSTEM, "signer journal cannot be read");
	if ((uint64_t)length > j.size) {
		/* Records of a batch whose signatures never left. */
		log_event(LOG_WARN, "signer-journal-torn",
		    LF_INT("kept", j.size),
		    LF_INT("cut", length - (off_t)j.size));
		if (ftruncate(j.fd, (off_t)j.size) != 0)
			return fail_errno(err, ERR_SYSTEM,
			    "torn tail of the signer journal cannot be cut");
	}
	if (j.size == 0 && !write_first(&j, err))
		return false;
	/* What a killed signer had appended may not be on the disk yet, and a
	 * request that repeats it will not be appended again. */
	if (fdatasync(j.fd) != 0)
		return fail_errno(
		    err, ERR_SYSTEM, "signer journal cannot be made durable");
	*out = j;
	return true;
}

/* Back to what was there before, so that the records can be appended again. */
static void
take_back(struct journal *j)
{
	if (ftruncate(j->fd, (off_t)j->size) != 0)
		j->broken = true;
}

static bool
append_fail(struct journal *j, int why, bool sync, struct err *err)
{
	take_back(j);
	/*
	 * A full disk may have room again.  After any other failure nobody
	 * knows what is on the disk (invariant 7): never as if it had worked.
	 */
	if (why != ENOSPC && why != EDQUOT)
		j->broken = true;
	if (sync)
		j->broken = true;
	errno = why;
	return fail_errno(err, ERR_SIGNER, "signer journal cannot be %s",
	    sync ? "made durable" : "written");
}

bool
journal_append(struct journal *j, const struct journal_record *records,
    size_t n, struct err *err)
{
	uint8_t slots[JOURNAL_BATCH][JOURNAL_SLOT];
	const uint8_t *before = j->check;
	int why;

	if (j->broken || n > JOURNAL_BATCH)
		return fail(err, ERR_SIGNER, "signer journal is broken");
	for (size_t i = 0; i < n; i++) {
		journal_slot_put(&records[i], before, slots[i]);
		before = slots[i] + JOURNAL_SLOT - JOURNAL_CHECK;
	}
	why = FAULT_ERRNO("journal.append.before");
	if (why == 0 && !write_all(j->fd, slots[0], n * JOURNAL_SLOT))
		why = errno;
	if (why == 0)
		why = FAULT_ERRNO("journal.append.after");
	if (why != 0)
		return append_fail(j, why, false, err);
	why = FAULT_ERRNO("journal.sync.before");
	if (why == 0 && fdatasync(j->fd) != 0)
		why = errno;
	if (why == 0)
		why = FAULT_ERRNO("journal.sync.after");
	j->syncs++;
	if (why != 0)
		return append_fail(j, why, true, err);
	j->size += n * JOURNAL_SLOT;
	memcpy(j->check, before, JOURNAL_CHECK);
	return true;
}

/* ---- CRLs ---- */

#define CRL_DELTA_AT 7u
#define CRL_SHARD_AT 8u
#define CRL_NUMBER_AT 12u

struct journal_crl
journal_crl_read(const struct journal_record *r)
{
	return (struct journal_crl){
		.number = bytes_get_be(r->serial + CRL_NUMBER_AT, 8),
		.shard = (unsigned)bytes_get_be(r->serial + CRL_SHARD_AT, 4),
		.is_delta = r->serial[CRL_DELTA_AT] != 0,
	};
}

void
journal_crl_write(const struct journal_crl *crl, struct journal_record *r)
{
	memset(r->serial, 0, sizeof(r->serial));
	r->serial[CRL_DELTA_AT] = crl->is_delta;
	bytes_put_be(r->serial + CRL_SHARD_AT, 4, crl->shard);
	bytes_put_be(r->serial + CRL_NUMBER_AT, 8, crl->number);
}
