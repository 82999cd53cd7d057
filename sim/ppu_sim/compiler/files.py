"""Inputs and outputs of a model as files of numpy."""

import os
import re
import tempfile
import zipfile
from contextlib import suppress

import numpy as np

__all__ = ["arrays_of", "check_output", "save"]


def arrays_of(texts, names):
    """Inputs by name, from ``FILE`` or ``NAME=FILE``.

    A text begins with a name if one of the `names` of the model's inputs is what stands before a
    "=". Without, it is the model's only input.

    Raises
    ------
    ValueError
        If a file is no array of numbers, or it is not clear which input it is.
    OSError
        If it cannot be read.
    """
    arrays = {}
    for text in texts:
        begins = [name for name in names if text.startswith(f"{name}=")]
        name = max(begins, key=len, default=None)
        file = text if name is None else text[len(name) + 1 :]
        if name is None and (len(names) != 1 or len(texts) != 1):
            raise ValueError(
                f"give NAME=FILE for each of the inputs {', '.join(names)}, not {text}")
        arrays[names[0] if name is None else name] = _array(file)
    return arrays


def _array(file):
    try:
        found = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file} is no .npy file of numbers: {error}") from None
    if not isinstance(found, np.ndarray):
        found.close()
        raise ValueError(f"{file} must be a .npy file, with one array, not a .npz file")
    return found


def check_output(file, graph):
    """Raises ValueError if the outputs of a model cannot go to a file, and OSError if there is no
    folder for it.
    """
    if file.suffix not in (".npy", ".npz"):
        raise ValueError(f"the output must be a .npy or .npz file, not {file}")
    if file.suffix == ".npy" and len(graph.outputs) != 1:
        raise ValueError(f"{len(graph.outputs)} outputs need a .npz file, not {file}")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {file.parent} for the output")


def save(file, outputs):
    """Writes arrays by name to a .npy or .npz file, as a whole or not at all.

    In a .npz file, characters that names of files cannot have are underscores.
    """
    handle, made = tempfile.mkstemp(dir=file.parent, suffix=file.suffix)
    try:
        with os.fdopen(handle, "wb") as written:
            if file.suffix == ".npz":
                _save_all(written, outputs)
            else:
                np.save(written, next(iter(outputs.values())))
        os.chmod(made, 0o666 & ~_umask())
        os.replace(made, file)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(made)
        raise


def _save_all(file, outputs):
    """As numpy.savez does, which takes an output called "file" for its own argument."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in outputs.items():
            with archive.open(re.sub(r"[/\\:]", "_", name) + ".npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.asarray(array), allow_pickle=False)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
