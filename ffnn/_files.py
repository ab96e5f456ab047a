"""Parameters in .npz or .safetensors files, written atomically and checked when read.

Beside the arrays stands one line of JSON: their names in order, types and shapes, the caller's
metadata, the places of its arrays, and a SHA-256 of all of it. A file is read only as far as that
line says, and only if every byte agrees with that line; nothing in it is ever executed. Slow
imports wait for the first call that needs them.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import check_no_estimator, suggest_keywords
from ffnn._file_meta import TYPES, put_together, take_apart
from ffnn._initializers import Parameters
from ffnn._parameters import NET, NetParameters

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load", "load_parameters", "replace_file", "save", "save_parameters"]

_FORMAT = 1
_META = "ffnn"  # the key of the JSON line in both formats
_OF_META = "meta/"  # begins the name of an array from the metadata; no parameter's can
_MOST_META = 1 << 20

Arrays = dict[str, NDArray[Any]]


def save_parameters(
    path: str | os.PathLike[str], parameters: Mapping[str, Any], **meta: Any
) -> None:
    """Write parameters and metadata to a file.

    ==========  ==============  ========================================================
    path        str or Path     ends in .npz or .safetensors (pip install 'ffnn[files]')
    parameters  dict            str to arrays of float32 or float64, any shape: W1, b1, ...;
                                the activations that it knows are kept
    meta        by keyword      None, bool, int, float, str, NumPy's scalars, arrays of
                                booleans, integers or floats; lists and dicts of these, an
                                optimizer_state among them, 64 levels deep
    ==========  ==============  ========================================================

    The file is written beside its place and put there in one step: after a full disk or a crash
    the old file is there still; where path is a link, it stays one. ValueError for another
    suffix, for a meta of more than a megabyte beside its arrays and for an activation as one that
    the parameters do not know (a NetParameters does), TypeError for a name, an array
    or a value of another kind, all before anything is written; OSError as the system gives it.
    np.load reads an .npz, too. save_checkpoint keeps a run that is to go on.

    >>> import numpy as np, ffnn, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.npz")
    >>> net = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    >>> ffnn.save_parameters(path, net, epochs=3, mean=np.array([0.5, 2.0]))
    >>> parameters, meta = ffnn.load_parameters(path)
    >>> parameters["W1"], meta
    (array([[1., 1.]]), {'epochs': 3, 'mean': array([0.5, 2. ])})
    """
    for name in NET:
        if name in meta and getattr(parameters, name, None) != meta[name]:
            raise ValueError(
                f"save_parameters: {name} belongs to the net, not to its metadata: pass "
                f"NetParameters(parameters, {name}={meta[name]!r})"
            )
    save("save_parameters", path, parameters, meta)


@suggest_keywords
def load_parameters(path: str | os.PathLike[str]) -> tuple[Parameters, dict[str, Any]]:
    """Read what save_parameters wrote: the parameters in their order, and the meta.

    The arrays are new, in C order and of the type they had; tuples in the meta have become lists,
    NumPy's scalars Python's.
    Parameters that knew their net's activations (see ffnn.NetParameters) know them again.
    ValueError, which names the file, for one that is damaged, cut short or no such file at all;
    OSError as the system gives it. Memory is taken by the length of the file, a few times at most,
    whatever sizes it claims.

    >>> import ffnn
    >>> ffnn.load_parameters("net.txt")
    Traceback (most recent call last):
        ...
    ValueError: load_parameters: net.txt: the name must end in .npz or .safetensors
    """
    return load("load_parameters", path)


def save(function: str, path: Any, parameters: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    """Write parameters and metadata to a file, in the name of `function`."""
    place = _checked_place(function, path)
    checked = _checked_arrays(function, parameters)
    line, arrays = _checked_line(function, checked, meta, _known(parameters))
    write = _npz if place.suffix == ".npz" else _tensors
    replace_file(place, write(arrays, line))


def load(function: str, path: Any) -> tuple[Parameters, dict[str, Any]]:
    """Read what `save` wrote, in the name of `function`."""
    place = _checked_place(function, path)
    content = place.read_bytes()
    try:
        read = _read_npz if place.suffix == ".npz" else _read_safetensors
        return read(content)
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # whatever a parser says of damaged bytes
        raise ValueError(
            f"{function}: {place}: damaged, or not written by {function.replace('load', 'save')} "
            f"({error})"
        ) from error


# ---- writing -------------------------------------------------------------------------------------


def _checked_place(function: str, path: Any) -> Path:
    """The path, of a format that there is and that can be written here."""
    from pathlib import Path

    try:
        place = Path(os.fsdecode(path))
    except TypeError:
        order = "; the path comes first, then the parameters" if isinstance(path, Mapping) else ""
        raise TypeError(
            f"{function}: path must be a str or a Path, not {type(path).__name__}{order}"
        ) from None
    if place.suffix not in (".npz", ".safetensors"):
        raise ValueError(f"{function}: {place}: the name must end in .npz or .safetensors")
    if place.suffix == ".safetensors":
        _safetensors(function)
    return place


def _safetensors(function: str) -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            f"{function}: .safetensors needs safetensors: pip install 'ffnn[files]'"
        ) from error
    return safetensors


def _checked_arrays(function: str, parameters: Mapping[str, Any]) -> Arrays:
    check_no_estimator(function, parameters)
    if not isinstance(parameters, Mapping):
        raise TypeError(f"{function}: parameters must be a dict, not {type(parameters).__name__}")
    arrays = {}
    for name, value in parameters.items():
        if not isinstance(name, str) or not _can_be_a_name(name):
            raise TypeError(f"{function}: parameters has a key {name!r}, which can be no name")
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{function}: parameters[{name!r}] is a masked array")
        array = np.asarray(value)
        if array.dtype.name not in ("float32", "float64"):
            raise TypeError(
                f"{function}: parameters[{name!r}] has dtype {array.dtype}, expected float32 or "
                "float64"
            )
        arrays[name] = np.asarray(array, dtype=TYPES[array.dtype.name], order="C")
    return arrays


def _can_be_a_name(name: str) -> bool:
    """Whether a name may stand in either format, beside the metadata."""
    free = name not in ("", _META, "__metadata__") and not {"/", "\0"} & set(name)
    return free and not any("\ud800" <= letter <= "\udfff" for letter in name)


def _known(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What beside the arrays a net knows, as the line holds it: nothing of a plain dict."""
    if not isinstance(parameters, NetParameters):
        return {}
    return {"net": {name: getattr(parameters, name) for name in NET}}


