/*
 * http2_in.c - what comes over an HTTP/2 connection: frames become events, and are counted.
 *
 * Nothing of the library may be called from within its callbacks but what only notes something; so
 * what follows from a count happens when it has returned (pgl_http2_take).
 */
#include <string.h>

#include "base/assert.h"
#include "wire/http2_inside.h"

#define SMALL_WINDOW_UPDATE 1024 /* bytes: less is more work than it is worth */
#define FIELD_OVERHEAD      32   /* RFC 9113, 6.5.2 */
#define LARGE_BLOCK_BYTES   1024 /* of a head that is too large: each costs as much as a reset, */
#define BAD_BLOCK_BYTES     64   /* and these of one that breaks the rules */
#define BOMB                4    /* times a limit: no client unpacks to that by accident */

static void charge_times(struct pgl_http2 *session, struct pgl_http2_allowance *allowance,
                         uint32_t times, const char *complaint)
{
    if (allowance->full_at_ns < session->now_ns)
        allowance->full_at_ns = session->now_ns;
    allowance->full_at_ns += allowance->cost_ns * times;
    if (allowance->full_at_ns - session->now_ns > allowance->burst_ns)
        pgl_http2_complain(session, complaint);
}

static void charge(struct pgl_http2 *session, struct pgl_http2_allowance *allowance,
                   const char *complaint)
{
    charge_times(session, allowance, 1, complaint);
}

/* What acknowledges our data: clients of gRPC update both windows and ping for every message. */
#define FRAMES_FOR_ANSWER 3
#define FRAMES_EARNED_MAX 3000 /* by a thousand frames that are on their way */

static void charge_beyond_answers(struct pgl_http2 *session, const char *complaint)
{
    if (session->earned > 0)
        session->earned--;
    else
        charge(session, &session->control, complaint);
}

static struct pgl_http2_event *add_event(struct pgl_http2 *session, enum pgl_http2_event_kind kind,
                                         int32_t stream, void *owner)
{
    struct pgl_http2_event event = { .kind = kind, .stream = stream, .owner = owner };
    pgl_buffer_add(&session->events, &event, sizeof event);
    if (session->events.is_full)
        return NULL;
    return (struct pgl_http2_event *)(void *)(session->events.data + session->events.size) - 1;
}

/* Asked and taken back (or spoilt) before anybody has heard of it: then nobody does. */
static void take_back(struct pgl_http2 *session, struct pgl_http2_record *record)
{
    struct pgl_http2_event *events = (struct pgl_http2_event *)(void *)session->events.data;
    size_t event = record->head_event;
    if (session->options.is_client || !record->has_head || record->is_refused ||
        record->head_round != session->round || event < session->next_event)
        return;
    PGL_ASSERT(events[event].kind == PGL_HTTP2_HEAD && events[event].stream == record->stream);
    for (; event * sizeof *events < session->events.size; event++)
        if (events[event].stream == record->stream)
            events[event].kind = PGL_HTTP2_TAKEN_BACK;
    record->is_refused = true;
    session->held--;
}

static int on_begin_frame(nghttp2_session *library, const nghttp2_frame_hd *frame, void *self)
{
    (void)library;
    struct pgl_http2 *session = self;
    const struct pgl_http2_limits *limits = &session->options.limits;
    bool is_plain_data = frame->type == NGHTTP2_DATA && (frame->flags & NGHTTP2_FLAG_PADDED) == 0;
    session->data_left = is_plain_data ? (uint32_t)frame->length : 0;
    switch (frame->type) {
    case NGHTTP2_HEADERS:
        session->block_since_ns = session->now_ns;
        session->block_bytes = (uint32_t)frame->length;
        session->continuations = 0;
        break;
    case NGHTTP2_CONTINUATION:
        session->block_bytes += (uint32_t)frame->length;
        if (++session->continuations > limits->continuations_max)
            pgl_http2_complain(session, "a header block in too many pieces");
        break;
    case NGHTTP2_DATA:
        if (frame->length == 0 && (frame->flags & NGHTTP2_FLAG_END_STREAM) == 0)
            charge(session, &session->control, "too many empty frames");
        break;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_WINDOW_UPDATE: /* looked at when it is whole */
        break;
    case NGHTTP2_PING:
        charge_beyond_answers(session, "too many control frames");
        break;
    case NGHTTP2_PRIORITY: /* ignored, but RFC 9113, 6.3 */
        if (frame->stream_id == 0)
            pgl_http2_object(session, "a priority of no stream");
        charge(session, &session->control, "too many control frames");
        break;
    default:
        charge(session, &session->control, "too many control frames");
        break;
    }
    if (session->block_bytes > limits->block_bytes_max)
        pgl_http2_complain(session, "a header block that is too large");
    return 0;
}

