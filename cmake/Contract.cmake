# pgl_contract(NAME): the messages of contract/**/*.proto as protobuf-c structs, generated in the build tree.
function(pgl_contract name)
    file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/contract
        ${CMAKE_SOURCE_DIR}/contract/*.proto)
    set(out ${CMAKE_BINARY_DIR}/generated/contract)
    file(MAKE_DIRECTORY ${out})
    foreach(proto ${protos})
        string(REGEX REPLACE "\\.proto$" ".pb-c" stem ${proto})
        list(APPEND generated ${out}/${stem}.c ${out}/${stem}.h)
        get_filename_component(package ${proto} NAME_WE)
        add_custom_command(OUTPUT ${out}/${package}.h
            COMMAND python3 ${CMAKE_SOURCE_DIR}/scripts/contract_names.py
                ${CMAKE_SOURCE_DIR}/contract/${proto} ${out}/${package}.h
            DEPENDS ${CMAKE_SOURCE_DIR}/contract/${proto} ${CMAKE_SOURCE_DIR}/scripts/contract_names.py)
        list(APPEND names ${out}/${package}.h)
        list(APPEND sources ${CMAKE_SOURCE_DIR}/contract/${proto})
    endforeach()
    add_custom_command(OUTPUT ${generated}
        COMMAND protoc-c -I ${CMAKE_SOURCE_DIR}/contract --c_out=${out} ${protos}
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/contract
        DEPENDS ${sources})
    # What reflection tells. Its old version has the same messages under another name.
    set(older ${CMAKE_BINARY_DIR}/generated/older)
    set(reflection grpc/reflection/v1/reflection.proto)
    add_custom_command(OUTPUT ${older}/grpc/reflection/v1alpha/reflection.proto
        COMMAND ${CMAKE_COMMAND} -E make_directory ${older}/grpc/reflection/v1alpha
        COMMAND sed s/grpc.reflection.v1/grpc.reflection.v1alpha/ ${CMAKE_SOURCE_DIR}/contract/${reflection}
            > ${older}/grpc/reflection/v1alpha/reflection.proto
        DEPENDS ${CMAKE_SOURCE_DIR}/contract/${reflection})
    add_custom_command(OUTPUT ${out}/descriptors.h
        COMMAND protoc -I ${CMAKE_SOURCE_DIR}/contract -I ${older} --descriptor_set_out=${out}/contract.binpb
            ${protos} grpc/reflection/v1alpha/reflection.proto
        COMMAND python3 ${CMAKE_SOURCE_DIR}/scripts/embed_descriptors.py ${out}/contract.binpb ${out}/descriptors.h
        DEPENDS ${sources} ${older}/grpc/reflection/v1alpha/reflection.proto
            ${CMAKE_SOURCE_DIR}/scripts/embed_descriptors.py)

    add_library(pgl_${name} STATIC ${generated} ${names} ${out}/descriptors.h)
    target_include_directories(pgl_${name} SYSTEM PUBLIC ${out} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(pgl_${name} PUBLIC PkgConfig::PROTOBUF_C)
    if(PGL_SANITIZE)
        target_compile_options(pgl_${name} PRIVATE -fsanitize=${PGL_SANITIZE} -fno-sanitize=alignment)
    endif()
endfunction()
