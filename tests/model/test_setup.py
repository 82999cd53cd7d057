"""Set-up: when it is up to date, what it looks for, and what it tells."""

import re
import subprocess
from pathlib import Path

import pytest

from ppu_sim import setup

ROOT = Path(__file__).parents[2]


def tool(name, *, required, present):
    return setup.Tool(name, f"{name}-package", required, f"what {name} does", lambda: present)


@pytest.fixture
def tools(monkeypatch):
    """Replaces what set-up looks for; returns a list of what it then installs."""
    installed = []

    def replace(*replacement, may_install=False):
        monkeypatch.setattr(setup, "_tools", lambda: replacement)
        monkeypatch.setattr(setup, "_may_install", lambda: may_install)
        monkeypatch.setattr(setup, "_apt_install", installed.extend)
        return installed

    return replace


def test_environment_is_current_only_for_its_own_stamp(tmp_path):
    venv = tmp_path / ".venv"
    text = setup.stamp_text(tmp_path, b"dependencies")
    assert not setup.is_current(venv, text)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    assert not setup.is_current(venv, text)
    (venv / ".stamp").write_text(text)
    assert setup.is_current(venv, text)
    assert not setup.is_current(venv, setup.stamp_text(tmp_path, b"other dependencies"))
    assert not setup.is_current(venv, setup.stamp_text(tmp_path / "copy", b"dependencies"))


def test_extras_are_those_of_the_project():
    text = (ROOT / "pyproject.toml").read_text()
    for extra in setup.EXTRAS:
        assert re.search(rf"^{extra} = \[", text, re.MULTILINE), extra


def test_missing_required_program_stops_with_what_to_type(tools):
    tools(tool("cc", required=True, present=False), tool("sim", required=False, present=False))
    with pytest.raises(setup.SetupError) as stopped:
        setup._check_tools(install=True)
    assert "cc is missing: what cc does." in str(stopped.value)
    assert "apt-get install cc-package sim-package" in str(stopped.value)


def test_missing_optional_program_is_told_with_what_is_skipped(tools, capsys):
    tools(tool("cc", required=True, present=True), tool("sim", required=False, present=False))
    setup._check_tools(install=True)
    printed = capsys.readouterr().out
    assert "sim is not installed. Skipped without it: what sim does." in printed
    assert "apt-get install sim-package" in printed


def test_failed_installation_of_an_optional_program_is_not_fatal(tools, capsys):
    installed = tools(tool("sim", required=False, present=False), may_install=True)
    setup._check_tools(install=True)
    assert installed == ["sim-package"]
    assert "Everything else works" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "expected"), [(False, []), (True, ["x-package"])])
def test_later_runs_install_only_what_is_required(tools, required, expected):
    installed = tools(tool("x", required=required, present=False), may_install=True)
    if required:
        with pytest.raises(setup.SetupError):
            setup._check_tools(install=False)
    else:
        setup._check_tools(install=False)
    assert installed == expected


def test_nothing_is_installed_when_all_is_there(tools, capsys):
    assert tools(tool("cc", required=True, present=True), may_install=True) == []
    setup._check_tools(install=True)
    assert capsys.readouterr().out == ""


def test_path_with_blanks_is_refused(monkeypatch):
    monkeypatch.setattr(setup, "ROOT", Path("/some where/tree"))
    with pytest.raises(setup.SetupError, match="blanks in its path: /some where/tree"):
        setup.prepare()


def test_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(setup, "OLDEST_PYTHON", (9, 9))
    with pytest.raises(setup.SetupError, match=r"Python 9\.9 or newer is needed; this is 3\."):
        setup.prepare()


@pytest.mark.parametrize(("line", "shown"), [
    ("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (16.9 MB)",
     "numpy 2.4.6 (16.9 MB)"),
    ("Using cached cocotb-2.1.0.tar.gz (4.8 MB)", "cocotb 2.1.0 (4.8 MB)"),
    ("  Downloading numpy-2.4.6-cp311-cp311-linux.whl.metadata (6.6 kB)", None),
    ("Collecting numpy>=1.26", None),
])  # fmt: skip
def test_pip_lines_that_are_shown(line, shown):
    match = setup.PIP_PACKAGE.match(line)
    assert (match and "{} {} {}".format(*match.groups())) == shown


def test_help_lists_every_target():
    rules = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^ +([a-z]+) +\S", printed.stdout, re.MULTILINE)
    assert set(rules) - set(listed) == {"prepare", "python"}
