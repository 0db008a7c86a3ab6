# IBM Z, where the first byte of a number is its highest, with Debian's libraries, run by qemu.
set(debian_architecture s390x)
set(triplet s390x-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-s390x -L $ENV{PLATFORM_ROOT})
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
