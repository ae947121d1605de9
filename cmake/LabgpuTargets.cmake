# The kinds of binary labgpu builds, and the flags that make each what it is.
#
#   labgpu_hosted(TARGET)     ordinary C++ with exceptions and the standard library (helper, cli, tests)
#   labgpu_login_path(TARGET) code on the login path: libc alone, no exceptions, no RTTI
#   labgpu_module(TARGET MAP) a login-path shared object with exactly the exports named in MAP
#   labgpu_static_copy(LIB)   LIB_static: the login-path library LIB once more, for static executables
#   labgpu_static(TARGET LIB...)  a login-path static executable of its own sources and LIB_static...
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

# Static login-path programs stand on musl. What glibc does before main() asks the processor some 70 times what it is, also
# in a static program, and in a virtual machine each of these takes a way through the hypervisor: most of what
# labgpu-session would take to start (docs/PERFORMANCE.md). The sanitisers stand on glibc alone.
if(NOT LABGPU_SANITIZE)
  string(REPLACE "-gnu" "-musl" LABGPU_MUSL "${CMAKE_LIBRARY_ARCHITECTURE}")
  find_path(LABGPU_MUSL_HEADERS features.h PATHS /usr/include/${LABGPU_MUSL} NO_DEFAULT_PATH REQUIRED)
  find_path(LABGPU_MUSL_LIBRARY rcrt1.o PATHS /usr/lib/${LABGPU_MUSL} NO_DEFAULT_PATH REQUIRED)
  foreach(part crtbeginS crtendS)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${part}.o
      OUTPUT_VARIABLE LABGPU_${part} OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endif()

# The compiler's libstdc++ was configured for glibc. Of its headers only those that need no library are included here, and
# what these ask glibc's headers for are the two names below. Its folders stand before musl's, because <cstdlib> and its like
# look for the C header behind themselves.
function(labgpu_static_code target)
  labgpu_login_path(${target})
  if(NOT LABGPU_SANITIZE)
    set(headers ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
    list(FILTER headers INCLUDE REGEX "/c\\+\\+/")
    list(TRANSFORM headers PREPEND -isystem)
    target_compile_options(${target} PRIVATE -nostdinc++ ${headers} -isystem${LABGPU_MUSL_HEADERS}
      "-D__GLIBC_PREREQ(major,minor)=0" -D__locale_t=locale_t)
  endif()
endfunction()

function(labgpu_static_copy library)
  if(LABGPU_SANITIZE)
    add_library(${library}_static ALIAS ${library})
    return()
  endif()
  get_target_property(sources ${library} SOURCES)
  add_library(${library}_static STATIC ${sources})
  labgpu_static_code(${library}_static)
endfunction()

# static-pie keeps address space randomisation. The libraries stand before the C library on the command line.
function(labgpu_static target)
  labgpu_static_code(${target})
  list(TRANSFORM ARGN APPEND _static OUTPUT_VARIABLE libraries)
  target_link_libraries(${target} PRIVATE ${libraries})
  if(NOT LABGPU_SANITIZE)
    target_link_options(${target} PRIVATE -static-pie -nostdlib -Wl,-z,now -Wl,-z,relro)
    target_link_libraries(${target} PRIVATE
      ${LABGPU_MUSL_LIBRARY}/rcrt1.o ${LABGPU_MUSL_LIBRARY}/crti.o ${LABGPU_crtbeginS}
      ${LABGPU_MUSL_LIBRARY}/libc.a gcc ${LABGPU_crtendS} ${LABGPU_MUSL_LIBRARY}/crtn.o)
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
