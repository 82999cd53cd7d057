"""cocotb: the whole core against cocotbext-axi's memory and host: programs that run to their end.

Every run is compared with the golden model: registers, and memory as a whole.
"""

import cocotb

from ppu.isa import Target
from ppu_sim.bench.core_environment import DATA, RING, STALLS, Environment
from ppu_sim.program import end, load, random_program, store

_IRQ_END = 1


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stalls=list(STALLS))
async def matrix_products(dut, stalls):
    env = Environment(dut)
    await env.start(stalls)
    await env.set_ring()
    columns, row_bytes = env.config.columns, env.config.row_bytes
    shapes = [
        (1, 1, 1), (1, columns, 1), (columns + 1, 1, row_bytes - 1), (2, columns + 1, row_bytes),
        (2 * columns, 2 * columns, 2 * row_bytes), (3 * columns - 1, columns + 3, row_bytes + 1),
    ]  # fmt: skip
    for index, shape in enumerate(shapes):
        signs = bool(index & 1), bool(index & 2)
        await env.multiply(*shape, signs=signs, tag=index)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(stalls=["none", "both"])
async def every_address_near_a_page_edge(dut, stalls):
    env = Environment(dut)
    await env.start(stalls)
    await env.set_ring(size=64)
    beat, columns = env.config.beat_bytes, env.config.columns
    row, program = 4 * columns, []
    for index, offset in enumerate(range(-beat - row - 1, beat + 2)):
        source, target = 0x5000 + offset, 0x9000 + 0x1000 * (index % 6) + offset
        size = index % row + 1
        program += [
            load(rows=2, bytes=size, address=source, stride=size + index % 3,
                 destination=2 * (index % 8), target=Target.ACCUMULATOR),
            store(rows=2, columns=columns - index % 2, address=target,
                  stride=4 * columns + index % 2, source=2 * (index % 8)),
        ]  # fmt: skip
    await env.run(program + [end(5)])


@cocotb.test(timeout_time=1600, timeout_unit="us")
@cocotb.parametrize(stalls=list(STALLS))
async def random_programs(dut, stalls):
    """Full of hazards and odd strides, some refused; through rings of every small size."""
    env = Environment(dut)
    await env.start(stalls)
    await env.set_ring()
    await env.clear()
    memory = range(DATA.start, DATA.start + 0x3000)
    for index in range(12):
        await env.soft_reset()
        await env.set_ring(size=2 << index % 5)
        await env.run(random_program(env.config, env.rng, memory=memory, bad=0.3))


@cocotb.test(timeout_time=400, timeout_unit="us")
async def programs_back_to_back(dut):
    """Two ENDs with one doorbell; then a doorbell while the program before it runs."""
    env = Environment(dut)
    await env.start("both")
    await env.set_ring(size=64)
    m, n, k = 3, env.config.columns + 1, 2 * env.config.row_bytes
    first, first_result = env.product(m, n, k, tag=7)
    second, second_result = env.product(m, n, k, tag=8, a=0xA001, b=0xB002, c=0xCFFE)
    await env.run(first + second)
    assert (env.result(m, n) == first_result).all()
    assert (env.result(m, n, 0xCFFE) == second_result).all()
    assert (await env.read("END_COUNT"), await env.read("END_TAG")) == (2, 8)
    await env.announce(first)
    await env.announce(second)
    await env.finish()
    await env.compare(first + second)
    assert await env.read("END_COUNT") == 4


@cocotb.test(timeout_time=400, timeout_unit="us")
async def the_ring_wraps_at_every_place(dut):
    """A ring of 4 commands that is never emptied by more than it is filled."""
    env = Environment(dut)
    await env.start()
    await env.set_ring(base=RING, size=4)
    for count in (1, 3, 4, 5, 2, 9):
        await env.run([end(100 * count + index) for index in range(count)])
    assert await env.read("END_COUNT") == await env.read("COMPLETED") == 24


@cocotb.test(timeout_time=400, timeout_unit="us")
async def interrupt(dut):
    """`irq` follows cause and enable, and END comes after the last byte is written."""
    env = Environment(dut)
    await env.start("both")
    await env.set_ring(size=64)
    program, wanted = env.product(5, 5, 5)
    await env.run(program)
    assert dut.irq.value == 0, "not enabled"
    await env.write("IRQ_ENABLE", _IRQ_END)
    await env.cycles(2)
    assert dut.irq.value == 1, "enabled after its cause"
    await env.write("IRQ_CAUSE", _IRQ_END)
    await env.cycles(2)
    assert dut.irq.value == 0, "cleared"
    program, wanted = env.product(5, 5, 5)
    await env.announce(program)
    while dut.irq.value == 0:
        await env.cycles(1)
    assert (env.result(5, 5) == wanted).all(), "interrupt before the last byte"
    await env.compare(program)
    await env.write("IRQ_ENABLE", 0)
    await env.cycles(2)
    assert dut.irq.value == 0, "disabled"
