# amaranth: UnusedElaboratable=no
"""Controllers with one wrong time: the chip notices each."""

import random
from dataclasses import replace

import pytest
from memory_bench import simulate

from ppu_fpga.memory.model.chip import SdramBreach, SdramChip
from ppu_fpga.memory.model.manager import AxiManager, Burst
from ppu_fpga.memory.model.sdram_top import SdramTop, run_chip
from ppu_fpga.memory.model.traffic import random_writes
from ppu_fpga.memory.sdram.controller import SdramController
from ppu_fpga.memory.sdram.parts import SdramPart, SdramTiming

#: Slow enough in everything that each time is what commands wait for.
PART = SdramPart(rows=8, rcd=60, rp=60, ras=180, rc=260, rfc=120, rrd=50, wr=150, mrd=80,
                 cl2=10, cl3=7.5, refresh=3000, power_up=500)
TIMING = SdramTiming.of(PART, frequency=100e6)
SEED = 4


def run(wrong, *, input_delay=0):
    """A controller with the times `wrong`, and short accesses all over the memory."""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    top = SdramTop(SdramController(
        PART, replace(TIMING, **wrong), address_width=20, input_delay=input_delay))
    chip = SdramChip(PART, TIMING, burst=4)
    chip.data[:] = rng.randbytes(PART.size)
    manager = AxiManager(top.axi, bytearray(chip.data))
    everywhere = [range(PART.size)]
    for index in range(10):
        manager.reads.append(Burst(rng.randrange(PART.size // 8) * 8, 1))
        manager.reads.append(Burst(index * 1024 + 1016 & ~1023 | 1016, 1))
        manager.reads.append(Burst((index * 4096 + 64) % PART.size, 1))
    manager.writes.extend(random_writes(rng, 20, everywhere, beat_bytes=8, longest=2))

    async def main(ctx):
        await manager.finish(ctx, 4000)
        for _ in range(2 * TIMING.refresh):
            await ctx.tick()

    async def background(ctx):
        await run_chip(ctx, chip, top.ports)

    simulate(top, [manager], main, background)


def test_right_times_break_no_rule():
    run({})


#: By how much a time is shortened: after these two, the controller takes a few cycles anyway.
_MORE = {"mrd": 5, "power_up": 5}


@pytest.mark.parametrize("name", ["rcd", "rp", "ras", "rc", "rrd", "rfc", "wr", "mrd", "power_up"])
def test_too_short(name):
    """One cycle too short is noticed, as a breach of that very rule."""
    with pytest.raises(SdramBreach) as breach:
        run({name: getattr(TIMING, name) - _MORE.get(name, 1)})
    assert breach.value.rule == name


def test_refresh_too_rare():
    with pytest.raises(SdramBreach) as breach:
        run({"refresh": TIMING.refresh + 100})
    assert breach.value.rule == "refresh"


def test_other_latency_than_the_chip():
    with pytest.raises(SdramBreach) as breach:
        run({"cas": 2})
    assert breach.value.rule == "mode"


@pytest.mark.parametrize("delay", [-1, 1])
def test_data_taken_in_the_wrong_cycle(delay):
    with pytest.raises(AssertionError, match=r"read .* not .* as beat 0"):
        run({}, input_delay=delay)
