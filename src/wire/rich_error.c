/* rich_error.c - see rich_error.h. */
#include "wire/rich_error.h"

#include <stdio.h>

#include "base/time.h"

#define TYPE_URL         "type.googleapis.com/"
#define DETAIL_BYTES_MAX (4u << 10)
#define REASON_BYTES_MAX 63 /* of google.rpc.ErrorInfo */
#define NAME_BYTES_MAX   64 /* what stands before ": " and is longer is a sentence */

/* ---- what there is to say ---- */

struct pgl_text pgl_rich_reason(struct pgl_arena *arena, const char *name)
{
    char *reason = pgl_arena_string(arena, pgl_text_of(name));
    if (reason == NULL)
        return (struct pgl_text){ NULL, 0 };
    for (char *c = reason; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '-')
            *c = '_';
    }
    return pgl_text_of(reason);
}

static bool is_path_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '[' || c == ']' || c == '-';
}

/* "quantity: at least 1" is cut in two; a text without a name in front stays whole. */
static void cut_field(struct pgl_text text, struct pgl_rich_error *error)
{
    size_t size = 0;
    while (size < text.size && is_path_byte(text.data[size]))
        size++;
    if (size == 0 || size > NAME_BYTES_MAX || size + 2 > text.size || text.data[size] != ':' ||
        text.data[size + 1] != ' ')
        return;
    error->field = (struct pgl_text){ text.data, size };
    error->field_text = (struct pgl_text){ text.data + size + 2, text.size - size - 2 };
}

static bool may_be_tried_again(enum pgl_code code)
{
    return code == PGL_EXHAUSTED || code == PGL_UNAVAILABLE || code == PGL_LIMITED;
}

struct pgl_rich_error pgl_rich_error_of(struct pgl_arena *arena, pgl_status status,
                                        int64_t retry_after_ns)
{
    struct pgl_rich_error error = { .grpc_status = pgl_code_grpc(status.code),
                                    .message = pgl_text_of(status.text),
                                    .reason = pgl_rich_reason(arena, pgl_code_name(status.code)) };
    if (may_be_tried_again(status.code))
        error.retry_after_ns = retry_after_ns;
    if (status.code == PGL_MALFORMED || status.code == PGL_INVALID)
        cut_field(error.message, &error);
    return error;
}

enum pgl_code pgl_rich_code(const struct pgl_rich_error *error)
{
    char name[REASON_BYTES_MAX + 1];
    size_t size = 0;
    for (; size < error->reason.size && size < REASON_BYTES_MAX; size++) {
        char c = error->reason.data[size];
        name[size] = c;
        if (c >= 'A' && c <= 'Z')
            name[size] = (char)(c - 'A' + 'a');
        else if (c == '_')
            name[size] = '-';
    }
    name[size] = '\0';
    for (int code = 0; code < PGL_CODE_COUNT; code++)
        if (pgl_code_grpc((enum pgl_code)code) == error->grpc_status &&
            strcmp(name, pgl_code_name((enum pgl_code)code)) == 0)
            return (enum pgl_code)code;
    return pgl_code_of_grpc(error->grpc_status);
}

/* ---- writing ---- */

static void add_varint(struct pgl_buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        pgl_buffer_add_char(out, (char)(value | 0x80));
    pgl_buffer_add_char(out, (char)value);
}

static void add_number(struct pgl_buffer *out, unsigned field, int64_t value)
{
    if (value == 0)
        return;
    add_varint(out, field << 3);
    add_varint(out, (uint64_t)value);
}

static void add_bytes(struct pgl_buffer *out, unsigned field, struct pgl_text bytes)
{
    add_varint(out, field << 3 | 2);
    add_varint(out, bytes.size);
    pgl_buffer_add_text(out, bytes);
}

static void add_some(struct pgl_buffer *out, unsigned field, struct pgl_text bytes)
{
    if (bytes.size > 0)
        add_bytes(out, field, bytes);
}

static void write_info(struct pgl_buffer *out, const struct pgl_rich_error *error)
{
    add_bytes(out, 1, error->reason);
    add_bytes(out, 2, PGL_TEXT(PGL_ERROR_DOMAIN));
}

static void write_retry(struct pgl_buffer *out, const struct pgl_rich_error *error)
{
    struct pgl_buffer duration;
    pgl_buffer_init(&duration, DETAIL_BYTES_MAX);
    add_number(&duration, 1, error->retry_after_ns / PGL_SECONDS(1));
    add_number(&duration, 2, error->retry_after_ns % PGL_SECONDS(1));
    add_bytes(out, 1, pgl_buffer_text(&duration));
    pgl_buffer_free(&duration);
}

