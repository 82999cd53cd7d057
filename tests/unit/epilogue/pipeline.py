"""Streams operands through a part that takes and gives one set in each cycle."""

import numpy as np
from amaranth.hdl import Value
from amaranth.sim import Simulator

__all__ = ["results"]


def results(dut, latency, outputs, **operands):
    """What a part gives for each set of operands, and for one set after the other.

    Parameters
    ----------
    dut : wiring.Component
        The part; `operands` are by name of its inputs, as arrays of bits.
    latency : int
        Cycles from an operand to its result.
    outputs : str
        Name of the output.

    Returns
    -------
    int64 array
        Bits of the results.
    """
    names = list(operands)
    count = len(operands[names[0]])
    got = []

    async def stream(ctx):
        for index in range(count + latency):
            for name in names:
                ctx.set(Value.cast(getattr(dut, name)), int(operands[name][min(index, count - 1)]))
            sample = Value.cast(getattr(dut, outputs))
            value, = (await ctx.tick().sample(sample))[2:]
            if index >= latency:
                got.append(value)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(stream)
    simulator.run()
    return np.array(got)
