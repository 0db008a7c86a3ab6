# SPDX-License-Identifier: BSD-3-Clause
"""ITK as a peer: itk_peer.cpp, compiled when it is first asked for, and a conversation with it."""
import os
import shutil
import subprocess
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "itk_peer.cpp")
HEADERS = "/usr/include/ITK-5.2"
LIBRARIES = ["MathematicalMorphology", "Statistics", "Smoothing", "ImageFeature", "LabelMap", "Transform", "Common"]
OTHERS = ["itkvnl_algo", "itkvnl", "itksys"]


def build():
    """The compiled program, kept in the folder for temporary files; None where ITK or a compiler is missing."""
    if not os.path.isdir(HEADERS) or shutil.which("c++") is None:
        return None
    folder = os.path.join(tempfile.gettempdir(), "cellseg-bench")
    program = os.path.join(folder, "itk_peer")
    if os.path.exists(program) and os.path.getmtime(program) > os.path.getmtime(SOURCE):
        return program
    os.makedirs(folder, exist_ok=True)
    libraries = [f"-lITK{name}-5.2" for name in LIBRARIES] + [f"-l{name}-5.2" for name in OTHERS]
    options = ["-O3", "-march=native", "-DNDEBUG", "-std=c++14", "-I" + HEADERS]
    subprocess.run(["c++", *options, SOURCE, "-o", program, *libraries], check=True)
    return program


class Itk:
    """The running program. Without ITK it is false, and has no peers."""

    def __init__(self, threads):
        program = build()
        self.threads = threads
        self.process = None
        if program is not None:
            self.process = subprocess.Popen([program, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __bool__(self):
        return self.process is not None

    def _ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"itk_peer ended at: {line}")
        return answer.split()

    def peers(self, images, **operations):
        """{"ITK name": function} for each operation, given as the words after `run`; images: arrays by their names there."""
        if not self:
            return {}
        for name, array in images.items():
            with tempfile.NamedTemporaryFile() as file:
                array.tofile(file.name)
                self._ask(f"image {name} {array.dtype} {array.shape[0]} {array.shape[1]} {file.name}")

        def function(words):
            wall, processor = 0, 1
            return lambda: float(self._ask(f"run {words}")[processor if self.threads == 1 else wall])

        return {"ITK " + name.replace("_", " "): function(words) for name, words in operations.items()}

    def close(self):
        if self:
            self.process.stdin.close()
            self.process.wait()
