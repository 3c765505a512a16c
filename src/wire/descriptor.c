/* descriptor.c - see descriptor.h. */
#include "wire/descriptor.h"

#include <stdint.h>
#include <stdlib.h>

struct symbol {
    const char *name;
    int file;
};

#include "contract/descriptors.h"

#define FILES   (sizeof files / sizeof files[0])
#define SYMBOLS (sizeof symbols / sizeof symbols[0])
_Static_assert(FILES <= PGL_DESCRIPTOR_FILES_MAX, "the contract has more files than are foreseen");

const struct pgl_descriptor_file *pgl_descriptor_named(const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static int compare(const void *name, const void *symbol)
{
    return strcmp(name, ((const struct symbol *)symbol)->name);
}

const struct pgl_descriptor_file *pgl_descriptor_of(const char *symbol)
{
    const struct symbol *found = bsearch(symbol, symbols, SYMBOLS, sizeof symbols[0], compare);
    return found != NULL ? &files[found->file] : NULL;
}

size_t pgl_descriptor_closure(const struct pgl_descriptor_file *file,
                              const struct pgl_descriptor_file *all[PGL_DESCRIPTOR_FILES_MAX])
{
    bool is_in[FILES] = { false };
    size_t count = 0;
    is_in[file - files] = true;
    all[count++] = file;
    for (size_t i = 0; i < count; i++)
        for (const int *import = all[i]->imports; *import >= 0; import++)
            if (!is_in[*import]) {
                is_in[*import] = true;
                all[count++] = &files[*import];
            }
    return count;
}
