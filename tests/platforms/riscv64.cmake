# 64-bit RISC-V, for which Debian 12 has a compiler and a C library, run by qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER riscv64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-riscv64 -L /usr/riscv64-linux-gnu)
include(${CMAKE_CURRENT_LIST_DIR}/source.cmake)
list(APPEND CMAKE_FIND_ROOT_PATH /usr/riscv64-linux-gnu)
