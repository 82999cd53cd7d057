"""Proves that two netlists of one design compute the same."""

import json
import re

from yosys_runner import YosysFailed, yosys

__all__ = ["prove_equivalence"]

#: Memories become ports, so that they need not be cut into flip-flops.
_MEMORY = """\
(* blackbox *)
module ppu_memory(
  input RD_ARST, input RD_SRST, input RD_CLK, input RD_EN, input RD_ADDR, output RD_DATA,
  input WR_CLK, input WR_EN, input WR_ADDR, input WR_DATA
);
endmodule
"""
_FLATTEN = """\
read_verilog {name}.v
hierarchy -check -top {top}
proc -norom
flatten
opt_clean
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
chtype -set \\ppu_memory t:$mem_v2
read_verilog -lib memory.v
expose -evert {top}/t:ppu_memory
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
    YosysFailed
        If something differs, or cannot be proved.
    """
    (directory / "memory.v").write_text(_MEMORY)
    texts = {"gold": gold, "gate": gate}
    for name, text in texts.items():
        (directory / f"{name}.v").write_text(text)
    yosys("".join(_FLATTEN.format(name=name, top=top) for name in texts), directory)
    modules = [
        json.loads((directory / f"{name}.json").read_text())["modules"][top] for name in texts]
    pairs = _pairs(modules, registers, memories)
    script = ""
    for side, name in enumerate(texts):
        renames = [f"rename \\{names[side]} {new}" for new, names in pairs.items()]
        script += _MATCH.format(name=name, top=top, renames="\n".join(renames))
    log = yosys(script + _PROVE, directory)
    return int(re.search(r"Found (\d+) \$equiv cells", log)[1])


def _pairs(modules, registers, memories):
    """Common name -> names in both designs. Checks that they start alike."""
    pairs = {}
    for module in modules:
        _find_starts(module)
    for prefix, paths in (("ppu_register", registers), ("ppu_memory", memories)):
        for number, pair in enumerate(paths.items()):
            names = [".".join(path) for path in pair]
            starts = [_start(module, name) for module, name in zip(modules, names, strict=True)]
            # What nothing depends on is not in either.
            if None not in starts:
                if starts[0] != starts[1]:
                    raise YosysFailed(f"{names[1]} starts as {starts[1]}, not as {starts[0]}")
                pairs[f"{prefix}_{number}"] = names
    return pairs


def _start(module, name):
    """Initial value of a register, or everything that is fixed about a memory; None if missing."""
    if name in module["cells"]:
        parameters = module["cells"][name]["parameters"]
        return {key: value for key, value in parameters.items() if key != "MEMID"}
    if name not in module["netnames"]:
        return None
    return "".join(module["starts"].get(bit, "x") for bit in module["netnames"][name]["bits"])


def _find_starts(module):
    """Adds the initial value of each bit; Yosys keeps it at one of the names of a net."""
    module["starts"] = {
        bit: value
        for net in module["netnames"].values() if "init" in net["attributes"]
        for bit, value in zip(net["bits"], reversed(net["attributes"]["init"]), strict=False)
        if value != "x"
    }  # fmt: skip
