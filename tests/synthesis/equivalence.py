"""Proves that two netlists of one design compute the same."""

import json
import re

from yosys_runner import yosys

from ppu_fpga.flow.errors import FlowFailed

__all__ = ["prove_equivalence"]

# Registers are matched by their names, which must not give way to those of what they feed.
_FLATTEN = """\
read_verilog {name}.v
hierarchy -check -top {top}
proc -norom
setattr -set keep 1 a:init
flatten
opt_clean
write_json start_{name}.json
opt_dff
memory -nomap
dffunmap
opt_clean
write_rtlil {name}.il
write_json {name}.json
design -reset
"""
_MATCH = """\
read_rtlil {name}.il
cd {top}
{renames}
rename -hide w:* w:ppu_register_* %d
cd
read_verilog -lib memories.v
{types}
expose -evert {top}/t:ppu_type_*
opt_clean
rename {top} {name}
design -stash {name}
"""
_PROVE = """\
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
equiv_make gold gate equiv
hierarchy -top equiv
opt -full
equiv_simple -short
equiv_simple
equiv_induct
equiv_status -assert
"""


def prove_equivalence(gold, gate, *, top, registers, memories, directory):
    """Proves, register by register, that `gate` does what `gold` does from reset and start-up on.

    Registers are matched by name, and start with the same value. Assuming that they are equal in
    one cycle, each is shown to be equal in the next, as is each output and each input of a memory.
    Memories have the same parameters and initial values.

    Parameters
    ----------
    gold, gate : str
        Verilog.
    top : str
        Name of the top module of both.
    registers, memories : dict
        Path in `gold` -> path in `gate`, both as tuples.
    directory : Path
        Where to work.

    Returns
    -------
    int
        Number of signals that were proved.

    Raises
    ------
    FlowFailed
        If something differs, or cannot be proved.
    """
    texts = {"gold": gold, "gate": gate}
    for name, text in texts.items():
        (directory / f"{name}.v").write_text(text)
    yosys("".join(_FLATTEN.format(name=name, top=top) for name in texts), directory)
    modules = [_read(directory / f"{name}.json", top) for name in texts]
    pairs = _register_pairs(
        [_read(directory / f"start_{name}.json", top) for name in texts], modules, registers)
    cells = _memory_pairs(modules, memories)
    pairs.update({f"ppu_memory_{number}": names for number, (names, _) in enumerate(cells)})
    (directory / "memories.v").write_text(
        "".join(_black_box(number, cell) for number, (_, cell) in enumerate(cells)))
    types = [f"chtype -set ppu_type_{number} {top}/ppu_memory_{number}"
             for number in range(len(cells))]  # fmt: skip
    script = ""
    for side, name in enumerate(texts):
        renames = [f"rename \\{names[side]} {new}" for new, names in pairs.items()]
        script += _MATCH.format(
            name=name, top=top, renames="\n".join(renames), types="\n".join(types))
    log = yosys(script + _PROVE, directory)
    return int(re.search(r"Found (\d+) \$equiv cells", log)[1])


def _read(file, top):
    return json.loads(file.read_text())["modules"][top]


def _register_pairs(starts, modules, registers):
    """Common name -> names in both designs. Checks that the registers start alike."""
    pairs = {}
    initial = [_initial_bits(module) for module in starts]
    for number, names in enumerate(_flat_names(registers)):
        # What nothing depends on is not in either.
        if all(name in module["netnames"]
               for module, name in zip(modules, names, strict=True)):  # fmt: skip
            pairs[f"ppu_register_{number}"] = names
            values = [
                [bits.get(bit) for bit in module["netnames"][name]["bits"]]
                for module, bits, name in zip(starts, initial, names, strict=True)
            ]
            _compare(names[1], *values)
    return pairs


def _memory_pairs(modules, memories):
    """Names in both designs, and the cell, of each memory. Checks that they are and start alike."""
    pairs = []
    for names in _flat_names(memories):
        cells = [module["cells"].get(name) for module, name in zip(modules, names, strict=True)]
        if any(cells):
            _compare(names[1], *({**cell["parameters"], "MEMID": None} for cell in cells))
            pairs.append((names, cells[0]))
    found = [cell["type"] for cell in modules[0]["cells"].values()].count("$mem_v2")
    if found != len(pairs):
        raise FlowFailed(f"{found} memories, but names for {len(pairs)}")
    return pairs


def _black_box(number, cell):
    """A module like a memory without contents; taken out, its pins become those of the design."""
    ports = ", ".join(
        f"{cell['port_directions'][port]} [{len(bits) - 1}:0] {port}"
        for port, bits in cell["connections"].items()
    )
    return f"(* blackbox *) module ppu_type_{number}({ports}); endmodule\n"


def _flat_names(paths):
    return [[".".join(path) for path in pair] for pair in paths.items()]


def _compare(name, gold, gate):
    if gold != gate:
        raise FlowFailed(f"{name} does not start alike: {gold} and {gate}")


def _initial_bits(module):
    """Bit -> its initial value, which Yosys keeps at one of the names of a net."""
    return {
        bit: value
        for net in module["netnames"].values() if "init" in net["attributes"]
        for bit, value in zip(net["bits"], reversed(net["attributes"]["init"]), strict=False)
    }  # fmt: skip
