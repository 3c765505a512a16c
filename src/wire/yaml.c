/* yaml.c - see yaml.h. libyaml's events, one after another: a descent of two levels. */
#include "wire/yaml.h"

#include <yaml.h>

struct reading {
    yaml_parser_t parser;
    yaml_event_t event; /* the one looked at; always one that can be deleted */
    struct pgl_arena *arena;
    struct pgl_yaml *yaml;
};

static pgl_status wrong(struct reading *reading, const char *why)
{
    reading->yaml->line = reading->event.start_mark.line + 1;
    reading->yaml->column = reading->event.start_mark.column + 1;
    return PGL_FAIL(PGL_INVALID, why);
}

/* A marked node could be another one, or stand for another type. */
static pgl_status check_plain(struct reading *reading, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor != NULL)
        return wrong(reading, "anchors are not taken");
    return tag != NULL ? wrong(reading, "tags are not taken") : PGL_OK;
}

static pgl_status check_event(struct reading *reading)
{
    const yaml_event_t *event = &reading->event;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return wrong(reading, "aliases are not taken");
    case YAML_SCALAR_EVENT:
        return check_plain(reading, event->data.scalar.anchor, event->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return check_plain(reading, event->data.sequence_start.anchor,
                           event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return check_plain(reading, event->data.mapping_start.anchor,
                           event->data.mapping_start.tag);
    case YAML_DOCUMENT_START_EVENT:
        if (event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end)
            return wrong(reading, "tag directives are not taken");
        return PGL_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return PGL_OK;
    }
    return wrong(reading, "not expected here");
}

static pgl_status next(struct reading *reading)
{
    yaml_event_delete(&reading->event);
    if (yaml_parser_parse(&reading->parser, &reading->event))
        return check_event(reading);
    reading->yaml->line = reading->parser.problem_mark.line + 1;
    reading->yaml->column = reading->parser.problem_mark.column + 1;
    memset(&reading->event, 0, sizeof reading->event);
    return reading->parser.error == YAML_MEMORY_ERROR
               ? PGL_FAIL(PGL_EXHAUSTED, "no memory is left to read it")
               : PGL_FAIL(PGL_MALFORMED, "this is no YAML");
}

/* ---- words ---- */

static pgl_status read_word(struct reading *reading, const char *why_not, const char **word)
{
    const yaml_event_t *event = &reading->event;
    if (event->type != YAML_SCALAR_EVENT)
        return wrong(reading, why_not);
    struct pgl_text text = { (const char *)event->data.scalar.value, event->data.scalar.length };
    if (memchr(text.data, '\0', text.size) != NULL)
        return wrong(reading, "a NUL is not taken");
    *word = pgl_arena_string(reading->arena, text);
    return *word != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* [a, b, c] is "a,b,c", as on a command line. */
static pgl_status read_list(struct reading *reading, const char **value)
{
    const char *list = "", *word;
    for (int count = 0;; count++) {
        PGL_TRY(next(reading));
        if (reading->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (count == PGL_YAML_LIST_MAX)
            return wrong(reading, "too many words in a list");
        PGL_TRY(read_word(reading, "a list holds words only", &word));
        list = pgl_arena_printf(reading->arena, "%s%s%s", list, count > 0 ? "," : "", word);
    }
    *value = list;
    return reading->arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status read_value(struct reading *reading, const char **value)
{
    PGL_TRY(next(reading));
    if (reading->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(reading, value);
    return read_word(reading, "a word, a number or a list of words is expected", value);
}

/* ---- sections ---- */

static bool is_known(const struct pgl_yaml *yaml, const char *section, const char *key)
{
    for (int i = 0; i < yaml->count; i++)
        if (strcmp(yaml->items[i].section, section) == 0 && strcmp(yaml->items[i].key, key) == 0)
            return true;
    return false;
}

static pgl_status read_item(struct reading *reading, const char *section)
{
    struct pgl_yaml *yaml = reading->yaml;
    struct pgl_yaml_item item = { .section = section,
                                  .line = reading->event.start_mark.line + 1,
                                  .column = reading->event.start_mark.column + 1 };
    PGL_TRY(read_word(reading, "a key is expected", &item.key));
    if (is_known(yaml, section, item.key))
        return wrong(reading, "this key is there twice");
    if (yaml->count == PGL_YAML_ITEMS_MAX)
        return wrong(reading, "too many keys");
    PGL_TRY(read_value(reading, &item.value));
    yaml->items[yaml->count++] = item;
    return PGL_OK;
}

/* A document, or a section, of nothing but comments is a null scalar of no length. */
static bool is_nothing(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0 &&
           event->data.scalar.plain_implicit;
}

static pgl_status read_section(struct reading *reading)
{
    const char *section;
    int before = reading->yaml->count;
    PGL_TRY(read_word(reading, "the name of a section is expected", &section));
    for (int i = 0; i < before; i++)
        if (strcmp(reading->yaml->items[i].section, section) == 0)
            return wrong(reading, "this section is there twice");
    PGL_TRY(next(reading));
    if (is_nothing(&reading->event))
        return PGL_OK;
    if (reading->event.type != YAML_MAPPING_START_EVENT)
        return wrong(reading, "a section holds keys with values");
    for (;;) {
        PGL_TRY(next(reading));
        if (reading->event.type == YAML_MAPPING_END_EVENT)
            return PGL_OK;
        PGL_TRY(read_item(reading, section));
    }
}

static pgl_status read_document(struct reading *reading)
{
    PGL_TRY(next(reading)); /* the stream begins */
    PGL_TRY(next(reading));
    if (reading->event.type == YAML_STREAM_END_EVENT)
        return PGL_OK;
    PGL_TRY(next(reading));
    if (!is_nothing(&reading->event)) {
        if (reading->event.type != YAML_MAPPING_START_EVENT)
            return wrong(reading, "sections are expected");
        for (;;) {
            PGL_TRY(next(reading));
            if (reading->event.type == YAML_MAPPING_END_EVENT)
                break;
            PGL_TRY(read_section(reading));
        }
    }
    PGL_TRY(next(reading)); /* the document ends */
    PGL_TRY(next(reading));
    return reading->event.type == YAML_STREAM_END_EVENT
               ? PGL_OK
               : wrong(reading, "a second document is not taken");
}

pgl_status pgl_yaml_read(struct pgl_text text, struct pgl_arena *arena, struct pgl_yaml *yaml)
{
    struct reading reading = { .arena = arena, .yaml = yaml };
    yaml->count = 0;
    yaml->line = yaml->column = 1;
    if (text.size > PGL_YAML_BYTES_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "a file of at most 64 KiB is expected");
    if (!yaml_parser_initialize(&reading.parser))
        return PGL_FAIL(PGL_EXHAUSTED, "no memory is left to read it");
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)text.data, text.size);
    pgl_status status = read_document(&reading);
    yaml_event_delete(&reading.event);
    yaml_parser_delete(&reading.parser);
    return status;
}