static int on_begin_headers(nghttp2_session *library, const nghttp2_frame *frame, void *self)
{
    struct pgl_http2 *session = self;
    session->block_start = (uint32_t)session->heads.size;
    session->unpacked_bytes = session->field_count = 0;
    session->is_too_large = false;
    if (session->options.is_client || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct pgl_http2_record *record = pgl_http2_new_record(session, NULL);
    if (record == NULL)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    record->stream = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(library, frame->hd.stream_id, record);
    record->is_refused = session->held >= session->options.limits.streams_max;
    if (record->is_refused)
        nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                  NGHTTP2_REFUSED_STREAM);
    return 0;
}

static void add_field(struct pgl_buffer *heads, struct pgl_text name, struct pgl_text value)
{
    struct pgl_http2_field_sizes sizes = { (uint32_t)name.size, (uint32_t)value.size };
    pgl_buffer_add(heads, &sizes, sizeof sizes);
    pgl_buffer_add_text(heads, name);
    pgl_buffer_add_text(heads, value);
}

/* What passes a limit is unpacked to its end, since the table of the next block depends on it, but
 * not kept. What passes it by far is not even unpacked: a block of 16 KiB can name a large field
 * thousands of times, and each costs as much as if it had been sent. */
static int on_header(nghttp2_session *library, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *self)
{
    (void)library, (void)frame, (void)flags;
    struct pgl_http2 *session = self;
    const struct pgl_http2_limits *limits = &session->options.limits;
    session->field_count += name_size == 0 || name[0] != ':';
    session->unpacked_bytes += (uint32_t)(name_size + value_size + FIELD_OVERHEAD);
    if (session->field_count > limits->field_count_max ||
        session->unpacked_bytes > limits->head_bytes_max)
        session->is_too_large = true;
    if (session->field_count > BOMB * limits->field_count_max ||
        session->unpacked_bytes > BOMB * limits->head_bytes_max) {
        pgl_http2_complain(session, "a header block that unpacks to too much");
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (!session->is_too_large)
        add_field(&session->heads, (struct pgl_text){ (const char *)name, name_size },
                  (struct pgl_text){ (const char *)value, value_size });
    return 0;
}

/* The library would leave such a field out and go on: then we would see another request than
 * somebody else did. */
static int on_invalid_header(nghttp2_session *library, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_size, const uint8_t *value,
                             size_t value_size, uint8_t flags, void *self)
{
    (void)library, (void)frame, (void)name, (void)name_size, (void)value, (void)value_size;
    (void)flags, (void)self;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static bool is_interim(struct pgl_http2 *session, const struct pgl_http2_event *event)
{
    struct pgl_text block = pgl_http2_block(session, event);
    struct pgl_http2_field_sizes sizes;
    static const char name[] = ":status";
    if (block.size < sizeof sizes + sizeof name) /* and at least one digit */
        return false;
    memcpy(&sizes, block.data, sizeof sizes);
    return sizes.name == sizeof name - 1 &&
           memcmp(block.data + sizeof sizes, name, sizeof name - 1) == 0 &&
           block.data[sizeof sizes + sizeof name - 1] == '1';
}

static void end_block(struct pgl_http2 *session, const nghttp2_frame *frame)
{
    struct pgl_http2_record *record = pgl_http2_record_of(session, frame->hd.stream_id);
    uint32_t block_bytes = session->block_bytes;
    session->block_since_ns = 0;
    session->block_bytes = 0;
    if (record == NULL || record->is_refused)
        return;
    struct pgl_http2_event *event =
        add_event(session, record->has_head ? PGL_HTTP2_TRAILERS : PGL_HTTP2_HEAD,
                  frame->hd.stream_id, record->owner);
    if (event == NULL)
        return;
    event->block_start = session->block_start;
    event->block_size = (uint32_t)session->heads.size - session->block_start;
    event->field_count = session->field_count;
    event->is_too_large = session->is_too_large;
    event->is_end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (session->options.is_client && is_interim(session, event)) {
        session->events.size -= sizeof *event;
        return;
    }
    record->has_head = true;
    if (event->is_too_large)
        charge_times(session, &session->resets, 1 + block_bytes / LARGE_BLOCK_BYTES,
                     "too many heads that are too large");
    if (event->kind == PGL_HTTP2_HEAD) {
        record->head_event = (uint32_t)(session->events.size / sizeof *event - 1);
        record->head_round = session->round;
        session->heads_taken++;
        session->held += !session->options.is_client;
    }
}

static void on_settings(struct pgl_http2 *session)
{
    if (session->is_ready)
        return;
    session->is_ready = true;
    add_event(session, PGL_HTTP2_READY, 0, NULL);
}

static int on_frame(nghttp2_session *library, const nghttp2_frame *frame, void *self)
{
    (void)library;
    struct pgl_http2 *session = self;
    struct pgl_http2_event *event;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        end_block(session, frame);
        break;
    case NGHTTP2_RST_STREAM:
        charge(session, &session->resets, "too many resets");
        break;
    case NGHTTP2_WINDOW_UPDATE:
        if (frame->window_update.window_size_increment < SMALL_WINDOW_UPDATE)
            charge_beyond_answers(session, "too many small window updates");
        break;
    case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
            on_settings(session);
        break;
    case NGHTTP2_PING:
        session->pongs += (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
        break;
    case NGHTTP2_GOAWAY:
        event = add_event(session, PGL_HTTP2_GOAWAY, frame->goaway.last_stream_id, NULL);
        if (event != NULL)
            event->code = frame->goaway.error_code;
        break;
    case NGHTTP2_DATA: /* of nothing but padding: as empty as can be */
        if (frame->hd.length > 0 && frame->hd.length == frame->data.padlen)
            charge(session, &session->control, "too many empty frames");
        break;
    default:
        break;
    }
    bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    struct pgl_http2_record *record =
        can_end ? pgl_http2_record_of(session, frame->hd.stream_id) : NULL;
    if (record != NULL && !record->is_refused && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        add_event(session, PGL_HTTP2_END, frame->hd.stream_id, record->owner);
    return session->events.is_full ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_data(nghttp2_session *library, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t size, void *self)
{
    (void)library, (void)flags;
    struct pgl_http2 *session = self;
    struct pgl_http2_record *record = pgl_http2_record_of(session, stream);
    session->data_left -= size < session->data_left ? (uint32_t)size : session->data_left;
    if (record == NULL || record->is_refused) {
        nghttp2_session_consume_connection(session->library, size);
        return 0;
    }
    record->untaken_bytes += (uint32_t)size;
    struct pgl_http2_event *event = add_event(session, PGL_HTTP2_DATA, stream, record->owner);
    if (event == NULL)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    event->data = (struct pgl_text){ (const char *)data, size };
    return 0;
}

static int on_close(nghttp2_session *library, int32_t stream, uint32_t code, void *self)
{
    struct pgl_http2 *session = self;
    struct pgl_http2_record *record = pgl_http2_record_of(session, stream);
    if (record == NULL)
        return 0;
    nghttp2_session_consume_connection(library, record->untaken_bytes);
    take_back(session, record);
    bool is_known = session->options.is_client || (record->has_head && !record->is_refused);
    struct pgl_http2_event *event =
        is_known ? add_event(session, PGL_HTTP2_CLOSED, stream, record->owner) : NULL;
    bool was_sent = pgl_list_is_empty(&record->unsent); /* else nothing of it was done */
    if (event != NULL)
        event->code = was_sent ? code : PGL_HTTP2_REFUSED_STREAM;
    nghttp2_session_set_stream_user_data(library, stream, NULL);
    pgl_http2_free_record(session, record);
    return session->events.is_full ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* Those that the peer has made the library send; ours have other codes. */
static int on_sent(nghttp2_session *library, const nghttp2_frame *frame, void *self)
{
    (void)library;
    struct pgl_http2 *session = self;
    bool is_answer = frame->hd.type == NGHTTP2_HEADERS ||
                     (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0);
    if (is_answer && session->earned < FRAMES_EARNED_MAX)
        session->earned += FRAMES_FOR_ANSWER;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        pgl_list_remove(&pgl_http2_record_of(self, frame->hd.stream_id)->unsent);
    if (frame->hd.type != NGHTTP2_RST_STREAM)
        return 0;
    switch (frame->rst_stream.error_code) {
    case NGHTTP2_PROTOCOL_ERROR:
    case NGHTTP2_FLOW_CONTROL_ERROR:
    case NGHTTP2_STREAM_CLOSED:
    case NGHTTP2_FRAME_SIZE_ERROR:
    case NGHTTP2_REFUSED_STREAM:
    case NGHTTP2_COMPRESSION_ERROR:
        charge(session, &session->resets, "too many streams ended by errors");
        break;
    default:
        break;
    }
    return 0;
}

static int on_invalid_frame(nghttp2_session *library, const nghttp2_frame *frame, int why,
                            void *self)
{
    (void)library, (void)why;
    struct pgl_http2 *session = self;
    struct pgl_http2_record *record = pgl_http2_record_of(session, frame->hd.stream_id);
    if (record != NULL)
        take_back(session, record);
    uint32_t times = 1 + session->block_bytes / BAD_BLOCK_BYTES; /* read to its end all the same */
    session->block_since_ns = 0;
    session->block_bytes = 0;
    charge_times(session, &session->resets, times, "too many bad frames");
    return 0;
}

static int on_extension(nghttp2_session *library, void **payload, const nghttp2_frame_hd *frame,
                        void *self)
{
    (void)library, (void)payload, (void)frame, (void)self;
    return NGHTTP2_ERR_CANCEL; /* RFC 9113, 4.1: of a type that we do not know */
}

void pgl_http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_extension);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
}
