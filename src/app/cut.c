/* cut.c - see cut.h. */
#include "app/cut.h"

#include "app/boot.h"

#define CUT_ARENA_CHUNK_BYTES 65536
#define CUT_ARENA_LIMIT_BYTES                                                                      \
    (256u << 20)           /* 16 bytes a row of stock: every SKU in every warehouse, twice */
#define CUT_CACHE_KIB 2048 /* tables are read in their order, so little is read again */

_Static_assert(PGL_CUT_FILES == PGL_FILE_COUNT, "a cut is of every file");

/* What an audit looks at; the others promise nothing to each other. */
static struct pgl_view *view_of(struct pgl_cut *cut, int file)
{
    switch (file) {
    case PGL_FILE_ORDERS:
        return &cut->views.orders;
    case PGL_FILE_PAYMENTS:
        return &cut->views.payments;
    case PGL_FILE_INVENTORY:
        return &cut->views.inventory;
    case PGL_FILE_WEBHOOKS:
        return &cut->views.webhooks;
    case PGL_FILE_IDENTITY:
        return &cut->views.identity;
    default:
        return NULL;
    }
}

struct pgl_writer *pgl_cut_writer(struct pgl_boot *boot, int i)
{
    return &boot->writers[i];
}

pgl_status pgl_cut_open(struct pgl_cut *cut, struct pgl_boot *boot)
{
    const struct pgl_entropy *entropy = &boot->platform->entropy;
    *cut = (struct pgl_cut){ 0 };
    cut->views.key = (struct pgl_hash_key){ pgl_entropy_u64(entropy), pgl_entropy_u64(entropy) };
    pgl_arena_init(&cut->arena, CUT_ARENA_CHUNK_BYTES, CUT_ARENA_LIMIT_BYTES);
    for (int i = 0; i < PGL_CUT_FILES; i++) {
        if (!pgl_boot_has(boot, i))
            continue;
        struct pgl_writer *writer = pgl_cut_writer(boot, i);
        cut->has[i] = true;
        struct pgl_database_options options = writer->options.database;
        options.cache_kib = CUT_CACHE_KIB;
        PGL_TRY(pgl_database_open_reader(&cut->files[i], &options));
        struct pgl_view *view = view_of(cut, i);
        if (view != NULL)
            *view = (struct pgl_view){ &cut->files[i], &cut->arena, writer->context };
    }
    return PGL_OK;
}

/* A transaction's snapshot is taken by its first read. */
pgl_status pgl_cut_begin(struct pgl_cut *cut)
{
    for (int i = 0; i < PGL_CUT_FILES; i++)
        if (cut->has[i])
            PGL_TRY(
                pgl_database_run(&cut->files[i], "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;"));
    return PGL_OK;
}

void pgl_cut_close(struct pgl_cut *cut)
{
    for (int i = 0; i < PGL_CUT_FILES; i++)
        pgl_database_close(&cut->files[i]);
    pgl_arena_free(&cut->arena);
}
