"""Nets as C: compiled as C99 and run, they give the bits of the generic instruction set."""

import ctypes
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import ffnn
from calls import output_of
from ffnn._c_names import check_c_name
from support import HIDDEN, draw

GCC = shutil.which("gcc") or shutil.which("cc")
pytestmark = [
    pytest.mark.once,
    pytest.mark.process,
    pytest.mark.skipif(GCC is None, reason="SKIP: there is no C compiler to try the files with"),
]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
OUTPUTS = ffnn.activations()


def net_of(rng, dims, real, hidden="relu", output="sigmoid"):
    """A net with some magnitude, so that activations are tried far out, too."""
    _, _, parameters = draw(rng, dims, 1, "linear")
    parameters = {key: (3 * value).astype(real) for key, value in parameters.items()}
    return ffnn.NetParameters(parameters, hidden_activation=hidden, output_activation=output)


def compiled(made, folder, *flags, compiler=GCC, name="net"):
    """The function of a file, for X as ffnn has it."""
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(made.text)
    subprocess.run(
        [compiler, *STRICT, *(flags or ["-O2"]), "-shared", "-fPIC", source, "-o", library],
        check=True,
    )
    function = getattr(ctypes.CDLL(str(library)), name)
    real = made.parameters["b1"].dtype
    n_y = len([*made.parameters.values()][-1])

    def run(X):
        rows = np.ascontiguousarray(X.T, real)
        Y = np.full((len(rows), n_y), np.nan, real)
        for x, y in zip(rows, Y):
            function(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p))
        return Y.T

    return run


def generic(X, parameters, folder):
    """predict_proba by the generic instruction set, in this process or in another."""
    if ffnn._ffnn.config()["isa"] == "generic":
        return ffnn.predict_proba(X, parameters)
    known = {} if type(parameters) is dict else {
        "hidden": np.array(parameters.hidden_activation), "output": parameters.output_activation
    }  # fmt: skip
    np.savez(folder / "asked.npz", X=X, **parameters, **known)
    output_of(
        "import ffnn, numpy as np, sys\n"
        f"a = dict(np.load({str(folder / 'asked.npz')!r}))\n"
        "X, hidden, output = a.pop('X'), a.pop('hidden', 'relu'), a.pop('output', 'sigmoid')\n"
        "AL = ffnn.predict_proba(X, a, hidden_activation=np.asarray(hidden).tolist(),"
        " output_activation=str(output))\n"
        f"np.save({str(folder / 'answer.npy')!r}, AL)\n",
        FFNN_ISA="generic",
    )
    return np.load(folder / "answer.npy")


def examples(rng, n_x, m, real):
    """Some of usual size, some large, some tiny, zeros of both signs."""
    X = rng.standard_normal((n_x, m)) * 10.0 ** rng.integers(-3, 3, m)
    X[:, 0], X[:, 1] = 0.0, -0.0
    return X.astype(real)


# ---- bits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
def test_bits_of_every_activation(rng, real, tmp_path, output):
    hidden = "sigmoid" if output in ("softmax", "exp") else output
    net = net_of(rng, [20, 50, 30, 4], real, hidden, output)
    X = examples(rng, 20, 60, real)
    actual = compiled(ffnn.to_c(net), tmp_path)(X)
    expected = generic(X, net, tmp_path)
    assert actual.dtype == expected.dtype and actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dims", [[1, 1], [3, 2], [1, 5, 1], [7, 6, 5, 4, 3, 2], [64, 100, 10]])
def test_bits_of_other_shapes(rng, tmp_path, dims):
    """Depths that are no multiple of the steps taken at once, nets of one layer."""
    hidden = tuple(HIDDEN[i % len(HIDDEN)] for i in range(len(dims) - 2))
    net = net_of(rng, dims, np.float32, hidden)
    X = examples(rng, dims[0], 9, np.float32)
    assert compiled(ffnn.to_c(net), tmp_path)(X).tobytes() == generic(X, net, tmp_path).tobytes()


