"""A board's top between pins that a harness can drive."""

from amaranth import *
from amaranth.back import verilog
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...memory.model.chip import RULES
from ...memory.model.chip_instance import ChipInstance, chip_verilog, connect_chip
from ..lamps import LAMPS
from ..memories import Sdram
from ..top import BoardTop
from .platform import SimulationPlatform

__all__ = ["MODULE", "SimulatedTop", "board_verilog"]

#: Name of the Verilog module.
MODULE = "board"
#: A lamp need not be seen here.
_LAMP_CYCLES = 1024
#: Cycles by which a refresh comes late if the host resets the controller.
_RESET_SLACK = 128


class SimulatedTop(wiring.Component):
    """The top of a board, and its SDRAM if it has one.

    Parameters
    ----------
    design : BoardDesign
        What is simulated. The oscillator has the system's frequency.

    Members
    -------
    clk : In(1)
        The oscillator.
    button : In(1)
        That of the reset: 1 while it is pressed.
    rx, tx : In(1), Out(1)
        The line.
    lamps : Out(4)
        1 while lit, in the order of :data:`~ppu_fpga.boards.lamps.LAMPS`.
    errors : Out(18)
        Rules of the SDRAM that were broken.
    """

    def __init__(self, design):
        self.design = design
        super().__init__({
            "clk": In(1), "button": In(1), "rx": In(1), "tx": Out(1), "lamps": Out(4),
            "errors": Out(len(RULES)),
        })

    def elaborate(self, platform):
        m = Module()
        board, memory = self.design.board, self.design.memory
        m.submodules.board = BoardTop(self.design, lamp_cycles=_LAMP_CYCLES)
        button, uart = platform.request(*board.button), platform.request("uart")
        leds = [platform.request("led", board.leds[name]) for name in LAMPS]
        m.d.comb += [
            platform.request(board.oscillator).i.eq(self.clk),
            button.i.eq(self.button ^ button.invert[0]),
            uart.rx.i.eq(self.rx), self.tx.eq(uart.tx.o),
            self.lamps.eq(Cat(led.o ^ led.invert[0] for led in leds)),
        ]
        if isinstance(memory, Sdram):
            m.submodules.chip = chip = ChipInstance(
                memory.part, memory.timing, burst=self.design.config.axi_data_width // 16,
                refresh_slack=_RESET_SLACK)
            connect_chip(m, chip, platform.request("sdram"), ~self.clk)
            m.d.comb += self.errors.eq(chip.errors)
        return m


def board_verilog(design):
    """The simulated top of a design as Verilog: the module `board`."""
    top = SimulatedTop(design)
    ports = {name: (getattr(top, name), None) for name in top.signature.members}
    text = verilog.convert(
        top, name=MODULE, platform=SimulationPlatform(design.board), ports=ports, emit_src=False,
        strip_internal_attrs=True)  # fmt: skip
    return text + (chip_verilog() if isinstance(design.memory, Sdram) else "")
