"""Saved parameters: what comes back, what damage does, and what a failure leaves behind."""

import builtins
import json
import os
import resource
import struct
import sys
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

import ffnn

pytestmark = pytest.mark.once

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


def test_meta_as_deep_as_may_be(tmp_path):
    ffnn.save_parameters(tmp_path / "net.npz", {}, deep=nested(63))
    assert ffnn.load_parameters(tmp_path / "net.npz")[1] == {"deep": nested(63)}


def test_numpy_reads_it_too(rng, tmp_path):
    saved = net(rng)
    ffnn.save_parameters(tmp_path / "net.npz", saved)
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        assert set(archive) == {"ffnn", *saved}
        for name, value in saved.items():
            np.testing.assert_array_equal(archive[name], value)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


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


@pytest.mark.parametrize("flips", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_flipped_bytes_are_noticed(rng, path, flips):
    """Or stand where they mean nothing, as the time in an archive does."""
    saved = net(rng)
    ffnn.save_parameters(path, saved, note="x")
    content = path.read_bytes()
    unnoticed = 0
    for place, flip in zip(rng.integers(0, len(content), flips), rng.integers(1, 256, flips)):
        changed = bytearray(content)
        changed[place] ^= flip
        unnoticed += damaged_or_equal(path, bytes(changed), saved, {"note": "x"})
    assert unnoticed < 0.3 * flips


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


@pytest.mark.parametrize("name", ["hidden_activation", "output_activation"])
def test_an_activation_is_no_metadata(rng, tmp_path, name):
    """As one it would be forgotten by whoever loads the net."""
    path = tmp_path / "net.npz"
    message = (
        rf"save_parameters: {name} belongs .*: pass NetParameters\(parameters, {name}='tanh'\)"
    )
    with pytest.raises(ValueError, match=message):
        ffnn.save_parameters(path, net(rng), **{name: "tanh"})
    assert not path.exists()


def test_a_folder_that_is_not_there(rng, tmp_path):
    path = tmp_path / "nowhere" / "net.npz"
    with pytest.raises(FileNotFoundError, match="there is no such folder: .*nowhere'$"):
        ffnn.save_parameters(path, net(rng))


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


def overlapping(members, size):
    """An archive in which each member holds all that come after it."""
    content, entries = bytes(size), []
    for i in range(members):
        name, crc = f"{i:06}.npy".encode(), zlib.crc32(content)
        about = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, *[len(content)] * 2, len(name), 0)
        content = struct.pack("<I", 0x04034B50) + about + name + content
        entries.append((about, name, len(content)))
    directory = b"".join(
        struct.pack("<IH", 0x02014B50, 20)
        + about
        + struct.pack("<HHHII", 0, 0, 0, 0, len(content) - length)
        + name
        for about, name, length in entries
    )
    ends = members, members, len(directory), len(content), 0
    return content + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *ends)


