/*
 * Large messages between processes: a memory file that the sender has sealed,
 * so that nobody can change or shrink it while the receiver reads it; and
 * packets that carry such a descriptor.
 */
#ifndef SIGNER_MEMFD_H
#define SIGNER_MEMFD_H

#include "util/bytes.h"

/* A sealed memory file; the caller closes *fd. */
bool memfd_seal(struct bytes content, int *fd, struct err *err) MUST_CHECK;
/* Demands all seals and exactly this size (0: any up to max), and maps it. */
bool memfd_map(int fd, uint64_t size, uint64_t max, struct bytes *out,
    struct err *err) MUST_CHECK;
void memfd_unmap(struct bytes b);

/*
 * One packet, with fd or -1, by the deadline (clock_monotonic_us).  ERR_SIGNER
 * when the other end takes none or is gone.
 */
bool packet_send(int socket, struct bytes packet, int fd, int64_t deadline_us,
    struct err *err) MUST_CHECK;
/*
 * Several packets in few calls, by the deadline; how many of them were taken.
 * None carries a descriptor.
 */
size_t packets_send(int socket, const struct bytes *packets, size_t n,
    int64_t deadline_us, struct err *err) MUST_CHECK;
#define PACKETS_MAX 64u

/*
 * One packet by the deadline, cut off at cap octets (*n is 0 when the other end
 * is gone); *fd is a descriptor that came along or -1.  ERR_MALFORMED: cut off
 * or with more than one.
 */
bool packet_receive(int socket, void *buf, size_t cap, size_t *n, int *fd,
    int64_t deadline_us, struct err *err) MUST_CHECK;

#endif
