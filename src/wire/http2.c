/* http2.c - see http2.h. */
#include "wire/http2.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "wire/http2_inside.h"
#include "wire/http_bytes.h"

/* Input goes in by slices, so that what a peer is told off for is seen soon; and none that could
 * hold more heads than may be taken, of which the shortest is a frame's and four indexed fields. */
#define SLICE_BYTES        1024u
#define HEAD_BYTES_LEAST   13u
#define FIRST_UNKNOWN_TYPE (NGHTTP2_CONTINUATION + 1)
#define FRAMES_WAITING_MAX 512   /* of ours; then no more is read */
#define LIBRARY_RESETS     10000 /* the library's own guards stay behind ours */
#define KEPT_BYTES         (8u << 10)
#define RECORDS_BYTES_MAX  (1u << 20)
#define EVENTS_BYTES_MAX   (4u << 20) /* one slice makes at most a thousand events */

/* ---- counting ---- */

static void allow(struct pgl_http2_allowance *allowance, uint32_t burst, uint32_t per_s)
{
    allowance->cost_ns = PGL_SECONDS(1) / per_s;
    allowance->burst_ns = allowance->cost_ns * burst;
}

static void complain(struct pgl_http2 *session, const char *complaint, uint32_t code)
{
    if (session->complaint != NULL)
        return;
    session->complaint = complaint;
    session->complaint_code = code;
}

void pgl_http2_complain(struct pgl_http2 *session, const char *complaint)
{
    complain(session, complaint, NGHTTP2_ENHANCE_YOUR_CALM);
}

void pgl_http2_object(struct pgl_http2 *session, const char *complaint)
{
    complain(session, complaint, NGHTTP2_PROTOCOL_ERROR);
}

/* ---- events ---- */

/* What was small stays for the next time; else a client would only have to be busy once. */
static void empty(struct pgl_buffer *buffer)
{
    pgl_buffer_clear(buffer);
    if (buffer->capacity > KEPT_BYTES)
        pgl_buffer_free(buffer);
}

/* The blocks of events that are gone; half a block moves to the front. */
static void drop_heads(struct pgl_http2 *session)
{
    size_t done = session->block_since_ns != 0 ? session->block_start : session->heads.size;
    pgl_buffer_consume(&session->heads, done);
    if (session->heads.size == 0)
        empty(&session->heads);
    session->block_start = 0;
}

bool pgl_http2_next(struct pgl_http2 *session, struct pgl_http2_event *event)
{
    while (session->next_event * sizeof *event < session->events.size) {
        memcpy(event, session->events.data + session->next_event * sizeof *event, sizeof *event);
        session->next_event++;
        if (event->kind != PGL_HTTP2_TAKEN_BACK)
            return true;
    }
    session->next_event = 0;
    session->round++;
    empty(&session->events);
    drop_heads(session);
    return false;
}

size_t pgl_http2_bytes(const struct pgl_http2 *session)
{
    return PGL_HTTP2_SESSION_BYTES + session->heads.capacity + session->events.capacity;
}

struct pgl_text pgl_http2_block(const struct pgl_http2 *session,
                                const struct pgl_http2_event *event)
{
    PGL_ASSERT(event->block_start + event->block_size <= session->heads.size);
    return (struct pgl_text){ session->heads.data + event->block_start, event->block_size };
}

/* ---- records ---- */

struct pgl_http2_record *pgl_http2_record_of(struct pgl_http2 *session, int32_t stream)
{
    return stream == 0 ? NULL : nghttp2_session_get_stream_user_data(session->library, stream);
}

struct pgl_http2_record *pgl_http2_new_record(struct pgl_http2 *session, void *owner)
{
    struct pgl_http2_record *record = session->free_records;
    if (record != NULL)
        session->free_records = record->next_free;
    else if ((record = pgl_arena_alloc(&session->records, sizeof *record)) == NULL)
        return NULL;
    *record = (struct pgl_http2_record){ .owner = owner };
    pgl_list_init(&record->unsent);
    return record;
}

void pgl_http2_free_record(struct pgl_http2 *session, struct pgl_http2_record *record)
{
    pgl_list_remove(&record->unsent);
    record->next_free = session->free_records;
    session->free_records = record;
}

struct pgl_http2_record *pgl_http2_unsent_record(struct pgl_http2 *session, int32_t stream)
{
    for (struct pgl_list *node = session->asked.next; node != &session->asked; node = node->next) {
        struct pgl_http2_record *record = PGL_CONTAINER(node, struct pgl_http2_record, unsent);
        if (record->stream >= stream) /* in the order of their numbers */
            return record->stream == stream ? record : NULL;
    }
    return NULL;
}

/* ---- what leaves ---- */

