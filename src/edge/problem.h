/*
 * problem.h - every error looks the same: a problem (RFC 9457) that names the request.
 */
#ifndef PGL_EDGE_PROBLEM_H
#define PGL_EDGE_PROBLEM_H

#include "edge/request.h"

/* Fills the request's answer in. */
void edge_answer_problem(struct pgl_request *request, pgl_status status);

/* Answers an exchange that never became a request. */
struct edge_refusal {
    int http_status;
    const char *type, *detail;
    const char *allow;                  /* of a 405; NULL else */
    const struct edge_verdict *verdict; /* of the rate that it is charged to; NULL: to none */
};
void edge_respond_problem(struct pgl_edge *edge, struct pgl_http_exchange *exchange,
                          const struct edge_refusal *refusal);

/* "5f0c..."; for the answer and for our logs. */
void edge_make_request_id(struct pgl_edge *edge, char id[2 * PGL_REQUEST_ID_BYTES + 1]);

/* What went wrong inside is for our logs, where it is written by this, and not for the caller, who
 * is told PGL_OURS_DETAIL. False for what the caller may know. */
#define PGL_OURS_DETAIL "see the log under the request's id"
bool edge_log_ours(const struct pgl_request *request, pgl_status status);

#endif
