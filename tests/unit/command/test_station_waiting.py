# amaranth: UnusedElaboratable=no
"""What the station tells the units of the commands that they cannot have yet."""

from amaranth.sim import Simulator

from ppu.command.station import Station
from ppu.config import TINY
from ppu.isa import Opcode

UNITS = ("load", "execute", "store")


def block(first, last):
    return {"first": first, "last": last}


def test_waiting_names_the_units_waited_for():
    """An EXECUTE for operands of a LOAD, a STORE for sums of the EXECUTE and memory of the LOAD."""
    dut = Station(TINY)
    commands = [
        (Opcode.LOAD, {"target": block(0, 3), "memory": block(8, 9)}),
        (Opcode.EXECUTE, {"a": block(3, 5), "b": block(16, 19), "sums": block(0, 3)}),
        (Opcode.STORE, {"sums": block(0, 3), "memory": block(9, 9)}),
    ]

    def waiting(ctx):
        """Unit -> for whom its command waits; not in it if it has none."""
        told = {}
        for unit in UNITS:
            value = ctx.get(getattr(dut, f"{unit}_waiting"))
            if value.command:
                told[unit] = {other for other in UNITS if other != unit and getattr(value, other)}
        return told

    async def pulse(ctx, name):
        ctx.set(getattr(dut, name), 1)
        await ctx.tick()
        ctx.set(getattr(dut, name), 0)
        await ctx.tick().repeat(3)

    async def main(ctx):
        ctx.set(dut.execute.ready, 1)
        for opcode, footprint in commands:
            ctx.set(dut.i.payload, {"opcode": opcode, "footprint": footprint})
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
        await ctx.tick().repeat(3)
        # EXECUTE is taken, for its weights, but may not start.
        assert waiting(ctx) == {"load": set(), "execute": {"load"}, "store": {"load", "execute"}}
        ctx.set(dut.load.ready, 1)
        await ctx.tick()
        await ctx.tick()
        assert waiting(ctx) == {"execute": {"load"}, "store": {"load", "execute"}}
        await pulse(ctx, "load_completed")
        assert waiting(ctx) == {"store": {"execute"}}
        await pulse(ctx, "execute_completed")
        assert waiting(ctx) == {"store": set()}
        ctx.set(dut.store.ready, 1)
        await ctx.tick()
        await ctx.tick()
        assert waiting(ctx) == {}

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(main)
    sim.run()
