/*
 * page.h - what every page has: head, foot, looks, and what a browser may do with it. No page has a
 * script, so none may run.
 */
#ifndef PGL_EDGE_PAGE_H
#define PGL_EDGE_PAGE_H

#include "edge/request.h"

/* The title is ours and needs no escaping. */
void edge_page_begin(struct pgl_buffer *out, const char *title);
void edge_page_end(struct pgl_buffer *out);
/* Escapes what HTML would read otherwise. */
void edge_page_text(struct pgl_buffer *out, struct pgl_text text);
/* Answers 200 with the page, and frees the buffer. */
PGL_MUST_USE pgl_status edge_page_reply(struct pgl_request *request, struct pgl_buffer *out);

/* GET /style.css */
pgl_status style_begin(struct pgl_request *request);

#endif
