# One strict language for all of our code: C17, warnings are errors.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(pgl_options INTERFACE)
target_compile_options(pgl_options INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
    -fno-omit-frame-pointer
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_compile_definitions(pgl_options INTERFACE _GNU_SOURCE)
target_include_directories(pgl_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)

# PGL_SANITIZE=address,undefined or thread; see CMakePresets.json.
set(PGL_SANITIZE "" CACHE STRING "sanitizers for all of our code")
if(PGL_SANITIZE)
    target_compile_options(pgl_options INTERFACE -fsanitize=${PGL_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(pgl_options INTERFACE -fsanitize=${PGL_SANITIZE})
endif()
