# Debian packages by CPack: libcellseg<soname>, libcellseg-dev and cellseg (the program), from the components of the install rules.
#   cmake -S . -B build -DCMAKE_INSTALL_PREFIX=/usr && cmake --build build && (cd build && cpack)
# CMakeLists.txt includes this file behind the install rules; `needed` lists the libraries as pkg-config names them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cellseg)
set(CPACK_PACKAGE_VENDOR "the libcellseg authors")
set(CPACK_PACKAGE_CONTACT "the libcellseg authors <libcellseg@users.noreply.github.com>")
set(CPACK_PACKAGE_HOMEPAGE_URL https://github.com/libcellseg/libcellseg)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_COMPONENTS_ALL cellseg_library cellseg_development cellseg_program)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/documents.cmake)
set(CPACK_CELLSEG_SOURCE_DIR ${PROJECT_SOURCE_DIR}) # for documents.cmake

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 0upstream1) # a package by Debian, of revision 1, is newer
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}) # the library that the program links to, not yet a package
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENT_CELLSEG_DEVELOPMENT_DEPENDS cellseg_library)
set(CPACK_COMPONENT_CELLSEG_PROGRAM_DEPENDS cellseg_library)
set(CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_NAME libcellseg${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_CELLSEG_DEVELOPMENT_PACKAGE_NAME libcellseg-dev)
set(CPACK_DEBIAN_CELLSEG_PROGRAM_PACKAGE_NAME cellseg)
set(CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_CELLSEG_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_CELLSEG_PROGRAM_PACKAGE_SECTION science)

set(about "The library finds every cell in a fluorescence microscopy image, and outlines
the whole cell and the nucleus from one channel, with a network inside.")
set(CPACK_COMPONENT_CELLSEG_LIBRARY_DESCRIPTION "segmentation of cells in microscopy images, shared library
${about}")
set(CPACK_COMPONENT_CELLSEG_DEVELOPMENT_DESCRIPTION "segmentation of cells in microscopy images, development files
${about}
.
This package has the headers, the static library and the files for pkg-config
and CMake.")
set(CPACK_COMPONENT_CELLSEG_PROGRAM_DESCRIPTION "segmentation of cells in microscopy images, command line
${about}
.
This package has the program, which segments, measures, trains and compares.")

# Who links statically, or asks pkg-config, needs the development packages of the library's own libraries.
set(package_of_libtiff-4 libtiff-dev)
set(package_of_libpng libpng-dev)
set(package_of_expat libexpat1-dev)
set(package_of_zlib zlib1g-dev)
set(package_of_openblas libopenblas-dev)
set(development)
foreach(library ${needed})
  string(REGEX REPLACE ">=.*" "" library ${library})
  if(NOT DEFINED package_of_${library})
    message(FATAL_ERROR "pkgconfig/debian/packages.cmake names no Debian package of ${library}; add one.")
  endif()
  list(APPEND development ${package_of_${library}})
endforeach()
list(JOIN development ", " CPACK_DEBIAN_CELLSEG_DEVELOPMENT_PACKAGE_DEPENDS)

# What dpkg-shlibdeps reads for programs that link to the library: each function with the release that added the function.
set(soname libcellseg.so.${PROJECT_VERSION_MAJOR})
set(symbols "${soname} ${CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_NAME} #MINVER#\n")
file(STRINGS lib/cellseg.map lines)
set(names)
foreach(line ${lines})
  if(line MATCHES "^(CELLSEG_([0-9.]+)) {")
    set(node ${CMAKE_MATCH_1})
    set(release ${CMAKE_MATCH_2})
    list(APPEND names " ${node}@${node} ${release}")
  elseif(line MATCHES "(cellseg_[a-z0-9_]+)\;?$")
    list(APPEND names " ${CMAKE_MATCH_1}@${node} ${release}")
  endif()
endforeach()
list(SORT names)
list(JOIN names "\n" names)
file(WRITE ${PROJECT_BINARY_DIR}/debian/symbols "${symbols}${names}\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs
  "libcellseg ${PROJECT_VERSION_MAJOR} ${CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_NAME} (>= ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
set(control symbols shlibs triggers)
list(TRANSFORM control PREPEND ${PROJECT_BINARY_DIR}/debian/)
set(CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_CONTROL_EXTRA ${control})
include(CPack)
