# amaranth: UnusedElaboratable=no
"""The counter of cycles of a core without performance counters."""

from amaranth.sim import Simulator

from ppu.host.counters import Counters
from ppu.host.cycle_counter import CycleCounter


def test_active_cycles_are_counted_and_nothing_else():
    dut = CycleCounter()

    async def bench(ctx):
        for active in (1, 0, 1, 1, 0, 0):
            ctx.set(dut.active, active)
            await ctx.tick()
        await ctx.tick()
        ctx.set(dut.read_valid, 1)
        for index in range(Counters.WORDS):
            ctx.set(dut.read_index, index)
            assert ctx.get(dut.read_done)
            assert ctx.get(dut.read_data) == (3 if index == 0 else 0)
        ctx.set(dut.read_valid, 0)
        assert not ctx.get(dut.read_done)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
