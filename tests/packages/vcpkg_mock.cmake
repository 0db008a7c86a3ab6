# Runs pkgconfig/vcpkg/cellseg/portfile.cmake without vcpkg: its functions, as far as the port calls them, over the system's libraries.
# Usage: cmake -DWORK=... -P vcpkg_mock.cmake; the package lies in WORK/packages.
get_filename_component(port "${CMAKE_CURRENT_LIST_DIR}/../../pkgconfig/vcpkg/cellseg" ABSOLUTE)
set(PORT cellseg)
set(CURRENT_PACKAGES_DIR ${WORK}/packages)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
endfunction()

function(vcpkg_find_acquire_program name)
  find_program(program pkg-config REQUIRED)
  set(${name} ${program} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 given "" SOURCE_PATH OPTIONS)
  if(given_UNPARSED_ARGUMENTS OR NOT VCPKG_BUILD_TYPE STREQUAL release)
    message(FATAL_ERROR "the port asks for more than this file knows: ${given_UNPARSED_ARGUMENTS}")
  endif()
  run(${CMAKE_COMMAND} -S ${given_SOURCE_PATH} -B ${WORK}/build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR} -DCMAKE_INSTALL_LIBDIR:STRING=lib ${given_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
  run(${CMAKE_COMMAND} --build ${WORK}/build --target install)
endfunction()

function(vcpkg_fixup_pkgconfig) # which vcpkg makes relocatable; ours are
  file(STRINGS ${CURRENT_PACKAGES_DIR}/lib/pkgconfig/cellseg.pc absolute REGEX "${CURRENT_PACKAGES_DIR}")
  if(absolute)
    message(FATAL_ERROR "cellseg.pc names an absolute path: ${absolute}")
  endif()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 given "" "" FILE_LIST)
  foreach(file ${given_FILE_LIST})
    file(READ ${file} text)
    file(APPEND ${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright "${text}\n")
  endforeach()
endfunction()

include(${port}/portfile.cmake)

# What vcpkg checks of every package.
file(GLOB top RELATIVE ${CURRENT_PACKAGES_DIR} ${CURRENT_PACKAGES_DIR}/*)
foreach(path include/cellseg/cellseg.h lib/libcellseg.a share/cellseg/copyright share/cellseg/usage)
  if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/${path})
    message(FATAL_ERROR "the package has no ${path}")
  endif()
endforeach()
if(NOT top STREQUAL "include;lib;share")
  message(FATAL_ERROR "the package has ${top}")
endif()
