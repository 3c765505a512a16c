/* print.c - see print.h. */
#include "app/ctl/print.h"

#include <stdio.h>

#include "base/time.h"

#define CELL_BYTES 512 /* a whole text, before it is cut */

static const void *member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *)message + field->offset;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count;
    memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
    return count;
}

static bool is_instant(const ProtobufCFieldDescriptor *field)
{
    size_t size = strlen(field->name);
    return field->type == PROTOBUF_C_TYPE_INT64 && size >= 5 &&
           strcmp(field->name + size - 5, "at_ns") == 0;
}

/* JOB_STATE_DONE is DONE: behind its type's name, a line a capital letter. */
static const char *enum_name(const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    size_t prefix = 1;
    for (const char *at = type->short_name; *at != '\0'; at++)
        prefix += at > type->short_name && *at >= 'A' && *at <= 'Z' ? 2 : 1;
    if (found == NULL || value == 0 || strlen(found->name) <= prefix)
        return "";
    return found->name + prefix;
}

/* A cell; control bytes would move the reader's cursor. */
static void write_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        char *cell, size_t size)
{
    const void *at = member(message, field);
    char instant[PGL_TIME_TEXT_BYTES + 1] = "";
    cell[0] = '\0';
    if (is_instant(field)) {
        if (*(const int64_t *)at != 0)
            pgl_time_format(*(const int64_t *)at, instant);
        snprintf(cell, size, "%s", instant);
    } else if (field->type == PROTOBUF_C_TYPE_INT64) {
        snprintf(cell, size, "%lld", (long long)*(const int64_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_INT32) {
        snprintf(cell, size, "%d", (int)*(const int32_t *)at);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        snprintf(cell, size, "%s", *(const protobuf_c_boolean *)at ? "yes" : "no");
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        snprintf(cell, size, "%s", enum_name(field, *(const int *)at));
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        snprintf(cell, size, "%s", *(char *const *)at);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        snprintf(cell, size, "%zu bytes", ((const ProtobufCBinaryData *)at)->len);
    }
    for (char *c = cell; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = ' ';
}

/* created_at_ns is CREATED. */
static void write_title(const ProtobufCFieldDescriptor *field, char *title, size_t size)
{
    size_t length = strlen(field->name);
    if (is_instant(field))
        length -= length > 5 ? 6 : 3;
    snprintf(title, size, "%.*s", (int)length, field->name);
    for (char *c = title; *c != '\0'; c++)
        *c = *c == '_' ? ' ' : (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
}

/* ---- a table ---- */

/* Characters, not bytes: what people see. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void add_cell(const char *text, int width, bool is_last, struct pgl_buffer *out)
{
    pgl_buffer_add_text(out, pgl_text_of(text));
    for (int i = width_of(text); i < width + 2 && !is_last; i++)
        pgl_buffer_add_char(out, ' ');
}

static void cut_cell(char *cell)
{
    if (strlen(cell) > PGL_PRINT_CELL_BYTES)
        snprintf(cell + PGL_PRINT_CELL_BYTES - 3, 4, "...");
}

void pgl_print_table(const char *columns, ProtobufCMessage *const *rows, size_t count,
                     struct pgl_buffer *out)
{
    const ProtobufCFieldDescriptor *fields[PGL_PRINT_COLUMNS_MAX];
    int widths[PGL_PRINT_COLUMNS_MAX], field_count = 0;
    char name[64], cell[CELL_BYTES];
    struct pgl_text left = pgl_text_of(columns);
    while (count > 0 && left.data != NULL && field_count < PGL_PRINT_COLUMNS_MAX) {
        struct pgl_text word = pgl_text_cut(&left, ' ');
        snprintf(name, sizeof name, "%.*s", PGL_TEXT_ARGS(word));
        fields[field_count] =
            protobuf_c_message_descriptor_get_field_by_name(rows[0]->descriptor, name);
        if (fields[field_count] == NULL)
            continue;
        write_title(fields[field_count], cell, sizeof cell);
        widths[field_count] = width_of(cell);
        for (size_t r = 0; r < count; r++) {
            write_value(rows[r], fields[field_count], cell, sizeof cell);
            cut_cell(cell);
            int width = width_of(cell);
            widths[field_count] = width > widths[field_count] ? width : widths[field_count];
        }
        field_count++;
    }
    for (int f = 0; f < field_count; f++) {
        write_title(fields[f], cell, sizeof cell);
        add_cell(cell, widths[f], f == field_count - 1, out);
    }
    for (size_t r = 0; r < count; r++) {
        pgl_buffer_add_char(out, '\n');
        for (int f = 0; f < field_count; f++) {
            write_value(rows[r], fields[f], cell, sizeof cell);
            if (f < field_count - 1)
                cut_cell(cell);
            add_cell(cell, widths[f], f == field_count - 1, out);
        }
    }
    if (count > 0)
        pgl_buffer_add_char(out, '\n');
}

/* ---- one message ---- */

static void print_inside(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                         int indent, struct pgl_buffer *out)
{
    char title[64];
    size_t count = 1;
    const ProtobufCMessage *const *inside = member(message, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        count = count_of(message, field);
        inside = *(const ProtobufCMessage *const *const *)member(message, field);
    } else if (*inside == NULL) {
        return;
    }
    write_title(field, title, sizeof title);
    for (size_t i = 0; i < count; i++) {
        pgl_buffer_printf(out, "%*s%s\n", indent, "", title);
        pgl_print_fields(inside[i], indent + 2, out);
    }
}

void pgl_print_fields(const ProtobufCMessage *message, int indent, struct pgl_buffer *out)
{
    char title[64], cell[CELL_BYTES];
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            print_inside(message, field, indent, out);
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        write_value(message, field, cell, sizeof cell);
        if (cell[0] == '\0')
            continue;
        write_title(field, title, sizeof title);
        pgl_buffer_printf(out, "%*s%-*s %s\n", indent, "", 18, title, cell);
    }
}
