/* grpc.c - see grpc.h. */
#include "wire/grpc.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/time.h"
#include "wire/base64.h"

/* ---- messages in a body ---- */

void pgl_grpc_reader_init(struct pgl_grpc_reader *reader, uint8_t flags_known,
                          size_t message_bytes_max)
{
    reader->message_bytes_max = message_bytes_max;
    reader->flags_known = flags_known;
    reader->is_given = false;
    pgl_buffer_init(&reader->held, message_bytes_max + PGL_GRPC_PREFIX_BYTES);
}

void pgl_grpc_reader_free(struct pgl_grpc_reader *reader)
{
    pgl_buffer_free(&reader->held);
}

bool pgl_grpc_reader_is_within(const struct pgl_grpc_reader *reader)
{
    return reader->held.size > 0 && !reader->is_given;
}

static size_t length_of(const char *prefix)
{
    const uint8_t *bytes = (const uint8_t *)prefix;
    return (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4];
}

static pgl_status check_prefix(const struct pgl_grpc_reader *reader, const char *prefix)
{
    if (((uint8_t)prefix[0] & ~reader->flags_known) != 0)
        return PGL_FAIL(PGL_MALFORMED, "a message with unknown flags");
    if (length_of(prefix) > reader->message_bytes_max)
        return PGL_FAIL(PGL_TOO_LARGE, "the message is larger than is taken here");
    return PGL_OK;
}

static struct pgl_grpc_frame frame_at(const char *prefix)
{
    return (struct pgl_grpc_frame){ (uint8_t)prefix[0],
                                    { prefix + PGL_GRPC_PREFIX_BYTES, length_of(prefix) } };
}

static void skip(struct pgl_text *bytes, size_t size)
{
    bytes->data += size;
    bytes->size -= size;
}

/* Until `wanted` bytes are held, or none are left. */
static bool hold(struct pgl_grpc_reader *reader, struct pgl_text *bytes, size_t wanted)
{
    size_t missing = wanted - reader->held.size;
    size_t size = missing < bytes->size ? missing : bytes->size;
    if (size > 0) {
        pgl_buffer_add(&reader->held, bytes->data, size);
        skip(bytes, size);
    }
    return reader->held.size == wanted;
}

/* A message of which some is held already. */
static pgl_status read_on(struct pgl_grpc_reader *reader, struct pgl_text *bytes,
                          struct pgl_grpc_frame *frame, bool *is_there)
{
    struct pgl_buffer *held = &reader->held;
    if (held->size < PGL_GRPC_PREFIX_BYTES) {
        if (!hold(reader, bytes, PGL_GRPC_PREFIX_BYTES))
            return PGL_OK;
        PGL_TRY(check_prefix(reader, held->data));
    }
    *is_there = hold(reader, bytes, PGL_GRPC_PREFIX_BYTES + length_of(held->data));
    if (held->is_full)
        return PGL_NO_MEMORY;
    if (*is_there) {
        *frame = frame_at(held->data);
        reader->is_given = true;
    }
    return PGL_OK;
}

pgl_status pgl_grpc_read(struct pgl_grpc_reader *reader, struct pgl_text *bytes,
                         struct pgl_grpc_frame *frame, bool *is_there)
{
    *is_there = false;
    if (reader->is_given) {
        pgl_buffer_clear(&reader->held);
        reader->is_given = false;
    }
    if (reader->held.size > 0 || bytes->size < PGL_GRPC_PREFIX_BYTES)
        return read_on(reader, bytes, frame, is_there);
    PGL_TRY(check_prefix(reader, bytes->data));
    size_t whole = PGL_GRPC_PREFIX_BYTES + length_of(bytes->data);
    if (bytes->size < whole)
        return read_on(reader, bytes, frame, is_there);
    *frame = frame_at(bytes->data);
    *is_there = true;
    skip(bytes, whole);
    return PGL_OK;
}

void pgl_grpc_write_prefix(char out[PGL_GRPC_PREFIX_BYTES], uint8_t flags, size_t message_bytes)
{
    PGL_ASSERT(message_bytes <= UINT32_MAX);
    out[0] = (char)flags;
    for (int i = 1; i < PGL_GRPC_PREFIX_BYTES; i++)
        out[i] = (char)(message_bytes >> (8 * (4 - i)));
}

/* ---- grpc-timeout ---- */

/* clang-format off */
static const struct timeout_unit {
    char name;
    int64_t ns;
} timeout_units[] = { /* finest first */
    { 'n', 1 },
    { 'u', PGL_MICROSECONDS(1) },
    { 'm', PGL_MILLISECONDS(1) },
    { 'S', PGL_SECONDS(1) },
    { 'M', PGL_MINUTES(1) },
    { 'H', PGL_HOURS(1) },
};
/* clang-format on */
#define TIMEOUT_UNITS     (sizeof timeout_units / sizeof timeout_units[0])
#define TIMEOUT_VALUE_MAX 99999999

