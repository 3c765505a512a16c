/* reader.c - see reader.h. */
#include "store/reader.h"

#include "runtime/call.h"

static void take_query(void *owner, struct pgl_message *message)
{
    struct pgl_reader *reader = owner;
    if (pgl_loop_is_struck(reader->loop, PGL_BUGGIFY_READER_QUEUE_FULL)) {
        pgl_call_answer(pgl_call_of(message), PGL_FAIL(PGL_EXHAUSTED, "too many questions wait"));
        return;
    }
    message->next = NULL;
    *reader->last = message;
    reader->last = &message->next;
}

static pgl_status answer_one(struct pgl_reader *reader, struct pgl_call *call)
{
    if (call->deadline_ns < reader->loop->now_ns ||
        pgl_buggify(reader->loop->platform->buggify, PGL_BUGGIFY_READER_TOO_LATE))
        return PGL_FAIL(PGL_DEADLINE, "it waited too long for its turn");
    if (pgl_call_is_given_up(call))
        return PGL_GIVEN_UP;
    if (pgl_loop_is_struck(reader->loop, PGL_BUGGIFY_READER_NO_MEMORY))
        return PGL_NO_MEMORY;
    struct pgl_view view = { &reader->db, call->arena, reader->context };
    return call->method->query(&view, call->ask, call->reply);
}

static pgl_status end_snapshot(struct pgl_reader *reader)
{
    struct pgl_rows commit = pgl_rows_begin(&reader->db, "COMMIT");
    return pgl_rows_run(&commit, NULL);
}

static pgl_status begin_snapshot(struct pgl_reader *reader)
{
    if (pgl_database_is_in_transaction(&reader->db)) /* for lack of memory the last did not end */
        PGL_TRY(end_snapshot(reader));
    if (pgl_loop_is_struck(reader->loop, PGL_BUGGIFY_READER_NO_SNAPSHOT))
        return PGL_FAIL(PGL_UNAVAILABLE, "it could not be read now, it is said");
    struct pgl_rows begin = pgl_rows_begin(&reader->db, "BEGIN");
    return pgl_rows_run(&begin, NULL);
}

static bool reader_turn(void *owner)
{
    struct pgl_reader *reader = owner;
    if (reader->first == NULL)
        return false;
    pgl_status snapshot = begin_snapshot(reader);
    for (int i = 0; i < PGL_READER_SNAPSHOT_MAX && reader->first != NULL; i++) {
        struct pgl_call *call = pgl_call_of(reader->first);
        reader->first = call->message.next;
        if (reader->first == NULL)
            reader->last = &reader->first;
        pgl_status status = pgl_is_ok(snapshot) ? answer_one(reader, call) : snapshot;
        if (status.code == PGL_DATA_LOSS)
            pgl_loop_fail(reader->loop, status);
        pgl_call_answer(call, status);
        if (pgl_buggify(reader->loop->platform->buggify, PGL_BUGGIFY_READER_SHORT_SNAPSHOT))
            break;
    }
    pgl_status ended = end_snapshot(reader);
    if (ended.code == PGL_DATA_LOSS)
        pgl_loop_fail(reader->loop, ended);
    return reader->first != NULL;
}

pgl_status pgl_reader_open(struct pgl_reader *reader, struct pgl_loop *loop,
                           const struct pgl_database_options *options, void *context)
{
    *reader = (struct pgl_reader){ .loop = loop, .context = context };
    reader->last = &reader->first;
    PGL_TRY(pgl_database_open_reader(&reader->db, options));
    pgl_mailbox_open(&reader->queries, loop, PGL_READER_QUEUE_MAX, take_query, reader);
    loop->work = reader_turn;
    loop->owner = reader;
    return PGL_OK;
}

void pgl_reader_close(struct pgl_reader *reader)
{
    pgl_database_close(&reader->db);
}
