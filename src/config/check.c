#include <stdio.h>
#include <sys/un.h>
#include "config/load.h"
#include "util/times.h"

/* Where an option stands, or the section that lacks it. */
static struct config_place
place_of(const struct config_loaded *ld, const char *key)
{
	for (size_t i = 0; i < config_rows_n(ld->table); i++)
		if (strcmp(config_row_at(ld->table, i)->key, key) == 0 &&
		    ld->at[i].line != 0)
			return ld->at[i];
	return ld->self;
}

static bool
is_given(const struct config_loaded *ld, const char *key)
{
	for (size_t i = 0; i < config_rows_n(ld->table); i++)
		if (strcmp(config_row_at(ld->table, i)->key, key) == 0)
			return ld->at[i].line != 0;
	return false;
}

static void
tell(struct config_loading *l, const struct config_loaded *ld, const char *key,
    const char *found, const char *expected, const char *mend)
{
	struct config_place p = place_of(ld, key);

	config_mistake_add(
	    l->mistakes, p.line, p.column, found, expected, mend);
}

static const char *
duration_text(struct config_loading *l, int64_t seconds)
{
	char text[32];

	duration_format(seconds, text);
	return arena_strdup(l->arena, text);
}

static const char *
names_of_cas(struct config_loading *l, const struct config *c)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < c->cas_n; i++)
		if (c->cas[i].key != NULL)
			buf_printf(&b, "%s%.32s", b.n == 0 ? "" : ", ",
			    c->cas[i].name);
	return b.n == 0 ? "a CA with a key"
			: arena_printf(l->arena,
			      "one of the CAs with a key: %s", buf_cstr(&b));
}

static const char *
names_of_profiles(struct config_loading *l, const struct config *c)
{
	AUTO_BUF b = { 0 };

	for (size_t i = 0; i < c->profiles_n; i++)
		buf_printf(
		    &b, "%s%.32s", i == 0 ? "" : ", ", c->profiles[i].name);
	return arena_printf(l->arena, "one of the profiles: %s", buf_cstr(&b));
}

/* The option whose value is the profile's longest lifetime. */
static const char *
longest_key(const struct config_loaded *ld)
{
	return is_given(ld, "max_lifetime") ? "max_lifetime" : "lifetime";
}

static void
check_lifetime(struct config_loading *l, const struct config_loaded *ld,
    const struct config_ca *ca, struct config_profile *p)
{
	if (p->max_lifetime == 0)
		p->max_lifetime = p->lifetime;
	if (p->lifetime > p->max_lifetime)
		tell(l, ld, "lifetime",
		    arena_printf(l->arena, "a lifetime of %s",
			duration_text(l, p->lifetime)),
		    arena_printf(l->arena, "at most max_lifetime, %s",
			duration_text(l, p->max_lifetime)),
		    "lower lifetime or raise max_lifetime");
	/* RFC 7633 section 4.2.3.1: a server that is to staple has to find out
	 * where the answers are. */
	if (!p->ocsp_pointer && p->must_staple != MUST_STAPLE_NEVER)
		tell(l, ld, "ocsp_pointer",
		    p->must_staple == MUST_STAPLE_ALWAYS
			? "no OCSP pointer in certificates that must be stapled"
			: "no OCSP pointer in certificates that a CSR may "
			  "have stapled",
		    "true, or must_staple: never",
		    "keep the pointer, or set must_staple: never");
	if (ca == NULL)
		return;
	if (MAX_OF(p->max_lifetime, p->lifetime) > ca->max_lifetime)
		tell(l, ld, longest_key(ld),
		    arena_printf(l->arena, "a lifetime of %s",
			duration_text(l, MAX_OF(p->max_lifetime, p->lifetime))),
		    arena_printf(l->arena,
			"at most %s, the max_lifetime of the CA %.32s",
			duration_text(l, ca->max_lifetime), ca->name),
		    "lower it, or raise the max_lifetime of the CA");
	if (p->backdate > ca->max_backdate)
		tell(l, ld, "backdate",
		    arena_printf(l->arena, "a backdate of %s",
			duration_text(l, p->backdate)),
		    arena_printf(l->arena,
			"at most %s, the max_backdate of the CA %.32s",
			duration_text(l, ca->max_backdate), ca->name),
		    "lower it, or raise the max_backdate of the CA");
}

/* A successor is a CA of this file, and the line of successors ends. */
static void
check_successor(struct config_loading *l, const struct config_loaded *ld,
    const struct config *c, const struct config_ca *ca)
{
	const struct config_ca *next = ca;

	for (size_t i = 0; i <= c->cas_n; i++) {
		if (next->successor == NULL)
			return;
		next = config_ca_find(c, next->successor);
		if (next == NULL || next == ca)
			break;
	}
	if (next == NULL && config_ca_find(c, ca->successor) != NULL)
		return; /* another one's mistake */
	tell(l, ld, "successor",
	    arena_printf(l->arena, "%s %.32s",
		next == NULL ? "the unknown CA" : "a circle through",
		ca->successor),
	    "another CA of the section cas, a newer one",
	    "name the CA that takes over, or set it to null");
}

