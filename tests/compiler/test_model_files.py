"""Inputs and outputs of `ppu run`: files of numpy."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from ppu_sim.compiler.files import arrays_of, check_output, save

X = np.arange(6, dtype=np.int8).reshape(2, 3)


@pytest.fixture
def file(tmp_path):
    """With a "=" in its path."""
    folder = tmp_path / "a=b"
    folder.mkdir()
    np.save(folder / "x.npy", X)
    return folder / "x.npy"


@pytest.mark.parametrize(("prefix", "names"), [
    ("", ["x"]), ("x=", ["x"]), ("x=", ["w", "x"]), ("a=b=", ["a", "a=b"]), ("", [""])])
def test_inputs(file, prefix, names):
    others = [f"{name}={file}" for name in names if len(names) > 1 and f"{name}=" != prefix]
    found = arrays_of([f"{prefix}{file}", *others], names)
    assert found.keys() == set(names)
    assert all(np.array_equal(array, X) for array in found.values())


@pytest.mark.parametrize(("texts", "names"), [
    (["{file}"], ["x", "y"]), (["{file}", "{file}"], ["x"]),
    (["z={file}", "x={file}"], ["x", "y"])])
def test_inputs_of_which_the_name_is_missing(file, texts, names):
    with pytest.raises(ValueError, match=r"^give NAME=FILE for each of the inputs x"):
        arrays_of([text.format(file=file) for text in texts], names)


@pytest.mark.parametrize("kind", ["empty", "cut off", "objects", "text", "archive"])
def test_files_that_are_no_array(tmp_path, kind):
    file = tmp_path / "x.npy"
    if kind == "objects":
        np.save(file, np.array([None]))
    elif kind == "archive":
        with open(file, "wb") as made:
            np.savez(made, x=X)
    else:
        np.save(file, X)
        whole = file.read_bytes()
        file.write_bytes({"empty": b"", "cut off": whole[:-3], "text": b"1 2 3\n"}[kind])
    message = r"x\.npy (is no \.npy file of numbers: |must be a)"
    with pytest.raises(ValueError, match=message) as told:
        arrays_of([str(file)], ["x"])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("name", "outputs", "error", "message"), [
    ("y.txt", 1, ValueError, r"must be a \.npy or \.npz"),
    ("y.npy", 2, ValueError, "2 outputs need"),
    ("none/y.npy", 1, FileNotFoundError, "there is no folder")])
def test_outputs_that_cannot_be_written(tmp_path, name, outputs, error, message):
    with pytest.raises(error, match=message):
        check_output(tmp_path / name, SimpleNamespace(outputs=range(outputs)))


def test_outputs(tmp_path):
    before = os.umask(0o027)
    try:
        save(tmp_path / "y.npz", {"file": X, "a/b": X + 1})
        save(tmp_path / "y.npy", {"y": X})
    finally:
        os.umask(before)
    with np.load(tmp_path / "y.npz") as found:
        assert set(found) == {"file", "a_b"} and np.array_equal(found["a_b"], X + 1)
    assert np.array_equal(np.load(tmp_path / "y.npy"), X)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o640}


def test_an_output_that_fails_leaves_what_was_there(tmp_path):
    save(tmp_path / "y.npy", {"y": X})
    with pytest.raises(ValueError, match="allow_pickle"):
        save(tmp_path / "y.npz", {"y": np.array([None])})
    (tmp_path / "y.npz").mkdir()
    with pytest.raises(OSError):
        save(tmp_path / "y.npz", {"y": X})
    assert {file.name for file in tmp_path.iterdir()} == {"y.npy", "y.npz"}
