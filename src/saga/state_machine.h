/*
 * state_machine.h - what the machines of the saga have in common: a table of states and inputs.
 *
 * For:      orders, payments, reservations. A service maps what it hears to an input, asks the
 *           machine for a step, and carries the step out in one transaction. The simulator and the
 *           explorer ask the same machine, and the documentation is drawn from it: what is checked
 *           is what runs.
 * Owner:    nobody; machines are constant.
 * Threads:  any.
 * Bounds:   254 states; the table has a cell for each pair of state and input.
 * Errors:   a cell left out is impossible as long as the other services are right: the key is
 *           parked and somebody is called, nothing is guessed. States and inputs beyond the table
 *           are bugs.
 */
#ifndef PGL_SAGA_STATE_MACHINE_H
#define PGL_SAGA_STATE_MACHINE_H

#include <stdint.h>

#include "base/buffer.h"

/* What `next` says when it names no state. A machine starts in state 0 and no input leads back
 * there; so 0 is free to mean "impossible", which is what C makes of a cell that is left out. */
#define PGL_IMPOSSIBLE 0
#define PGL_STAY       255

struct pgl_cell {
    uint8_t next;  /* a state, PGL_STAY or PGL_IMPOSSIBLE */
    uint8_t says;  /* an EventType; 0 says nothing */
    uint16_t does; /* bits that the machine's own step function knows */
};

struct pgl_machine {
    const char *name;
    int state_count, input_count, event_count, deed_count;
    const struct pgl_cell *cells; /* state_count rows of input_count */
    const char *const *state_names;
    const char *const *input_names;
    const char *const *event_names; /* by EventType; those it never says may be missing */
    const char *const *deed_names;  /* by the number of the bit in `does` */
};

const struct pgl_cell *pgl_machine_cell(const struct pgl_machine *machine, int state, int input);

/* A Markdown table as the specification has it: a row an input, a column a state; "-" stays, "X" is
 * impossible. */
void pgl_machine_draw_table(const struct pgl_machine *machine, struct pgl_buffer *out);

/* A Mermaid stateDiagram-v2 of the cells that lead somewhere. */
void pgl_machine_draw_diagram(const struct pgl_machine *machine, struct pgl_buffer *out);

#endif
