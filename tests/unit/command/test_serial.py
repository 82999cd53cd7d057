# amaranth: UnusedElaboratable=no
"""The serial decoder against the model's checks, and its jobs."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.lib import data
from amaranth.sim import Simulator

from ppu.command.serial import SerialDecoder
from ppu.config import TINY, Signs
from ppu.isa import COMMANDS, LAST_WORD, ErrorCode, Opcode
from ppu_sim.model.checks import Stop, check
from ppu_sim.program import Command

IN_ORDER = replace(TINY, dot=4, load_slots=1, execute_slots=1, store_slots=1, epilogue_lanes=0)
CONFIGS = {"32": IN_ORDER, "17": replace(IN_ORDER, axi_address_width=17),
           "31, signed": replace(IN_ORDER, axi_address_width=31, signs=Signs.SIGNED)}


def random_command(rng):
    """Fields mostly small, sometimes extreme, so that every check passes and fails often."""
    opcode = list(COMMANDS)[rng.choice(5, p=[0.4, 0.3, 0.26, 0.02, 0.02])]
    values = {}
    for name, field in data.Layout.cast(COMMANDS[opcode]):
        if name == "opcode":
            continue
        kind = rng.choice(["small", "bit", "top", "any", "zero"],
                          p=[0.86, 0.06, 0.02, 0.03, 0.03])
        value = {"small": int(rng.integers(1, 12)), "top": (1 << field.width) - 1, "zero": 0,
                 "bit": 1 << int(rng.integers(field.width)),
                 "any": int.from_bytes(rng.bytes(8), "little")}[kind]
        if name.startswith("reserved"):
            value *= rng.random() < 0.02
        values[name] = value % (2 if name == "target" else 1 << field.width)
    if opcode is Opcode.STORE:
        values["result_format"] = 0
    return Command.build(opcode, **values)


def decode(config, commands):
    """What comes of each command, and the words of its job."""
    dut, decoded = SerialDecoder(config), []

    async def read_address(ctx, shift):
        ctx.set(dut.half, shift > 0)
        await ctx.tick()
        return ctx.get(dut.o.payload.address) >> shift & 0xFFFF_FFFF

    async def bench(ctx):
        for command in commands:
            for index in range(8):
                ctx.set(dut.words.valid, 1)
                ctx.set(dut.words.payload, {"index": index,
                                            "data": command.bits >> 32 * index & 0xFFFF_FFFF})
                await ctx.tick()
            ctx.set(dut.words.valid, 0)
            ctx.set(dut.i.valid, 1)
            ctx.set(dut.o.ready, 0)
            await ctx.tick().until(dut.o.valid)
            out = dut.o.payload
            got = {"bad": ctx.get(out.bad), "code": ctx.get(out.code), "words": []}
            got["address"] = await read_address(ctx, 0) | await read_address(ctx, 32) << 32
            decoded.append(got)
            if not got["bad"]:
                ctx.set(dut.o.ready, 1)
                while not ctx.get(dut.i.ready):
                    await ctx.tick()
                    ctx.set(dut.o.ready, 0)
                    if ctx.get(out.word_valid):
                        got["words"].append(ctx.get(out.word))
                await ctx.tick()
            ctx.set(dut.i.valid, 0)
            ctx.set(dut.o.ready, 0)
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    return decoded


@pytest.mark.parametrize("name", CONFIGS)
def test_errors_are_those_of_the_model(name):
    config, rng = CONFIGS[name], np.random.default_rng(1)
    commands = [random_command(rng) for _ in range(300)]
    seen = set()
    for command, got in zip(commands, decode(config, commands), strict=True):
        try:
            check(config, command)
            assert not got["bad"], command
            seen.add(ErrorCode.NONE)
        except Stop as stop:
            assert got["bad"], command
            assert (ErrorCode(got["code"]), got["address"]) == (stop.code, stop.address), command
            seen.add(stop.code)
    assert {ErrorCode(code) for code in (0, 2, 4, 5, 6, 7)} <= seen


@pytest.mark.parametrize(("unit", "fields", "extent", "contiguous"), [
    ("load", {"rows": 5, "bytes": 7, "stride": 7}, 35, 1),
    ("load", {"rows": 5, "bytes": 7, "stride": 70_000}, 280_007, 0),
    ("load", {"rows": 5, "bytes": 7, "stride": 0x1_0007}, 4 * 0x1_0007 + 7, 0),
    ("load", {"rows": 1, "bytes": 7, "stride": 9}, 7, 1),
    ("store", {"rows": 5, "columns": 3, "stride": 12}, 60, 1),
    ("store", {"rows": 5, "columns": 3, "stride": 13}, 64, 0),
    ("store", {"rows": 5, "columns": 0x4000, "stride": 0x1_0000}, 0x5_0000, 1),
    ("store", {"rows": 5, "columns": 0x4000, "stride": 0}, 0x1_0000, 0),
])  # fmt: skip
def test_words_of_a_job(unit, fields, extent, contiguous):
    command = Command.build(Opcode[unit.upper()], address=0x1000, **fields)
    got, = decode(IN_ORDER, [command])
    assert not got["bad"] and [word.index for word in got["words"]] == list(range(LAST_WORD + 1))
    for word in got["words"]:
        data = command.bits >> 32 * word.index & 0xFFFF_FFFF
        assert (word.data, word.less_one) == (data, (data - 1) & 0x3_FFFF)
        assert (word.last, word.contiguous) == (extent - 1, contiguous)


def test_the_whole_memory_and_not_a_byte_more():
    config, whole = CONFIGS["17"], {"rows": 512, "bytes": 256, "stride": 256, "panel_stride": 0}
    commands = [Command.build(Opcode.LOAD, address=address, **{**whole, **change})
                for address, change in ((0, {}), (1, {}), (0, {"stride": 257}),
                                        (0x1FFFF, {"rows": 1, "bytes": 1}),
                                        (0x1FFFF, {"rows": 1, "bytes": 2}))]  # fmt: skip
    got = decode(config, commands)
    assert [result["bad"] for result in got] == [0, 1, 1, 0, 1]
    assert got[0]["words"][0].last == 0x1FFFF
    assert got[4]["code"] == ErrorCode.ADDRESS and got[4]["address"] == 0x1FFFF
