/* jose.c - see jose.h. */
#include "wire/jose.h"

#include "wire/jwk.h"

/* Counts brackets outside strings. What is no JSON at all is jansson's to refuse. */
static bool is_shallow(struct pgl_text text)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > PGL_JOSE_DEPTH_MAX)
                return false;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

pgl_status pgl_jose_parse(struct pgl_text text, json_t **object)
{
    if (!is_shallow(text))
        return PGL_FAIL(PGL_MALFORMED, "the JSON is nested too deep");
    json_error_t ignored; /* its text quotes the input */
    json_t *parsed = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &ignored);
    if (!json_is_object(parsed)) {
        json_decref(parsed);
        return PGL_FAIL(PGL_MALFORMED, "not a JSON object");
    }
    *object = parsed;
    return PGL_OK;
}

struct pgl_text pgl_jose_text(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    return (struct pgl_text){ json_string_value(member), json_string_length(member) };
}

bool pgl_jose_is_plain(struct pgl_text name)
{
    if (name.size == 0 || name.size > PGL_KID_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}
