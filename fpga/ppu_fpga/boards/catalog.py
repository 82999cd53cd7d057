"""The boards that are supported."""

import importlib
from dataclasses import dataclass, field, replace

from ppu.config import Signs, preset
from ppu_fpga.flow.devices import DEVICES, Device
from ppu_sim.toolchain import ToolMissing

from ..memory.sdram.parts import ULX3S_32M, SdramPart
from ..memory.storage import SpramStorage
from .memories import BoardMemory, OnChip

__all__ = ["BOARDS", "Board", "board"]


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board: everything that is particular to it, as data.

    Parameters
    ----------
    name : str
        As on the command line, and as openFPGALoader calls it.
    device : Device
        Its chip.
    platform_class : str
        Module of ``amaranth_boards`` and class there, with a dot between.
    extension : str
        List of further resources in that class, for a part of the board that can be broken off.
    pack_options : tuple of str
        Of the program that makes the bitstream.
    preset : str
        What is built unless told otherwise.
    changes : dict
        Preset -> {field: value}: what is changed of it so that it fits.
    frequencies : dict
        Preset -> MHz of the clock. Those of other presets are that of None.
    oscillator, oscillator_hz : str, int
        Resource and frequency of what the PLL gets.
    button : (str, int)
        Resource of the button that resets.
    leds : dict
        Name of a lamp, see :data:`.lamps.LAMPS` -> number of the resource `led`.
    held_high : tuple of (str, int, str)
        Pins that are driven high: resource, number and part of it.
    memory : BoardMemory or SdramPart
        What the core and the host share.
    baud : int
        Bits per second on the line.
    receive_buffer : int
        Bytes of requests that the bridge holds.
    """

    name: str
    device: Device
    platform_class: str
    extension: str = ""
    pack_options: tuple = ()
    preset: str
    changes: dict = field(default_factory=dict, hash=False)
    frequencies: dict = field(hash=False)
    oscillator: str
    oscillator_hz: int
    button: tuple
    leds: dict = field(hash=False)
    held_high: tuple = ()
    memory: BoardMemory | SdramPart
    baud: int
    receive_buffer: int = 1024

    def platform(self, products=0):
        """A fresh platform of Amaranth, which lowers the core's parts for the board's chip.

        `products`: multipliers of the core outside its array.

        Raises
        ------
        ToolMissing
            If ``amaranth-boards`` is not installed.
        """
        module, name = self.platform_class.split(".")
        try:
            platform = getattr(importlib.import_module(f"amaranth_boards.{module}"), name)()
        except ImportError:
            raise ToolMissing("Boards need: pip install amaranth-boards") from None
        if self.extension:
            platform.add_resources(getattr(platform, self.extension))
        platform.lower = self.device.lowering(products).lower
        return platform

    def fitted(self, name):
        """The configuration of the preset `name` on this board."""
        return replace(preset(name), **self.changes.get(name, {}))

    def frequency(self, name):
        """MHz of the clock for the preset `name`."""
        return self.frequencies.get(name, self.frequencies[None])


#: A core that takes its commands in order, with nothing that it can do without.
_IN_ORDER = {
    "dot": 4, "signs": Signs.SIGNED, "scratchpad_banks": 2, "accumulator_banks": 1,
    "load_slots": 1, "execute_slots": 1, "store_slots": 1, "max_outstanding_reads": 1,
    "max_outstanding_writes": 1, "read_buffer_beats": 64, "performance_counters": 0,
    "epilogue_lanes": 0,
}  # fmt: skip
#: A board's core has no epilogue: with one, none has been placed yet.
_NO_EPILOGUE = {"epilogue_lanes": 0}
#: `medium` has so many wires to its block RAM that the router does not get through with all of it.
_SMALL_MEMORIES = {
    "load_slots": 4, "execute_slots": 4, "store_slots": 4,
    "scratchpad_rows": 2048, "accumulator_rows": 512, **_NO_EPILOGUE,
}  # fmt: skip
#: An FT231X does 3 Mbaud at most.
_ULX3S = Board(
    name="ulx3s", device=DEVICES["ecp5-85"], platform_class="ulx3s.ULX3S_85F_Platform",
    preset="small", frequencies={None: 100, "medium": 70, "ppu1": 70},
    changes={**dict.fromkeys(("tiny", "small", "ppu1"), _NO_EPILOGUE), "medium": _SMALL_MEMORIES},
    oscillator="clk25", oscillator_hz=25_000_000, button=("button_fire", 0),
    leds={"busy": 0, "done": 1, "error": 2, "activity": 3},
    # Else the ESP32 may take the chip's configuration over.
    held_high=(("esp32", 0, "gpio0"),), memory=ULX3S_32M, baud=3_000_000,
)  # fmt: skip
#: The FT2232H divides 12 MHz; at 21 MHz, a bit is 7 cycles. The memory begins at 0, so that short
#: addresses will do. The red LED is 0, the green one 1; the others are on the part with the three
#: buttons.
_ICEBREAKER = Board(
    name="icebreaker", device=DEVICES["ice40-up5k"],
    platform_class="icebreaker.ICEBreakerPlatform", extension="break_off_pmod", preset="tiny",
    changes={"tiny": {**_IN_ORDER, "axi_address_width": 17}},
    frequencies={None: 21}, oscillator="clk12", oscillator_hz=12_000_000, button=("button", 0),
    leds={"error": 0, "busy": 1, "done": 3, "activity": 4},
    memory=OnChip(bytes=1 << 17, base=0, storage=SpramStorage), baud=3_000_000, receive_buffer=512,
)  # fmt: skip
#: The BL702 makes its rates of 96 MHz or 80 MHz: 2 Mbaud exactly of either.
_TANG_NANO_9K = Board(
    name="tangnano9k", device=DEVICES["gowin-9"], platform_class="tang_nano_9k.TangNano9kPlatform",
    # The flash's pins are free for other uses once the chip is configured.
    pack_options=("--sspi_as_gpio", "--mspi_as_gpio"), preset="tiny",
    changes={"tiny": _IN_ORDER}, frequencies={None: 27},
    oscillator="clk27", oscillator_hz=27_000_000, button=("button", 0),
    leds={"busy": 0, "done": 1, "error": 2, "activity": 3}, memory=OnChip(bytes=1 << 14),
    baud=2_000_000,
)  # fmt: skip

BOARDS = {each.name: each for each in (_ULX3S, _ICEBREAKER, _TANG_NANO_9K)}


def board(name):
    """The :class:`Board` called `name`.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists the names.
    """
    if name not in BOARDS:
        raise ValueError(f"board must be one of {', '.join(BOARDS)}, not {name!r}")
    return BOARDS[name]
