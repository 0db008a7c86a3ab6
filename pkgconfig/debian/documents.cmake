# CPack runs this script before it packs the components: documents of every package, stripped binaries, compressed manuals.
file(READ ${CPACK_CELLSEG_SOURCE_DIR}/LICENSE licence)
file(READ ${CPACK_CELLSEG_SOURCE_DIR}/docs/third-party.md notices)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

foreach(component ${CPACK_COMPONENTS_ALL})
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${component})
  set(documents ${root}/usr/share/doc/${package})
  file(WRITE ${documents}/copyright "libcellseg, ${CPACK_PACKAGE_HOMEPAGE_URL}\n\n${licence}\n${notices}")
  file(WRITE ${documents}/changelog.Debian "cellseg (${version}) unstable; urgency=medium\n\n"
    "  * Release ${CPACK_PACKAGE_VERSION}; its changes are listed in CHANGELOG.md.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  file(GLOB manuals ${root}/usr/share/man/man1/*.1)
  execute_process(COMMAND gzip -9n ${documents}/changelog.Debian ${manuals} COMMAND_ERROR_IS_FATAL ANY)

  file(GLOB binaries ${root}/usr/lib/*/*.so.*.* ${root}/usr/bin/*)
  file(GLOB archives ${root}/usr/lib/*/*.a)
  foreach(binary ${binaries})
    execute_process(COMMAND strip --strip-unneeded --remove-section=.comment ${binary} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  foreach(archive ${archives})
    execute_process(COMMAND strip --strip-debug --remove-section=.comment --enable-deterministic-archives ${archive} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()

# CPack adds scripts that call ldconfig to any package of a shared library; the trigger, as Debian wants it, is there too.
set(library ${CPACK_DEBIAN_CELLSEG_LIBRARY_PACKAGE_NAME})
file(WRITE ${CPACK_TEMPORARY_DIRECTORY}/cellseg_library/usr/share/lintian/overrides/${library}
  "# CPack writes these scripts; they do no more than the trigger.\n${library}: maintscript-calls-ldconfig *\n")
