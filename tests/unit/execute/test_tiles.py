# amaranth: UnusedElaboratable=no
"""From jobs to tiles, and from tiles to reads: the order of the loops, and who waits for whom."""

import random

import pytest
from amaranth.sim import Simulator

from ppu.command.jobs import ExecuteJob
from ppu.config import TINY
from ppu.execute.feeder import Feeder
from ppu.execute.tiles import TileLayout, TileWalker

COLUMNS, DISTANCE = TINY.columns, 4
TILE = TileLayout(TINY.scratchpad_rows, TINY.accumulator_rows)


def make_walker():
    return TileWalker(
        scratchpad_rows=TINY.scratchpad_rows, accumulator_rows=TINY.accumulator_rows,
        job_layout=ExecuteJob(TINY), update_distance=DISTANCE)  # fmt: skip


def make_feeder():
    return Feeder(
        scratchpad_rows=TINY.scratchpad_rows, scratchpad_banks=TINY.scratchpad_banks,
        accumulator_rows=TINY.accumulator_rows, columns=COLUMNS,
        update_distance=DISTANCE, jobs=TINY.execute_slots)  # fmt: skip


def random_job(rng):
    m = rng.choice([1, 2, 3, 4, 5, 9])
    return {
        "a_signed": rng.randrange(2), "b_signed": rng.randrange(2), "accumulate": rng.randrange(2),
        "m": m, "n": rng.randint(1, 4), "k": rng.randint(1, 4),
        "a": rng.randrange(100), "a_stride": rng.randrange(20),
        "b": rng.randrange(100), "b_stride": rng.randrange(20), "b_tile_stride": rng.randrange(60),
        "c": rng.randrange(40), "c_stride": rng.choice([0, 1, m - 1, m]),
    }  # fmt: skip


def tiles_of(job):
    """The two loops of the manual."""
    for n in range(job["n"]):
        for k in range(job["k"]):
            yield {
                "a": job["a"] + k * job["a_stride"],
                "b": job["b"] + n * job["b_tile_stride"] + k * job["b_stride"],
                "c": job["c"] + n * job["c_stride"], "m": job["m"],
                "a_signed": job["a_signed"], "b_signed": job["b_signed"],
                "overwrite": int(k == 0 and not job["accumulate"]),
                "first": int(n == k == 0), "last": int(n == job["n"] - 1 and k == job["k"] - 1),
            }  # fmt: skip


def walk(jobs, *, source=0.0, sink=0.0, seed=0):
    """Sends jobs; returns the tiles as dicts, and the cycles in which jobs and tiles moved."""
    dut, tiles, came, went = make_walker(), [], [], []
    count = sum(job["n"] * job["k"] for job in jobs)

    async def play(ctx):
        rng, waiting, cycle, held = random.Random(seed), list(jobs), 0, None
        offered = False
        while len(tiles) < count:
            offered = offered or bool(waiting and rng.random() >= source)
            if offered:
                ctx.set(dut.i.payload, waiting[0])
            ctx.set(dut.i.valid, offered)
            ready = rng.random() >= sink
            ctx.set(dut.o.ready, ready)
            tile = ctx.get(dut.o.payload) if ctx.get(dut.o.valid) else None
            assert held is None or tile == held, "changed while it waited"
            held = tile if not ready else None
            if offered and ctx.get(dut.i.ready):
                came.append(cycle)
                waiting.pop(0)
                offered = False
            if tile is not None and ready:
                tiles.append({name: int(getattr(tile, name)) for name, _ in TILE})
                went.append(cycle)
            await ctx.tick()
            cycle += 1
            assert cycle < 100 * count + 100, "hangs"

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(play)
    sim.run()
    return tiles, came, went


def may_be_too_early(before, tile):
    """Whether rows of `tile`, right after `before`, add to rows that were updated too recently.

    Tiles start at least COLUMNS cycles after each other.
    """
    if tile["overwrite"]:
        return False
    start = max(before["m"], COLUMNS)
    updated = {before["c"] + i: i for i in range(before["m"])}
    added = ((tile["c"] + i, start + i) for i in range(tile["m"]))
    return any(row in updated and cycle - updated[row] < DISTANCE for row, cycle in added)


