/* faces.c - see faces.h. */
#include "edge/gateway/faces.h"

#include "edge/gateway/routes.h"

const struct edge_face *pgl_face_of(const struct pgl_http_request_head *head)
{
    for (int i = 0; pgl_faces[i] != NULL; i++)
        if (pgl_faces[i]->takes(head))
            return pgl_faces[i];
    return NULL;
}

pgl_status pgl_faces_add_metrics(struct pgl_edge *edge, struct pgl_registry *registry,
                                 struct pgl_arena *arena)
{
    for (int i = 0; pgl_faces[i] != NULL; i++)
        PGL_TRY(pgl_faces[i]->add_metrics(edge, registry, arena));
    return PGL_OK;
}

void pgl_faces_open(struct pgl_edge *edge)
{
    for (int i = 0; pgl_faces[i] != NULL; i++)
        pgl_faces[i]->open(edge);
}

void pgl_faces_change(struct pgl_edge *edge)
{
    for (int i = 0; pgl_faces[i] != NULL; i++)
        pgl_faces[i]->change(edge);
}

void pgl_faces_close(struct pgl_edge *edge)
{
    for (int i = 0; pgl_faces[i] != NULL; i++)
        pgl_faces[i]->close(edge);
}

bool pgl_faces_want_pieces(void *owner, const struct pgl_http_request_head *head)
{
    const struct edge_face *face = pgl_face_of(head);
    (void)owner;
    return face != NULL && face->wants_pieces(head);
}

void pgl_faces_on_piece(void *owner, struct pgl_http_exchange *exchange, struct pgl_text piece,
                        bool is_last)
{
    const struct edge_face *face = pgl_face_of(&exchange->head);
    (void)owner;
    if (face != NULL)
        face->on_piece(exchange, piece, is_last);
}

void pgl_faces_on_room(void *owner, struct pgl_http_exchange *exchange)
{
    const struct edge_face *face = pgl_face_of(&exchange->head);
    (void)owner;
    if (face != NULL)
        face->on_room(exchange);
}

void pgl_faces_on_abandoned(void *owner, struct pgl_http_exchange *exchange)
{
    const struct edge_face *face = pgl_face_of(&exchange->head);
    (void)owner;
    if (face != NULL)
        face->on_abandoned(exchange);
}

const struct pgl_rule *pgl_faces_route_named(struct pgl_text name)
{
    const struct pgl_rule *rule = NULL;
    for (int i = 0; pgl_faces[i] != NULL && rule == NULL; i++)
        rule = pgl_faces[i]->route_named(name);
    return rule;
}

/* What the HTTP server refuses with, as a code of ours. */
static enum pgl_code code_of(int http_status)
{
    switch (http_status) {
    case 408:
        return PGL_DEADLINE;
    case 413:
    case 414:
    case 431:
        return PGL_TOO_LARGE;
    case 501:
    case 505:
        return PGL_UNIMPLEMENTED;
    case 503:
        return PGL_EXHAUSTED;
    default:
        return PGL_MALFORMED;
    }
}

bool pgl_faces_refuse(struct pgl_edge *edge, struct pgl_http_exchange *exchange, int http_status,
                      const char *reason)
{
    const struct edge_face *face = pgl_face_of(&exchange->head);
    return face != NULL &&
           face->refuse(edge, exchange, (pgl_status){ code_of(http_status), reason });
}
