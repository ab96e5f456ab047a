"""Builds the one extension, ffnn._ffnn; all else about the package stands in pyproject.toml.

Each file of csrc/isa/ gets the compiler flags that its row in csrc/isa.def states, all other files
the baseline's. Environment: FFNN_SANITIZE=address|thread|undefined (or several, with commas) builds
for that sanitizer, FFNN_WERROR=1 makes warnings errors, CC and CFLAGS mean what they always do.
On Windows clang comes from PyPI, by the build requirement ziglang, and CC means nothing.
"""

import copy
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import PlatformError
from setuptools.modified import newer_group

C_FLAGS = [
    "-std=c11",
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-fvisibility=hidden",
    "-pthread",
    "-Wall",
    "-Wextra",
]
NUMPY_API = "NPY_2_0_API_VERSION"
SANITIZERS = ("address", "thread", "undefined")
# The names that clang and Debian give to the hosts of isa.def.
HOSTS = {"X86_64": ("x86_64", "amd64"), "ARM64": ("arm64", "aarch64")}


def isa_flags(rows, platform):
    """{name: flags} for the rows of isa.def, as `platform` (sysconfig's name for it) wants them.

    Rows for other hosts get no flags: their files guard themselves and compile to nothing. On macOS
    one call of the compiler may build for both hosts, so each flag says which of them it is for.
    """
    found = re.findall(r'^FFNN_ISA\((\w+),\s*(\w+),.*"([^"]*)"\)$', rows, re.MULTILINE)
    if not found:
        raise PlatformError("csrc/isa.def has no row that setup.py can read")
    flags = {}
    for name, host, text in found:
        words = shlex.split(text)
        if platform.startswith("macosx") and host in HOSTS:
            words = [word for flag in words for word in (f"-Xarch_{HOSTS[host][0]}", flag)]
        elif host in HOSTS and not platform.endswith(HOSTS[host]):
            words = []
        flags[name] = words
    return flags


def chosen_sanitizers():
    names = [name for name in os.environ.get("FFNN_SANITIZE", "").split(",") if name]
    for name in names:
        if name not in SANITIZERS:
            raise PlatformError(f"FFNN_SANITIZE: {name!r} is not one of {', '.join(SANITIZERS)}")
    return names


def clang_for_windows(platform, include_dirs, library_dirs):
    """zig's clang in the words of setuptools, for `platform`: win-amd64 or win-arm64.

    Windows's own compiler knows no vector types, and GCC does not align the stack for long ones.
    """
    from setuptools._distutils.ccompiler import new_compiler

    host = "aarch64" if platform == "win-arm64" else "x86_64"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", f"{host}-windows-gnu"]
    compiler = new_compiler(compiler="unix")
    compiler.set_executables(
        compiler=command, compiler_so=command, linker_so=[*command, "-shared", "-s"]
    )
    compiler.set_include_dirs(include_dirs)
    compiler.set_library_dirs(library_dirs)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # whose headers are those of the other build
        compiler.define_macro("Py_GIL_DISABLED", "1")
    return compiler


