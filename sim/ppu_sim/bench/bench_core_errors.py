"""cocotb: the whole core when something goes wrong: errors of the bus and of commands, resets.

After each of them, a reset gives a core that works.
"""

import cocotb

from ppu.isa import ErrorCode
from ppu.lib.axi import Response
from ppu_sim.bench.core_environment import DATA, RING, Environment
from ppu_sim.model import Fault
from ppu_sim.program import COMMAND_ERRORS, end, fence, load, random_program, store

_IRQ_ERROR = 2
#: A page whose accesses fail.
BAD = 0x6000


async def begin(dut, stalls="both", size=64):
    """An environment that is ready to run, with the interrupt on errors enabled."""
    env = Environment(dut)
    await env.start(stalls)
    await env.set_ring(size=size)
    await env.write("IRQ_ENABLE", _IRQ_ERROR)
    return env


async def works_after_reset(env):
    env.ram.faults.clear()
    env.machine.faults.clear()
    await env.soft_reset()
    assert env.dut.irq.value == 0
    await env.set_ring()
    await env.multiply(env.config.columns + 1, 3, env.config.row_bytes + 2, tag=99)


async def stops(env, program, code):
    """Runs a program that stops with `code`: as the model does, and with an interrupt."""
    await env.run(program)
    assert await env.read("ERROR_CODE") == code.value
    assert env.dut.irq.value == 1
    await env.announce([end(3)])
    await env.cycles(100)
    await env.compare(program)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(kind=["FETCH", "READ", "WRITE"], response=["SLVERR", "DECERR"])
async def bus_error(dut, kind, response):
    env = await begin(dut)
    columns = env.config.columns
    fault = Fault(BAD, BAD + 0x1000, Response[response], "write" if kind == "WRITE" else "read")
    env.ram.faults.append(fault)
    env.machine.faults.append(fault)
    source = BAD - 7 if kind == "READ" else DATA.start
    target = BAD - 4 * columns - 3 if kind == "WRITE" else 0x8001
    if kind == "FETCH":
        await env.set_ring(base=BAD - 128, size=64)
    program = [
        store(rows=3, columns=columns, address=0x9003, source=0),
        load(rows=2, bytes=19, address=source, destination=4),
        fence(),  # younger commands that run already when the error is seen would finish
        store(rows=2, columns=columns, address=target, source=0),
        fence(),
        store(rows=3, columns=columns, address=0xA003, source=0),
        end(1),
    ]
    await env.clear()
    await stops(env, program, ErrorCode[f"{kind}_{response}"])
    await works_after_reset(env)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(code=[code.name for code in COMMAND_ERRORS])
async def bad_command(dut, code):
    env = await begin(dut)
    await env.clear()
    await env.soft_reset()
    await env.set_ring(size=64)
    await env.write("IRQ_ENABLE", _IRQ_ERROR)
    program = random_program(
        env.config, env.rng, memory=range(DATA.start, DATA.start + 0x2000), length=8, bad=1,
        errors=[ErrorCode[code]])  # fmt: skip
    await stops(env, program, ErrorCode[code])
    await works_after_reset(env)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(misuse=["tail", "size", "base"])
async def ring_misuse(dut, misuse):
    env = await begin(dut, size=8)
    await env.run([end(1), end(2)])
    size, base, tail = {"size": (24, RING, 3), "base": (8, RING + 32, 3)}.get(misuse, (8, RING, 11))
    await env.set_ring(base, size)
    await env.write("RING_TAIL", tail)
    await env.finish()
    await env.compare()
    assert await env.read("ERROR_CODE") == ErrorCode.RING.value
    assert dut.irq.value == 1
    await works_after_reset(env)


@cocotb.test(timeout_time=400, timeout_unit="us")
async def ring_changed_while_it_is_in_use(dut):
    """The model is never at work when it is spoken to: it gets the program only."""
    env = await begin(dut)
    program, wanted = env.product(3, 3, 3)
    await env.announce(program)
    await env.write_core("RING_SIZE", 16)
    await env.finish()
    assert (env.result(3, 3) == wanted).all()
    errors = ("ERROR_CODE", "ERROR_INDEX", "ERROR_ADDRESS_LOW", "COMPLETED", "RING_SIZE")
    values = [await env.read(name) for name in errors]
    assert values == [ErrorCode.RING.value, len(program), 16, len(program), 64]
    assert dut.irq.value == 1
    await works_after_reset(env)


@cocotb.test(timeout_time=400, timeout_unit="us")
@cocotb.parametrize(hard=[True, False], stalls=["none", "both"])
async def reset_in_the_middle(dut, hard, stalls):
    """At many moments of a run: no other byte is written than its own, and the next is right."""
    env = await begin(dut, stalls)
    shape = env.config.columns + 2, env.config.columns + 1, 2 * env.config.row_bytes + 1
    for delay in [*range(0, 60, 7), *(int(x) for x in env.rng.integers(60, 900, 8))]:
        program, _ = env.product(*shape)
        await env.announce(program)
        before = env.memory.copy()
        model = env.machine.memory.copy()
        await env.cycles(delay)
        await (env.hard_reset() if hard else env.soft_reset())
        untouched = env.memory == before
        written = env.memory == model
        assert (untouched | written).all(), f"wrong bytes after a reset at cycle {delay}"
        for name in ("STATUS", "COMPLETED", "RING_HEAD", "RING_TAIL", "ERROR_CODE", "IRQ_CAUSE"):
            assert await env.read(name) == 0, name
        await env.set_ring(size=64)
        await env.multiply(*shape)
        await env.soft_reset()
        await env.set_ring(size=64)
