# amaranth: UnusedElaboratable=no
"""Each breach of AXI4 is seen, and proper traffic is none."""

import pytest
from amaranth.sim import Simulator

from ppu_sim.system.monitor import BREACHES, AxiMonitor

PROPER = [
    {"ar": (0, 0x0FF8, 0)}, {"ar": (1, 0x0FF8, 0)},
    {"aw": (0, 0x0F00, 3)}, {"aw": (1, 0x0F00, 3)},
    {"w": (1, 10, 0)}, {"w": (0, 11, 0)}, {"w": (1, 11, 0)}, {}, {"w": (1, 12, 0)},
    {"w": (1, 13, 1), "aw": (1, 0x2000, 0)}, {"w": (1, 14, 1)},
]  # fmt: skip


def breaches_of(cycles):
    """Plays cycles of {channel: (ready, address, len)} or {"w": (ready, data, last)}."""
    dut = AxiMonitor(address_width=32, data_width=64, id_width=1, depth=4)
    seen = []

    async def play(ctx):
        for cycle in [*cycles, {}]:
            for name in ("ar", "aw", "w"):
                channel = getattr(dut, name)
                ready, first, second = cycle.get(name, (0, 0, 0))
                keys = ("data", "last") if name == "w" else ("addr", "len")
                ctx.set(channel.payload, dict(zip(keys, (first, second), strict=True)))
                ctx.set(channel.valid, name in cycle)
                ctx.set(channel.ready, ready)
            await ctx.tick()
        seen.extend(text for bit, text in enumerate(BREACHES) if ctx.get(dut.breaches) >> bit & 1)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(play)
    simulator.run()
    return seen


def test_proper_traffic():
    assert breaches_of(PROPER) == []


@pytest.mark.parametrize("cycles, breach", [
    ([{"ar": (0, 64, 0)}, {}], "AR changed or dropped while it waited"),
    ([{"ar": (0, 64, 0)}, {"ar": (1, 64, 1)}], "AR changed or dropped while it waited"),
    ([{"aw": (0, 64, 0)}, {"aw": (1, 72, 0)}], "AW changed or dropped while it waited"),
    ([{"aw": (1, 0, 1)}, {"w": (0, 1, 0)}, {"w": (1, 2, 0)}],
     "W changed or dropped while it waited"),
    ([{"ar": (0, 0x0FF8, 1)}], "AR burst crosses 4 KiB"),
    ([{"aw": (0, 0x1F88, 15)}], "AW burst crosses 4 KiB"),
    ([{"aw": (1, 0, 1)}, {"w": (1, 0, 1)}], "WLAST does not match AWLEN"),
    ([{"aw": (1, 0, 0)}, {"w": (1, 0, 0)}], "WLAST does not match AWLEN"),
])  # fmt: skip
def test_breach(cycles, breach):
    assert breach in breaches_of(cycles)
