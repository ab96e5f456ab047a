"""Files whose damage no sum of their own format shows: the error says what is wrong."""

import json
import zipfile

import numpy as np
import pytest

import ffnn

pytestmark = pytest.mark.once

DAMAGE = {
    "it is compressed": {},
    "it holds other arrays than it lists": {"W9.npy": lambda _: b""},
    "W1 has another header": {"W1.npy": lambda old: old.replace(b"False, ", b"True,  ")},
    "format 9 is not known": {"ffnn.npy": lambda old: old.replace(b'"format": 1', b'"format": 9')},
    "the checksum is another": {"W1.npy": lambda old: old[:-1] + bytes([old[-1] ^ 1])},
}


@pytest.mark.parametrize("says", DAMAGE)
def test_damage_that_an_archive_does_not_know_of(tmp_path, says):
    path = tmp_path / "net.npz"
    ffnn.save_parameters(path, {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1))})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, change in DAMAGE[says].items():
        changed = change(members.get(name))
        assert changed != members.get(name)
        members[name] = changed
    kind = zipfile.ZIP_STORED if DAMAGE[says] else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=f"damaged.*{says}"):
        ffnn.load_parameters(path)


@pytest.mark.parametrize(
    ("says", "tensors"),
    [
        ("it holds other arrays than it lists", {"W2": np.ones((2, 2))}),
        ("W1 has another type or shape", {"W1": np.ones((4, 1))}),
        ("W1 has another type or shape", {"W1": np.ones((2, 4), np.float32)}),
        ("the checksum is another", {"W1": np.zeros((2, 2))}),
    ],
)
def test_damage_that_safetensors_does_not_know_of(tmp_path, says, tensors):
    numpy_form = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "net.safetensors"
    ffnn.save_parameters(path, {"W1": np.ones((2, 2))})
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    path.write_bytes(numpy_form.save(tensors, metadata=header["__metadata__"]))
    with pytest.raises(ValueError, match=f"damaged.*{says}"):
        ffnn.load_parameters(path)