static void
check_profile(struct config_loading *l, const struct config_loaded *ld,
    const struct config *c, struct config_profile *p)
{
	const struct config_ca *ca = NULL;

	if (p->ca != NULL)
		ca = config_ca_find(c, p->ca);
	if (p->ca != NULL && (ca == NULL || ca->key == NULL))
		tell(l, ld, "ca",
		    arena_printf(l->arena, "%s %.32s",
			ca == NULL ? "the unknown CA" : "the offline CA",
			p->ca),
		    names_of_cas(l, c),
		    ca == NULL ? "name a CA of the section cas"
			       : "name an online CA, or give this one its key");
	check_lifetime(l, ld, ca, p);
	if (p->rsa_min_bits > p->rsa_max_bits)
		tell(l, ld, "rsa_min_bits",
		    arena_printf(l->arena, "%lld", (long long)p->rsa_min_bits),
		    arena_printf(l->arena, "at most rsa_max_bits, %lld",
			(long long)p->rsa_max_bits),
		    "lower rsa_min_bits or raise rsa_max_bits");
	if (!p->dns && !p->ip && !p->email && !p->uri && !p->upn)
		tell(l, ld, "dns", "a profile that allows no type of name",
		    "one of dns, ip, email, uri or upn to be true",
		    "set one to true");
	if (p->keys.n == 0)
		tell(l, ld, "keys", "a profile that allows no key",
		    "at least one kind of key", "name one");
}

static void
check_profile_name(struct config_loading *l, const struct config_loads *loads,
    const struct config *c, const char *key, const char *name)
{
	if (config_profile_find(c, name) == NULL)
		tell(l, &loads->root, key,
		    arena_printf(l->arena, "no profile %.32s", name),
		    names_of_profiles(l, c),
		    arena_printf(l->arena,
			"add the profile, or set %s to another", key));
}

static void
check_tls(struct config_loading *l, const struct config_loads *loads,
    struct config *c)
{
	const struct config_profile *p;

	if (c->tls.profile == NULL)
		c->tls.profile = c->default_profile;
	else
		check_profile_name(l, loads, c, "tls.profile", c->tls.profile);
	p = config_profile_find(c, c->tls.profile);
	if (p == NULL || c->tls.lifetime <= p->max_lifetime)
		return;
	if (is_given(&loads->root, "tls.lifetime"))
		tell(l, &loads->root, "tls.lifetime",
		    duration_text(l, c->tls.lifetime),
		    arena_printf(l->arena,
			"at most %s, the longest of profile %.32s",
			duration_text(l, p->max_lifetime), p->name),
		    "lower it");
	c->tls.lifetime = p->max_lifetime;
}

static void
check_validation(struct config_loading *l, const struct config_loads *loads,
    const struct config *c)
{
	if (c->validation.dnssec != DNSSEC_OFF &&
	    c->validation.trust_anchor_file == NULL)
		tell(l, &loads->root, "validation.dnssec",
		    "DNSSEC without validation.trust_anchor_file",
		    "the file with the anchors that signatures lead to",
		    "name one: Debian's package dns-root-data has "
		    "/usr/share/dns/root.key");
}

static bool
has_word(const struct config_strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], word) == 0)
			return true;
	return false;
}

/* A client certificate without the usage passes no handshake of a careful
 * client, and we would not take it. */
static void
check_label_certificates(struct config_loading *l,
    const struct config_loaded *ld, const struct config *c,
    const struct config_est_label *label, const char *profile, const char *key)
{
	const struct config_profile *p = config_profile_find(c, profile);

	if (p == NULL)
		tell(l, ld, key,
		    arena_printf(l->arena, "the profile %.32s", profile),
		    names_of_profiles(l, c), "name one of them, or add it");
	else if (has_word(&label->authentication, "certificate") &&
	    !has_word(&p->extended_key_usage, "clientAuth"))
		tell(l, ld, key,
		    arena_printf(l->arena,
			"the profile %.32s, whose certificates are no client "
			"certificates",
			profile),
		    "a profile whose extended_key_usage has clientAuth",
		    "add clientAuth to the profile, name others in "
		    "certificate_profiles, or take certificate out of "
		    "authentication");
}

