# 64-bit ARM with Debian's libraries, run by qemu.
set(debian_architecture arm64)
set(triplet aarch64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L $ENV{PLATFORM_ROOT})
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
