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
    pairs = _pairs(
        [_read(directory / f"start_{name}.json", top) for name in texts],
        [_read(directory / f"{name}.json", top) for name in texts], registers, memories)
    script = ""
    for side, name in enumerate(texts):
        renames = [f"rename \\{names[side]} {new}" for new, names in pairs.items()]
        script += _MATCH.format(name=name, top=top, renames="\n".join(renames))
    log = yosys(script + _PROVE, directory)
    return int(re.search(r"Found (\d+) \$equiv cells", log)[1])


def _read(file, top):
    return json.loads(file.read_text())["modules"][top]


def _pairs(starts, modules, registers, memories):
    """Common name -> names in both designs. Checks that they start alike."""
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
    for number, names in enumerate(_flat_names(memories)):
        cells = [module["cells"].get(name) for module, name in zip(modules, names, strict=True)]
        if None not in cells:
            pairs[f"ppu_memory_{number}"] = names
            _compare(names[1], *({**cell["parameters"], "MEMID": None} for cell in cells))
    return pairs


def _flat_names(paths):
    return [[".".join(path) for path in pair] for pair in paths.items()]


def _compare(name, gold, gate):
    if gold != gate:
        raise YosysFailed(f"{name} does not start alike: {gold} and {gate}")


def _initial_bits(module):
    """Bit -> its initial value, which Yosys keeps at one of the names of a net."""
    return {
        bit: value
        for net in module["netnames"].values() if "init" in net["attributes"]
        for bit, value in zip(net["bits"], reversed(net["attributes"]["init"]), strict=False)
    }  # fmt: skip
