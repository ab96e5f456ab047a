"""A net as one C99 file, whose arithmetic is that of the generic instruction set, to the bit.

The functions come from scalar_float.i and scalar_double.i, which the build makes of the templates
that run (csrc/isa/scalar.h); only those that the net needs are written out.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._c_names import check_c_name
from ffnn._checks import choose, suggest_keywords
from ffnn._export import Layer, briefly, check_path, described, knowing, take_layers, write_file

__all__ = ["CSource", "to_c"]

_TYPES = {"float32": ("float", "f"), "float64": ("double", "")}  # C's name, a literal's suffix
_INTEGERS = {"int8": 127, "int16": 32767}
_LINE = 100

_TOP = """\
/* {name} - {net}, made by ffnn {version}.
 *
 *   void {name}(const {real} x[{n_x}], {real} y[{n_y}])
 *
 * computes the output y for one example x, which do not overlap. It is reentrant, takes {stack}
 * bytes of the stack for its activations, and calls no function of a library: of the standard
 * headers it has types and the macros INFINITY and NAN. The weights take {bytes} bytes.{errors}
 *
 * In IEEE arithmetic whose products and sums are rounded one by one the bits are those of ffnn with
 * FFNN_ISA=generic. Compile with -std=c99 or -ffp-contract=off.
 */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#if defined __FAST_MATH__ || {excess}
#error "{name}: -ffast-math and excess precision (x87: -msse2 -mfpmath=sse) change the results"
#endif
#if defined __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined __GNUC__ && !defined __STRICT_ANSI__
#pragma GCC optimize("fp-contract=off")
#endif
"""
_EXCESS = {
    "float": "FLT_EVAL_METHOD < 0 || FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2",
    "double": "FLT_EVAL_METHOD < 0 || FLT_EVAL_METHOD == 2",
}
_DENSE = """\
/* y = W x + b. W stands transposed, so that the sums run side by side, each in the order of depth:
 * four steps of it while a sum is at hand, then the rest. */
static void {name}_dense(ptrdiff_t n_prev, ptrdiff_t n, const {kind} *restrict w,{scales}
                  const {real} *restrict b, const {real} *restrict x, {real} *restrict y)
{{
    for (ptrdiff_t i = 0; i < n; i++) y[i] = b[i];
    for (ptrdiff_t four = n_prev / 4; four > 0; four--, x += 4, w += 4 * n)
        for (ptrdiff_t i = 0; i < n; i++) {{
            {real} sum = {first} * x[0] + y[i];
            sum = {second} * x[1] + sum;
            sum = {third} * x[2] + sum;
            y[i] = {fourth} * x[3] + sum;
        }}
    for (ptrdiff_t one = n_prev % 4; one > 0; one--, x++, w += n)
        for (ptrdiff_t i = 0; i < n; i++) y[i] = {first} * x[0] + y[i];
}}
"""
_PLACES = {"first": "i", "second": "n + i", "third": "2 * n + i", "fourth": "3 * n + i"}


class CSource(NamedTuple):
    """What to_c made: the file's text, the net that it computes, and what that costs."""

    text: str
    parameters: dict[str, Any]
    weight_bytes: int
    stack_bytes: int
    weight_errors: tuple[float, ...]

    def __repr__(self) -> str:
        sizes = [W.shape for name, W in self.parameters.items() if name.startswith("W")]
        net = "-".join(str(n) for n in (sizes[0][1], *(n for n, _ in sizes)))
        real = self.parameters["b1"].dtype
        return f"<C of {net} in {real}: {self.weight_bytes:,} bytes of weights>"