static bool make_fields(const struct pgl_http_field *fields, size_t field_count, nghttp2_nv *made)
{
    static const struct pgl_text forbidden[] = { /* RFC 9113, 8.2.2 */
                                                 { "connection", 10 },
                                                 { "transfer-encoding", 17 },
                                                 { "keep-alive", 10 },
                                                 { "upgrade", 7 },
                                                 { "proxy-connection", 16 }
    };
    for (size_t i = 0; i < field_count; i++) {
        struct pgl_text name = fields[i].name, value = fields[i].value;
        if (!pgl_http_all(name, PGL_HTTP_TOKEN) ||
            pgl_http_find_control(value.data, 0, value.size) < value.size)
            return false;
        for (size_t f = 0; f < sizeof forbidden / sizeof forbidden[0]; f++)
            if (pgl_text_equal_nocase(name, forbidden[f]))
                return false;
        made[i] = (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name.data,
                                .namelen = name.size,
                                .value = (uint8_t *)(uintptr_t)value.data,
                                .valuelen = value.size };
    }
    return true;
}

static nghttp2_nv pseudo(const char *name, struct pgl_text value)
{
    return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
                         .namelen = strlen(name),
                         .value = (uint8_t *)(uintptr_t)value.data,
                         .valuelen = value.size };
}

static void submit_trailers(struct pgl_http2 *session, struct pgl_http2_record *record,
                            uint32_t *flags)
{
    const struct pgl_http_field *fields;
    nghttp2_nv made[PGL_HTTP_FIELDS_MAX];
    size_t count = session->options.trailers(record->owner, &fields);
    if (count > PGL_HTTP_FIELDS_MAX || !make_fields(fields, count, made) || count == 0)
        return; /* then the body ends the stream */
    if (nghttp2_submit_trailer(session->library, record->stream, made, count) == 0)
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
}

static ssize_t read_body(nghttp2_session *library, int32_t stream, uint8_t *room, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *self)
{
    (void)library, (void)stream;
    struct pgl_http2 *session = self;
    struct pgl_http2_record *record = source->ptr;
    enum pgl_http2_more more = PGL_HTTP2_LATER;
    size_t got = session->options.read(record->owner, (char *)room, size, &more);
    switch (more) {
    case PGL_HTTP2_LATER:
        return got > 0 ? (ssize_t)got : NGHTTP2_ERR_DEFERRED;
    case PGL_HTTP2_MORE:
        return (ssize_t)got;
    case PGL_HTTP2_TRAILED:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        submit_trailers(session, record, flags);
        return (ssize_t)got;
    case PGL_HTTP2_LAST:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t)got;
    case PGL_HTTP2_CUT:
        break;
    }
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

bool pgl_http2_answer(struct pgl_http2 *session, int32_t stream, int status,
                      const struct pgl_http_field *fields, size_t field_count, bool has_body)
{
    struct pgl_http2_record *record = pgl_http2_record_of(session, stream);
    nghttp2_nv made[PGL_HTTP_FIELDS_MAX + 1];
    char digits[] = { (char)('0' + status / 100), (char)('0' + status / 10 % 10),
                      (char)('0' + status % 10) };
    if (record == NULL || field_count > PGL_HTTP_FIELDS_MAX ||
        !make_fields(fields, field_count, made + 1))
        return false;
    made[0] = pseudo(":status", (struct pgl_text){ digits, sizeof digits });
    nghttp2_data_provider body = { .source.ptr = record, .read_callback = read_body };
    return nghttp2_submit_response(session->library, stream, made, field_count + 1,
                                   has_body ? &body : NULL) == 0;
}

/* A stream that is no more needs it no more. */
void pgl_http2_answer_continue(struct pgl_http2 *session, int32_t stream)
{
    const nghttp2_nv status = pseudo(":status", PGL_TEXT("100"));
    int said =
        nghttp2_submit_headers(session->library, NGHTTP2_FLAG_NONE, stream, NULL, &status, 1, NULL);
    (void)said;
}