@pytest.mark.parametrize("stalls", [(0, 0), (0.6, 0), (0, 0.6), (0.4, 0.4)])
def test_walker_follows_the_loops(stalls):
    rng = random.Random(1)
    jobs = [random_job(rng) for _ in range(60)]
    tiles, _, _ = walk(jobs, source=stalls[0], sink=stalls[1], seed=2)
    overlaps = [tile.pop("overlap") for tile in tiles]
    assert tiles == [tile for job in jobs for tile in tiles_of(job)]
    assert any(overlaps)
    for overlap, before, tile in zip(overlaps[1:], tiles[:-1], tiles[1:], strict=True):
        assert overlap or not may_be_too_early(before, tile), (before, tile)
        if overlap:
            assert not tile["overwrite"]
            assert 0 < before["c"] + before["m"] - tile["c"] < DISTANCE


def test_walker_gives_a_tile_a_cycle_one_cycle_after_the_job():
    """A job is taken in the cycle after the last tile of the one before has left."""
    rng = random.Random(3)
    jobs = [random_job(rng) for _ in range(20)]
    _, came, went = walk(jobs)
    cycle, expected = 0, []
    for job, taken in zip(jobs, came, strict=True):
        assert taken == cycle
        expected += [cycle + 1 + index for index, _ in enumerate(tiles_of(job))]
        cycle = expected[-1] + 1
    assert went == expected


@pytest.mark.parametrize(("shift", "overwrite", "overlap"), [
    (0, 0, 0),      # on the same rows: the weights take long enough
    (1, 0, 0), (2, 0, 0), (3, 0, 1), (4, 0, 1), (5, 0, 1),
    (6, 0, 0),      # beyond its last row
    (5, 1, 0),      # old sums do not matter
])  # fmt: skip
def test_overlap_of_two_tiles(shift, overwrite, overlap):
    job = random_job(random.Random(4)) | {"m": 6, "n": 1, "k": 1, "c": 10}
    tiles, _, _ = walk([job, job | {"c": 10 + shift, "accumulate": 1 - overwrite}])
    assert [tile["overlap"] for tile in tiles] == [0, overlap]


def test_overlap_with_a_tile_of_the_same_job():
    job = random_job(random.Random(5)) | {"m": 6, "n": 3, "k": 1, "c_stride": 5, "accumulate": 1}
    tiles, _, _ = walk([job])
    assert [tile["overlap"] for tile in tiles] == [0, 1, 1]


def feed(tiles, *, source=0.0, seed=0, wait=lambda: 0):
    """Sends tiles; returns (cycle, row, fields) of every operand read and of every weight read.

    `wait`: cycles from the first tile of a job to its `go`, or to the `go` before if that is later.
    """
    a_reads, b_reads, _ = feed_and_go(tiles, source=source, seed=seed, wait=wait)
    return a_reads, b_reads


