# What makes a mistake of memory harder to use, for everything that is built here, generated code too.
# scripts/hardening.py (the test form/hardening) looks whether the program that is shipped has it.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C) # so that programs are linked as position-independent, too
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-fstack-protector-strong -fstack-clash-protection)
add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
check_c_compiler_flag(-fcf-protection PGL_HAS_CF_PROTECTION) # x86 alone
if(PGL_HAS_CF_PROTECTION)
    add_compile_options(-fcf-protection)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release") # the others do not optimise, or have sanitizers
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
