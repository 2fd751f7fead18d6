/*
 * What an error becomes in OCSP (RFC 6960 section 4.2.1, RFC 9919 section
 * 3.1.1): one table, and a test walks every kind.
 */
#ifndef OCSP_PROBLEM_H
#define OCSP_PROBLEM_H

#include "ocsp/ocsp.h"

enum ocsp_response_status ocsp_problem_status(enum err_kind kind);
enum ocsp_outcome ocsp_problem_outcome(enum ocsp_response_status status);

#endif
