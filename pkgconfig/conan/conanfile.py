# SPDX-License-Identifier: BSD-3-Clause
"""A recipe of Conan 2 for the checkout in which the recipe lies: conan create libcellseg/pkgconfig/conan"""

import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.4"
SOURCES = ("CMakeLists.txt", "LICENSE", "docs/third-party.md", "include/*", "lib/*", "pkgconfig/*")


class Cellseg(ConanFile):
    name = "cellseg"
    description = "Find every cell in a fluorescence microscopy image and outline its body and its nucleus"
    homepage = url = "https://github.com/libcellseg/libcellseg"
    license = "BSD-3-Clause"
    topics = ("microscopy", "segmentation", "cells")
    package_type = "library"
    languages = "C"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._tree, "include/cellseg/version.h"))
        self.version = ".".join(re.findall(r"#define CELLSEG_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text))

    def export_sources(self):
        for pattern in SOURCES:
            copy(self, pattern, self._tree, self.export_sources_folder)

    def requirements(self):
        self.requires("libtiff/[>=4.5 <5]")
        self.requires("libpng/[>=1.6 <2]")
        self.requires("expat/[>=2.4 <3]")
        self.requires("zlib/[>=1.2.11 <2]")

    def build_requirements(self):
        self.tool_requires("pkgconf/[>=2.1 <3]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for option in ("TESTS", "EXAMPLES", "BLAS"):
            toolchain.cache_variables[f"CELLSEG_{option}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        for name in ("LICENSE", "docs/third-party.md"):
            copy(self, name, self.source_folder, os.path.join(self.package_folder, "licenses"), keep_path=False)
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        self.cpp_info.libs = ["cellseg"]
        self.cpp_info.set_property("cmake_target_name", "cellseg::cellseg")
        self.cpp_info.set_property("pkg_config_name", "cellseg")
        if not self.options.shared:
            self.cpp_info.defines = ["CELLSEG_STATIC"]
            self.cpp_info.system_libs = ["m", "pthread"]