def _checked_line(
    function: str, parameters: Arrays, meta: Mapping[str, Any], known: dict[str, Any]
) -> tuple[str, Arrays]:
    """The JSON line, and all arrays that the file will hold."""
    import json

    try:
        plain, places, found = take_apart(meta)
    except TypeError as error:
        raise TypeError(f"{function}: {error}") from None
    arrays = {**parameters, **{f"{_OF_META}{i}": array for i, array in enumerate(found)}}
    content: dict[str, Any] = {
        "format": _FORMAT,
        "arrays": [[name, x.dtype.name, list(x.shape)] for name, x in arrays.items()],
        "meta": plain,
        **known,
    }
    if places:
        content["places"] = places
    line = json.dumps({**content, "sha256": _digest(content, arrays)})
    if len(line) > _MOST_META:
        raise ValueError(f"{function}: the meta takes {len(line)} bytes, {_MOST_META} at most")
    return line, arrays


def _digest(content: dict[str, Any], arrays: Arrays) -> str:
    import hashlib
    import json

    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for array in arrays.values():
        digest.update(array.data)
    return digest.hexdigest()


def _npz(arrays: Arrays, line: str) -> bytes:
    import zipfile

    file = io.BytesIO()
    text = np.frombuffer(line.encode(), np.uint8)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in ((_META, text), *arrays.items()):
            member = _npy_header(array.dtype, array.shape) + array.tobytes()
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member)
    return file.getvalue()


def _npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype.str, "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def _tensors(arrays: Arrays, line: str) -> bytes:
    safetensors = _safetensors("save_parameters")
    content: bytes = safetensors.numpy.save(arrays, metadata={_META: line})
    return content


def replace_file(place: Path, content: bytes) -> None:
    """Write a file beside its place and put it there in one step."""
    import secrets
    from pathlib import Path

    place = Path(os.path.realpath(place))
    beside = place.with_name(f".ffnn-{secrets.token_hex(8)}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except FileNotFoundError as error:
        raise FileNotFoundError(error.errno, "there is no such folder", str(place.parent)) from None
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


# ---- reading -------------------------------------------------------------------------------------


def _read_npz(content: bytes) -> tuple[Parameters, dict[str, Any]]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # Compressed members, or some that share their bytes, could grow without bounds.
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("it is compressed")
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("its members are larger than itself")
        text = archive.read(f"{_META}.npy")
        # A header is compared with the expected one, never parsed.
        about = _parse(text[text.index(b"\n") + 1 :].decode())
        names = [f"{_META}.npy", *(f"{name}.npy" for name, _, _ in about["arrays"])]
        if [member.filename for member in members] != names:
            raise ValueError("it holds other arrays than it lists")
        arrays = {}
        for name, dtype, shape in about["arrays"]:
            member, header = archive.read(f"{name}.npy"), _npy_header(dtype, shape)
            if not member.startswith(header):
                raise ValueError(f"{name} has another header")
            # A copy, which can be written to.
            arrays[name] = np.frombuffer(member, dtype, offset=len(header)).reshape(shape).copy()
    return _verified(about, arrays)


def _read_safetensors(content: bytes) -> tuple[Parameters, dict[str, Any]]:
    import json

    safetensors = _safetensors("load_parameters")
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    about = _parse(header.pop("__metadata__")[_META])
    if sorted(header) != sorted(name for name, _, _ in about["arrays"]):
        raise ValueError("it holds other arrays than it lists")
    tensors = safetensors.numpy.load(content)
    arrays = {}
    for name, dtype, shape in about["arrays"]:
        arrays[name] = tensors[name]
        if arrays[name].dtype != dtype or arrays[name].shape != shape:
            raise ValueError(f"{name} has another type or shape")
    return _verified(about, arrays)


def _parse(line: str) -> dict[str, Any]:
    """The JSON line, its types and shapes as NumPy has them."""
    import json

    content: dict[str, Any] = json.loads(line)
    if content["format"] != _FORMAT:
        raise ValueError(f"format {content['format']} is not known")
    arrays = [(name, TYPES[dtype], tuple(shape)) for name, dtype, shape in content["arrays"]]
    return {"content": content, "arrays": arrays}


def _verified(about: dict[str, Any], arrays: Arrays) -> tuple[Parameters, dict[str, Any]]:
    content = {name: value for name, value in about["content"].items() if name != "sha256"}
    if _digest(content, arrays) != about["content"]["sha256"]:
        raise ValueError("the checksum is another")
    for name, array in arrays.items():
        if array.dtype == bool and (array.view(np.uint8) > 1).any():
            raise ValueError(f"{name} holds what is neither True nor False")
    parameters = {name: array for name, array in arrays.items() if not name.startswith(_OF_META)}
    of_meta = [array for name, array in arrays.items() if name.startswith(_OF_META)]
    put_together(content["meta"], content.get("places", []), of_meta)
    if "net" in content:
        parameters = NetParameters(parameters, **{name: content["net"][name] for name in NET})
    return parameters, content["meta"]
