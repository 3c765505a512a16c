/* csv.c - see csv.h. */
#include "wire/csv.h"

enum field_end { END_OF_FIELD, END_OF_ROW };

static pgl_status read_row(struct pgl_csv *csv, struct pgl_arena *arena,
                           struct pgl_text fields[PGL_CSV_COLUMNS_MAX], uint32_t *count);
static pgl_status check_header(const struct pgl_csv *csv, struct pgl_arena *arena);

static pgl_status wrong(const struct pgl_csv *csv, struct pgl_arena *arena, const char *what)
{
    return PGL_FAIL(PGL_MALFORMED,
                    pgl_arena_printf(arena, "line %lld: %s", (long long)csv->line, what));
}

pgl_status pgl_csv_open(struct pgl_csv *csv, struct pgl_arena *arena, struct pgl_text text)
{
    if (pgl_text_starts_with(text, PGL_TEXT("\xEF\xBB\xBF"))) {
        text.data += 3;
        text.size -= 3;
    }
    if (text.size == 0)
        return PGL_FAIL(PGL_MALFORMED, "line 1: a header is expected");
    *csv = (struct pgl_csv){ .at = text.data, .end = text.data + text.size, .next_line = 1 };
    PGL_TRY(read_row(csv, arena, csv->columns, &csv->column_count));
    return check_header(csv, arena);
}

static pgl_status check_header(const struct pgl_csv *csv, struct pgl_arena *arena)
{
    for (uint32_t i = 0; i < csv->column_count; i++) {
        if (csv->columns[i].size == 0)
            return wrong(csv, arena, "a column has no name");
        for (uint32_t before = 0; before < i; before++)
            if (pgl_text_equal(csv->columns[before], csv->columns[i]))
                return wrong(csv, arena, "two columns have one name");
    }
    return PGL_OK;
}

int pgl_csv_column(const struct pgl_csv *csv, const char *name)
{
    for (uint32_t i = 0; i < csv->column_count; i++)
        if (pgl_text_is(csv->columns[i], name))
            return (int)i;
    return -1;
}

pgl_status pgl_csv_next(struct pgl_csv *csv, struct pgl_arena *arena,
                        struct pgl_text fields[PGL_CSV_COLUMNS_MAX], bool *is_there)
{
    uint32_t count;
    *is_there = csv->at < csv->end;
    if (!*is_there)
        return PGL_OK;
    PGL_TRY(read_row(csv, arena, fields, &count));
    if (count != csv->column_count)
        return wrong(
            csv, arena,
            pgl_arena_printf(arena, "%u columns are expected, %u found", csv->column_count, count));
    return PGL_OK;
}

/* Behind a field: a comma, the end of the line, or the end of the text. */
static pgl_status end_field(struct pgl_csv *csv, struct pgl_arena *arena, enum field_end *end)
{
    *end = END_OF_ROW;
    if (csv->at == csv->end)
        return PGL_OK;
    if (*csv->at == ',') {
        csv->at++;
        *end = END_OF_FIELD;
        return PGL_OK;
    }
    if (*csv->at == '\r') {
        csv->at++;
        if (csv->at == csv->end || *csv->at != '\n')
            return wrong(csv, arena, "a carriage return is only allowed at the end of a line");
    } else if (*csv->at != '\n') {
        return wrong(csv, arena, "a comma is expected behind the closing quote");
    }
    csv->at++;
    csv->next_line++;
    return PGL_OK;
}

static pgl_status read_plain(struct pgl_csv *csv, struct pgl_arena *arena, struct pgl_text *field)
{
    const char *begin = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && *csv->at != '\n' && *csv->at != '\r') {
        if (*csv->at == '"')
            return wrong(csv, arena, "a field with a quote inside must begin with one");
        csv->at++;
    }
    *field = (struct pgl_text){ begin, (size_t)(csv->at - begin) };
    return PGL_OK;
}

/* Makes "" one quote again, in a copy. */
static pgl_status undouble(struct pgl_arena *arena, struct pgl_text *field)
{
    char *copy = pgl_arena_alloc(arena, field->size);
    if (copy == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for the field");
    size_t size = 0;
    for (size_t i = 0; i < field->size; i++) {
        copy[size++] = field->data[i];
        i += field->data[i] == '"';
    }
    *field = (struct pgl_text){ copy, size };
    return PGL_OK;
}

/* Up to the quote that is not doubled. */
static pgl_status read_quoted(struct pgl_csv *csv, struct pgl_arena *arena, struct pgl_text *field)
{
    const char *begin = ++csv->at;
    bool has_doubled = false;
    for (;; csv->at++) {
        if (csv->at == csv->end)
            return wrong(csv, arena, "a quote is never closed");
        csv->next_line += *csv->at == '\n';
        if (*csv->at != '"')
            continue;
        if (csv->end - csv->at < 2 || csv->at[1] != '"')
            break;
        has_doubled = true;
        csv->at++;
    }
    *field = (struct pgl_text){ begin, (size_t)(csv->at - begin) };
    csv->at++;
    if (field->size > PGL_CSV_FIELD_BYTES_MAX) /* before a copy is made */
        return PGL_OK;
    return has_doubled ? undouble(arena, field) : PGL_OK;
}

static pgl_status check_field(const struct pgl_csv *csv, struct pgl_arena *arena,
                              struct pgl_text field)
{
    if (field.size > PGL_CSV_FIELD_BYTES_MAX)
        return wrong(csv, arena, "a field is longer than 65536 bytes");
    if (field.size > 0 && memchr(field.data, 0, field.size) != NULL)
        return wrong(csv, arena, "a NUL is not allowed");
    if (!pgl_text_is_utf8(field))
        return wrong(csv, arena, "the text is not UTF-8");
    return PGL_OK;
}

static pgl_status read_row(struct pgl_csv *csv, struct pgl_arena *arena,
                           struct pgl_text fields[PGL_CSV_COLUMNS_MAX], uint32_t *count)
{
    enum field_end end = END_OF_FIELD;
    csv->line = csv->next_line;
    for (*count = 0; end == END_OF_FIELD; (*count)++) {
        if (*count == PGL_CSV_COLUMNS_MAX)
            return wrong(csv, arena, "more than 64 columns");
        struct pgl_text *field = &fields[*count];
        bool is_quoted = csv->at < csv->end && *csv->at == '"';
        PGL_TRY(is_quoted ? read_quoted(csv, arena, field) : read_plain(csv, arena, field));
        PGL_TRY(check_field(csv, arena, *field));
        PGL_TRY(end_field(csv, arena, &end));
    }
    return PGL_OK;
}
