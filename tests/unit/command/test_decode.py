# amaranth: UnusedElaboratable=no
"""The decoder against the model's checks, on random and directed commands."""

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from amaranth.lib import data
from amaranth.sim import Simulator

from ppu.command.decode import Decoder
from ppu.config import PPU1, TINY, Signs
from ppu.isa import COMMANDS, EPILOGUE_FIELDS, ErrorCode, Opcode, StoreFormat, Target
from ppu_sim.model.checks import Stop, check
from ppu_sim.program import Command

SIGNED = replace(TINY, signs=Signs.SIGNED)
CONFIGS = {"tiny": TINY, "signed": SIGNED, "ppu1": PPU1,
           "wide": replace(TINY, row_bytes=64, axi_address_width=64),
           "epilogue": replace(TINY, epilogue_lanes=1),
           "more lanes": replace(PPU1, epilogue_lanes=8)}


def random_command(rng, *, scaled=False):
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
            value = int(rng.integers(2 + scaled)) if name == "target" else 0
        if name in EPILOGUE_FIELDS and not scaled:
            value = 0
        values[name] = value % limit
    if opcode is Opcode.STORE and scaled and rng.random() < 0.8:
        low, high = sorted(rng.integers(0, 128, 2).tolist())
        values |= {"result_format": int(rng.integers(1, len(StoreFormat))), "low": low,
                   "high": high if rng.random() < 0.95 else int(rng.integers(256))}
        values["columns"] = values["columns"] % 20
    elif opcode is Opcode.STORE and rng.random() < 0.9:
        values |= dict.fromkeys(EPILOGUE_FIELDS, 0)
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
                    ("to_sums", "target", "a", "b", "sums", "memory", "parameters", "late")}
            decoded.append({
                "bad": ctx.get(out.bad), "code": ctx.get(out.code),
                "address": ctx.get(out.address), "cycles": cycles,
                "load": ctx.get(out.load), "store": ctx.get(out.store),
                "sums_base": ctx.get(out.footprint.sums_base), **foot})  # fmt: skip
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
    commands = [random_command(rng, scaled=config.epilogue_lanes > 0) for _ in range(400)]
    seen = set()
    for command, got in zip(commands, decode(config, commands), strict=True):
        code, address = expected(config, command)
        assert (got["code"], got["bad"]) == (code, code != ErrorCode.NONE), command
        if address is not None:
            assert got["address"] == address, command
        seen.add(code)
    assert {ErrorCode.NONE, ErrorCode.OPCODE, ErrorCode.RESERVED, ErrorCode.FORMAT,
            ErrorCode.COUNT, ErrorCode.ACCUMULATOR} <= seen
    assert (ErrorCode.PARAMETERS in seen) == (config.epilogue_lanes > 0)


def test_footprint_and_job_of_a_load():
    load = Command.build(Opcode.LOAD, rows=10, bytes=18, pad=2, address=0x1003, stride=18,
                         destination=5, panel_stride=16)
    got, = decode(TINY, [load])
    assert (got["target"].first, got["target"].last) == (5, 5 + 4 * 16 + 11)
    assert not got["to_sums"]
    assert (got["memory"].first, got["memory"].last) == (0x1003 >> 6, (0x1003 + 179) >> 6)
    assert (got["load"].extent, got["load"].contiguous) == (180, 1)


def test_footprint_of_an_execute():
    execute = Command.build(Opcode.EXECUTE, m=9, n=3, k=2, a=7, a_stride=11, b=40, b_stride=13,
                            b_tile_stride=5, c=20, c_stride=9)
    got, = decode(TINY, [execute])
    assert (got["a"].first, got["a"].last) == (7, 7 + 11 + 8)
    assert (got["b"].first, got["b"].last) == (40, 40 + 2 * 5 + 13 + TINY.columns - 1)
    assert (got["sums"].first, got["sums"].last) == (20, 20 + 2 * 9 + 8)


@pytest.mark.parametrize(("rows", "stride", "contiguous"), [(4, 28, 1), (4, 29, 0), (1, 99, 1)])
def test_contiguous_store(rows, stride, contiguous):
    store = Command.build(Opcode.STORE, rows=rows, columns=7, address=0x1001, stride=stride,
                          source=3, panel_stride=4)
    got, = decode(TINY, [store])
    assert got["store"].contiguous == contiguous
    assert got["store"].extent == (rows - 1) * stride + 28
    assert (got["sums"].first, got["sums"].last) == (3, 3 + 4 + rows - 1)


SCALED = {"rows": 3, "columns": 6, "address": 0x1001, "source": 10, "panel_stride": 4,
          "high": 9, "result_format": StoreFormat.INT8}


@pytest.mark.parametrize(("fields", "sums", "late"), [
    ({}, (10, 16), 0), ({"add_residual": 1, "residual": 4}, (4, 16), 1),
    ({"add_residual": 1, "residual": 20}, (10, 22), 1),
    ({"add_residual": 1, "residual": 12}, (10, 16), 1)])
def test_scaled_store(fields, sums, late):
    """Residual numbers are read from one range with the sums; rows are as long as their format."""
    store = Command.build(Opcode.STORE, stride=6, **SCALED, **fields)
    got, = decode(CONFIGS["epilogue"], [store])
    assert (got["bad"], got["parameters"], got["late"]) == (0, 1, late)
    assert (got["sums"].first, got["sums"].last, got["sums_base"]) == (*sums, 14)
    assert (got["store"].contiguous, got["store"].extent, got["store"].size) == (1, 18, 0)