FLAGS = ["-O3", "-Os", "-O0", "-O3 -std=gnu11", "-O3 -march=native", "-O3 -std=gnu17 -march=native"]


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_optimisation_changes_a_bit(rng, tmp_path, compiler, flags):
    """Fused multiply-adds above all, which -march=native would allow."""
    if shutil.which(compiler) is None:
        pytest.skip(f"SKIP: {compiler} is not installed")
    net = net_of(rng, [20, 33, 4], np.float32, "gelu", "softmax")
    X = examples(rng, 20, 20, np.float32)
    run = compiled(ffnn.to_c(net), tmp_path, *flags.split(), compiler=compiler)
    assert run(X).tobytes() == generic(X, net, tmp_path).tobytes()


def test_fast_math_is_refused(rng, tmp_path):
    (tmp_path / "net.c").write_text(ffnn.to_c(net_of(rng, [2, 1], np.float32)).text)
    done = subprocess.run(
        [GCC, "-ffast-math", "-c", tmp_path / "net.c", "-o", tmp_path / "net.o"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode and "-ffast-math and excess precision" in done.stderr


# ---- rounded weights -----------------------------------------------------------------------------


@pytest.mark.parametrize("weights, steps", [("int8", 127), ("int16", 32767)])
def test_integer_weights(rng, tmp_path, weights, steps):
    net = net_of(rng, [20, 30, 4], np.float32, "tanh", "softmax")
    net["W1"][3] = 0
    made = ffnn.to_c(net, weights=weights)
    X = examples(rng, 20, 30, np.float32)
    actual = compiled(made, tmp_path)(X)
    assert actual.tobytes() == generic(X, made.parameters, tmp_path).tobytes()
    for number in (1, 2):
        W, rounded = net[f"W{number}"], made.parameters[f"W{number}"]
        off, largest = np.abs(W.astype(float) - rounded), np.abs(W).max(axis=1)
        assert (off.max(axis=1) <= largest / (2 * steps) * 1.001).all()
        assert made.weight_errors[number - 1] == off.max()
        assert off.max() > largest.max() / steps / 10, "nothing was rounded"
    assert made.weight_bytes == (20 * 30 + 30 * 4) * (1 if steps == 127 else 2) + 2 * 34 * 4
    assert made.stack_bytes == 30 * 4 and f"{made.weight_errors[0]:.2g} in W1" in made.text


def test_another_float_type(rng, tmp_path):
    net = net_of(rng, [5, 4, 2], np.float64)
    X = rng.standard_normal((5, 7))
    for weights in ("float32", "float64"):
        made = ffnn.to_c(net, weights=weights, name=weights)  # dlopen knows a path
        assert all(value.dtype == weights for value in made.parameters.values())
        Xs = X.astype(weights)
        expected = generic(Xs, made.parameters, tmp_path)
        assert compiled(made, tmp_path, name=weights)(Xs).tobytes() == expected.tobytes()


# ---- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warning_and_no_symbol_but_its_own(rng, tmp_path, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"SKIP: {compiler} is not installed")
    for output in OUTPUTS:
        for weights in ("float32", "float64", "int8"):
            net = net_of(rng, [3, 4, 2], np.float32, "relu", output)
            path, thing = tmp_path / "a.c", tmp_path / "a.o"
            ffnn.to_c(net, path, name="digits", weights=weights)
            extra = ["-Wmissing-prototypes", "-Wshadow", "-Wstrict-prototypes"]
            command = [compiler, *STRICT, *extra, "-O1", "-fno-builtin", "-c", path, "-o", thing]
            subprocess.run(command, check=True)
            if shutil.which("nm"):
                names = subprocess.run(["nm", "-g", thing], capture_output=True, text=True)
                assert [line.split()[-1] for line in names.stdout.splitlines()] == ["digits"]


def test_the_code_is_small(rng, tmp_path):
    if shutil.which("size") is None:
        pytest.skip("SKIP: size, of binutils, is not installed")
    made = ffnn.to_c(net_of(rng, [64, 100, 10], np.float32, "relu", "softmax"), tmp_path / "a.c")
    subprocess.run([GCC, "-std=c99", "-Os", "-c", "a.c"], cwd=tmp_path, check=True)
    told = subprocess.run(["size", "-A", "a.o"], cwd=tmp_path, capture_output=True, text=True)
    code = sum(map(int, re.findall(r"^\.text\S*\s+(\d+)", told.stdout, re.MULTILINE)))
    assert 0 < code <= 2048 and made.weight_bytes == 4 * (64 * 100 + 100 + 100 * 10 + 10)


@pytest.mark.parametrize("standard", ["c99", "gnu17"])
def test_every_name_of_the_headers_is_taken(standard):
    """What the file includes, as this machine's compiler and library have it."""
    net = ffnn.to_c({"W1": np.ones((1, 1)), "b1": np.ones((1, 1))})
    headers = "\n".join(re.findall("#include .*", net.text)) + "\n"
    command = [GCC, f"-std={standard}", "-E", "-P", "-"]
    shown = [
        subprocess.run([*command, *more], input=headers, capture_output=True, text=True, check=True)
        for more in ([], ["-dM"])
    ]
    declared = set(re.findall(r"\b[A-Za-z]\w*", shown[0].stdout))
    macros = set(re.findall(r"#define ([A-Za-z]\w*)", shown[1].stdout))
    assert {"cosh", "ptrdiff_t"} < declared and {"FLT_MAX", "INT8_MAX", "isnan"} < macros
    accepted = []
    for name in sorted(declared | macros):
        try:
            check_c_name("to_c", name)
            accepted.append(name)
        except ValueError:
            pass
    assert accepted == []


def test_free_names_are_accepted(rng):
    net = net_of(rng, [2, 1], np.float32)
    for name in ("net", "expo", "float32", "int8", "M1", "size", "Main", "model_t", "exp_", "x"):
        assert f"void {name}(const float *x" in ffnn.to_c(net, name=name).text


def test_nets_live_side_by_side(rng, tmp_path):
    """Two files in one program, in one translation unit even."""
    for name in ("one", "two"):
        ffnn.to_c(net_of(rng, [3, 4, 2], np.float32, "tanh"), tmp_path / f"{name}.c", name=name)
    (tmp_path / "both.c").write_text('#include "one.c"\n#include "two.c"\n')
    command = [GCC, *STRICT, "-O1", "-c", tmp_path / "both.c", "-o", tmp_path / "both.o"]
    subprocess.run(command, check=True)


# ---- other processors ----------------------------------------------------------------------------

MAIN = """
#include <stdio.h>
#include <string.h>
#include "net.c"
int main(void)
{{
    static const {real} X[][{n_x}] = {{{rows}}};
    for (unsigned j = 0; j < sizeof X / sizeof *X; j++) {{
        {real} y[{n_y}];
        unsigned char bytes[sizeof *y];
        net(X[j], y);
        for (int i = 0; i < {n_y}; i++) {{
            memcpy(bytes, &y[i], sizeof bytes);
            for (unsigned k = 0; k < sizeof bytes; k++) printf("%02x", bytes[k]);
        }}
    }}
    printf("\\n");
    return 0;
}}
"""
TARGETS = {
    "armhf": (
        "arm-linux-gnueabihf-gcc -static",
        "qemu-arm {program}",
    ),
    "cortex-m3": (
        "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb --specs=rdimon.specs -T {folder}/board.ld "
        "{folder}/vectors.c",
        "qemu-system-arm -M mps2-an385 -nographic -semihosting -kernel {program}",
    ),
}


@pytest.mark.parametrize("target", TARGETS)
def test_bits_on_other_processors(rng, real, tmp_path, target):
    compiler, runner = TARGETS[target]
    for tool in (compiler.split()[0], runner.split()[0]):
        if shutil.which(tool) is None:
            pytest.skip(f"SKIP: {tool} is not installed")
    net = net_of(rng, [6, 9, 4], real, "gelu", "softmax")
    X = examples(rng, 6, 8, real)
    made = ffnn.to_c(net, tmp_path / "net.c")
    rows = ", ".join("{" + ", ".join(float(x).hex() for x in row) + "}" for row in X.T)
    name = "float" if real is np.float32 else "double"
    main = MAIN.format(real=name, n_x=6, n_y=4, rows=rows)
    (tmp_path / "main.c").write_text(main)
    (tmp_path / "board.ld").write_text(BOARD)
    (tmp_path / "vectors.c").write_text(VECTORS)
    program = tmp_path / "program"
    command = compiler.format(folder=tmp_path).split()
    subprocess.run([*command, "-std=c99", "-O2", tmp_path / "main.c", "-o", program], check=True)
    run = subprocess.run(
        runner.format(program=program).split(), capture_output=True, timeout=120, check=True
    )
    expected = generic(X, made.parameters, tmp_path)
    assert bytes.fromhex(run.stdout.decode().strip()) == expected.T.tobytes()


BOARD = """
ENTRY(_start)
MEMORY { rom (rx) : ORIGIN = 0x00000000, LENGTH = 4M
         ram (rwx) : ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS
{
    .text : { KEEP(*(.vectors)) *(.text*) *(.init) *(.fini) *(.rodata*) } > rom
    .ARM.exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; } > rom
    .data : { *(.data*) *(.init_array*) *(.fini_array*) *(.eh_frame*) *(.jcr) } > ram
    .bss : { __bss_start__ = .; *(.bss*) *(COMMON) __bss_end__ = .; } > ram
    end = .;
    __end__ = .;
    __stack = 0x203ff000;
}
"""
VECTORS = """
extern char __stack[];
extern void _start(void);
__attribute__((section(".vectors"), used)) static void *const vectors[] = {__stack, _start};
"""


# ---- bad input -----------------------------------------------------------------------------------

TAKEN = {
    "a word of C or C++": ("int", "double", "inline", "restrict", "main", "class", "nullptr"),
    "a function of C's library": ("exp", "expf", "fmal", "gamma", "y1", "malloc", "printf"),
    "a macro or a type of C's headers": ("NAN", "size_t", "int8_t", "INT8_MAX", "M_PI", "linux"),
    "kept for compilers": ("_Bool", "_net", "__net"),
}
BAD = [
    *((ValueError, f"name must be an identifier of C, not {name!r}", {"name": name})
      for name in ("", "2nets", "my net", "net-1", "n\u00e9t", "net;", "net\n")),
    *((ValueError, f"name must be free in C, and {name!r} is {owner}", {"name": name})
      for owner, names in TAKEN.items() for name in names),
    (TypeError, "name must be a str, not int", {"name": 3}),
    (ValueError, "weights must be one of 'float32', 'float64', 'int8', 'int16', not 'int4'",
     {"weights": "int4"}),
    (TypeError, "path must be a str or a Path", {"path": 1.5}),
    (ValueError, "hidden_activation", {"hidden_activation": "rleu"}),
    (ValueError, "parameters['W2'] holds nan at row 0, column 3", {"parameters": "nan"}),
    (ValueError, "or a bias is too large for float32, which int8",
     {"parameters": "huge", "weights": "int8"}),
    (ValueError, "layer 1 has no units", {"parameters": "empty"}),
    (TypeError, "parameters must be a dict, not list", {"parameters": []}),
]  # fmt: skip


@pytest.mark.parametrize("error, says, options", BAD)
def test_bad_input_is_refused_and_nothing_written(rng, tmp_path, error, says, options):
    net = dict(net_of(rng, [3, 4, 2], np.float64))
    given = options.get("parameters")
    if given == "nan":
        net["W2"][0, 3] = np.nan
    if given == "huge":
        net["W2"][0, 3] = 1e300
    if given == "empty":
        net["W1"], net["b1"], net["W2"] = np.empty((0, 3)), np.empty((0, 1)), np.empty((2, 0))
    options = {"path": tmp_path / "net.c", **options}
    options["parameters"] = given if given == [] else net
    with pytest.raises(error, match="to_c: .*" + re.escape(says)):
        ffnn.to_c(**options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "weights, says",
    [
        (None, "<C of 20-16-8-1 in float32: 1,924 bytes of weights>"),
        ("float64", "<C of 20-16-8-1 in float64: 3,848 bytes of weights>"),
        ("int8", "<C of 20-16-8-1 in float32: 656 bytes of weights>"),
    ],
)
def test_the_result_shows_itself_in_a_line(rng, weights, says):
    made = ffnn.to_c(net_of(rng, [20, 16, 8, 1], np.float32), weights=weights)
    assert repr(made) == says and len(made) == 5


def test_a_path_that_cannot_be_written(rng, tmp_path):
    path = tmp_path / "no" / "net.c"
    with pytest.raises(FileNotFoundError, match=f"to_c: .*{re.escape(str(path))}"):
        ffnn.to_c(net_of(rng, [3, 2], np.float64), path)


def test_the_build_left_both_types():
    folder = os.path.dirname(sys.modules["ffnn"].__file__)
    for name in ("scalar_float.i", "scalar_double.i"):
        assert os.path.getsize(os.path.join(folder, name)) > 10_000
