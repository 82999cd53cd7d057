"""The chips that a core can be placed on: what they have, and how their tools are called."""

from dataclasses import dataclass, field

from ppu_fpga.lowering import family

__all__ = ["DEVICES", "FAMILIES", "Device", "FamilyTools", "device"]


@dataclass(frozen=True)
class FamilyTools:
    """What all chips of a family have in common.

    Parameters
    ----------
    name : str
        As :func:`ppu_fpga.lowering.family` takes it.
    synthesis : str
        Command of Yosys with its options.
    instead : tuple
        Where its steps are left for others: (label to stop at, commands, label to go on at), in
        order.
    inner : str
        More options of it, for a module that gets no buffers at its ports.
    place : str
        Program that places and routes.
    pack : str
        Program that makes the bitstream.
    cells : dict
        Kind -> {beginning of a cell type: how many of the kind it counts for}. Kinds are `lut`,
        `ff`, `dsp`, `bram`, `lutram` (cells of distributed memory) and `spram`.
    clock_names : tuple of str
        What the tools add to the name of a clock; regular expressions.
    constraints, bitstream : str
        Endings of the constraint file that Amaranth writes, and of the bitstream.
    """

    name: str
    synthesis: str
    inner: str
    place: str
    pack: str
    cells: dict = field(hash=False)
    clock_names: tuple = ()
    constraints: str = ""
    bitstream: str = ""
    instead: tuple = ()

    def script(self, top, options=""):
        """Commands of Yosys that synthesise the module `top`."""
        command = " ".join(f"{self.synthesis} {options} -top {top}".split())
        lines, start = [], "begin"
        for stop, commands, onward in self.instead:
            lines += [f"{command} -run {start}:{stop}", commands]
            start = onward
        return "\n".join([*lines, f"{command} -run {start}:" if lines else command])

    def count(self, cell_types):
        """Kind -> number, from {cell type: number}."""
        totals = dict.fromkeys(self.cells, 0)
        for cell_type, number in cell_types.items():
            for kind, weight in self.kinds(cell_type):
                totals[kind] += weight * number
        return totals

    def kinds(self, cell_type):
        """The kinds that a cell counts for, each with its weight; exact names go first."""
        found = []
        for kind, weights in self.cells.items():
            matches = [name for name in weights if cell_type.startswith(name)]
            if matches:
                found.append((kind, weights[max(matches, key=len)]))
        return found


# A slice shares one clock enable and one reset, so a signal that serves fewer registers than this
# keeps others out of their slices and takes a long way to them: their LUTs do its work.
_FEW_REGISTERS = """\
dfflegalize -cell $_DFF_?_ 01 -cell $_DFF_?P?_ r -cell $_SDFF_?P?_ r -cell $_DFFE_??_ 01 \
-cell $_DFFE_?P??_ r -cell $_SDFFE_?P??_ r -mince 4 -minsrst 4"""
# ABC maps several times over, which saves 2 % of the LUTs, and takes a wire for as slow (ps) as
# it is after routing, twice as slow as `synth_ecp5` does.
_MAP_LUTS = """\
scratchpad -copy abc9.script.flow3 abc9.script
abc9 -W 600
clean"""
#: Of ECP5, two of a slice's LUTs make one carry cell.
_ECP5 = FamilyTools(
    name="ecp5", synthesis="synth_ecp5", inner="", place="nextpnr-ecp5", pack="ecppack",
    cells={
        "lut": {"LUT4": 1, "CCU2C": 2}, "ff": {"TRELLIS_FF": 1}, "dsp": {"MULT18X18D": 1},
        "bram": {"DP16KD": 1, "PDPW16KD": 1}, "lutram": {"TRELLIS_DPR16X4": 1},
    },
    clock_names=(r"^\$glbnet\$", r"\$TRELLIS_IO_IN$"), constraints="lpf",
    bitstream="bit", instead=(
        ("map_ffs", _FEW_REGISTERS, "map_ffs"), ("map_luts", _MAP_LUTS, "map_cells")),
)  # fmt: skip
#: The carry cell is part of a logic cell whose LUT makes the sum. DSP inference is wrong for
#: chained multiply-adds, so it stays off.
_ICE40 = FamilyTools(
    name="ice40", synthesis="synth_ice40 -device u", inner="", place="nextpnr-ice40",
    pack="icepack",
    cells={
        "lut": {"SB_LUT4": 1}, "ff": {"SB_DFF": 1}, "dsp": {"SB_MAC16": 1},
        "bram": {"SB_RAM40_4K": 1}, "spram": {"SB_SPRAM256KA": 1},
    },
    clock_names=(r"\$SB_IO_IN", r"_\$glb_clk$"), constraints="pcf", bitstream="bin",
)  # fmt: skip
#: Multipliers are counted in halves of an 18 x 18 one: a MULT9X9 is one.
_GOWIN = FamilyTools(
    name="gowin", synthesis="synth_gowin -family gw1n", inner="-noiopads",
    place="nextpnr-himbaechel-gowin", pack="gowin_pack",
    cells={
        "lut": {"LUT": 1, "ALU": 1, "ALU54": 0}, "ff": {"DFF": 1},
        "dsp": {"MULT9X9": 1, "MULTALU18X18": 2, "MULT18X18": 2, "MULT36X36": 8},
        "bram": {"SDPB": 1, "SDPX9B": 1, "DPB": 1, "DPX9B": 1, "SPX9": 1, "SP": 1, "pROM": 1},
        "lutram": {"RAM16SDP": 1, "RAM16S": 1},
    },
    clock_names=(r"^core\.", r"_IBUF_I_O$"), constraints="cst",
    bitstream="fs",
)  # fmt: skip

