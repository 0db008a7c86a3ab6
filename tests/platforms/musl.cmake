# x86-64 with musl instead of the GNU C library; the processor runs its programs.
set(CMAKE_C_COMPILER musl-gcc)
include(${CMAKE_CURRENT_LIST_DIR}/source.cmake)
