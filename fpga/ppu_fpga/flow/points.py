"""What can be built by `dask` workers: cores, bare arrays and boards, named by plain data."""

from dataclasses import asdict, dataclass

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ppu.config import Signs
from ppu.core import Core
from ppu.execute.array import SystolicArray
from ppu.execute.element import Int8Element

from .build import synthesise_board
from .configure import configured, title_of
from .devices import device
from .synthesis import synthesise

__all__ = ["ArrayPoint", "BoardPoint", "CorePoint"]

#: What the results of a core depend on, besides the tools.
_SOURCES = ("ppu", "ppu_fpga.lowering", *(f"ppu_fpga.flow.{name}" for name in (
    "points", "devices", "synthesis", "collisions", "wrapper", "place")))  # fmt: skip


class BareArray(wiring.Component):
    """A systolic array for INT8 as the core has it, in a block called `array`.

    Latency, throughput and members are those of :class:`~ppu.execute.array.SystolicArray`.

    Parameters
    ----------
    rows, columns, dot, product_registers : int
        Of the array and its elements.
    signs : Signs
        Of the operands.
    """

    def __init__(self, *, rows, columns, dot, signs, product_registers):
        self._array = SystolicArray(rows=rows, columns=columns, element=lambda: Int8Element(
            dot=dot, mixed_signs=signs is Signs.MIXED, lanes=rows * dot,
            product_registers=product_registers))  # fmt: skip
        super().__init__(self._array.signature)

    def elaborate(self, platform):
        m = Module()
        m.submodules.array = array = self._array
        for name, member in self.signature.members.items():
            inner, outer = getattr(array, name), getattr(self, name)
            m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)
        return m


class _Bare:
    """A component in the wrapper, on the chip called `device`.

    All points have its members, and `title`, name of a folder and of a line in a table, `frequency`
    in MHz, `place_options`, of nextpnr, and `about()`, what is known before anything is built.
    """

    sources = _SOURCES
    netlist = "wrapper.json"
    place_options = ()

    @property
    def chip(self):
        """The :class:`~.devices.Device`."""
        return device(self.device)

    @property
    def pins(self):
        """The file of pins, if placement needs one."""
        return f"wrapper.{self.chip.tools.constraints}" if self.chip.pins else None

    def synthesise(self, folder):
        """Writes `netlist` and `pins`; gives kind -> number, and the blocks."""
        netlist = synthesise(self.component(), self.chip, folder, wrapped=True)
        return netlist.counts(), netlist.blocks()


@dataclass(frozen=True)
class CorePoint(_Bare):
    """A core on a chip.

    Parameters
    ----------
    device, preset : str
        Names.
    changes : tuple of str
        Fields that differ from the preset, each ``field=value``.
    frequency : float
        MHz to aim at.
    place_options : tuple of str
        Of nextpnr.
    """

    device: str
    preset: str
    changes: tuple
    frequency: float
    place_options: tuple = ()

    @property
    def title(self):
        return f"{self.device}-{title_of(self.preset, self.changes)}"

    def about(self):
        config = configured(self.preset, self.changes)
        return {
            **asdict(self), "changes": list(self.changes),
            "place_options": list(self.place_options), "array_rows": config.array_rows,
            "columns": config.columns, "macs": config.macs_per_cycle,
        }  # fmt: skip

    def component(self):
        """What is synthesised."""
        return Core(configured(self.preset, self.changes))


@dataclass(frozen=True)
class ArrayPoint(_Bare):
    """A bare array on a chip.

    Parameters
    ----------
    device : str
        Name.
    rows, columns : int
        Size.
    frequency : float
        MHz to aim at.
    dot, product_registers : int
        Of the elements.
    signs : Signs
        Of the operands.

    Raises
    ------
    ValueError
        If it has no rows or columns, or there are no such elements.
    """

    device: str
    rows: int
    columns: int
    frequency: float
    dot: int = 1
    signs: Signs = Signs.MIXED
    product_registers: int = 2

    def __post_init__(self):
        for name in ("rows", "columns", "dot"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.product_registers not in range(3):
            raise ValueError(f"product_registers must be 0 to 2, not {self.product_registers}")

    @property
    def title(self):
        return (f"{self.device}-array-{self.rows}x{self.columns}-{self.signs.value}"
                f"-dot{self.dot}-registers{self.product_registers}")

    def about(self):
        return {**asdict(self), "signs": self.signs.value,
                "macs": self.rows * self.columns * self.dot}  # fmt: skip

    def component(self):
        """What is synthesised."""
        return BareArray(rows=self.rows, columns=self.columns, dot=self.dot, signs=self.signs,
                         product_registers=self.product_registers)  # fmt: skip


@dataclass(frozen=True)
class BoardPoint:
    """The whole top of a board, with the board's own clock.

    Parameters
    ----------
    board, preset : str
        Names.
    """

    board: str
    preset: str

    sources = (*_SOURCES, "ppu_fpga.boards", "ppu_fpga.bridge", "ppu_fpga.memory",
               "ppu_fpga.flow.build")  # fmt: skip
    netlist = "top.json"
    place_options = ()

    @property
    def _design(self):
        from ppu_fpga.boards.catalog import board
        from ppu_fpga.boards.design import design

        return design(board(self.board), preset=self.preset)

    @property
    def chip(self):
        return self._design.board.device

    @property
    def pins(self):
        return f"top.{self.chip.tools.constraints}"

    @property
    def frequency(self):
        return self._design.clock_hz / 1e6

    @property
    def title(self):
        return f"{self.board}-{self.preset}"

    def about(self):
        return {**asdict(self), "device": self.chip.name, "frequency": self.frequency}

    def synthesise(self, folder):
        from ppu_fpga.boards.top import BoardTop

        made = self._design
        platform = made.board.platform(made.config.products)
        netlist = synthesise_board(BoardTop(made), platform, self.chip, folder)
        # Down to the array, whose multipliers are counted.
        return netlist.counts(), netlist.blocks(4)
