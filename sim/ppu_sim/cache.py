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
#: Entries of each kind that are kept.
KEPT = 32


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


def entry(kind, name, build):
    """A directory of the cache.

    Parameters
    ----------
    kind : str
        What sort of thing it is. The most recently used entries of each kind are kept.
    name : str
        Must say everything that the contents depend on.
    build : callable
        ``build(directory)`` fills an empty directory; called if there is no such entry yet. When
        several processes ask for the same entry, one builds and the others wait.

    Returns
    -------
    Path
    """
    path = directory() / kind / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(f"{name}.lock")):
            if not path.exists():
                _forget(path.parent)
                unfinished = path.with_name(f"{name}.unfinished")
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                build(unfinished)
                unfinished.rename(path)
    os.utime(path)
    return path


def _forget(kind):
    """Removes the entries that were not used for the longest time."""
    entries = [path for path in kind.iterdir() if path.is_dir() and not path.suffix]
    for path in sorted(entries, key=lambda path: path.stat().st_mtime)[: 1 - KEPT]:
        shutil.rmtree(path, ignore_errors=True)
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)


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