static void write_bad_request(struct pgl_buffer *out, const struct pgl_rich_error *error)
{
    struct pgl_buffer violation;
    pgl_buffer_init(&violation, DETAIL_BYTES_MAX);
    add_bytes(&violation, 1, error->field);
    add_bytes(&violation, 2, error->field_text);
    add_bytes(out, 1, pgl_buffer_text(&violation));
    pgl_buffer_free(&violation);
}

bool pgl_rich_detail(const struct pgl_rich_error *error, int n, const char **type,
                     struct pgl_buffer *out)
{
    if (error->reason.size > 0 && n-- == 0) {
        *type = "google.rpc.ErrorInfo";
        write_info(out, error);
        return true;
    }
    if (error->retry_after_ns > 0 && n-- == 0) {
        *type = "google.rpc.RetryInfo";
        write_retry(out, error);
        return true;
    }
    if (error->field.size > 0 && n == 0) {
        *type = "google.rpc.BadRequest";
        write_bad_request(out, error);
        return true;
    }
    return false;
}

void pgl_rich_error_write(struct pgl_buffer *out, const struct pgl_rich_error *error)
{
    struct pgl_buffer detail, any;
    const char *type;
    pgl_buffer_init(&detail, DETAIL_BYTES_MAX);
    pgl_buffer_init(&any, 2 * DETAIL_BYTES_MAX);
    add_number(out, 1, error->grpc_status);
    add_some(out, 2, error->message);
    for (int n = 0; pgl_rich_detail(error, n, &type, &detail); n++) {
        if (!detail.is_full) {
            char url[64];
            int size = snprintf(url, sizeof url, TYPE_URL "%s", type);
            add_bytes(&any, 1, (struct pgl_text){ url, (size_t)size });
            add_bytes(&any, 2, pgl_buffer_text(&detail));
            add_bytes(out, 3, pgl_buffer_text(&any));
        }
        pgl_buffer_clear(&detail);
        pgl_buffer_clear(&any);
    }
    pgl_buffer_free(&detail);
    pgl_buffer_free(&any);
}

/* ---- reading ---- */

static bool take_varint(struct pgl_text *bytes, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && bytes->size > 0; shift += 7) {
        uint8_t byte = (uint8_t)*bytes->data++;
        bytes->size--;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

struct piece {
    uint64_t field;
    uint64_t number;
    struct pgl_text bytes;
};

/* The next field; numbers and runs of bytes only, which is all that these messages have. */
static bool take_field(struct pgl_text *bytes, struct piece *piece)
{
    uint64_t key;
    *piece = (struct piece){ 0 };
    if (!take_varint(bytes, &key) || !take_varint(bytes, &piece->number))
        return false;
    piece->field = key >> 3;
    if ((key & 7) == 0)
        return true;
    if ((key & 7) != 2 || piece->number > bytes->size)
        return false;
    piece->bytes = (struct pgl_text){ bytes->data, (size_t)piece->number };
    bytes->data += piece->number;
    bytes->size -= (size_t)piece->number;
    return true;
}

static struct pgl_text bytes_of(struct pgl_text message, uint64_t field)
{
    struct piece piece;
    while (take_field(&message, &piece))
        if (piece.field == field && piece.bytes.data != NULL)
            return piece.bytes;
    return (struct pgl_text){ NULL, 0 };
}

static uint64_t number_of(struct pgl_text message, uint64_t field)
{
    struct piece piece;
    while (take_field(&message, &piece))
        if (piece.field == field && piece.bytes.data == NULL)
            return piece.number;
    return 0;
}

static void read_detail(struct pgl_text any, struct pgl_rich_error *error)
{
    struct pgl_text type = bytes_of(any, 1), message = bytes_of(any, 2);
    if (pgl_text_is(type, TYPE_URL "google.rpc.ErrorInfo") &&
        pgl_text_is(bytes_of(message, 2), PGL_ERROR_DOMAIN))
        error->reason = bytes_of(message, 1);
    if (pgl_text_is(type, TYPE_URL "google.rpc.RetryInfo")) {
        struct pgl_text duration = bytes_of(message, 1);
        uint64_t seconds = number_of(duration, 1), ns = number_of(duration, 2);
        bool is_sane = seconds <= UINT64_C(1000000000) && ns < UINT64_C(1000000000);
        error->retry_after_ns = is_sane ? PGL_SECONDS(seconds) + (int64_t)ns : 0;
    }
}

void pgl_rich_error_read(struct pgl_text bytes, struct pgl_rich_error *error)
{
    struct piece piece;
    error->reason = error->field = error->field_text = (struct pgl_text){ NULL, 0 };
    error->retry_after_ns = 0;
    while (take_field(&bytes, &piece))
        if (piece.field == 3)
            read_detail(piece.bytes, error);
}