@pytest.mark.parametrize(("form", "size"), [
    (StoreFormat.UINT8, 0), (StoreFormat.BFLOAT16, 1), (StoreFormat.FLOAT16, 1),
    (StoreFormat.FLOAT32, 2)])
def test_bytes_of_a_result(form, size):
    store = Command.build(Opcode.STORE, stride=100, **SCALED | {"result_format": form})
    got, = decode(CONFIGS["epilogue"], [store])
    assert (got["store"].size, got["store"].extent) == (size, 200 + (6 << size))


def test_load_of_parameters():
    load = Command.build(Opcode.LOAD, target=Target.PARAMETERS, rows=1, bytes=40, panel_stride=1,
                         destination=250, stride=40)
    got, = decode(CONFIGS["epilogue"], [load])
    assert (got["bad"], got["parameters"], got["to_sums"]) == (0, 1, 0)
    assert (got["load"].target, got["load"].to_parameters) == (1, 1)
    assert (got["target"].first, got["target"].last) == (250, 252)


LOAD = Command.build(Opcode.LOAD, rows=2, bytes=5, stride=5)
FAR_LOAD = Command.build(Opcode.LOAD, rows=2, bytes=5, stride=1 << 16)
EXECUTE = Command.build(Opcode.EXECUTE, m=1, n=2, k=2, c_stride=1)
STORE = Command.build(Opcode.STORE, rows=3, columns=9, stride=36, source=4, panel_stride=3)
FENCE, END = Command.build(Opcode.FENCE), Command.build(Opcode.END, tag=7)


@pytest.mark.parametrize("command, base, last", [
    (STORE, 4 + 2 * 3, 4 + 2 * 3 + 2), (EXECUTE, 1, 1),
    (Command.build(Opcode.EXECUTE, m=9, n=3, k=2, c=20, c_stride=9), 20 + 2 * 9, 20 + 3 * 9 - 1)])
def test_base_of_the_last_chunk_or_tile(command, base, last):
    got, = decode(TINY, [command])
    assert (got["sums_base"], got["sums"].last) == (base, last)


def test_latency():
    """As the docstring has it."""
    commands = [FENCE, END, Command(0), LOAD, STORE, FAR_LOAD, EXECUTE]
    assert [got["cycles"] for got in decode(TINY, commands)] == [3, 3, 3, 4, 4, 5, 5]


def stream_through(config, commands, *, offered=lambda: True, accepted=lambda: True):
    """Commands one after the other: (cycle of the first `valid`, payload) of each.

    `accepted` is asked from the second cycle of `valid` on: the station takes two.
    """
    dut, decoded = Decoder(config), []

    async def feed(ctx):
        for command in commands:
            while not offered():
                await ctx.tick()
            ctx.set(dut.i.payload.command.raw, command.bits)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)

    async def take(ctx):
        cycle = 0
        while len(decoded) < len(commands):
            while not ctx.get(dut.o.valid):
                await ctx.tick()
                cycle += 1
            decoded.append((cycle, ctx.get(dut.o.payload)))
            waiting = True
            while waiting:
                await ctx.tick()
                cycle += 1
                assert ctx.get(dut.o.valid) and ctx.get(dut.busy)
                assert ctx.get(dut.o.payload) == decoded[-1][1], "the payload changed"
                waiting = not accepted()
            ctx.set(dut.o.ready, 1)
            await ctx.tick()
            cycle += 1
            ctx.set(dut.o.ready, 0)
        assert not ctx.get(dut.busy)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.add_testbench(take)
    sim.run()
    return decoded


@pytest.mark.parametrize("commands, cycles", [
    ([LOAD], 3), ([STORE], 3), ([FAR_LOAD], 4), ([EXECUTE], 4), ([END], 3),
    ([LOAD, LOAD, EXECUTE, STORE], 3.25)])
def test_throughput(commands, cycles):
    """Cycles per command, as the docstring has it, with a station that takes two."""
    repeats = 12
    at = [cycle for cycle, _ in stream_through(TINY, repeats * commands)]
    assert at[-1] - at[len(commands) - 1] == cycles * len(commands) * (repeats - 1)


@cache
def decoded_alone():
    """Random commands, and what comes of each if there is no other."""
    rng = np.random.default_rng(5)
    commands = [random_command(rng) for _ in range(100)]
    return commands, [stream_through(TINY, [command])[0][1] for command in commands]


@pytest.mark.parametrize("offer, accept", [(0.3, 1.0), (1.0, 0.3), (0.5, 0.5), (1.0, 1.0)])
def test_stalls_change_nothing(offer, accept):
    commands, alone = decoded_alone()
    chance = random.Random(7)
    parts = {Opcode.LOAD: "load", Opcode.EXECUTE: "execute", Opcode.STORE: "store"}
    got = stream_through(TINY, commands, offered=lambda: chance.random() < offer,
                         accepted=lambda: chance.random() < accept)
    for command, (_, payload), expected_payload in zip(commands, got, alone, strict=True):
        assert payload.code == expected_payload.code, command
        if payload.code != ErrorCode.NONE:
            assert payload.address == expected_payload.address, command
        else:
            assert payload.opcode == expected_payload.opcode, command
            if payload.opcode in parts:
                for part in (parts[payload.opcode], "footprint"):
                    assert getattr(payload, part) == getattr(expected_payload, part), command
