"""Imports go one way, and the model knows nothing of the hardware but its contracts."""

import ast
from pathlib import Path

import pytest

import ppu
import ppu_sim

HDL = Path(ppu.__file__).parent
MODEL = Path(ppu_sim.__file__).parent / "model"

#: Part -> parts that it may import, besides itself. Single files are parts too.
ALLOWED = {
    "config": (),
    "isa": (),
    "lib": (),
    "memory": ("lib",),
    "dma": ("isa", "lib"),
    "epilogue": ("isa", "lib", "memory"),
    "load": ("config", "isa", "lib", "memory", "dma"),
    "execute": ("config", "isa", "lib", "memory"),
    "store": ("config", "isa", "lib", "memory", "dma", "epilogue"),
    "command": ("config", "isa", "lib"),
    "host": ("ppu", "config", "isa", "lib", "dma"),
    "core": ("config", "isa", "lib", "memory", "dma", "load", "execute", "store", "command",
             "host"),
    "export": ("lib",),
    "interface": ("ppu", "config", "isa", "host"),
    "generate": ("ppu", "config", "isa", "lib", "host", "core", "export"),
}  # fmt: skip
#: What the model may know of the hardware: its contracts.
MODEL_MAY_IMPORT = {
    "ppu.config": None, "ppu.isa": None, "ppu.host.registers": None, "ppu.lib.axi": {"Response"},
}  # fmt: skip


def imports(file, package):
    """What a file of `package` imports: (full name of a module, names taken from it)."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = base[: len(base) - node.level + 1] if node.level else []
            yield ".".join([*base, *filter(None, [node.module])]), [a.name for a in node.names]


def package_of(file, root, name):
    return ".".join([name, *file.relative_to(root).parts[:-1]])


def part_of(module):
    """The part of `ppu` that a module's full name belongs to."""
    return (module.split(".") + ["ppu"])[1] if "." in module else "ppu"


HDL_FILES = sorted(HDL.rglob("*.py"))


def ids(file):
    return str(file.relative_to(HDL))


@pytest.mark.parametrize("file", HDL_FILES, ids=ids)
def test_imports_go_one_way(file):
    package = package_of(file, HDL, "ppu")
    part = part_of(f"{package}.{file.stem}")
    for module, names in imports(file, package):
        if module.split(".")[0] != "ppu":
            assert module.split(".")[0] != "ppu_sim", f"{ids(file)} imports the simulation"
            continue
        used = {part_of(module)}
        if module == "ppu":
            used = {name if (HDL / name).is_dir() or (HDL / f"{name}.py").exists() else "ppu"
                    for name in names}  # fmt: skip
        beyond = used - {part, *ALLOWED.get(part, ())}
        assert not beyond, f"{ids(file)} imports {module} ({', '.join(names)})"


def test_every_part_has_its_rule():
    parts = {part_of(f"{package_of(f, HDL, 'ppu')}.{f.stem}") for f in HDL_FILES} - {"__init__"}
    assert parts == set(ALLOWED)


def test_every_stage_says_its_place():
    """The number in its docstring gives the order that an alphabet cannot."""
    places = {"host": "1", "command": "2", "load": "3a", "execute": "3b", "store": "3c"}
    for stage, place in places.items():
        doc = ast.get_docstring(ast.parse((HDL / stage / "__init__.py").read_text()))
        assert doc.startswith(f"Stage {place}:"), doc


@pytest.mark.parametrize("file", HDL_FILES, ids=ids)
def test_annotations_are_evaluated(file):
    """Postponed annotations break Amaranth's components."""
    assert "__future__" not in {module for module, _ in imports(file, "ppu")}


def test_the_model_is_independent_of_the_hardware():
    for file in MODEL.rglob("*.py"):
        for module, names in imports(file, package_of(file, MODEL, "ppu_sim.model")):
            assert module.split(".")[0] != "amaranth", file.name
            if module.split(".")[0] == "ppu":
                assert module in MODEL_MAY_IMPORT, f"{file.name} imports {module}"
                allowed = MODEL_MAY_IMPORT[module]
                assert allowed is None or set(names) <= allowed, f"{file.name}: {names}"