static void
check_label(struct config_loading *l, const struct config_loaded *ld,
    const struct config *c, const struct config_est_label *label)
{
	const struct config_strings *profiles = &label->certificate_profiles;

	if (label->profile == NULL)
		return;
	if (profiles->n == 0)
		check_label_certificates(
		    l, ld, c, label, label->profile, "profile");
	else if (config_profile_find(c, label->profile) == NULL)
		tell(l, ld, "profile",
		    arena_printf(l->arena, "the profile %.32s", label->profile),
		    names_of_profiles(l, c), "name one of them, or add it");
	for (size_t i = 0; i < profiles->n; i++)
		check_label_certificates(
		    l, ld, c, label, profiles->v[i], "certificate_profiles");
	if (has_word(&label->authentication, "users") !=
	    (label->users_file != NULL))
		tell(l, ld,
		    label->users_file == NULL ? "authentication" : "users_file",
		    label->users_file == NULL ? "users, but no users_file"
					      : "a users_file that is not used",
		    "users in authentication and a users_file, or neither",
		    "add the other, or take this out");
	if (label->server_keys &&
	    (label->approval_always || label->authentication.n == 0 ||
		has_word(&label->authentication, "approval")))
		tell(l, ld, "server_keys", "server_keys with approval",
		    "keys for clients that are authenticated and wait for "
		    "nobody",
		    "set server_keys: false, or use another label for it");
}

static bool
has_listener(const struct config *c, enum listener_kind kind)
{
	for (size_t i = 0; i < c->listen_n; i++)
		if (c->listen[i].kind == kind)
			return true;
	return false;
}

static void
check_scep_clients(struct config_loading *l, const struct config_loaded *ld,
    const struct config *c, const struct config_scep_profile *p)
{
	static const char key[] = "client_certificate_profiles";

	for (size_t i = 0; i < p->client_certificate_profiles.n; i++) {
		const char *name = p->client_certificate_profiles.v[i];
		const struct config_profile *its = config_profile_find(c, name);

		if (its == NULL)
			tell(l, ld, key,
			    arena_printf(l->arena, "the profile %.32s", name),
			    names_of_profiles(l, c),
			    "name one of them, or add it");
		else if (!has_word(&its->extended_key_usage, "clientAuth"))
			tell(l, ld, key,
			    arena_printf(l->arena,
				"the profile %.32s, whose certificates are no "
				"client certificates",
				name),
			    "profiles whose extended_key_usage has clientAuth",
			    "add clientAuth to the profile, or name others");
	}
	if (config_scep_is_mutual(p) && !has_listener(c, LISTENER_EST))
		tell(l, ld,
		    p->client_anchors_file != NULL ? "client_anchors_file"
						   : key,
		    "client certificates, which no listener asks for",
		    "a listener of kind est",
		    "add {kind: est, address: \"[::]:8444\"} to listen, or "
		    "take this out");
}

/* The service that decides is the only one that knows a challenge: what else
 * would take a challengePassword would get those that it refused. */
static void
check_scep_service(struct config_loading *l, const struct config_loaded *ld,
    const struct config_scep_profile *p, const char *word, const char *name,
    bool known)
{
	static const char *const others[] = { "challenge", "tokens", "signed",
		"webhook", "intune", "approval" };
	bool wanted = has_word(&p->authentication, word);

	if (wanted != (name != NULL)) {
		tell(l, ld, wanted ? "authentication" : word,
		    arena_printf(l->arena,
			wanted ? "%s, but no service of that kind"
			       : "a %s that is not used",
			word),
		    arena_printf(l->arena,
			"%s in authentication and the name of one, or neither",
			word),
		    "add the other, or take this out");
		return;
	}
	if (!wanted)
		return;
	if (!known)
		tell(l, ld, word,
		    arena_printf(l->arena, "the unknown %s %.32s", word, name),
		    "a name of the section that has them",
		    "name one of them, or add it");
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		/* Intune says nothing of who has no challengePassword. */
		if (strcmp(others[i], word) == 0 ||
		    !has_word(&p->authentication, others[i]) ||
		    (strcmp(word, "intune") == 0 &&
			strcmp(others[i], "approval") == 0))
			continue;
		tell(l, ld, "authentication",
		    arena_printf(
			l->arena, "%s together with %s", word, others[i]),
		    arena_printf(l->arena, "%s alone", word),
		    arena_printf(l->arena,
			"make another profile of SCEP for %s", others[i]));
	}
}