def feed_and_go(tiles, *, source=0.0, seed=0, wait=lambda: 0):
    """As `feed`, with the cycles of `go`."""
    dut = make_feeder()
    jobs, gos = [], []
    a_reads, b_reads = [], []
    a_count, b_count = sum(tile["m"] for tile in tiles), COLUMNS * len(tiles)

    async def send(ctx):
        rng = random.Random(seed)
        for tile in tiles:
            while rng.random() < source:
                await ctx.tick()
            ctx.set(dut.i.payload, tile)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            jobs.extend([tile] * tile["first"])

    async def go(ctx):
        for index in range(sum(tile["first"] for tile in tiles)):
            while len(jobs) <= index:
                await ctx.tick()
            for _ in range(wait()):
                await ctx.tick()
            ctx.set(dut.go, 1)
            await ctx.tick()
            ctx.set(dut.go, 0)

    async def watch(ctx):
        cycle, bank = 0, TINY.bank_rows
        while len(a_reads) < a_count or len(b_reads) < b_count:
            _, _, a_en, a_row, a, b_en, b_row, b, started = await ctx.tick().sample(
                dut.a_en, dut.a_row, dut.a, dut.b_en, dut.b_row, dut.b, dut.go)
            if a_en:
                a_reads.append(
                    (cycle, a_row, (a.swap, a.signed, a.c, a.overwrite, a.final, a.last)))
            gos.extend([cycle] * started)
            if b_en:
                b_reads.append((cycle, b_row, (b.column, b.signed)))
            assert not (a_en and b_en and a_row // bank == b_row // bank), "one bank, two reads"
            cycle += 1
            assert cycle < 100 * (a_count + b_count), "hangs"

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(send, background=True)
    sim.add_testbench(go, background=True)
    sim.add_testbench(watch)
    sim.run()
    return a_reads, b_reads, gos


def random_tile(rng):
    return {
        "a": rng.randrange(200), "b": rng.randrange(200), "c": rng.randrange(30),
        "m": rng.choice([1, 2, 3, 4, 5, 9]), "a_signed": rng.randrange(2),
        "b_signed": rng.randrange(2), "overwrite": rng.randrange(2), "overlap": rng.randrange(2),
        "first": rng.randrange(2), "last": rng.randrange(2),
    }  # fmt: skip


@pytest.mark.parametrize("wait", [(0,), (0, 0, 0, 5, 40)])
@pytest.mark.parametrize("source", [0, 0.5, 0.9])
def test_feeder_reads_every_row_in_order(source, wait):
    rng = random.Random(6)
    tiles = [random_tile(rng) for _ in range(200)]
    a_reads, b_reads, gos = feed_and_go(
        tiles, source=source, seed=7, wait=lambda: rng.choice(wait))
    assert [read[1:] for read in a_reads] == [
        (t["a"] + i, (i == 0, t["a_signed"], t["c"] + i, t["overwrite"],
                      t["last"], t["last"] and i == t["m"] - 1))
        for t in tiles for i in range(t["m"])
    ]  # fmt: skip
    assert [read[1:] for read in b_reads] == [
        (t["b"] + column, (column, t["b_signed"]))
        for t in tiles for column in reversed(range(COLUMNS))
    ]  # fmt: skip
    starts = [cycle for cycle, _, (swap, *_) in a_reads if swap]
    for index, start in enumerate(starts):
        first, last = b_reads[index * COLUMNS][0], b_reads[(index + 1) * COLUMNS - 1][0]
        assert last < start, "a tile starts before its weights are there"
        assert index == 0 or first >= starts[index - 1], "weights overtake those that still wait"
    jobs = [start for start, tile in zip(starts, tiles, strict=True) if tile["first"]]
    assert all(start > go for start, go in zip(jobs, gos, strict=True))
    for cycles in (a_reads[i + 1][0] - a_reads[i][0] for i in range(len(a_reads) - 1)
                   if not a_reads[i + 1][2][0]):
        assert cycles == 1, "a gap within a tile"


def apart(first, second):
    """Cycles from the last operand row of the first tile to the first one of the second."""
    a_reads, _ = feed([first, second])
    swaps = [index for index, (_, _, (swap, *_)) in enumerate(a_reads) if swap]
    return a_reads[swaps[1]][0] - a_reads[swaps[1] - 1][0]


def test_a_tile_that_overlaps_waits_as_long_as_it_must():
    first = random_tile(random.Random(8)) | {"m": 9, "a": 0, "b": TINY.bank_rows, "overlap": 0}
    assert apart(first, first) == 1
    assert apart(first, first | {"overlap": 1}) == DISTANCE


def test_first_weight_is_read_two_cycles_after_the_tile_and_the_first_operand_columns_later():
    a_reads, b_reads = feed([random_tile(random.Random(9)) | {"overlap": 0}])
    assert b_reads[0][0] == 2
    assert a_reads[0][0] == b_reads[0][0] + COLUMNS


def test_first_operand_is_read_in_the_cycle_after_a_late_go():
    """The weights of that tile are read before, those of the next one from then on."""
    tile = random_tile(random.Random(9)) | {"overlap": 0, "first": 1, "a": 0, "b": TINY.bank_rows}
    a_reads, b_reads, gos = feed_and_go([tile, tile | {"first": 0}], wait=lambda: 30)
    assert gos == [31]
    assert [cycle for cycle, *_ in b_reads] == [2, 3, 4, 5, 32, 33, 34, 35]
    assert a_reads[0][0] == 32


def test_go_may_come_before_the_tile_before_has_ended():
    tile = random_tile(random.Random(9)) | {
        "overlap": 0, "first": 1, "last": 1, "m": 9, "a": 0, "b": TINY.bank_rows}
    a_reads, _, gos = feed_and_go([tile] * 6)
    assert len(gos) == 6
    assert [cycle for cycle, *_ in a_reads] == list(range(6, 6 + 6 * 9))
