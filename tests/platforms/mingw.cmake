# 64-bit Windows by mingw-w64, run by wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_CROSSCOMPILING_EMULATOR env WINEARCH=win64 WINEDEBUG=-all WINEPREFIX=$ENV{PLATFORM_ROOT}/wine wine)
include(${CMAKE_CURRENT_LIST_DIR}/source.cmake)
