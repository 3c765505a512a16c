/*
 * client.h - HTTP/1.1 as customers speak it: requests over a few kept connections, and what is
 * known afterwards.
 *
 * For:      customers.c, over the simulated network; the bytes are those of any client.
 * Owner:    customers. An ask belongs to the client from send until its answer.
 * Threads:  the loop's.
 * Bounds:   PGL_SIM_LINES connections, one request at a time on each; more are refused.
 */
#ifndef PGL_SIM_CLIENT_H
#define PGL_SIM_CLIENT_H

#include "base/buffer.h"
#include "blame.h"
#include "choices.h"
#include "platform/twin.h"
#include "runtime/loop.h"
#include "wire/http1.h"

#define PGL_SIM_LINES 32 /* of one address; the server takes 100 */

struct pgl_sim_answer {
    int status; /* 0: nobody knows what became of it */
    bool is_replayed;
    struct pgl_text body; /* until the callback returns */
    struct pgl_text link; /* the field, of where it goes on */
};

struct pgl_sim_ask {
    const char *method;
    char target[320], key[32], body[512]; /* key and body may be empty */
    struct pgl_text token, signature;     /* of these one; the other is empty */
    struct pgl_text long_body;            /* in place of the other */
    int64_t patience_ns;                  /* then the client hangs up */
    void (*on_answer)(void *owner, const struct pgl_sim_answer *answer);
    void *owner;
};

struct pgl_sim_line {
    struct pgl_sim_client *client;
    struct pgl_socket *socket; /* NULL while there is no connection */
    struct pgl_sim_ask *ask;   /* NULL while idle */
    bool leaves;               /* once it has asked */
    struct pgl_buffer out, in;
    size_t sent_bytes;
    struct pgl_http1_parser parser;
    struct pgl_timer late;
};

struct pgl_sim_client {
    struct pgl_loop *loop;
    struct pgl_twin *twin;
    struct pgl_sim_blame *blame;
    struct pgl_sim_choices *choices;
    struct pgl_random random; /* the network's */
    int64_t network_ns_max;
    uint32_t leave_chance; /* that a connection breaks behind a request */
    struct pgl_sim_line lines[PGL_SIM_LINES];
    uint64_t asked, unknown, left;
};

void pgl_sim_client_open(struct pgl_sim_client *client, const struct pgl_sim_plan *plan,
                         struct pgl_sim_choices *choices, struct pgl_loop *loop,
                         struct pgl_twin *twin, struct pgl_sim_blame *blame);
/* Nothing that is out is answered any more. */
void pgl_sim_client_close(struct pgl_sim_client *client);

/* Whether a line is left for one more request. */
bool pgl_sim_client_is_free(struct pgl_sim_client *client);

/* False when all lines are busy; then nothing has happened. */
bool pgl_sim_client_send(struct pgl_sim_client *client, struct pgl_sim_ask *ask);

/* The other side has lost its power: whatever was on its way is gone. */
void pgl_sim_client_break(struct pgl_sim_client *client);

#endif
