"""The innermost loops, as the compiler has made them.

A product is as fast as its tile kernel: the sums stay in registers over the whole depth, so its
loop holds one multiply-add for each vector of the tile and takes no vector from the stack. A change
that makes the compiler spill, or a function of whole vectors that calls one for each element, costs
much time and changes no result. So these tests read the machine code: of the instruction set in
use, built by GCC without sanitizers. Without fused multiply-adds (generic) there is nothing to
count.
"""

import re
import shutil
import subprocess

import pytest

from ffnn import _ffnn

pytestmark = pytest.mark.once

CONFIG = _ffnn.config()
SUFFIX = {"float32": "float", "float64": "double"}


@pytest.fixture(scope="module")
def functions():
    """Name to instructions, as (address, text), of all functions in the module."""
    if CONFIG["isa"] not in ("avx512", "avx2") or not CONFIG["compiler"].startswith("GCC"):
        pytest.skip("read for AVX-512 and AVX2 by GCC only")
    if shutil.which("objdump") is None:
        pytest.skip("needs objdump (binutils)")
    command = ["objdump", "-d", "--no-show-raw-insn", _ffnn.__file__]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if re.search(r"__(asan|ubsan|tsan)_", text):
        pytest.skip("built with sanitizers")
    found = {}
    for name, body in re.findall(r"^[0-9a-f]+ <(\w+)>:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S):
        lines = re.findall(r"^\s+([0-9a-f]+):\s+(.*)$", body, re.M)
        found[name] = [(int(address, 16), line) for address, line in lines]
    if not any(name.startswith("tile_") for name in found):
        pytest.skip("the module is stripped of its symbols")
    return found


def innermost_loops(function):
    """From the target of a jump backward to the jump, where no other such lies within."""
    line_of = {address: i for i, (address, _) in enumerate(function)}
    loops = []
    for i, (_, line) in enumerate(function):
        jump = re.match(r"j\w+\s+([0-9a-f]+)", line)
        start = line_of.get(int(jump[1], 16)) if jump else None
        if start is not None and start <= i:
            loops.append((start, i))
    inner = [
        (start, end)
        for start, end in loops
        if not any(
            (a, b) != (start, end) and start <= a and b <= end for a, b in loops
        )
    ]  # fmt: skip
    return [[line for _, line in function[start : end + 1]] for start, end in inner]


def multiply_adds(loop):
    return sum(line.startswith("vfmadd") for line in loop)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tiles_stay_in_registers(functions, dtype):
    most_rows, cols, lanes = CONFIG["tile"][dtype]
    for rows in range(1, most_rows + 1):
        name = f"tile_{rows}_{CONFIG['isa']}_{SUFFIX[dtype]}"
        loops = [loop for loop in innermost_loops(functions[name]) if multiply_adds(loop)]
        expected = {rows * vectors for vectors in range(1, cols // lanes + 1)}
        assert {multiply_adds(loop) for loop in loops} == expected, name
        for loop in loops:
            spills = [line for line in loop if re.search("%[xyz]mm", line) and "(%rsp" in line]
            assert not spills, f"{name}: {spills}"
    for rows in range(most_rows + 1, 25 if CONFIG["isa"] == "avx512" else 0):
        name = f"strip_{rows}_{CONFIG['isa']}_{SUFFIX[dtype]}"
        (loop,) = (loop for loop in innermost_loops(functions[name]) if multiply_adds(loop))
        assert multiply_adds(loop) == rows, name
        assert not any(re.search("%[xyz]mm", line) and "(%rsp" in line for line in loop), name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ["exp", "log", "sigmoid_value", "tanh_value", "relu_value"])
def test_functions_of_vectors_call_nothing(functions, function, dtype):
    name = f"{function}_loop_{CONFIG['isa']}_{SUFFIX[dtype]}"
    if name not in functions:
        pytest.skip("inlined where it is used")
    loops = innermost_loops(functions[name])
    assert any(re.search("%[yz]mm", line) for loop in loops for line in loop)
    assert not [line for loop in loops for line in loop if line.startswith("call")]
