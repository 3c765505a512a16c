/*
 * state_machine.c - looking up a cell, and drawing what there is to look up.
 */
#include "saga/state_machine.h"

#include <stdbool.h>

#include "base/assert.h"

const struct pgl_cell *pgl_machine_cell(const struct pgl_machine *machine, int state, int input)
{
    PGL_ASSERT(state >= 0 && state < machine->state_count);
    PGL_ASSERT(input >= 0 && input < machine->input_count);
    return &machine->cells[state * machine->input_count + input];
}

static const char *event_name(const struct pgl_machine *machine, const struct pgl_cell *cell)
{
    PGL_ASSERT(cell->says < machine->event_count && machine->event_names[cell->says] != NULL);
    return machine->event_names[cell->says];
}

static void draw_cell(const struct pgl_machine *machine, const struct pgl_cell *cell,
                      struct pgl_buffer *out)
{
    if (cell->next == PGL_IMPOSSIBLE) {
        pgl_buffer_add_char(out, 'X');
        return;
    }
    const char *separator = "";
    if (cell->next != PGL_STAY) {
        pgl_buffer_printf(out, "**%s**", machine->state_names[cell->next]);
        separator = "; ";
    }
    for (int deed = 0; deed < machine->deed_count; deed++)
        if (cell->does & 1u << deed) {
            PGL_ASSERT(machine->deed_names[deed] != NULL);
            pgl_buffer_printf(out, "%s%s", separator, machine->deed_names[deed]);
            separator = "; ";
        }
    if (cell->says != 0) {
        pgl_buffer_printf(out, "%s*%s*", separator, event_name(machine, cell));
        separator = "; ";
    }
    if (separator[0] == '\0')
        pgl_buffer_add_char(out, '-');
}

void pgl_machine_draw_table(const struct pgl_machine *machine, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "| %s |", machine->name);
    for (int state = 0; state < machine->state_count; state++)
        pgl_buffer_printf(out, " %s |", machine->state_names[state]);
    pgl_buffer_add_literal(out, "\n| --- |");
    for (int state = 0; state < machine->state_count; state++)
        pgl_buffer_add_literal(out, " --- |");
    pgl_buffer_add_char(out, '\n');

    for (int input = 0; input < machine->input_count; input++) {
        pgl_buffer_printf(out, "| %s |", machine->input_names[input]);
        for (int state = 0; state < machine->state_count; state++) {
            pgl_buffer_add_char(out, ' ');
            draw_cell(machine, pgl_machine_cell(machine, state, input), out);
            pgl_buffer_add_literal(out, " |");
        }
        pgl_buffer_add_char(out, '\n');
    }
}

void pgl_machine_draw_diagram(const struct pgl_machine *machine, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "stateDiagram-v2\n    [*] --> %s\n", machine->state_names[0]);
    for (int state = 0; state < machine->state_count; state++) {
        bool is_final = true;
        for (int input = 0; input < machine->input_count; input++) {
            const struct pgl_cell *cell = pgl_machine_cell(machine, state, input);
            if (cell->next == PGL_IMPOSSIBLE || cell->next == PGL_STAY)
                continue;
            is_final = false;
            pgl_buffer_printf(out, "    %s --> %s: %s", machine->state_names[state],
                              machine->state_names[cell->next], machine->input_names[input]);
            if (cell->says != 0)
                pgl_buffer_printf(out, " / %s", event_name(machine, cell));
            pgl_buffer_add_char(out, '\n');
        }
        if (is_final)
            pgl_buffer_printf(out, "    %s --> [*]\n", machine->state_names[state]);
    }
}
