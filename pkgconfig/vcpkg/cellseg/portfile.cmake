# An overlay port that builds the checkout in which the port lies:
#   vcpkg install cellseg --overlay-ports=libcellseg/pkgconfig/vcpkg
# In a registry, vcpkg_from_github(OUT_SOURCE_PATH SOURCE_PATH REPO libcellseg/libcellseg REF "v${VERSION}" SHA512 ...) takes the
# place of the first command.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

# The CMake package finds the library from its own folder and names one library for every configuration.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_POLICY_SKIP_MISPLACED_CMAKE_FILES_CHECK enabled)
set(VCPKG_POLICY_SKIP_LIB_CMAKE_MERGE_CHECK enabled)

vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DCELLSEG_TESTS=OFF -DCELLSEG_EXAMPLES=OFF -DCELLSEG_BLAS=OFF "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}")
vcpkg_cmake_install()
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/docs/third-party.md")