FAMILIES = {tools.name: tools for tools in (_ECP5, _ICE40, _GOWIN)}


@dataclass(frozen=True)
class Device:
    """A chip.

    Parameters
    ----------
    name : str
        As on the command line.
    part : str
        What its maker calls it, package and speed included.
    tools : FamilyTools
        Of its family.
    capacity : dict
        Kind -> how many it has.
    options : tuple of str
        That choose it in the program that places and routes.
    frequency : float
        MHz that is aimed at where nothing is asked for.
    pins : dict
        Pin of the wrapper -> where it goes, for tools that choose none.
    """

    name: str
    part: str
    tools: FamilyTools
    capacity: dict = field(hash=False)
    options: tuple
    frequency: float
    pins: dict = field(default_factory=dict, hash=False)

    @property
    def family(self):
        """Name of its family."""
        return self.tools.name

    def lowering(self, products=0):
        """A fresh :class:`~ppu_fpga.lowering.Family` for one build that knows this chip's size.

        `products`: multipliers of a core outside its array.
        """
        return family(self.family, multipliers=self.capacity["dsp"], products=products)


def _ecp5(size, lut, dsp, bram):
    return Device(
        f"ecp5-{size}", f"LFE5U-{size}F-6BG381", _ECP5,
        {"lut": lut, "ff": lut, "dsp": dsp, "bram": bram, "lutram": lut // 8},
        (f"--{size}k", "--package", "CABGA381", "--speed", "6"), 120.0)  # fmt: skip


DEVICES = {
    chip.name: chip for chip in (
        _ecp5(25, 24288, 28, 56), _ecp5(45, 43848, 72, 108), _ecp5(85, 83640, 156, 208),
        Device("ice40-up5k", "iCE40UP5K-SG48", _ICE40,
               {"lut": 5280, "ff": 5280, "dsp": 8, "bram": 30, "spram": 4},
               ("--up5k", "--package", "sg48"), 20.0),
        Device("gowin-9", "GW1NR-LV9QN88PC6/I5", _GOWIN,
               {"lut": 8640, "ff": 6480, "dsp": 40, "bram": 26, "lutram": 1620},
               ("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C"), 27.0,
               {"clk": "52", "i": "10", "o": "11"}),
    )
}  # fmt: skip


def device(name):
    """The :class:`Device` called `name`.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists the names.
    """
    if name not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, not {name!r}")
    return DEVICES[name]