static void
check_scep(struct config_loading *l, const struct config_loaded *ld,
    const struct config *c, const struct config_scep_profile *p)
{
	bool challenge = has_word(&p->authentication, "challenge");
	bool jws = has_word(&p->authentication, "signed");

	if (p->profile != NULL && config_profile_find(c, p->profile) == NULL)
		tell(l, ld, "profile",
		    arena_printf(l->arena, "the profile %.32s", p->profile),
		    names_of_profiles(l, c), "name one of them, or add it");
	if (challenge != (p->challenge_file != NULL))
		tell(l, ld, challenge ? "authentication" : "challenge_file",
		    challenge ? "challenge, but no challenge_file"
			      : "a challenge_file that is not used",
		    "challenge in authentication and a challenge_file, or "
		    "neither",
		    "add the other, or take this out");
	if (jws != (p->signed_keys_file != NULL))
		tell(l, ld, jws ? "authentication" : "signed_keys_file",
		    jws ? "signed, but no signed_keys_file"
			: "a signed_keys_file that is not used",
		    "signed in authentication and a signed_keys_file, or "
		    "neither",
		    "add the other, or take this out");
	if (p->challenge_clients_file != NULL &&
	    !has_word(&p->authentication, "tokens"))
		tell(l, ld, "challenge_clients_file",
		    "a challenge_clients_file without tokens",
		    "tokens in authentication, which the secrets are",
		    "add tokens to authentication");
	/* What a webhook tells of a device says nothing of its names. */
	if (p->challenge_clients_file != NULL && p->names.n == 0)
		tell(l, ld, "names", "challenge_clients_file without names",
		    "the names that a secret without names is good for",
		    "add names, such as [\"dns:*.devices.example.com\"]");
	if (p->name != NULL && strcmp(p->name, "challenge") == 0)
		tell(l, ld, "profile", "a profile challenge",
		    "another name: secrets are fetched at /scep/challenge",
		    "give it another name");
	/* VU#971035: a password that all share gives any name to who has it. */
	if (challenge && p->names.n == 0)
		tell(l, ld, "names", "challenge without names",
		    "the names that who knows the password may have",
		    "add names, such as [\"dns:*.devices.example.com\"]");
	check_scep_clients(l, ld, c, p);
	check_scep_service(l, ld, p, "webhook", p->webhook,
	    p->webhook != NULL && config_webhook_find(c, p->webhook) != NULL);
	check_scep_service(l, ld, p, "intune", p->intune,
	    p->intune != NULL && config_intune_find(c, p->intune) != NULL);
	if (p->legacy_des && !p->legacy_des3)
		tell(l, ld, "legacy_des", "legacy_des without legacy_des3",
		    "triple DES for the answers", "set legacy_des3: true");
}

/* Each of these lets a CRL lapse, or be two things at once. */
static void
check_crl(struct config_loading *l, const struct config_loads *loads,
    const struct config *c)
{
	static const char suffix[] = "-delta";
	size_t tail = sizeof(suffix) - 1;

	/* IdenTrust, 2024-08: two runs may be missed before it ends. */
	if (c->crl.validity < 3 * c->crl.period)
		tell(l, &loads->root, "crl.validity",
		    duration_text(l, c->crl.validity),
		    arena_printf(l->arena,
			"at least three times crl.period, %s",
			duration_text(l, c->crl.period)),
		    "raise crl.validity or lower crl.period");
	if (c->crl.delta != 0 &&
	    (c->crl.delta < 10 || c->crl.delta > c->crl.period / 2))
		tell(l, &loads->root, "crl.delta",
		    duration_text(l, c->crl.delta),
		    arena_printf(l->arena,
			"0s, or 10s to half of crl.period, %s",
			duration_text(l, c->crl.period)),
		    "change crl.delta or raise crl.period");
	/* /crl/<ca>-delta.crl is the delta of <ca>. */
	for (size_t i = 0; i < c->cas_n; i++) {
		size_t n = strlen(c->cas[i].name);

		if (n >= tail && strcmp(c->cas[i].name + n - tail, suffix) == 0)
			tell(l, &loads->root, "cas", c->cas[i].name,
			    "a name that does not end in -delta",
			    "choose another name");
	}
}

void
config_check(struct config_loading *l, const struct config_loads *loads,
    struct config *c)
{
	for (size_t i = 0; i < c->cas_n; i++)
		if (c->cas[i].successor != NULL)
			check_successor(l, &loads->cas[i], c, &c->cas[i]);
	for (size_t i = 0; i < c->profiles_n; i++)
		check_profile(l, &loads->profiles[i], c, &c->profiles[i]);
	check_profile_name(l, loads, c, "default_profile", c->default_profile);
	check_tls(l, loads, c);
	for (size_t i = 0; i < c->est.labels_n; i++)
		check_label(l, &loads->labels[i], c, &c->est.labels[i]);
	for (size_t i = 0; i < c->scep.profiles_n; i++)
		check_scep(l, &loads->scep[i], c, &c->scep.profiles[i]);
	check_validation(l, loads, c);
	check_crl(l, loads, c);
	if (strlen(c->control_socket) >=
	    sizeof(((struct sockaddr_un *)NULL)->sun_path))
		tell(l, &loads->root, "control_socket",
		    "a path of 108 octets or more",
		    "a path shorter than 108 octets", "choose a shorter one");
}
