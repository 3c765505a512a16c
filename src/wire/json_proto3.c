/* json_proto3.c - see json_proto3.h; the rules stand in json.h. */
#include "wire/json_proto3.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "wire/base64.h"
#include "wire/json.h"
#include "wire/json_field.h"
#include "wire/json_value.h"
#include "wire/message.h"

static const char no_whole[] = "a whole number is expected";
static const char no_number[] = "a number is expected";
static const char out_of_range[] = "the number is out of range";

/* ---- writing ---- */

static void put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const void *slot);

/* What is as it would be read if it were left out. */
static bool is_default(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    static const char zeros[sizeof(uint64_t)];
    const char *slot = (const char *)message + field->offset;
    const char *quantifier = (const char *)message + field->quantifier_offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)quantifier == 0;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(const void *)quantifier != field->id;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(ProtobufCMessage *const *)(const void *)slot == NULL;
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)(const void *)slot)->len == 0;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *string = *(char *const *)(const void *)slot;
        return string == NULL || string[0] == '\0';
    }
    return memcmp(slot, zeros, pgl_message_element_bytes(field->type)) == 0;
}

void pgl_json_write_proto3(const ProtobufCMessage *message, struct pgl_buffer *out)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    char before = '{';
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (is_default(message, field))
            continue;
        pgl_json_put_name(out, field, before, pgl_json_camel_write);
        before = ',';
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            pgl_json_put_list(out, message, field, put_value);
        else
            put_value(out, field, (const char *)message + field->offset);
    }
    if (before == '{')
        pgl_buffer_add_char(out, '{');
    pgl_buffer_add_char(out, '}');
}

/* Of what JSON has no number for there is a name. */
static void put_real(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                     const void *slot, double value)
{
    if (isnan(value))
        pgl_buffer_add_literal(out, "\"NaN\"");
    else if (isinf(value))
        pgl_buffer_add_text(out, value > 0 ? PGL_TEXT("\"Infinity\"") : PGL_TEXT("\"-Infinity\""));
    else
        pgl_json_put_plain(out, field, slot);
}

static void put_enum(struct pgl_buffer *out, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    if (found != NULL)
        pgl_buffer_printf(out, "\"%s\"", found->name);
    else
        pgl_buffer_add_i64(out, value);
}

static void put_value(struct pgl_buffer *out, const ProtobufCFieldDescriptor *field,
                      const void *slot)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        pgl_buffer_add_char(out, '"');
        pgl_buffer_add_i64(out, *(const int64_t *)slot);
        pgl_buffer_add_char(out, '"');
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        pgl_buffer_add_char(out, '"');
        pgl_json_put_u64(out, *(const uint64_t *)slot);
        pgl_buffer_add_char(out, '"');
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        put_real(out, field, slot, (double)*(const float *)slot);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        put_real(out, field, slot, *(const double *)slot);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(out, field->descriptor, *(const int *)slot);
        break;
    case PROTOBUF_C_TYPE_STRING:
        pgl_json_write_string(out, pgl_text_of(*(char *const *)slot));
        break;
    case PROTOBUF_C_TYPE_BYTES:
        pgl_json_put_base64(out, slot);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        pgl_json_write_proto3(*(ProtobufCMessage *const *)slot, out);
        break;
    default:
        pgl_json_put_plain(out, field, slot);
    }
}

/* ---- reading ---- */

bool pgl_json_proto3_name_is(const ProtobufCFieldDescriptor *field, struct pgl_text name)
{
    return pgl_json_camel_is(field, name) || pgl_text_is(name, field->name);
}

/* A number stands there, or in quotes. */
static pgl_status take_number(struct pgl_json_scan *scan, enum pgl_json_kind kind,
                              struct pgl_json_number *number, bool *is_one)
{
    struct pgl_text text;
    struct pgl_json_scan inner;
    *is_one = kind == PGL_JSON_NUMBER;
    if (*is_one)
        return pgl_json_scan_number(scan, number);
    if (kind != PGL_JSON_STRING)
        return PGL_OK;
    PGL_TRY(pgl_json_scan_string(scan, &text));
    pgl_json_scan_init(&inner, scan->arena, text, scan->limits);
    *is_one = pgl_is_ok(pgl_json_scan_value(&inner, &kind)) && kind == PGL_JSON_NUMBER &&
              pgl_is_ok(pgl_json_scan_number(&inner, number)) &&
              number->text.size == text.size; /* no blanks around it */
    return PGL_OK;
}

