/* json_field.c - see json_field.h. */
#include "wire/json_field.h"

#include "wire/json.h"

static bool ends_with(struct pgl_text text, struct pgl_text end)
{
    return text.size >= end.size &&
           memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

bool pgl_json_is_instant(const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_INT64)
        return false;
    struct pgl_text name = pgl_text_of(field->name);
    return ends_with(name, PGL_TEXT("at_ns")) &&
           (name.size == 5 || name.data[name.size - 6] == '_');
}

bool pgl_json_is_id(const ProtobufCFieldDescriptor *field)
{
    struct pgl_text name = pgl_text_of(field->name);
    return pgl_text_is(name, "id") || pgl_text_is(name, "key") || ends_with(name, PGL_TEXT("_id"));
}

bool pgl_json_is_next(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED &&
           strcmp(field->name, "next") == 0;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

size_t pgl_json_camel_write(const ProtobufCFieldDescriptor *field, char *out)
{
    size_t size = 0;
    for (const char *at = field->name; *at != '\0'; at++)
        out[size++] = *at == '_' && at[1] != '\0' ? upper(*++at) : *at;
    return size;
}

size_t pgl_json_name_write(const ProtobufCFieldDescriptor *field, char *out)
{
    size_t size = pgl_json_camel_write(field, out);
    return pgl_json_is_instant(field) ? size - strlen("Ns") : size;
}

/* What of the field's name is left behind that of the member; NULL when they differ before. */
static const char *left_of(const ProtobufCFieldDescriptor *field, struct pgl_text name)
{
    size_t matched = 0;
    const char *at = field->name;
    for (; *at != '\0' && matched < name.size; at++, matched++) {
        char expected = *at == '_' && at[1] != '\0' ? upper(*++at) : *at;
        if (name.data[matched] != expected)
            return NULL;
    }
    return matched == name.size ? at : NULL;
}

bool pgl_json_name_is(const ProtobufCFieldDescriptor *field, struct pgl_text name)
{
    const char *left = left_of(field, name);
    return left != NULL && strcmp(left, pgl_json_is_instant(field) ? "_ns" : "") == 0;
}

bool pgl_json_camel_is(const ProtobufCFieldDescriptor *field, struct pgl_text name)
{
    const char *left = left_of(field, name);
    return left != NULL && *left == '\0';
}

/* The zero of every enum of ours is TYPE_UNSPECIFIED (as `buf lint` wants it), and tells how long
 * the prefix of all is. Those of gRPC's own services have none. */
static size_t prefix_bytes(const ProtobufCEnumDescriptor *type)
{
    struct pgl_text zero = pgl_text_of(type->values[0].name);
    if (!ends_with(zero, PGL_TEXT("_UNSPECIFIED")))
        return 0;
    return zero.size - strlen("UNSPECIFIED");
}

struct pgl_text pgl_json_enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return pgl_text_of(found == NULL ? NULL : found->name + prefix_bytes(type));
}

bool pgl_json_enum_value(const ProtobufCEnumDescriptor *type, struct pgl_text name, int *value)
{
    size_t prefix = prefix_bytes(type);
    for (unsigned i = 0; i < type->n_values; i++) {
        if (pgl_text_is(name, type->values[i].name + prefix)) {
            *value = type->values[i].value;
            return true;
        }
    }
    return false;
}

int pgl_json_enum_named(const ProtobufCEnumDescriptor *type, const char *name)
{
    int value;
    return pgl_json_enum_value(type, pgl_text_of(name), &value) ? value : 0;
}