@suggest_keywords
def to_c(
    parameters: dict[str, Any],
    path: str | os.PathLike[str] | None = None,
    *,
    name: str = "net",
    weights: str | None = None,
    hidden_activation: Any = None,
    output_activation: str | None = None,
) -> CSource:
    """Return a net as the text of one C99 file, and write it where there is a path.

    =================  =================  ================================================
    parameters         dict               W1, b1, ..., WL, bL
    path               str, Path or None  of the file
    name               str                of the function in C; default "net"
    weights            str or None        "float32", "float64"; "int16" or "int8" with a
                                          scale for each unit, computed in float32. None,
                                          the default: as the arrays are
    hidden_activation  str or list        as in L_model_forward: None, the default, is what
                                          the parameters know, else "relu"
    output_activation  str                likewise, else "sigmoid"
    =================  =================  ================================================

    The result has five fields:

    =============  ======  =======================================================
    text           str     what the file holds: void net(const float *x, float *y)
                           for one example
    parameters     dict    the very net that it computes, its weights rounded
    weight_bytes   int     of all weights, biases and scales
    stack_bytes    int     of the activations, on the stack
    weight_errors  tuple   the largest |W - rounded W| of each layer: at most 1/254
                           of a unit's largest weight for int8, 1/65534 for int16
    =============  ======  =======================================================

    The file needs no library, takes no heap, and compiles without a warning under GCC's and clang's
    -std=c99 -Wall -Wextra -pedantic. Its results are those of predict_proba(x, result.parameters)
    with FFNN_ISA=generic, to the bit, on any machine with IEEE arithmetic; that is how the cost of
    rounded weights is measured, too. With relu and softmax the code takes less than 1 KB (-Os).

    ValueError for a name that C does not allow or has taken (exp, main), for numbers that are not
    finite, and for a layer without units; all before anything is written. The file is put there in
    one step. Further errors are those of L_model_forward; OSError as the system gives it.

    >>> import numpy as np, ffnn
    >>> made = ffnn.to_c({"W1": np.array([[1.0, 2.0]]), "b1": np.array([[0.5]])}, weights="int8")
    >>> made.weight_bytes, made.weight_errors[0] < 1 / 127
    (10, True)
    >>> "void net(const float *x, float *y)" in made.text
    True
    """
    place = None if path is None else check_path("to_c", path)
    name = check_c_name("to_c", name)
    layers = take_layers("to_c", parameters, hidden_activation, output_activation)
    kind = layers[0].W.dtype.name
    if weights is not None:
        kind = choose("to_c", "weights", weights, (*_TYPES, *_INTEGERS))
    made = _Writer(layers, name, kind).made()
    if place is not None:
        write_file("to_c", place, made.text.encode())
    return made


