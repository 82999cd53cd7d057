"""Runs managers on a memory in Amaranth's simulator."""

from amaranth import *
from amaranth.sim import Simulator

from ppu_fpga.memory.model.manager import Burst


class Resettable(Elaboratable):
    """A part with a reset of its own, `clear`."""

    def __init__(self, part):
        self.part, self.clear = part, Signal()

    def elaborate(self, platform):
        m = Module()
        m.submodules.part = ResetInserter(self.clear)(self.part)
        return m


def simulate(dut, managers, main, *others):
    """Runs `main(ctx)` with the managers and other coroutine functions in the background."""
    sim = Simulator(dut)
    sim.add_clock(1e-8)

    def background(run):
        async def bench(ctx):
            await run(ctx)
        sim.add_testbench(bench, background=True)

    for manager in managers:
        background(manager.run)
    for run in others:
        background(run)
    sim.add_testbench(main)
    sim.run()


def whole(size, beat_bytes, *, base=0):
    """Reads of everything, 16 beats each."""
    return [Burst(start, 16) for start in range(base, base + size, 16 * beat_bytes)]


def may_hold(image, flying, base=0):
    """For each byte, the values that it may have after a reset: those in flight are old or new."""
    values = [{byte} for byte in image]
    for burst in flying:
        for index, byte in enumerate(burst.before):
            values[burst.address - base + index].add(byte)
    return values


async def reset(ctx, dut, managers):
    """Resets a :class:`Resettable` in the middle of its work; gives the writes in flight."""
    flying = [burst for manager in managers for burst in manager.pause()]
    ctx.set(dut.clear, 1)
    await ctx.tick().repeat(2)
    ctx.set(dut.clear, 0)
    for manager in managers:
        manager.resume()
    return flying


def contents(ctx, storage):
    """What an on-chip storage holds."""
    return b"".join(ctx.get(storage.rows.data[index]).to_bytes(storage.width // 8, "little")
                    for index in range(storage.words))
