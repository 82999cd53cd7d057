"""What is built is built once, and what was not used for long is forgotten."""

import os
import threading
from pathlib import Path

import pytest

from ppu_sim import cache


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    return tmp_path


def test_built_once(place):
    calls = []

    def build(directory):
        calls.append(directory)
        (directory / "result").write_text("done")

    for _ in range(2):
        assert (cache.entry("kind", "name", build) / "result").read_text() == "done"
    assert len(calls) == 1
    assert cache.entry("kind", "name", build) == place / "kind" / "name"


def test_a_build_that_failed_is_done_again(place):
    def fail(directory):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        cache.entry("kind", "name", fail)
    assert cache.entry("kind", "name", lambda directory: None).is_dir()


def test_one_builds_while_the_others_wait(place):
    calls, go = [], threading.Event()

    def build(directory):
        calls.append(directory)
        go.wait(10)
        (directory / "result").write_text("done")

    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append((cache.entry("kind", "name", build) / "result").read_text())
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert found == ["done"] * 3 and len(calls) == 1


def test_the_least_recently_used_are_forgotten(place, monkeypatch):
    monkeypatch.setattr(cache, "KEPT", 3)
    for age, name in enumerate("abc"):
        os.utime(cache.entry("kind", name, lambda directory: None), (1000 + age, 1000 + age))
    cache.entry("kind", "a", lambda directory: None)
    cache.entry("other", "x", lambda directory: None)
    cache.entry("kind", "d", lambda directory: None)
    assert sorted(path.name for path in (place / "kind").iterdir() if path.is_dir()) == [*"acd"]
    assert (place / "other" / "x").is_dir()


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    root = Path(cache.__file__).parents[2]
    assert cache.directory() == root / "build" / "cache"
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "a" / "b" / "cache.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.directory() == tmp_path / "ppu-tensor-core"


def test_fingerprint_tells_the_parts_apart():
    assert cache.fingerprint("a", "bc") != cache.fingerprint("ab", "c")
    assert cache.sources() == cache.sources()
