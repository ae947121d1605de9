# The kinds of binary labgpu builds, and the flags that make each what it is.
#
#   labgpu_hosted(TARGET)     ordinary C++ with exceptions and the standard library (helper, cli, tests)
#   labgpu_login_path(TARGET) code on the login path: libc alone, no exceptions, no RTTI
#   labgpu_module(TARGET MAP) a login-path shared object with exactly the exports named in MAP
#   labgpu_static(TARGET)     a login-path static executable
#   labgpu_static_hosted(TARGET)  a static executable of ordinary C++
#   labgpu_daemon(TARGET)     a hosted executable that ./test.sh e2e-asan takes to another Debian

set(LABGPU_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Werror)
set(LABGPU_SANITIZERS "")
if(LABGPU_SANITIZE)
  set(LABGPU_SANITIZERS -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()

function(labgpu_common_flags target)
  target_compile_options(${target} PRIVATE ${LABGPU_WARNINGS} -fvisibility=hidden ${LABGPU_SANITIZERS})
  target_link_options(${target} PRIVATE ${LABGPU_SANITIZERS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

function(labgpu_hosted target)
  labgpu_common_flags(${target})
endfunction()

# -fno-threadsafe-statics: a function-local static would otherwise call into libstdc++.
function(labgpu_login_path target)
  labgpu_common_flags(${target})
  target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics)
endfunction()

# -nodefaultlibs -lc turns a stray libstdc++ call into a link error. The sanitisers bring their own
# runtime, which needs the default libraries.
function(labgpu_module target version_script)
  labgpu_login_path(${target})
  target_link_options(${target} PRIVATE
    -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete
    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/${version_script})
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/${version_script})
  if(NOT LABGPU_SANITIZE)
    target_link_options(${target} PRIVATE -nodefaultlibs)
    target_link_libraries(${target} PRIVATE c)
  endif()
endfunction()

# static-pie keeps address space randomisation. A static glibc needs libgcc's unwinder.
function(labgpu_static target)
  labgpu_login_path(${target})
  if(NOT LABGPU_SANITIZE)
    target_link_options(${target} PRIVATE -static-pie -nodefaultlibs -Wl,-z,now -Wl,-z,relro)
    target_link_libraries(${target} PRIVATE -Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group)
  endif()
endfunction()

function(labgpu_static_hosted target)
  labgpu_hosted(${target})
  if(NOT LABGPU_SANITIZE)
    target_link_options(${target} PRIVATE -static-pie -Wl,-z,now -Wl,-z,relro)
  endif()
endfunction()

# Sanitised, it has their runtime inside, because servers have no libasan. clang always puts it there.
function(labgpu_daemon target)
  labgpu_hosted(${target})
  if(LABGPU_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(${target} PRIVATE -static-libasan -static-libubsan)
  endif()
endfunction()
