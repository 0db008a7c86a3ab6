# Debian's packages of another processor lie unpacked in PLATFORM_ROOT; the platform sets `triplet`, the name of their folder.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSROOT $ENV{PLATFORM_ROOT})
set(ENV{PKG_CONFIG_SYSROOT_DIR} $ENV{PLATFORM_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} $ENV{PLATFORM_ROOT}/usr/lib/${triplet}/pkgconfig)
