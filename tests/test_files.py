"""Saved parameters: what comes back, what damage does, and what a failure leaves behind."""

import builtins
import json
import os
import resource
import struct
import sys
import zipfile

import numpy as np
import pytest

import ffnn

FORMATS = [".npz", ".safetensors"]


@pytest.fixture(params=FORMATS)
def path(request, tmp_path):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"net{request.param}"


def net(rng, real=np.float64):
    return {
        "W1": rng.standard_normal((4, 3)).astype(real),
        "b1": rng.standard_normal((4, 1)).astype(real),
        "W2": rng.standard_normal((1, 4)).astype(real),
        "b2": np.zeros((1, 1), real),
    }


def assert_same(loaded, saved):
    assert list(loaded) == list(saved)
    for name, value in saved.items():
        assert type(loaded[name]) is np.ndarray and loaded[name].dtype == value.dtype
        assert loaded[name].shape == value.shape
        assert loaded[name].tobytes() == value.tobytes()
        assert loaded[name].flags.c_contiguous and loaded[name].flags.writeable


def test_what_is_saved_comes_back(rng, real, path):
    saved = net(rng, real)
    meta = {"epochs": 3, "rate": 0.1, "names": ["even", "gerade", "\u5076"], "more": {"a": None}}
    ffnn.save_parameters(path, saved, **meta)
    loaded, remembered = ffnn.load_parameters(str(path))
    assert_same(loaded, saved)
    assert remembered == meta


def test_any_layout_shape_and_order(rng, path):
    x = rng.standard_normal((6, 8))
    saved = {
        "b": x[:, 1:2], "f": np.asfortranarray(x), "a": x[::-2, ::3], "s": np.float32(3),
        "none": np.empty((0, 5)), "swapped": x.astype(">f8"),
        "read_only": np.broadcast_to(x, (2, 6, 8)),
        "nan": np.array([np.nan, -0.0, np.inf]),
    }  # fmt: skip
    ffnn.save_parameters(path, saved)
    loaded, meta = ffnn.load_parameters(path)
    assert meta == {} and list(loaded) == list(saved)
    for name, value in saved.items():
        assert loaded[name].dtype.isnative
        np.testing.assert_array_equal(loaded[name], value)
        assert (np.signbit(loaded[name]) == np.signbit(value)).all()


def test_numpy_reads_it_too(rng, tmp_path):
    saved = net(rng)
    ffnn.save_parameters(tmp_path / "net.npz", saved)
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        assert set(archive) == {"ffnn", *saved}
        for name, value in saved.items():
            np.testing.assert_array_equal(archive[name], value)


def damaged_or_equal(path, content, saved, meta):
    """Whether nobody noticed; then what comes back must be what was saved."""
    path.write_bytes(content)
    try:
        loaded, remembered = ffnn.load_parameters(path)
    except ValueError as error:
        if str(path) not in str(error):
            raise
        return False
    assert_same(loaded, saved)
    assert remembered == meta
    return True


def test_every_truncation_is_noticed(rng, path):
    saved = net(rng)
    ffnn.save_parameters(path, saved, note="x")
    content = path.read_bytes()
    for length in range(len(content)):
        assert not damaged_or_equal(path, content[:length], saved, {"note": "x"}), length


def test_flipped_bytes_are_noticed(rng, path):
    """Or stand where they mean nothing, as the time in an archive does."""
    saved = net(rng)
    ffnn.save_parameters(path, saved, note="x")
    content = path.read_bytes()
    unnoticed = 0
    for place, flip in zip(rng.integers(0, len(content), 10000), rng.integers(1, 256, 10000)):
        changed = bytearray(content)
        changed[place] ^= flip
        unnoticed += damaged_or_equal(path, bytes(changed), saved, {"note": "x"})
    assert unnoticed < 3000


