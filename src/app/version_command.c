/*
 * version_command.c - panglot version: its own version, and those of the libraries it runs on; with
 * --sbom as a bill of materials (CycloneDX 1.5). A library that is linked has a row here:
 * blackbox/process holds the table against what the program asks the loader for.
 */
#include <stdio.h>

#include "app/boot.h"
#include "app/commands.h"
#include "app/options.h"
#include "platform/real/real.h"
#include "store/database.h"
#include "wire/json.h"
#include "wire/libraries.h"

#define SBOM_BYTES_MAX (64u << 10)

static const struct library {
    const char *name;
    const char *licence; /* its name in SPDX's list */
    const char *package; /* of Debian */
    const char *files;   /* what the loader is asked for, with blanks between */
    const char *(*version)(void);
} libraries[] = {
    /* clang-format off */
    { "glibc",      "LGPL-2.1-or-later", "libc6",          "libc.so.6",                     pgl_real_libc_version },
    { "jansson",    "MIT",               "libjansson4",    "libjansson.so.4",               pgl_wire_jansson_version },
    { "libuv",      "MIT",               "libuv1",         "libuv.so.1",                    pgl_real_libuv_version },
    { "libyaml",    "MIT",               "libyaml-0-2",    "libyaml-0.so.2",                pgl_wire_yaml_version },
    { "nghttp2",    "MIT",               "libnghttp2-14",  "libnghttp2.so.14",              pgl_wire_nghttp2_version },
    { "openssl",    "Apache-2.0",        "libssl3",        "libssl.so.3 libcrypto.so.3",    pgl_wire_openssl_version },
    { "protobuf-c", "BSD-2-Clause",      "libprotobuf-c1", "libprotobuf-c.so.1",            pgl_wire_protobuf_c_version },
    { "sqlite",     "blessing",          "libsqlite3-0",   "libsqlite3.so.0",               pgl_store_sqlite_version },
    { "zlib",       "Zlib",              "zlib1g",         "libz.so.1",                     pgl_wire_zlib_version },
    /* clang-format on */
};
static const size_t library_count = sizeof libraries / sizeof libraries[0];

static void add(struct pgl_buffer *out, const char *before, const char *value)
{
    pgl_buffer_add_text(out, pgl_text_of(before));
    pgl_json_write_string(out, pgl_text_of(value));
}

static void add_files(struct pgl_buffer *out, struct pgl_text files)
{
    const char *comma = "";
    while (files.size > 0) {
        struct pgl_text file = pgl_text_cut(&files, ' ');
        pgl_buffer_printf(out, "%s{\"name\":\"panglot:file\",\"value\":\"%.*s\"}", comma,
                          PGL_TEXT_ARGS(file));
        comma = ",";
    }
}

/* What Debian calls its version the library does not know, so the purl is without. */
static void add_component(struct pgl_buffer *out, const struct library *library)
{
    add(out, "{\"type\":\"library\",\"bom-ref\":", library->package);
    add(out, ",\"name\":", library->name);
    add(out, ",\"version\":", library->version());
    add(out, ",\"licenses\":[{\"license\":{\"id\":", library->licence);
    pgl_buffer_printf(out, "}}],\"purl\":\"pkg:deb/debian/%s\",\"properties\":[", library->package);
    add_files(out, pgl_text_of(library->files));
    pgl_buffer_add_literal(out, "]}");
}

static void write_sbom(const char *version, struct pgl_buffer *out)
{
    add(out,
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\n\"metadata\":"
        "{\"component\":{\"type\":\"application\",\"bom-ref\":\"panglot\",\"name\":\"panglot\","
        "\"version\":",
        version);
    pgl_buffer_add_literal(out, "}},\n\"components\":[");
    for (size_t i = 0; i < library_count; i++) {
        pgl_buffer_add_text(out, i > 0 ? PGL_TEXT(",\n") : PGL_TEXT("\n"));
        add_component(out, &libraries[i]);
    }
    pgl_buffer_add_literal(out, "],\n\"dependencies\":[{\"ref\":\"panglot\",\"dependsOn\":[");
    for (size_t i = 0; i < library_count; i++)
        add(out, i > 0 ? "," : "", libraries[i].package);
    pgl_buffer_add_literal(out, "]}]}\n");
}

static void write_lines(const char *version, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "panglot %s\n", version);
    for (size_t i = 0; i < library_count; i++)
        pgl_buffer_printf(out, "  %-10s %s\n", libraries[i].name, libraries[i].version());
}

int pgl_version_command(struct pgl_platform *platform, int argc, char **argv)
{
    (void)platform;
    bool is_sbom = false;
    const struct pgl_option table[] = {
        { "--sbom", NULL, PGL_OPTION_SWITCH, &is_sbom, 0,
          "a bill of materials for programs: CycloneDX 1.5, JSON" },
    };
    const struct pgl_command face = {
        .name = "version",
        .arguments = "[--sbom]",
        .summary = "Prints the version of the program, and of each library that it runs on here.",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    enum pgl_parsed parsed = pgl_options_parse(&face, argc, argv, pgl_real_environment);
    if (parsed != PGL_PARSED_RUN)
        return parsed == PGL_PARSED_HELP ? PGL_EXIT_DONE : PGL_EXIT_USAGE;
    struct pgl_buffer out;
    pgl_buffer_init(&out, SBOM_BYTES_MAX);
    (is_sbom ? write_sbom : write_lines)(pgl_boot_defaults().version, &out);
    bool is_whole = !out.is_full;
    printf("%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&out)));
    pgl_buffer_free(&out);
    return is_whole && fflush(stdout) == 0 ? PGL_EXIT_DONE : PGL_EXIT_WRONG;
}
