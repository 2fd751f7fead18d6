/*
 * The configuration as structs.  YAML (or JSON, which is YAML) is read into a
 * tree with line and column, held against the option rows (rows.h) and stored
 * here.  A loaded configuration is immutable; a reload makes a new one.
 *
 * Paths are as written; relative ones are relative to the state directory.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "util/arena.h"
#include "util/log.h"

/* Bits, so that a route can name several. */
enum listener_kind {
	LISTENER_HTTPS = 1,
	LISTENER_EST = 2,
	LISTENER_HTTP = 4,
	LISTENER_OPS = 8,
	LISTENER_CONTROL = 16 /* run/control.sock; not configurable */
};

struct config_listen {
	enum listener_kind kind;
	const char *address; /* as written: "[::]:8443" */
	struct sockaddr_storage sa;
	socklen_t sa_len;
	unsigned tls_min; /* 0x0303 or 0x0304 */
	unsigned line;
};

struct config_cidr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t addr[16];
	unsigned prefix;
	const char *text;
};

struct config_cidrs {
	struct config_cidr *v;
	size_t n;
};

struct config_strings {
	const char **v;
	size_t n;
};

struct config_ca {
	const char *name;
	const char *key; /* path of PKCS#8; NULL: an offline CA (root) */
	const char *certificate;
	const char *chain; /* path of PEM, issuers above; may be NULL */
	/* Paths of PEM: its name and key, certified by other CAs. */
	struct config_strings cross_certificates;
	const char *successor; /* it drains; NULL: it does not */
	int64_t max_lifetime; /* seconds */
	int64_t max_backdate;
	int64_t hourly_budget; /* certificates per hour the signer signs */
	unsigned line;
};

enum must_staple {
	MUST_STAPLE_NEVER,
	MUST_STAPLE_REQUESTED,
	MUST_STAPLE_ALWAYS
};
enum subject_source {
	SUBJECT_BUILT, /* of the rows that follow */
	SUBJECT_OF_REQUEST /* the CSR's */
};
enum subject_cn {
	SUBJECT_NONE, /* empty subject, SAN critical */
	SUBJECT_FIRST_NAME, /* CN = first DNS name that fits 64 octets */
	SUBJECT_CSR_CN /* CN = the CSR's, if it is among the names */
};

struct config_profile {
	const char *name;
	const char *ca;
	int64_t lifetime; /* default */
	int64_t max_lifetime;
	int64_t backdate;
	struct config_strings keys; /* ec-p256 ec-p384 ec-p521 rsa ed25519 */
	int64_t rsa_min_bits, rsa_max_bits;
	/* Names: deny wins over allow; an empty allow list means any. */
	bool dns, wildcards, ip, email, uri, upn; /* which types at all */
	struct config_strings dns_allow, dns_deny; /* suffixes */
	struct config_cidrs ip_allow, ip_deny;
	struct config_strings email_allow, email_deny; /* domains */
	struct config_strings uri_allow, uri_deny; /* prefixes */
	struct config_strings upn_allow, upn_deny; /* domains */
	int64_t max_names;
	enum subject_source subject;
	struct config_strings subject_attributes; /* of the CSR's */
	enum subject_cn subject_cn;
	const char *subject_organization; /* NULL: none */
	const char *subject_country;
	struct config_strings key_usage; /* RFC 5280 names */
	struct config_strings extended_key_usage; /* names or dotted OIDs */
	struct config_strings policies; /* dotted OIDs */
	enum must_staple must_staple;
	bool ca_issuers_pointer, crl_pointer, ocsp_pointer;
	bool crl_shards; /* the CRL pointer names a shard's */
	bool acme; /* offered in the ACME directory */
	bool baseline; /* lint against the Baseline Requirements too */
	bool revocation_secret; /* handed out with each certificate */
	const char *description;
	unsigned line;
};

enum dnssec_mode { DNSSEC_OFF, DNSSEC_CHECK, DNSSEC_REQUIRE };
enum caa_mode { CAA_OFF, CAA_CHECK };

struct config_validation {
	struct config_strings resolvers; /* "127.0.0.1:5353" */
	const char *hosts_file;
	int64_t http_port;
	int64_t tls_alpn_port;
	struct config_cidrs permit_networks;
	enum dnssec_mode dnssec;
	const char *trust_anchor_file;
	enum caa_mode caa;
	int64_t timeout; /* seconds, one whole probe */
	int64_t attempts; /* validation tries before invalid */
	int64_t max_concurrent; /* probes at once */
};