static pgl_status real_of(struct pgl_arena *arena, const struct pgl_json_number *number,
                          double *real)
{
    const char *digits = pgl_arena_string(arena, number->text);
    if (digits == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    *real = strtod(digits, NULL);
    return PGL_OK;
}

/* Between `least` and `most`, as the bits of either kind of integer. 1.0 and 1e3 are whole. */
static pgl_status take_whole(struct pgl_json_scan *scan, enum pgl_json_kind kind, int64_t least,
                             uint64_t most, uint64_t *bits, const char **wrong)
{
    struct pgl_json_number number;
    bool is_one;
    PGL_TRY(take_number(scan, kind, &number, &is_one));
    if (!is_one) {
        *wrong = no_whole;
        return PGL_OK;
    }
    if (!number.is_whole) {
        double real;
        PGL_TRY(real_of(scan->arena, &number, &real));
        number.fits = fabs(real) <= (double)PGL_JSON_WHOLE_MAX;
        number.value = number.fits ? (int64_t)real : 0;
        if (number.fits && (double)number.value != real)
            *wrong = no_whole;
    } else if (!number.fits && number.text.data[0] != '-') {
        const char *digits = pgl_arena_string(scan->arena, number.text);
        if (digits == NULL)
            return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
        errno = 0;
        *bits = strtoull(digits, NULL, 10);
        if (errno == ERANGE || *bits > most)
            *wrong = out_of_range;
        return PGL_OK;
    }
    *bits = (uint64_t)number.value;
    if (!number.fits || number.value < least || (number.value > 0 && *bits > most))
        *wrong = out_of_range;
    return PGL_OK;
}

static pgl_status take_double(struct pgl_json_scan *scan, enum pgl_json_kind kind, double most,
                              double *value, const char **wrong)
{
    struct pgl_json_scan from = *scan;
    struct pgl_json_number number;
    struct pgl_text word;
    bool is_one;
    PGL_TRY(take_number(scan, kind, &number, &is_one));
    if (is_one) {
        PGL_TRY(real_of(scan->arena, &number, value));
        if (!(fabs(*value) <= most))
            *wrong = out_of_range;
        return PGL_OK;
    }
    if (kind == PGL_JSON_STRING)
        PGL_TRY(pgl_json_scan_string(&from, &word));
    if (kind == PGL_JSON_STRING && pgl_text_is(word, "NaN"))
        *value = NAN;
    else if (kind == PGL_JSON_STRING && pgl_text_is(word, "Infinity"))
        *value = INFINITY;
    else if (kind == PGL_JSON_STRING && pgl_text_is(word, "-Infinity"))
        *value = -INFINITY;
    else
        *wrong = no_number;
    return PGL_OK;
}

static pgl_status take_enum(struct pgl_json_scan *scan, const ProtobufCEnumDescriptor *type,
                            enum pgl_json_kind kind, int *value, const char **wrong)
{
    struct pgl_text name;
    uint64_t bits = 0;
    if (kind == PGL_JSON_NUMBER) {
        PGL_TRY(take_whole(scan, kind, INT32_MIN, INT32_MAX, &bits, wrong));
        *value = (int)(int64_t)bits;
        return PGL_OK;
    }
    *wrong = "the name of a value in quotes is expected, or its number";
    if (kind != PGL_JSON_STRING)
        return PGL_OK;
    PGL_TRY(pgl_json_scan_string(scan, &name));
    for (unsigned i = 0; i < type->n_values; i++) {
        if (!pgl_text_is(name, type->values[i].name))
            continue;
        *value = type->values[i].value;
        *wrong = NULL;
    }
    return PGL_OK;
}

static pgl_status take_text(struct pgl_json_scan *scan, const ProtobufCFieldDescriptor *field,
                            enum pgl_json_kind kind, void *slot, const char **wrong)
{
    bool is_string = field->type == PROTOBUF_C_TYPE_STRING;
    struct pgl_text text;
    if (kind != PGL_JSON_STRING) {
        *wrong = is_string ? "a string is expected" : "base64 is expected";
        return PGL_OK;
    }
    PGL_TRY(pgl_json_scan_string(scan, &text));
    char *copy = pgl_arena_string(scan->arena, text); /* bytes take less than their text */
    if (copy == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the message");
    if (is_string) {
        *(char **)slot = copy;
        return PGL_OK;
    }
    ProtobufCBinaryData *bytes = slot;
    bytes->data = (uint8_t *)copy;
    if (!pgl_is_ok(pgl_base64_decode_any(text, bytes->data, text.size, &bytes->len)))
        *wrong = "base64 is expected";
    return PGL_OK;
}

pgl_status pgl_json_proto3_take(struct pgl_json_scan *scan, const ProtobufCFieldDescriptor *field,
                                enum pgl_json_kind kind, void *slot, const char **wrong)
{
    uint64_t bits = 0;
    double real = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        PGL_TRY(take_whole(scan, kind, INT32_MIN, INT32_MAX, &bits, wrong));
        *(int32_t *)slot = (int32_t)(int64_t)bits;
        return PGL_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        PGL_TRY(take_whole(scan, kind, 0, UINT32_MAX, &bits, wrong));
        *(uint32_t *)slot = (uint32_t)bits;
        return PGL_OK;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        PGL_TRY(take_whole(scan, kind, INT64_MIN, INT64_MAX, &bits, wrong));
        *(int64_t *)slot = (int64_t)bits;
        return PGL_OK;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        PGL_TRY(take_whole(scan, kind, 0, UINT64_MAX, &bits, wrong));
        *(uint64_t *)slot = bits;
        return PGL_OK;
    case PROTOBUF_C_TYPE_FLOAT:
        PGL_TRY(take_double(scan, kind, (double)FLT_MAX, &real, wrong));
        *(float *)slot = *wrong == NULL ? (float)real : 0;
        return PGL_OK;
    case PROTOBUF_C_TYPE_DOUBLE:
        return take_double(scan, kind, DBL_MAX, slot, wrong);
    case PROTOBUF_C_TYPE_BOOL:
        if (kind != PGL_JSON_TRUE && kind != PGL_JSON_FALSE)
            *wrong = "true or false is expected";
        *(protobuf_c_boolean *)slot = kind == PGL_JSON_TRUE;
        return PGL_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return take_enum(scan, field->descriptor, kind, slot, wrong);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return take_text(scan, field, kind, slot, wrong);
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return PGL_FAIL(PGL_INTERNAL, "a field of no known type");
}