def test_members_that_share_their_bytes_take_no_memory(tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(overlapping(200, 1 << 18))
    with zipfile.ZipFile(path) as archive:
        assert sum(info.file_size for info in archive.infolist()) > 200 << 18
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="damaged.*larger than itself"):
            ffnn.load_parameters(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * path.stat().st_size
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_the_file(path):
    parameters = {"W1": np.ones((500, 1000))}
    ffnn.save_parameters(path, parameters)
    ffnn.load_parameters(path)
    tracemalloc.start()
    try:
        ffnn.load_parameters(path)
        assert tracemalloc.get_traced_memory()[1] < 3.2 * path.stat().st_size
    finally:
        tracemalloc.stop()


def test_a_link_stays_one(rng, path):
    saved, target = net(rng), path.with_name("target" + path.suffix)
    path.symlink_to(target)
    ffnn.save_parameters(path, saved)
    assert path.is_symlink() and not target.is_symlink()
    assert_same(ffnn.load_parameters(target)[0], saved)


def test_a_name_may_be_as_long_as_the_system_has_it(rng, path):
    longest = path.with_name("n" * (255 - len(path.suffix)) + path.suffix)
    ffnn.save_parameters(longest, net(rng))
    assert os.listdir(path.parent) == [longest.name]


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


def test_the_bytes_are_on_the_disk_before_they_have_the_name(path, monkeypatch):
    """Else a power failure may leave the name to an empty file."""
    events, sync, replace = [], os.fsync, os.replace

    def synced(descriptor):
        events.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", lambda *names: events.append("named") or replace(*names))
    ffnn.save_parameters(path, {"W1": np.zeros((9, 9))})
    assert events == [path.stat().st_size, "named"]


def test_two_may_save_into_one_folder(path, monkeypatch):
    other, replace = path.with_stem("other"), os.replace

    def replace_meanwhile(*names):
        monkeypatch.undo()
        ffnn.save_parameters(other, {"W1": np.ones((2, 2))})
        replace(*names)

    monkeypatch.setattr(os, "replace", replace_meanwhile)
    ffnn.save_parameters(path, {"W1": np.zeros((9, 9))})
    assert_same(ffnn.load_parameters(path)[0], {"W1": np.zeros((9, 9))})
    assert_same(ffnn.load_parameters(other)[0], {"W1": np.ones((2, 2))})
    assert sorted(os.listdir(path.parent)) == sorted([path.name, other.name])


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
        ({"__metadata__": np.ones(1)}, {}, TypeError, "has a key '__metadata__'"),
        ({"a/b": np.ones(1)}, {}, TypeError, "has a key 'a/b'"),
        ({"\ud800": np.ones(1)}, {}, TypeError, "which can be no name"),
        ({}, {"sizes": {1: 2, "1": 3}}, TypeError, "sizes has a key 1, expected a str"),
        ({}, {"runs": [{"a": {None: 2}}]}, TypeError, r"runs\[0\]\['a'\] has a key None"),
        ({}, {"deep": nested(64)}, TypeError, "deep has no form in JSON: nested more"),
        ({}, {"deep": nested(5000)}, TypeError, "nested more than 64 levels deep"),
        ({}, {"when": object()}, TypeError, "when has no form in JSON"),
        ({}, {"rate": 1j}, TypeError, "rate has no form in JSON: rate is of type complex"),
        ({}, {"note": "x" * 2**20}, ValueError, "the meta takes"),
    ],
)
def test_bad_arguments_write_nothing(path, parameters, meta, error, says):
    with pytest.raises(error, match=says):
        ffnn.save_parameters(path, parameters, **meta)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("function", ["parameters", "checkpoint"])
def test_arguments_in_another_order(rng, path, function):
    more = {"history": {"optimizer_state": {}}} if function == "checkpoint" else {}
    save, load = (getattr(ffnn, f"{verb}_{function}") for verb in ("save", "load"))
    says = f"^save_{function}: path must be a str or a Path, not dict; the path comes first"
    with pytest.raises(TypeError, match=says):
        save(net(rng), str(path), **more)
    for wrong in None, 3, [str(path)]:
        says = f"_{function}: path must be a str or a Path, not {type(wrong).__name__}$"
        with pytest.raises(TypeError, match="^save" + says):
            save(wrong, net(rng), **more)
        with pytest.raises(TypeError, match="^load" + says):
            load(wrong)
    with pytest.raises(TypeError, match=f"^save_{function}: parameters must be a dict, not str"):
        save(path, str(path), **more)
    assert os.listdir(path.parent) == []


def test_another_suffix_is_refused(rng, tmp_path):
    for name in "net", "net.pkl", "net.NPZ", "npz":
        with pytest.raises(ValueError, match="must end in .npz or .safetensors"):
            ffnn.save_parameters(tmp_path / name, net(rng))
        with pytest.raises(ValueError, match="must end in .npz or .safetensors"):
            ffnn.load_parameters(tmp_path / name)


def test_too_little_memory_is_no_damage(rng, path, monkeypatch):
    def fail(content):
        raise MemoryError

    ffnn.save_parameters(path, net(rng))
    monkeypatch.setattr(ffnn._files, "_read_npz", fail)
    monkeypatch.setattr(ffnn._files, "_read_safetensors", fail)
    with pytest.raises(MemoryError):
        ffnn.load_parameters(path)


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