pgl_status pgl_http2_ask(struct pgl_http2 *session, const struct pgl_http2_request *request,
                         int32_t *stream)
{
    enum { PSEUDO_COUNT = 4 };
    nghttp2_nv made[PGL_HTTP_FIELDS_MAX + PSEUDO_COUNT];
    if (request->field_count > PGL_HTTP_FIELDS_MAX ||
        !make_fields(request->fields, request->field_count, made + PSEUDO_COUNT))
        return PGL_FAIL(PGL_INVALID, "a field of a request that cannot be written");
    made[0] = pseudo(":method", request->method);
    made[1] = pseudo(":scheme", request->scheme);
    made[2] = pseudo(":authority", request->authority);
    made[3] = pseudo(":path", request->path);
    if (!nghttp2_session_check_request_allowed(session->library))
        return PGL_FAIL(PGL_UNAVAILABLE, "the peer takes no more streams");
    struct pgl_http2_record *record = pgl_http2_new_record(session, request->owner);
    if (record == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for a stream");
    nghttp2_data_provider body = { .source.ptr = record, .read_callback = read_body };
    int32_t made_stream =
        nghttp2_submit_request(session->library, NULL, made, request->field_count + PSEUDO_COUNT,
                               request->has_body ? &body : NULL, record);
    if (made_stream < 0) {
        pgl_http2_free_record(session, record);
        return PGL_FAIL(PGL_UNAVAILABLE, "no further stream on this connection");
    }
    record->stream = *stream = made_stream;
    pgl_list_append(&session->asked, &record->unsent);
    return PGL_OK;
}

/* ---- streams ---- */

/* Events that wait already belong to it too. */
void pgl_http2_set_owner(struct pgl_http2 *session, int32_t stream, void *owner)
{
    struct pgl_http2_record *record = pgl_http2_record_of(session, stream);
    struct pgl_http2_event *events = (struct pgl_http2_event *)(void *)session->events.data;
    if (record == NULL)
        record = pgl_http2_unsent_record(session, stream);
    if (record != NULL)
        record->owner = owner;
    for (size_t i = session->next_event; i * sizeof *events < session->events.size; i++)
        if (events[i].stream == stream && events[i].kind != PGL_HTTP2_GOAWAY)
            events[i].owner = owner;
}

void pgl_http2_let_go(struct pgl_http2 *session)
{
    PGL_ASSERT(session->held > 0);
    session->held--;
}

void pgl_http2_taken(struct pgl_http2 *session, int32_t stream, size_t size)
{
    struct pgl_http2_record *record = pgl_http2_record_of(session, stream);
    if (record == NULL)
        return; /* all of it was taken when it closed */
    if (size > record->untaken_bytes)
        size = record->untaken_bytes;
    record->untaken_bytes -= (uint32_t)size;
    nghttp2_session_consume(session->library, stream, size);
}

int64_t pgl_http2_block_since_ns(const struct pgl_http2 *session)
{
    return session->block_since_ns;
}

uint32_t pgl_http2_peer_streams_max(const struct pgl_http2 *session)
{
    return nghttp2_session_get_remote_settings(session->library,
                                               NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void pgl_http2_go_on(struct pgl_http2 *session, int32_t stream)
{
    nghttp2_session_resume_data(session->library, stream); /* in vain if it waits for nothing */
}

void pgl_http2_reset(struct pgl_http2 *session, int32_t stream, uint32_t code)
{
    if (pgl_http2_record_of(session, stream) != NULL ||
        pgl_http2_unsent_record(session, stream) != NULL)
        nghttp2_submit_rst_stream(session->library, NGHTTP2_FLAG_NONE, stream, code);
}

bool pgl_http2_is_blocked(const struct pgl_http2 *session, int32_t stream)
{
    return nghttp2_session_get_remote_window_size(session->library) <= 0 ||
           nghttp2_session_get_stream_remote_window_size(session->library, stream) <= 0;
}

/* ---- the connection ---- */

void pgl_http2_go_away(struct pgl_http2 *session, bool is_last)
{
    if (!is_last)
        nghttp2_submit_shutdown_notice(session->library);
    else
        nghttp2_submit_goaway(session->library, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(session->library),
                              NGHTTP2_NO_ERROR, NULL, 0);
}

void pgl_http2_ping(struct pgl_http2 *session)
{
    nghttp2_submit_ping(session->library, NGHTTP2_FLAG_NONE, NULL);
}

uint32_t pgl_http2_pongs(const struct pgl_http2 *session)
{
    return session->pongs;
}

const char *pgl_http2_complaint(const struct pgl_http2 *session)
{
    return session->complaint;
}

bool pgl_http2_wants_to_give(const struct pgl_http2 *session)
{
    return nghttp2_session_want_write(session->library) != 0;
}

bool pgl_http2_is_choked(const struct pgl_http2 *session)
{
    return nghttp2_session_get_outbound_queue_size(session->library) > FRAMES_WAITING_MAX;
}

bool pgl_http2_is_over(const struct pgl_http2 *session)
{
    return nghttp2_session_want_read(session->library) == 0 &&
           nghttp2_session_want_write(session->library) == 0;
}

/* What was complained of, or else the library's own words. */
static pgl_status fail(struct pgl_http2 *session, ssize_t got)
{
    if (got < 0)
        pgl_http2_object(session, nghttp2_strerror((int)got));
    if (!session->is_terminated)
        nghttp2_session_terminate_session(session->library, session->complaint_code);
    session->is_terminated = true;
    return PGL_FAIL(PGL_MALFORMED, session->complaint);
}

pgl_status pgl_http2_take(struct pgl_http2 *session, struct pgl_text *input, int64_t now_ns)
{
    return pgl_http2_take_some(session, input, now_ns, UINT32_MAX);
}

pgl_status pgl_http2_take_some(struct pgl_http2 *session, struct pgl_text *input, int64_t now_ns,
                               uint32_t heads_max)
{
    uint32_t heads_per_take = session->options.limits.heads_per_take;
    heads_max = heads_max < heads_per_take ? heads_max : heads_per_take;
    PGL_ASSERT(session->next_event == 0 && session->events.size == 0);
    session->now_ns = now_ns;
    session->heads_taken = 0;
    while (input->size > 0 && session->heads_taken < heads_max) {
        if (session->is_terminated)
            return fail(session, 0);
        uint64_t slice = (uint64_t)(heads_max - session->heads_taken) * HEAD_BYTES_LEAST;
        slice = slice < session->data_left ? session->data_left : slice;
        slice = slice < SLICE_BYTES ? slice : SLICE_BYTES;
        size_t size = input->size < slice ? input->size : (size_t)slice;
        ssize_t got =
            nghttp2_session_mem_recv(session->library, (const uint8_t *)input->data, size);
        if (got < 0)
            return fail(session, got);
        *input = (struct pgl_text){ input->data + size, input->size - size };
        if (session->complaint != NULL)
            return fail(session, 0);
    }
    return PGL_OK;
}

pgl_status pgl_http2_give(struct pgl_http2 *session, struct pgl_buffer *out, size_t enough_bytes)
{
    while (out->size < enough_bytes) {
        const uint8_t *bytes;
        ssize_t size = nghttp2_session_mem_send(session->library, &bytes);
        if (size == 0)
            break;
        if (size < 0)
            return PGL_FAIL(PGL_EXHAUSTED, nghttp2_strerror((int)size));
        pgl_buffer_add(out, bytes, (size_t)size);
    }
    if (session->complaint != NULL && !session->is_terminated)
        return fail(session, 0);
    return out->is_full ? PGL_FAIL(PGL_EXHAUSTED, "HTTP/2: too much to be written") : PGL_OK;
}

/* ---- open, close ---- */

static bool open_library(struct pgl_http2 *session)
{
    const struct pgl_http2_limits *limits = &session->options.limits;
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    bool is_made =
        nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0;
    if (is_made) {
        pgl_http2_set_callbacks(callbacks);
        for (int type = FIRST_UNKNOWN_TYPE; type < 256; type++) /* so that they are counted */
            nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_option_set_stream_reset_rate_limit(option, LIBRARY_RESETS, LIBRARY_RESETS);
        nghttp2_option_set_max_continuations(option, limits->continuations_max + 1);
        is_made = (session->options.is_client ? nghttp2_session_client_new2
                                              : nghttp2_session_server_new2)(
                      &session->library, callbacks, session, option) == 0;
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return is_made;
}

static bool say_settings(struct pgl_http2 *session)
{
    const struct pgl_http2_limits *limits = &session->options.limits;
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits->stream_window },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->head_bytes_max },
        { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
        /* the last one differs: */
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams_max },
    };
    const nghttp2_settings_entry of_client = { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
    enum { COUNT = sizeof settings / sizeof settings[0] };
    nghttp2_settings_entry said[COUNT];
    memcpy(said, settings, sizeof said);
    if (session->options.is_client)
        said[COUNT - 1] = of_client;
    return nghttp2_submit_settings(session->library, NGHTTP2_FLAG_NONE, said, COUNT) == 0 &&
           nghttp2_session_set_local_window_size(session->library, NGHTTP2_FLAG_NONE, 0,
                                                 (int32_t)limits->connection_window) == 0;
}

struct pgl_http2 *pgl_http2_open(const struct pgl_http2_options *options, int64_t now_ns)
{
    const struct pgl_http2_limits *limits = &options->limits;
    PGL_ASSERT(limits->field_count_max <= PGL_HTTP_FIELDS_MAX);
    struct pgl_http2 *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->options = *options;
    session->now_ns = now_ns;
    pgl_list_init(&session->asked);
    pgl_buffer_init(&session->events, EVENTS_BYTES_MAX);
    pgl_buffer_init(&session->heads, EVENTS_BYTES_MAX);
    pgl_arena_init(&session->records, 16 * sizeof(struct pgl_http2_record), RECORDS_BYTES_MAX);
    allow(&session->resets, limits->resets_burst, limits->resets_per_s);
    allow(&session->control, limits->control_burst, limits->control_per_s);
    if (open_library(session) && say_settings(session))
        return session;
    pgl_http2_close(session);
    return NULL;
}

void pgl_http2_close(struct pgl_http2 *session)
{
    if (session == NULL)
        return;
    nghttp2_session_del(session->library);
    pgl_buffer_free(&session->events);
    pgl_buffer_free(&session->heads);
    pgl_arena_free(&session->records);
    free(session);
}