def test_other_files_are_refused(rng, tmp_path):
    np.savez(tmp_path / "others.npz", **net(rng))
    (tmp_path / "empty.npz").touch()
    pickled = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "pickle.npz", ffnn=pickled)
    np.savez_compressed(tmp_path / "packed.npz", ffnn=np.zeros(10**7))
    for name in "others", "empty", "pickle", "packed":
        with pytest.raises(ValueError, match=f"{name}.npz: damaged, or not written by"):
            ffnn.load_parameters(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        ffnn.load_parameters(tmp_path / "nothing.npz")


def test_a_size_that_is_claimed_takes_no_memory(rng, tmp_path):
    """A terabyte in the header of a small file."""
    path = tmp_path / "net.npz"
    ffnn.save_parameters(path, {"W1": np.zeros((1, 1))})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    line = json.loads(members["ffnn.npy"].split(b"\n", 1)[1])
    line["arrays"][0][2] = [1 << 20, 1 << 17]
    huge = members["W1.npy"].replace(b"(1, 1), }", b"(1048576, 131072), }")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "ffnn.npy", members["ffnn.npy"].split(b"\n")[0] + b"\n" + json.dumps(line).encode()
        )
        archive.writestr("W1.npy", huge)
    with pytest.raises(ValueError, match="damaged"):
        ffnn.load_parameters(path)
    pytest.importorskip("safetensors")
    path = tmp_path / "net.safetensors"
    header = json.dumps({"W1": {"dtype": "F64", "shape": [1 << 37], "data_offsets": [0, 1 << 40]},
                         "__metadata__": {"ffnn": json.dumps(line)}}).encode()  # fmt: skip
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    with pytest.raises(ValueError, match="damaged"):
        ffnn.load_parameters(path)


@pytest.mark.skipif(sys.platform == "darwin", reason="limits of files are not kept there")
@pytest.mark.process
def test_a_full_disk_leaves_what_was_there(rng, path):
    before, limit = net(rng), resource.getrlimit(resource.RLIMIT_FSIZE)
    ffnn.save_parameters(path, before)
    import signal

    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.raises(OSError, match="large"):
            ffnn.save_parameters(path, {"W1": np.zeros((100, 100))})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, old)
    assert_same(ffnn.load_parameters(path)[0], before)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt()])
def test_a_crash_before_the_last_step_changes_nothing(rng, path, monkeypatch, error):
    before = net(rng)
    ffnn.save_parameters(path, before)

    def crash(*_):
        raise error

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(type(error)):
        ffnn.save_parameters(path, {"W1": np.zeros((9, 9))})
    assert_same(ffnn.load_parameters(path)[0], before)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("parameters", "meta", "error", "says"),
    [
        ([1], {}, TypeError, "parameters must be a dict, not list"),
        ({"W1": np.ones((1, 1), int)}, {}, TypeError, r"parameters\['W1'\] has dtype int64"),
        ({"W1": "text"}, {}, TypeError, "has dtype <U4"),
        ({"W1": np.ma.ones((1, 1))}, {}, TypeError, "is a masked array"),
        ({1: np.ones(1)}, {}, TypeError, "has a key 1, which can be no name"),
        ({"ffnn": np.ones(1)}, {}, TypeError, "has a key 'ffnn'"),
        ({}, {"when": object()}, TypeError, "when is nothing that JSON knows"),
        ({}, {"cost": float("nan")}, TypeError, "cost is nothing that JSON knows"),
        ({}, {"note": "x" * 2**20}, ValueError, "the meta takes"),
    ],
)
def test_bad_arguments_write_nothing(path, parameters, meta, error, says):
    with pytest.raises(error, match=says):
        ffnn.save_parameters(path, parameters, **meta)
    assert os.listdir(path.parent) == []


def test_another_suffix_is_refused(rng, tmp_path):
    for name in "net", "net.pkl", "net.NPZ", "npz":
        with pytest.raises(ValueError, match="must end in .npz or .safetensors"):
            ffnn.save_parameters(tmp_path / name, net(rng))
        with pytest.raises(ValueError, match="must end in .npz or .safetensors"):
            ffnn.load_parameters(tmp_path / name)


def test_safetensors_is_an_extra(rng, tmp_path, monkeypatch):
    whole = builtins.__import__

    def without(name, *rest):
        if name.startswith("safetensors"):
            raise ImportError(name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    for module in [name for name in sys.modules if name.startswith("safetensors")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ImportError, match=r"pip install 'ffnn\[files\]'"):
        ffnn.save_parameters(tmp_path / "net.safetensors", net(rng))
    with pytest.raises(ImportError, match=r"pip install 'ffnn\[files\]'"):
        ffnn.load_parameters(tmp_path / "net.safetensors")
    ffnn.save_parameters(tmp_path / "net.npz", net(rng))