/* The bundle of Debian's ca-certificates. */
#define OUTGOING_SYSTEM_ANCHORS "/etc/ssl/certs/ca-certificates.crt"

struct config_outgoing {
	const char *anchors_file;
	const char *proxy; /* "http://proxy.example.com:3128" or NULL */
	struct config_strings no_proxy;
	int64_t timeout; /* seconds, the longest call */
	int64_t max_concurrent;
};

struct config_acme {
	bool external_account_required;
	const char *terms_of_service; /* URL or NULL */
	const char *website;
	struct config_strings caa_identities;
	int64_t order_lifetime; /* pending order, seconds */
	int64_t authz_lifetime; /* valid authorization */
	int64_t pending_authz_lifetime;
	int64_t max_names; /* per order */
};

enum est_wrap { EST_WRAP_AUTO, EST_WRAP_ALWAYS, EST_WRAP_NEVER };
enum est_certificate_names { EST_NAMES_SAME, EST_NAMES_ANY };

/* A label of EST: what clients of one path may have, and who they are. */
struct config_est_label {
	const char *name;
	const char *profile;
	/* certificate, users, tokens, approval */
	struct config_strings authentication;
	bool approval_always; /* of who is authenticated too */
	int64_t approval_lifetime, retry_after;
	const char *users_file, *anchors_file;
	struct config_strings certificate_profiles; /* empty: its own */
	enum est_certificate_names certificate_names;
	bool registrars;
	bool change_names;
	bool channel_binding; /* required */
	struct config_strings names; /* patterns; empty: the profile's */
	int64_t max_failures, failure_period; /* per source address */
	bool server_keys, server_keys_clear;
	const char *server_key; /* "same", or a kind of key */
	const char *recipients_file, *named_keys_file;
	int64_t server_keys_per_hour; /* per source address */
	enum est_wrap base64_wrap;
	unsigned line;
};

/* A profile of SCEP: what clients of one path may have, and who they are. */
struct config_scep_profile {
	const char *name;
	const char *profile;
	/* challenge, tokens, signed, approval, webhook, intune */
	struct config_strings authentication;
	const char *challenge_file;
	const char *challenge_clients_file; /* who fetches secrets */
	int64_t challenge_lifetime, challenges_per_hour;
	const char *signed_keys_file;
	struct config_strings signed_audience; /* empty: its URLs */
	int64_t signed_max_lifetime;
	int64_t signed_per_device, signed_period;
	struct config_strings names; /* patterns; empty: the profile's */
	int64_t approval_lifetime;
	bool renewal;
	int64_t renewal_window; /* before the end; 0: at any time */
	enum { SCEP_CHAIN_FULL, SCEP_CHAIN_ISSUER } chain;
	bool ca_in_reply;
	bool requested_validity; /* the CSR may ask for one */
	bool legacy_sha1, legacy_des3, legacy_des;
	int64_t max_failures, failure_period; /* per source address */
	/* Either: served by TLS with such a client certificate alone. */
	const char *client_anchors_file;
	struct config_strings client_certificate_profiles;
	const char *webhook, *intune; /* names, or NULL */
	int64_t max_inquiries;
	unsigned line;
};

/* A service that decides requests of SCEP. */
struct config_webhook {
	const char *name;
	const char *url;
	const char *anchors_file; /* NULL: those of all outgoing calls */
	const char *secret_file, *token_file; /* or NULL */
	int64_t timeout; /* seconds */
	unsigned line;
};

/* A tenant of Microsoft Intune, whose devices have their challenges from it. */
struct config_intune {
	const char *name;
	const char *tenant, *client_id, *client_secret_file;
	const char *authority, *graph_url, *resource_url;
	const char *anchors_file; /* NULL: those of all outgoing calls */
	int64_t timeout; /* seconds, one call */
	bool withhold; /* the certificate, until Intune has acknowledged it */
	bool revocation;
	int64_t revocation_period;
	const char *issuer_name; /* NULL: the certificate's issuer */
	unsigned line;
};

/* Does who talks to it need a TLS client certificate? */
static inline bool
config_scep_is_mutual(const struct config_scep_profile *p)
{
	return p->client_anchors_file != NULL ||
	    p->client_certificate_profiles.n > 0;
}

