/*
 * Messages without anybody's care: signed attributes of any value, number and
 * order, certificates of any kind beside them, and elements of DER with
 * something behind their content.  For messages as they should be: world.h.
 */
#ifndef SCEP_FORGE_H
#define SCEP_FORGE_H

#include "world.h"

#define FORGE_ATTRIBUTES 16

struct forge_attribute {
	struct bytes oid; /* content octets */
	struct bytes values; /* content of the SET */
};

struct forge {
	const struct client *by; /* who signs; NULL: client one */
	struct bytes content; /* what is signed */
	struct forge_attribute at[FORGE_ATTRIBUTES]; /* in this order */
	size_t n;
	struct bytes certs; /* instead of the signer's */
	size_t signers; /* how often its SignerInfo stands; 0: once */
};

enum forge_place {
	FORGE_CONTENT_TYPE,
	FORGE_DIGEST,
	FORGE_TYPE,
	FORGE_NONCE,
	FORGE_TRANSACTION,
	FORGE_USUAL /* how many there are */
};

/* A PKCSReq with the attributes that each has, enclosing this.  The transaction
 * is another one each time. */
struct forge forge_usual(struct world *w, struct bytes content);
/* One value of a SET, whole. */
struct bytes forge_value(struct world *w, int tag, struct bytes value);
struct bytes forge_join(struct world *w, struct bytes a, struct bytes b);
/* RSA with SHA-256 over the attributes as they stand. */
struct bytes forge_write(struct world *w, const struct forge *f);
/* Its answer. */
struct answer forge_send(struct world *w, const struct forge *f);
/* From an address of its own: no failure counts against another. */
struct answer forge_ask(struct world *w, struct bytes message);
/*
 * The element with two octets more (NULL) at the end of the nth constructed
 * element within it, the element itself being the 0th; empty when there are no
 * more.
 */
struct bytes forge_longer(struct world *w, struct bytes der, size_t nth);

#endif
