# amaranth: UnusedElaboratable=no
"""The fetch asks for few commands at a time, so that operands need not wait for all of them."""

import pytest
from test_host import MEDIUM, SMALL, TINY, WIDE, Bench

from ppu.host.fetch import PATIENCE, RATION_CYCLES
from ppu.isa import COMMAND_BYTES


def requests(config, tails, *, latency=1, first=0):
    """(cycle since the first, commands) of each burst, for tails written one after the other.

    The ring holds 64 commands, and `first` of them have come long before.
    """
    bench, seen = Bench(config, latency=latency), []
    ar = bench.dut.axi.ar

    async def watch(ctx):
        cycle = 0
        async for _, _, asked, payload in ctx.tick().sample(ar.valid & ar.ready, ar.payload):
            cycle += 1
            if asked:
                seen.append((cycle, (payload.len + 1) * config.beat_bytes // COMMAND_BYTES))

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 64)
        for tail in ([first] if first else []) + tails:
            await bench.write(ctx, "RING_TAIL", tail)
            if tail == first:
                while await bench.read(ctx, "STATUS"):
                    pass
                seen.clear()
        while await bench.read(ctx, "STATUS"):
            pass

    bench.run(main, watch)
    bench.check(0, 64, 0, tails[-1])
    return [(cycle - seen[0][0], count) for cycle, count in seen]


def asked_by(bursts, cycle):
    return sum(count for at, count in bursts if at < cycle)


@pytest.mark.parametrize("config, commands", [(SMALL, 4), (MEDIUM, 8)])
@pytest.mark.parametrize("first", [0, 5, 14])
def test_commands_come_in_rations(config, commands, first):
    """Also across the end of a block, and again after each rest."""
    bursts = requests(config, [first + 40], first=first)
    for number in range(1, 40 // commands):
        assert asked_by(bursts, number * RATION_CYCLES - 3) <= number * commands
        assert asked_by(bursts, number * RATION_CYCLES + 6) > (number - 1) * commands
    assert asked_by(bursts, RATION_CYCLES - 3) == commands
    assert sum(count for _, count in bursts) == 40


def test_a_slow_memory_is_asked_for_more_at_once():
    bursts = requests(SMALL, [40], latency=60)
    assert asked_by(bursts, PATIENCE - 3) == 4
    assert asked_by(bursts, PATIENCE + 6) == 16


def test_a_program_that_grows_does_not_begin_again():
    bursts = requests(SMALL, [2, 40])
    assert asked_by(bursts, RATION_CYCLES - 3) == 4


def test_a_ration_is_at_most_half_of_the_buffer():
    assert asked_by(requests(WIDE, [40]), RATION_CYCLES - 3) == 8


def test_no_rations_with_a_small_buffer():
    assert asked_by(requests(TINY, [40], latency=60), 40) == 4
    assert asked_by(requests(TINY, [40]), RATION_CYCLES - 3) > 4
