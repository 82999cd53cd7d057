"""Keeps what takes long to build, under a name that says what it was built from."""

import fcntl
import hashlib
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import ppu

__all__ = ["directory", "entry", "fingerprint", "sources"]

#: Environment variable that says where builds are kept.
VARIABLE = "PPU_CACHE"


def directory():
    """Where builds are: in `PPU_CACHE`, or in ``build/cache`` of a checkout, or with the user."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE]).absolute()
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").exists() and os.access(checkout, os.W_OK):
        return checkout / "build" / "cache"
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "ppu-tensor-core"


def fingerprint(*parts):
    """A short name for a sequence of texts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:20]


def sources():
    """A fingerprint of the sources of the hardware: the core and the system around it."""
    files = sorted(Path(ppu.__file__).parent.rglob("*.py"))
    files += sorted((Path(__file__).parent / "system").glob("*.py"))
    return fingerprint(*(f"{file.name}\0{file.read_text()}" for file in files))


def entry(name, build):
    """The directory `name` of the cache.

    Parameters
    ----------
    name : str
        Must say everything that the contents depend on.
    build : callable
        ``build(directory)`` fills an empty directory; called if there is no such entry yet. When
        several processes ask for the same entry, one builds and the others wait.

    Returns
    -------
    Path
    """
    path = directory() / name
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.with_name(path.name + ".lock")):
        if not path.exists():
            unfinished = path.with_name(path.name + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(path)
    return path


@contextmanager
def _locked(path):
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.2)
        yield
