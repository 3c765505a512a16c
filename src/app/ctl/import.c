/* import.c - see import.h. */
#include "app/ctl/import.h"

#define TARGET "/api/v1/products/imports"

struct pgl_text pgl_import_part(struct pgl_text *left, bool is_csv, size_t bytes_max,
                                int64_t *lines)
{
    size_t end = 0;
    int64_t seen = 0;
    bool is_quoted = false;
    *lines = 0;
    for (size_t at = 0; at < left->size && at < bytes_max; at++) {
        is_quoted ^= is_csv && left->data[at] == '"';
        seen += left->data[at] == '\n';
        if ((left->data[at] == '\n' && !is_quoted) || at + 1 == left->size) {
            end = at + 1;
            *lines = seen;
        }
    }
    struct pgl_text part = { left->data, end };
    *left = (struct pgl_text){ left->data + end, left->size - end };
    return part;
}

struct upload {
    struct pgl_ctl *ctl;
    struct pgl_text text, header; /* of CSV: it goes before every part */
    bool is_csv;
};

static void add(const ImportReport *part, int64_t line, ImportReport *sum)
{
    sum->lines += part->lines;
    sum->created += part->created;
    sum->changed += part->changed;
    sum->unchanged += part->unchanged;
    for (size_t i = 0; i < part->n_errors; i++)
        part->errors[i]->line += line;
    sum->errors = part->errors;
    sum->n_errors = part->n_errors;
}

static pgl_status send_part(struct upload *upload, struct pgl_text part, bool is_trial,
                            const ImportReport **report)
{
    void *answer;
    struct pgl_buffer body;
    pgl_buffer_init(&body, 2 * PGL_IMPORT_PART_BYTES);
    pgl_buffer_add_text(&body, upload->header);
    pgl_buffer_add_text(&body, part);
    pgl_status status =
        pgl_ctl_post_text(upload->ctl, is_trial ? TARGET "?trial=true" : TARGET,
                          upload->is_csv ? "text/csv" : "application/x-ndjson",
                          pgl_buffer_text(&body), IMPORT_REPORT_DESCRIPTOR, &answer);
    pgl_buffer_free(&body);
    *report = answer;
    return status;
}

static pgl_status send_parts(struct upload *upload, bool is_trial, ImportReport *sum)
{
    struct pgl_text left = upload->text;
    int64_t lines, line = 0;
    *sum = (ImportReport)IMPORT_REPORT_INIT;
    while (left.size > 0 && sum->n_errors == 0) {
        const ImportReport *report;
        struct pgl_text part = pgl_import_part(&left, upload->is_csv,
                                               PGL_IMPORT_PART_BYTES - upload->header.size, &lines);
        if (part.size == 0)
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(&upload->ctl->arena, "line %lld is too long",
                                             (long long)line + 1));
        PGL_TRY(send_part(upload, part, is_trial, &report));
        add(report, line, sum); /* a header is line 1 of every part, and of the file */
        line += lines;
    }
    return PGL_OK;
}

static bool is_named_csv(struct pgl_text name)
{
    return name.size > 4 && pgl_text_is((struct pgl_text){ name.data + name.size - 4, 4 }, ".csv");
}

/* The first line of CSV has names, and no name has a line in it. */
static void cut_header(struct upload *upload)
{
    struct pgl_text left = upload->text;
    upload->header = pgl_text_cut(&left, '\n');
    if (left.data == NULL)
        left = (struct pgl_text){ "", 0 };
    else
        upload->header.size++;
    upload->text = left;
}

pgl_status pgl_ctl_import(struct pgl_ctl *ctl, struct pgl_platform *platform, const char *file,
                          bool is_trial, ImportReport *sum)
{
    static struct pgl_arena arena; /* the file */
    struct upload upload = { .ctl = ctl, .is_csv = is_named_csv(pgl_text_of(file)) };
    pgl_arena_init(&arena, 65536, (size_t)PGL_IMPORT_FILE_BYTES_MAX * 2);
    pgl_status status = platform->disk->ops->read_file(
        platform->disk, file, PGL_IMPORT_FILE_BYTES_MAX, &arena, &upload.text);
    if (pgl_is_ok(status) && upload.is_csv)
        cut_header(&upload);
    if (pgl_is_ok(status) && upload.header.size >= PGL_IMPORT_PART_BYTES)
        status = PGL_FAIL(PGL_INVALID, "line 1 is too long");
    if (pgl_is_ok(status))
        status = send_parts(&upload, true, sum);
    if (pgl_is_ok(status) && !is_trial && sum->n_errors == 0)
        status = send_parts(&upload, false, sum);
    pgl_arena_free(&arena);
    return status;
}
