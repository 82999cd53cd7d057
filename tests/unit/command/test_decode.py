# amaranth: UnusedElaboratable=no
"""The decoder against the model's checks, on random and directed commands."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.lib import data
from amaranth.sim import Simulator

from ppu.command.decode import Decoder
from ppu.config import PPU1, TINY, Signs
from ppu.isa import COMMANDS, ErrorCode, Opcode
from ppu_sim.model.checks import Stop, check
from ppu_sim.program import Command

SIGNED = replace(TINY, signs=Signs.SIGNED)
CONFIGS = {"tiny": TINY, "signed": SIGNED, "ppu1": PPU1,
           "wide": replace(TINY, row_bytes=64, axi_address_width=64)}


def random_command(rng):
    """Fields mostly small, sometimes extreme, so that every check passes and fails often."""
    opcode = [*COMMANDS, None][rng.choice(6, p=[0.4, 0.28, 0.25, 0.02, 0.02, 0.03])]
    if opcode is None:
        return Command(int.from_bytes(rng.bytes(32), "little"))
    values = {}
    for name, field in data.Layout.cast(COMMANDS[opcode]):
        if name == "opcode":
            continue
        limit = 1 << field.width
        kind = rng.choice(["zero", "small", "top", "any"], p=[0.04, 0.9, 0.03, 0.03])
        small = 2 if name in ("target",) else 40
        value = {"zero": 0, "small": int(rng.integers(1, small)), "top": limit - 1,
                 "any": int.from_bytes(rng.bytes(32), "little")}[kind]
        if name.startswith("reserved") and rng.random() < 0.97:
            value = 0
        if name in ("target", "result_format") and rng.random() < 0.95:
            value = int(rng.integers(2)) if name == "target" else 0
        values[name] = value % limit
    return Command.build(opcode, **values)


def expected(config, command):
    """(code, address) by the model."""
    try:
        check(config, command)
    except Stop as stop:
        return stop.code, stop.address
    return ErrorCode.NONE, None


def decode(config, commands):
    """Each command as decoded, with its latency in cycles."""
    dut, decoded = Decoder(config), []

    async def bench(ctx):
        for command in commands:
            ctx.set(dut.i.payload.command.raw, command.bits)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            cycles = 1
            while not ctx.get(dut.o.valid):
                await ctx.tick()
                cycles += 1
            out = dut.o.payload
            foot = {part: ctx.get(getattr(out.footprint, part)) for part in
                    ("a", "b", "sums", "memory")}
            decoded.append({
                "code": ctx.get(out.code), "address": ctx.get(out.address), "cycles": cycles,
                "load": ctx.get(out.load), "store": ctx.get(out.store), **foot})  # fmt: skip
            ctx.set(dut.o.ready, 1)
            await ctx.tick()
            ctx.set(dut.o.ready, 0)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    return decoded


@pytest.mark.parametrize("name", CONFIGS)
def test_errors_are_those_of_the_model(name):
    config = CONFIGS[name]
    rng = np.random.default_rng(sorted(CONFIGS).index(name))
    commands = [random_command(rng) for _ in range(400)]
    seen = set()
    for command, got in zip(commands, decode(config, commands), strict=True):
        code, address = expected(config, command)
        assert got["code"] == code, command
        if address is not None:
            assert got["address"] == address, command
        seen.add(code)
    assert {ErrorCode.NONE, ErrorCode.OPCODE, ErrorCode.RESERVED, ErrorCode.FORMAT,
            ErrorCode.COUNT, ErrorCode.ACCUMULATOR} <= seen


def test_footprint_and_job_of_a_load():
    load = Command.build(Opcode.LOAD, rows=10, bytes=18, pad=2, address=0x1003, stride=18,
                         destination=5, panel_stride=16)
    got, = decode(TINY, [load])
    assert (got["a"].valid, got["a"].first, got["a"].last) == (1, 5, 5 + 4 * 16 + 11)
    assert not got["b"].valid
    assert not got["sums"].valid
    assert (got["memory"].first, got["memory"].last) == (0x1003 >> 6, (0x1003 + 179) >> 6)
    assert (got["load"].extent, got["load"].contiguous) == (180, 1)


def test_footprint_of_an_execute():
    execute = Command.build(Opcode.EXECUTE, m=9, n=3, k=2, a=7, a_stride=11, b=40, b_stride=13,
                            b_tile_stride=5, c=20, c_stride=9)
    got, = decode(TINY, [execute])
    assert (got["a"].first, got["a"].last) == (7, 7 + 11 + 8)
    assert (got["b"].first, got["b"].last) == (40, 40 + 2 * 5 + 13 + TINY.columns - 1)
    assert (got["sums"].first, got["sums"].last) == (20, 20 + 2 * 9 + 8)
    assert not got["memory"].valid


@pytest.mark.parametrize(("rows", "stride", "contiguous"), [(4, 28, 1), (4, 29, 0), (1, 99, 1)])
def test_contiguous_store(rows, stride, contiguous):
    store = Command.build(Opcode.STORE, rows=rows, columns=7, address=0x1001, stride=stride,
                          source=3, panel_stride=4)
    got, = decode(TINY, [store])
    assert got["store"].contiguous == contiguous
    assert got["store"].extent == (rows - 1) * stride + 28
    assert (got["sums"].first, got["sums"].last) == (3, 3 + 4 + rows - 1)


def test_latency():
    """As the docstring has it."""
    commands = [Command.build(Opcode.FENCE), Command.build(Opcode.EXECUTE, m=1, n=1, k=1),
                Command.build(Opcode.LOAD, rows=1, bytes=1),
                Command.build(Opcode.STORE, rows=1, columns=1)]
    assert [got["cycles"] for got in decode(TINY, commands)] == [2, 10, 10, 10]
