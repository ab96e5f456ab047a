"""A copy of the tree that bugs are planted in, one after the other, and that is built but once.

What a bug makes stale is compiled again, and what stood there before comes back from beside it: the
copy keeps the clean objects. Headers keep their dates, and the sources that read them get new ones,
or setup.py and make would compile everything.
"""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from bugs import TREE, Bug

CORE = Path("build/core/core_check")
CORE_ROOMS = ("system", "product", "train", "isa")
CLEAN = ".clean"


# What building, testing and tools leave in a tree that is no clone.
MADE = {"build", "dist", "__pycache__", "demo.png"}


def _listed() -> list[str]:
    """What git would clone, with changes not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return [name for name in found.stdout.split("\0") if name and (TREE / name).is_file()]
    names = []
    for path in TREE.rglob("*"):
        name = path.relative_to(TREE)
        is_made = MADE & set(name.parts) or name.suffix == ".so" or ".egg-info" in str(name)
        if path.is_file() and not is_made and (name.parts[0][0] != "." or name.parts[0] == ".ci"):
            names.append(name.as_posix())
    return names


class Copy:
    """One folder, for one bug at a time."""

    def __init__(self, folder: Path, **variables: str) -> None:
        """`variables` are those of every command, CFLAGS say."""
        self.folder = folder.resolve()
        self.changed: list[Path] = []
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "Agg",
        }
        for name in ("FFNN_ISA", "FFNN_SANITIZE", "FFNN_WERROR", "MAKEFLAGS", "MAKELEVEL"):
            self.environment.pop(name, None)
        self.environment |= variables

    # ---- the clean tree ----

    def bring_up_to_date(self) -> None:
        """Copy what has changed, and build it."""
        self.changed = [
            Path(str(path).removesuffix(CLEAN)) for path in self._all() if path.suffix == CLEAN
        ]
        self.take_back()  # where a run was ended
        names = set(_listed())
        is_new = not (self.folder / "csrc").exists()
        if is_new:  # with what was made in the tree, which need not be made again
            for made in [*TREE.glob("build/temp.*/**/*"), *TREE.glob("ffnn/*.so")]:
                if made.is_file():
                    there = self.folder / made.relative_to(TREE)
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(made, there)
        for path in self._all():
            name = path.relative_to(self.folder).as_posix()
            is_ours = path.is_file() and path.suffix != ".so" and not name.startswith("build/")
            if is_ours and name not in names:
                path.unlink()
        for name in names:
            here, there = TREE / name, self.folder / name
            if there.exists() and there.read_bytes() == here.read_bytes():
                continue
            there.parent.mkdir(parents=True, exist_ok=True)
            # A date of its own is newer than what was made of it.
            (shutil.copy2 if is_new else shutil.copy)(here, there)
        for problem in self.build(), self.build_core():
            if problem:
                raise RuntimeError(problem)

    def build(self) -> str:
        """Build the extension; what the compiler says where it cannot."""
        done = self.run([sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"], 1200)
        return done.stdout if done.returncode else ""

    def build_core(self) -> str:
        """Link the core's checks with the extension's objects; likewise."""
        compiler = shlex.split(os.environ.get("CC", "cc"))
        of_core = {
            f"{room}/{path.stem}.o"
            for room in CORE_ROOMS
            for path in (self.folder / "csrc" / room).glob("*.c")
        }
        objects = [path for path in self._made() if f"{path.parent.name}/{path.name}" in of_core]
        for source in sorted((self.folder / "tests/core").glob("core_check*.c")):
            made = self.folder / CORE.parent / f"{source.stem}.o"
            made.parent.mkdir(parents=True, exist_ok=True)
            objects.append(made)
            if made.exists() and made.stat().st_mtime_ns > source.stat().st_mtime_ns:
                continue
            flags = ["-std=c11", "-O1", "-pthread", "-Icsrc", "-c", str(source), "-o", str(made)]
            done = self.run([*compiler, *flags], 600)
            if done.returncode:
                return done.stdout
        flags = shlex.split(self.environment.get("LDFLAGS", ""))
        link = [*map(str, objects), *flags, "-pthread", "-lm", "-o", str(CORE)]
        done = self.run([*compiler, *link], 600)
        return done.stdout if done.returncode else ""

    def run(
        self, command: list[str], seconds: float, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy; its group ends with it.

        Seconds in which this process is stopped (Ctrl-Z, SIGSTOP) do not count.
        """
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            output = None
            try:
                for _ in range(int(seconds)):
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        output, _ = process.communicate(timeout=1)
                        break
            except BaseException:
                os.killpg(process.pid, 9)
                raise
            if output is None:
                os.killpg(process.pid, 9)
                output, _ = process.communicate()
                return subprocess.CompletedProcess(command, -9, output + "\nno end in sight")
        return subprocess.CompletedProcess(command, process.returncode, output)

    # ---- a bug ----

    def _made(self) -> list[Path]:
        found = self.folder.glob("build/temp.*/**/*.o")
        return [*found, *self.folder.glob("ffnn/*.so")]

    def _core_made(self) -> list[Path]:
        return [*(self.folder / CORE.parent).glob("*.o"), self.folder / CORE]

    def _readers(self, file: str) -> list[Path]:
        """The sources that a file is compiled into."""
        stale = {(self.folder / file).resolve()}
        graph = {
            path: {
                (path.parent / name).resolve()
                if (path.parent / name).exists()
                else (self.folder / "csrc" / name).resolve()
                for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)
            }
            for folder in ("csrc", "tests/core")
            for path in (self.folder / folder).rglob("*")
            if path.suffix in {".c", ".h", ".def"}
        }
        while more := {path for path, read in graph.items() if read & stale} - stale:
            stale |= more
        return sorted(path for path in stale if path.suffix == ".c")

    def plant(self, bug: Bug, isa: str | None = None) -> str:
        """Put a bug into the copy and build, of csrc/isa the file alone; what the compiler says."""
        path = self.folder / bug.file
        shutil.copy2(path, f"{path}{CLEAN}")
        self.changed = [path]
        dates = path.stat()
        path.write_text(bug.planted_in(path.read_text()))
        for cache in (self.folder / "ffnn").rglob("__pycache__"):
            shutil.rmtree(cache)
        if not bug.file.startswith("csrc/"):
            return ""
        os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
        readers = [
            path
            for path in self._readers(bug.file)
            if isa is None or path.parent.name != "isa" or path.stem == isa
        ]
        stale = {f"{source.parent.name}/{source.stem}.o" for source in readers}
        for made in [*self._made(), *self._core_made()]:
            is_stale = f"{made.parent.name}/{made.name}" in stale or made.suffix != ".o"
            if made.exists() and is_stale:
                shutil.copy2(made, f"{made}{CLEAN}")
                self.changed.append(made)
        for source in readers:
            os.utime(source)
        return self.build()

    def take_back(self) -> None:
        """Make the copy what it was, without a compiler."""
        while self.changed:
            path = self.changed.pop()
            os.replace(f"{path}{CLEAN}", path)
            if path.suffix in ("", ".o", ".so"):
                os.utime(path)  # newer than the sources that were given a new date

    def _all(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]