pgl_status pgl_grpc_timeout_read(struct pgl_text text, int64_t *timeout_ns)
{
    int64_t value = 0;
    if (text.size < 2 || text.size > 9)
        return PGL_FAIL(PGL_MALFORMED, "grpc-timeout: up to eight digits and a unit are expected");
    for (size_t i = 0; i < text.size - 1; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return PGL_FAIL(PGL_MALFORMED, "grpc-timeout: digits are expected");
        value = value * 10 + (text.data[i] - '0');
    }
    for (size_t i = 0; i < TIMEOUT_UNITS; i++)
        if (text.data[text.size - 1] == timeout_units[i].name) {
            if (__builtin_mul_overflow(value, timeout_units[i].ns, timeout_ns))
                *timeout_ns = PGL_NEVER_NS;
            return PGL_OK;
        }
    return PGL_FAIL(PGL_MALFORMED, "grpc-timeout: one of H M S m u n is expected");
}

size_t pgl_grpc_timeout_write(int64_t timeout_ns, char out[PGL_GRPC_TIMEOUT_BYTES])
{
    size_t i = 0;
    int64_t value = timeout_ns < 1 ? 1 : timeout_ns;
    while (i + 1 < TIMEOUT_UNITS && value / timeout_units[i].ns > TIMEOUT_VALUE_MAX)
        i++;
    value /= timeout_units[i].ns;
    if (value > TIMEOUT_VALUE_MAX)
        value = TIMEOUT_VALUE_MAX;
    return (size_t)snprintf(out, PGL_GRPC_TIMEOUT_BYTES, "%u%c", (unsigned)value,
                            timeout_units[i].name);
}

/* ---- grpc-status and grpc-message ---- */

static const char *const status_names[PGL_GRPC_STATUS_COUNT] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

const char *pgl_grpc_status_name(int status)
{
    return status_names[status >= 0 && status < PGL_GRPC_STATUS_COUNT ? status : 2];
}

int pgl_grpc_status_of_http(int http_status)
{
    switch (http_status) {
    case 400:
        return 13;
    case 401:
        return 16;
    case 403:
        return 7;
    case 404:
        return 12;
    case 429:
    case 502:
    case 503:
    case 504:
        return 14;
    default:
        return 2;
    }
}

int pgl_grpc_status_read(struct pgl_text text)
{
    int64_t value;
    if (!pgl_is_ok(pgl_text_to_i64(text, &value)) || value < 0 || value >= PGL_GRPC_STATUS_COUNT)
        return 2;
    return (int)value;
}

void pgl_grpc_message_write(struct pgl_buffer *out, struct pgl_text text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = (uint8_t)text.data[i];
        if (c >= 0x20 && c <= 0x7E && c != '%') {
            pgl_buffer_add_char(out, (char)c);
        } else {
            char escape[3] = { '%', digits[c >> 4], digits[c & 15] };
            pgl_buffer_add(out, escape, sizeof escape);
        }
    }
}

struct pgl_text pgl_grpc_message_read(struct pgl_arena *arena, struct pgl_text field)
{
    char *text = pgl_arena_string(arena, field);
    size_t size = 0;
    if (text == NULL)
        return (struct pgl_text){ NULL, 0 };
    for (size_t i = 0; i < field.size; i++) {
        uint8_t byte;
        struct pgl_text escape = { field.data + i + 1, 2 };
        if (field.data[i] == '%' && i + 2 < field.size &&
            pgl_is_ok(pgl_hex_decode(escape, &byte, 1))) {
            text[size++] = (char)byte;
            i += 2;
        } else {
            text[size++] = field.data[i];
        }
    }
    text[size] = '\0';
    return (struct pgl_text){ text, size };
}

/* ---- metadata ---- */

bool pgl_grpc_is_metadata(struct pgl_text name)
{
    static const char *const others[] = {
        "accept",     "accept-encoding", "authorization", "connection", "content-length",
        "date",       "content-type",    "host",          "te",         "transfer-encoding",
        "user-agent", "x-api-key",
    };
    if (pgl_text_starts_with(name, PGL_TEXT("grpc-")) || pgl_text_starts_with(name, PGL_TEXT(":")))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (pgl_text_equal_nocase(name, pgl_text_of(others[i])))
            return false;
    return true;
}

bool pgl_grpc_is_binary(struct pgl_text name)
{
    return name.size > 4 && pgl_text_equal_nocase((struct pgl_text){ name.data + name.size - 4, 4 },
                                                  PGL_TEXT("-bin"));
}

pgl_status pgl_grpc_binary_next(struct pgl_arena *arena, struct pgl_text *list,
                                struct pgl_text *value, bool *is_there)
{
    *is_there = list->data != NULL;
    if (!*is_there)
        return PGL_OK;
    struct pgl_text text = pgl_text_trim(pgl_text_cut(list, ','));
    uint8_t *bytes = pgl_arena_alloc(arena, text.size + 1);
    if (bytes == NULL)
        return PGL_NO_MEMORY;
    value->data = (const char *)bytes;
    return pgl_base64_decode_any(text, bytes, text.size + 1, &value->size);
}

struct pgl_text pgl_grpc_binary_write(struct pgl_arena *arena, struct pgl_text value)
{
    char *out = pgl_arena_alloc(arena, PGL_BASE64_BYTES(value.size) + 1);
    if (out == NULL)
        return (struct pgl_text){ NULL, 0 };
    size_t size = pgl_base64_encode((const uint8_t *)value.data, value.size, out);
    while (size > 0 && out[size - 1] == '=')
        size--;
    return (struct pgl_text){ out, size };
}
