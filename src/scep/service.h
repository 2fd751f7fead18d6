/*
 * The services that decide requests: a webhook is asked; Intune is asked, and
 * told what became of it.  Answers come on the outgoing loop, where nothing may
 * block.
 */
#ifndef SCEP_SERVICE_H
#define SCEP_SERVICE_H

#include "scep/server.h"
#include "scep/webhook.h"
#include "store/inquiry.h"

/* Whom this profile asks. */
const char *service_name(const struct scep_profile *p);
/* "webhook", "intune". */
const char *service_kind(enum inquiry_service service);
/* Seconds after which a step of it is given up for lost. */
int64_t service_lease(const struct scep_profile *p);
bool service_withholds(const struct scep_profile *p);

/* Does the row's profile (NULL: there is none any more) still ask whom the row
 * asked?  ERR_NOT_FOUND. */
bool service_check(const struct scep_profile *profile,
    const struct inquiry *row, struct err *err) MUST_CHECK;

typedef void service_done(void *arg, const struct service_answer *answer);

/*
 * About the request of a row, which is profile's (NULL: there is none any
 * more).  done is called exactly once, unless false is returned: ERR_NOT_FOUND
 * (the profile does not ask it any more), ERR_BUSY.
 */
bool service_ask(struct scep *scep, const struct scep_profile *profile,
    const struct inquiry *row, const struct csr *csr, service_done *done,
    void *arg, struct err *err) MUST_CHECK;
/* Of Intune alone: it was issued, or could not be. */
bool service_tell_issued(struct scep *scep, const struct inquiry *row,
    const struct csr *csr, struct bytes certificate, service_done *done,
    void *arg, struct err *err) MUST_CHECK;
bool service_tell_failed(struct scep *scep, const struct inquiry *row,
    const struct csr *csr, service_done *done, void *arg,
    struct err *err) MUST_CHECK;

#endif