class BuildFfnn(build_ext):
    """build_ext with flags for each file, two or more files at a time, and early, plain errors."""

    def build_extensions(self):
        if sys.platform == "win32":
            self.compiler = clang_for_windows(self.plat_name, self.include_dirs, self.library_dirs)
        super().build_extensions()

    def finalize_options(self):
        super().finalize_options()
        try:
            import numpy
        except ImportError:
            message = "ffnn is built against NumPy 2.0 or newer: pip install numpy"
            raise PlatformError(message) from None
        if int(numpy.__version__.split(".")[0]) < 2:
            raise PlatformError(
                f"ffnn is built against NumPy 2.0 or newer; this is {numpy.__version__}"
            )
        self.include_dirs.append(numpy.get_include())
        if self.editable_mode:
            # Where a plain build in place looks for objects: it need not compile them again.
            self.build_temp = f"build/temp.{self.plat_name}-{sys.implementation.cache_tag}"

    def run(self):
        super().run()
        self.expand_scalar()

    def expand_scalar(self):
        """The arithmetic that ffnn.to_c writes out: csrc/isa/scalar.h, expanded, beside the module.

        Whoever installs a wheel has neither a compiler nor csrc/.
        """
        folder = Path(self.get_ext_fullpath(self.extensions[0].name)).parent
        command = list(self.compiler.compiler_so)
        while command.count("-arch") > 1:  # macOS: -E is for one of them, and the text is the same
            at = command.index("-arch")
            del command[at : at + 2]
        for is_double, name in enumerate(("float", "double")):
            run = subprocess.run(
                [*command, f"-DREAL_IS_DOUBLE={is_double}"]
                + ["-E", "-P", "-x", "c", "csrc/isa/scalar.h"],
                capture_output=True,
                text=True,
                check=True,
            )
            (folder / f"scalar_{name}.i").write_text(run.stdout)

    def build_extension(self, ext):
        flags = self.common_flags()
        self.check_toolchain(flags)
        by_isa = isa_flags(Path("csrc/isa.def").read_text(), self.plat_name)
        jobs = []
        for source in ext.sources:
            path = Path(source)
            extra = by_isa.get(path.stem, []) if path.parent.name == "isa" else []
            jobs.append((source, flags + extra))

        stamp = self.stamp_of_flags(jobs)
        with ThreadPoolExecutor(self.parallel or os.cpu_count()) as pool:
            compiled = list(pool.map(lambda job: self.compile_one(ext, *job, stamp), jobs))

        # What remains is to link. The original keeps its sources, for whoever lists them later.
        linked = copy.copy(ext)
        linked.sources, linked.depends, linked.extra_objects = [], compiled, compiled
        sanitizers = [f"-fsanitize={name}" for name in chosen_sanitizers()]
        linked.extra_link_args = [*(["-pthread"] if os.name == "posix" else []), *sanitizers]
        super().build_extension(linked)

    def common_flags(self):
        flags = list(C_FLAGS)
        if sys.platform == "darwin":
            # A flag meant for the other host is unused, not wrong.
            flags.append("-Wno-unused-command-line-argument")
        if os.environ.get("FFNN_WERROR", "") not in ("", "0"):
            flags.append("-Werror")
        if names := chosen_sanitizers():
            flags += [f"-fsanitize={name}" for name in names]
            flags += ["-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1"]
        return flags

    def compile_one(self, ext, source, flags, stamp):
        compiler = self.compiler
        [target] = compiler.object_filenames([source], output_dir=self.build_temp)
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        if self.force or newer_group([source, *ext.depends, stamp], target):
            compiler.compile(
                [source],
                output_dir=self.build_temp,
                macros=ext.define_macros,
                debug=self.debug,
                extra_postargs=flags,
            )
        return target

    def stamp_of_flags(self, jobs):
        """A file that is newer than the objects when they were made in another way."""
        stamp = Path(self.build_temp, "flags.txt")
        text = "\n".join(map(repr, [self.compiler.compiler_so, self.compiler.include_dirs, *jobs]))
        if not stamp.exists() or stamp.read_text() != text:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(text)
        return str(stamp)

    def check_toolchain(self, flags):
        """Say in one sentence what is missing, where a compiler would say it in a hundred."""
        command = self.compiler.compiler_so
        steps = [
            ("", "this C compiler will not do: GCC 9, Clang 11 or newer is needed"),
            (
                "#include <Python.h>\n",
                "Python.h is missing: install this Python's development files "
                "(python3-dev on Debian and Ubuntu, python3-devel on Fedora)",
            ),
            (
                "#include <Python.h>\n#include <numpy/arrayobject.h>\n",
                "NumPy's headers are missing: reinstall NumPy 2.0 or newer",
            ),
        ]
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, "probe.c")
            for text, complaint in steps:
                probe.write_text(text + "typedef int ffnn_probe;\n")
                includes = [f"-I{path}" for path in self.compiler.include_dirs]
                # Warnings of the headers are no concern here. To an object: zig knows no
                # -fsyntax-only.
                target = str(probe.with_suffix(".o"))
                warnings = ["-w", "-Wno-error"]
                arguments = [*includes, *flags, *warnings, "-c", str(probe), "-o", target]
                try:
                    run = subprocess.run(
                        [*command, *arguments], capture_output=True, text=True, check=False
                    )
                except OSError:
                    raise PlatformError(
                        f"no C compiler: {command[0]!r} cannot be run. Install GCC or Clang "
                        "(build-essential on Debian and Ubuntu, xcode-select --install on macOS), "
                        "or name one in CC"
                    ) from None
                if run.returncode != 0:
                    first = next(iter(run.stderr.splitlines()), "")
                    raise PlatformError(f"{complaint}\n({command[0]} said: {first})")


def files(*patterns):
    """Paths relative to this file, as setuptools wants them, in an order that never changes."""
    return sorted(path.as_posix() for pattern in patterns for path in Path().glob(pattern))


if __name__ == "__main__":
    setup(
        ext_modules=[
            Extension(
                "ffnn._ffnn",
                sources=files("csrc/*/*.c"),
                depends=files("csrc/*.def", "csrc/**/*.h"),
                define_macros=[
                    ("NPY_TARGET_VERSION", NUMPY_API),
                    ("NPY_NO_DEPRECATED_API", NUMPY_API),
                ],
            )
        ],
        cmdclass={"build_ext": BuildFfnn},
    )