class _Writer:
    """The parts of the file for weights of that kind."""

    def __init__(self, layers: list[Layer], name: str, kind: str) -> None:
        self.layers, self.name, self.kind = layers, name, kind
        self.dtype = np.dtype("float64" if kind == "float64" else "float32")
        self.real, self.suffix = _TYPES[self.dtype.name]
        self.is_scaled = kind in _INTEGERS
        self.held = [self.rounded(one.W) for one in layers]

    def rounded(self, W: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The weights as they are held, the units' scales, and the weights that these make."""
        if not self.is_scaled:
            exact = self.narrow(W)
            return exact, np.empty(0), exact
        most = _INTEGERS[self.kind]
        scales = self.narrow(np.abs(W).max(axis=1) / most)
        whole = np.divide(W, scales[:, None], out=np.zeros(W.shape), where=scales[:, None] > 0)
        whole = np.clip(np.rint(whole), -most, most).astype(self.kind)
        return whole, scales, scales[:, None] * whole.astype(np.float32)

    def narrow(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array in the type that the file computes in."""
        with np.errstate(over="ignore"):
            result = array.astype(self.dtype)
        if not np.isfinite(result).all():
            raise ValueError(
                f"to_c: a weight or a bias is too large for float32, which {self.kind} computes in"
            )
        return result

    def made(self) -> CSource:
        from ffnn import __version__

        biases = [self.narrow(one.b) for one in self.layers]
        parameters: dict[str, Any] = {}
        size, errors = 0, []
        for number, (one, (held, scales, W), b) in enumerate(
            zip(self.layers, self.held, biases, strict=True), 1
        ):
            parameters[f"W{number}"], parameters[f"b{number}"] = W, b[:, None]
            size += held.nbytes + b.nbytes + (scales.nbytes if self.is_scaled else 0)
            errors.append(float(np.abs(one.W - W.astype(np.float64)).max()))
        widths = [len(one.b) for one in self.layers[:-1]]
        buffers = [max(widths[i::2], default=0) for i in (0, 1)]
        stack = sum(buffers) * self.dtype.itemsize
        told = ", ".join(f"{error:.2g} in W{i}" for i, error in enumerate(errors, 1))
        top = _TOP.format(
            name=self.name,
            net=f"{described(self.layers)}, of {self.real} with {self.kind} weights",
            version=__version__,
            real=self.real,
            n_x=self.layers[0].W.shape[1],
            n_y=len(biases[-1]),
            stack=stack,
            bytes=size,
            errors=f" Rounding\n * changed them by at most {told}." if any(errors) else "",
            excess=_EXCESS[self.real],
        )
        text = "\n".join([top, *self.functions(), self.dense(), *self.arrays(biases)])
        text += "\n" + self.function(buffers)
        net = knowing(parameters, *briefly([one.activation for one in self.layers]))
        return CSource(text, net, size, stack, tuple(errors))

    def functions(self) -> list[str]:
        """The functions of the activations, and all that these need, in the order of the file."""
        names = {one.activation for one in self.layers} - {"linear"}
        wanted = {
            "ffnn_softmax_columns" if name == "softmax" else f"ffnn_{name}_value" for name in names
        }
        place = os.path.join(os.path.dirname(__file__), f"scalar_{self.real}.i")
        with open(place, encoding="utf-8") as file:
            pieces = _pieces(file.read())
        used: set[str] = set()
        while wanted:
            used |= wanted
            words = {word for name in wanted for word in re.findall(r"\w+", pieces[name])}
            wanted = (words & pieces.keys()) - used
        found = [text for name, text in pieces.items() if name in used]
        return [re.sub(r"\bffnn_", f"{self.name}_", text) for text in found]

    def dense(self) -> str:
        weight = f"(s[i] * ({self.real})w[{{}}])" if self.is_scaled else "w[{}]"
        return _DENSE.format(
            name=self.name,
            real=self.real,
            kind=f"{self.kind}_t" if self.is_scaled else self.real,
            scales=f" const {self.real} *restrict s," if self.is_scaled else "",
            **{word: weight.format(place) for word, place in _PLACES.items()},
        )

    def arrays(self, biases: list[NDArray[Any]]) -> list[str]:
        texts = []
        for number, ((held, scales, _), b) in enumerate(zip(self.held, biases, strict=True), 1):
            n, n_prev = held.shape
            texts.append(f"/* {n_prev} rows of {n} */")
            if self.is_scaled:
                numbers = [str(x) for x in held.T.ravel().tolist()]
                texts.append(self.array(f"{self.kind}_t", f"W{number}", numbers))
                texts.append(self.array(self.real, f"s{number}", self.literals(scales)))
            else:
                texts.append(self.array(self.real, f"W{number}", self.literals(held.T)))
            texts.append(self.array(self.real, f"b{number}", self.literals(b)))
        return texts

    def literals(self, array: NDArray[Any]) -> list[str]:
        return [_hex(x) + self.suffix for x in array.ravel().tolist()]

    def array(self, kind: str, name: str, numbers: list[str]) -> str:
        lines = [f"static const {kind} {self.name}_{name}[{len(numbers)}] = {{", "   "]
        for number in numbers:
            if len(lines[-1]) + len(number) + 2 > _LINE:
                lines.append("   ")
            lines[-1] += f" {number},"
        return "\n".join([*lines, "};", ""])

    def function(self, buffers: list[int]) -> str:
        """The one that others call."""
        real, name = self.real, self.name
        head = f"void {name}(const {real} *x, {real} *y)"
        lines = [f"{head};", "", head, "{"]
        lines += [f"    {real} {a}[{n}];" for a, n in zip("ac", buffers) if n]
        source = "x"
        for number, one in enumerate(self.layers, 1):
            n, n_prev = one.W.shape
            to = "y" if number == len(self.layers) else "ac"[(number - 1) % 2]
            scales = f", {name}_s{number}" if self.is_scaled else ""
            lines.append(
                f"    {name}_dense({n_prev}, {n}, {name}_W{number}{scales}, {name}_b{number}, "
                f"{source}, {to});"
            )
            if one.activation == "softmax":
                lines.append(f"    {name}_softmax_columns({n}, 1, {to}, 1, {to}, 1);")
            elif one.activation != "linear":
                value = f"{name}_{one.activation}_value({to}[i])"
                lines.append(f"    for (ptrdiff_t i = 0; i < {n}; i++) {to}[i] = {value};")
            source = to
        return "\n".join([*lines, "}", ""])


def _hex(x: float) -> str:
    """As short as it is exact: 0x1.8p-3."""
    return re.sub(r"\.?0*p\+?", "p", x.hex())


def _pieces(text: str) -> dict[str, str]:
    """The definitions of an expanded file by their names: functions, arrays, types."""
    pieces, depth, first = {}, 0, 0
    for found in re.finditer(r"[{};]", text):
        depth += {"{": 1, "}": -1, ";": 0}[found[0]]
        behind = text[found.end() :].lstrip()
        # A function ends at its brace, all else at a semicolon.
        if depth == 0 and not (found[0] == "}" and re.match(r"\w+;|;", behind)):
            piece = text[first : found.end()].strip() + "\n"
            first = found.end()
            head = re.search(
                r"(\w+)\s*[(\[]|}\s*(\w+);", re.sub(r"typedef union {[^}]*", "", piece)
            )
            if head:
                pieces[head[1] or head[2]] = piece
    return pieces
