# 32-bit x86 with Debian's libraries. A 64-bit processor runs its programs; their loader is that of PLATFORM_ROOT.
set(debian_architecture i386)
set(triplet i386-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER i686-linux-gnu-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--dynamic-linker=$ENV{PLATFORM_ROOT}/lib/ld-linux.so.2 -Wl,--disable-new-dtags") # for libraries of libraries
set(CMAKE_BUILD_RPATH $ENV{PLATFORM_ROOT}/lib/${triplet} $ENV{PLATFORM_ROOT}/usr/lib/${triplet})
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