struct config_limits {
	int64_t max_connections;
	int64_t max_connections_per_address;
	int64_t max_streams; /* per h2 connection */
	int64_t handshake_timeout; /* seconds */
	int64_t header_timeout;
	int64_t body_timeout;
	int64_t idle_timeout;
	int64_t queue; /* requests waiting for a worker */
	int64_t held_replies;
};

struct config {
	struct arena *arena; /* owns everything below */
	const char *path; /* the file it came from */
	const char *base_url; /* no trailing slash */
	const char *http_base_url;
	struct config_listen *listen;
	size_t listen_n;
	const char *control_socket; /* default run/control.sock */
	const char *control_group; /* NULL: root and the server's user alone */
	struct config_cidrs trusted_proxies;
	struct config_ca *cas;
	size_t cas_n;
	struct config_profile *profiles;
	size_t profiles_n;
	const char *default_profile;
	struct config_validation validation;
	struct config_outgoing outgoing;
	struct config_acme acme;
	struct {
		struct config_est_label *labels;
		size_t labels_n;
	} est;
	struct {
		struct config_scep_profile *profiles;
		size_t profiles_n;
	} scep;
	struct config_intune *intune;
	size_t intune_n;
	struct config_webhook *webhooks;
	size_t webhooks_n;
	struct {
		int64_t validity;
		const char *key;
		enum {
			UNISSUED_UNAUTHORIZED,
			UNISSUED_UNKNOWN,
			UNISSUED_REVOKED
		} unissued;
	} ocsp;
	struct {
		int64_t period, validity, shards;
		int64_t delta; /* period of delta CRLs; 0: none */
		bool next_publish;
	} crl;
	struct config_limits limits;
	int64_t workers;
	int64_t loops; /* 0: one per core */
	struct {
		enum log_format format;
		enum log_level level;
	} log;
	struct {
		int64_t reject_nonces_percent;
		int64_t clock_offset;
	} testing;
	struct {
		const char *certificate, *key; /* NULL: the server makes one */
		const char *profile; /* profile of the server's certificate */
		int64_t lifetime;
	} tls;
	struct config_strings weak_keys; /* files of known weak keys */
	const char *user, *signer_user; /* when started as root */
};

/* One mistake; all of them are collected, none stops the reading. */
struct config_mistake {
	unsigned line, column;
	char found[256], expected[256], mend[256];
};

struct config_mistakes {
	struct config_mistake *v;
	size_t n;
};

/*
 * Reads a file's bytes (at most 1 MiB).  False with all mistakes when there is
 * any; `path` is for messages.  The caller frees config and mistakes.
 */
bool config_load(const char *path, struct bytes text, struct config **out,
    struct config_mistakes *mistakes) MUST_CHECK;
void config_free(struct config *c);
void config_mistakes_free(struct config_mistakes *m);
void config_mistake_add(struct config_mistakes *m, unsigned line,
    unsigned column, const char *found, const char *expected, const char *mend);
/* "FILE:LINE:COL: found …; expected …; mend: …" */
void config_mistake_print(
    const char *path, const struct config_mistake *m, struct buf *out);

const struct config_ca *config_ca_find(
    const struct config *c, const char *name);
const struct config_profile *config_profile_find(
    const struct config *c, const char *name);
const struct config_intune *config_intune_find(
    const struct config *c, const char *name);
const struct config_webhook *config_webhook_find(
    const struct config *c, const char *name);
/* Where the first listener of kind est is, at the host of this base URL and the
 * port of its address or, if not 0, the bound one; NULL without such a
 * listener.
 */
const char *config_est_base(
    const struct config *c, const char *base, int64_t bound, struct arena *a);

/* A commented configuration with every option and default, from the rows. */
void config_print_commented(struct buf *out);
/*
 * The same with values for some keys ("base_url", "cas.root.certificate"), in
 * YAML: what `init` writes.  A CA or profile other than issuing and default
 * appears with the options that are set here, which stand next to each other.
 */
struct config_setting {
	const char *key, *value;
};
void config_print_settings(
    const struct config_setting *set, size_t n, struct buf *out);
/* docs/config.md and the OPTIONS part of the man page, from the same rows. */
void config_print_markdown(struct buf *out);
void config_print_man(struct buf *out);
/* The whole page chancery.yaml(5), docs/man/chancery.yaml.5. */
void config_print_man_page(struct buf *out);

bool config_cidr_parse(
    const char *s, struct config_cidr *out, struct err *err) MUST_CHECK;
bool config_cidr_contains(
    const struct config_cidr *c, int family, const uint8_t *addr);

#endif
