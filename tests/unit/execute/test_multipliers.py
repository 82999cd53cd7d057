# amaranth: UnusedElaboratable=no
"""Products come after `latency` cycles; weights count from the operands that they came with."""

import random

import pytest
from amaranth.sim import Simulator

from ppu.execute.multipliers import Multipliers


@pytest.mark.parametrize("product_registers", [0, 1, 2])
@pytest.mark.parametrize("dot", [1, 2, 4])
@pytest.mark.parametrize(("mixed_signs", "highest"), [(False, 127), (True, 255)])
def test_products(dot, mixed_signs, highest, product_registers):
    dut = Multipliers(dot=dot, mixed_signs=mixed_signs, product_registers=product_registers)
    assert dut.latency == 1 + product_registers
    rng = random.Random(dot)

    def operands():
        return [rng.choice([-128, highest, rng.randint(-128, highest)]) for _ in range(dot)]

    async def play(ctx):
        weights, expected = None, []
        for cycle in range(200):
            a, b, take = operands(), operands(), cycle == 0 or rng.random() < 0.3
            ctx.set(dut.i_a, a)
            ctx.set(dut.i_b, b)
            ctx.set(dut.i_take, take)
            if take:
                weights = b
            expected.append([x * y for x, y in zip(a, weights, strict=True)])
            if cycle >= dut.latency:
                seen = [ctx.get(product) for product in dut.o_products]
                assert seen == expected[cycle - dut.latency], f"cycle {cycle}"
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(play)
    sim.run()
