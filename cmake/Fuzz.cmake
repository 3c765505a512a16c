# PGL_FUZZ (preset `fuzz`, clang): each fuzz/NAME.c becomes the program fuzz_NAME over the library of its
# row, and a short test `fuzz/NAME`. What it finds is kept in the build tree, never in the sources:
# fuzz/corpus/NAME is read only, and grows by hand.
option(PGL_FUZZ "build the fuzz targets" OFF)
if(NOT PGL_FUZZ)
    return()
endif()
if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PGL_FUZZ needs clang's libFuzzer")
endif()

# Counters for the fuzzer in all of our code; its main() in the targets only.
target_compile_options(pgl_options INTERFACE -fsanitize=fuzzer-no-link)
target_link_options(pgl_options INTERFACE -fsanitize=fuzzer-no-link)

function(pgl_fuzz name library)
    set(source ${CMAKE_SOURCE_DIR}/fuzz/${name}.c)
    if(NOT EXISTS ${source})
        return()
    endif()
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE pgl_${library})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME fuzz/${name}
        COMMAND fuzz_${name} -max_total_time=10 -rss_limit_mb=512 -artifact_prefix=${found}- ${found}
            ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS "fuzz" TIMEOUT 120 PROCESSORS 2)
endfunction()

#        target    library
pgl_fuzz(http1     wire)
pgl_fuzz(http2     wire)
pgl_fuzz(proxy_protocol wire)
pgl_fuzz(json      wire)
pgl_fuzz(jwt       wire)
pgl_fuzz(api_key   wire)
pgl_fuzz(message   wire)
pgl_fuzz(csv       wire)
pgl_fuzz(grpc      wire)
pgl_fuzz(provider  payments)
pgl_fuzz(bank      app)
pgl_fuzz(config    app)
