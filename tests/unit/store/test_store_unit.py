# amaranth: UnusedElaboratable=no
"""The STORE unit with a stand-in accumulator and memory, against the meaning in docs/isa.md.

Without an epilogue; that has tests of its own.
"""

import random
from dataclasses import replace

import pytest
from amaranth.sim import Simulator

from ppu.command.jobs import StoreJob
from ppu.config import MEDIUM, PPU1, SMALL, TINY
from ppu.lib.states import StoreState
from ppu.memory.accumulator import Accumulator
from ppu.store.geometry import RowGeometry
from ppu.store.rows import RowReader
from ppu.store.unit import StoreUnit
from ppu_sim.bench.axi_memory import AxiMemory

TINY = replace(TINY, epilogue_lanes=0)
CONFIGS = {
    "tiny": TINY,
    "small": replace(SMALL, accumulator_rows=64, epilogue_lanes=0),
    "medium": replace(MEDIUM, accumulator_rows=64, epilogue_lanes=0),
    "ppu1": replace(PPU1, accumulator_rows=64, epilogue_lanes=0),
    "row is a beat": replace(TINY, axi_data_width=128, max_outstanding_writes=16),
    "rows in a beat": replace(TINY, axi_data_width=512, read_buffer_beats=64),
    "wide row": replace(TINY, columns=64, scratchpad_rows=512, accumulator_rows=128),
}
SIZE = 2**13


def job(rows, columns, address, stride, source=0, panel_stride=0):
    return {"rows": rows, "columns": columns, "address": address, "stride": stride,
            "source": source, "panel_stride": panel_stride,
            "extent": (rows - 1) * stride + 4 * columns,
            "contiguous": rows == 1 or stride == 4 * columns}


def random_job(rng, config):
    rows, columns = rng.choice([1, 2, 5, 9]), config.columns
    columns = rng.choice([1, columns, columns - 1, columns + 1, 2 * columns, rng.randint(1, 40)])
    length = 4 * columns
    stride = rng.choice([length, length, length + rng.randint(0, 9), 0, rng.randint(0, length)])
    extent = (rows - 1) * stride + length
    address = rng.choice([4096 - rng.randint(0, 40), rng.randint(0, SIZE - extent)])
    address = min(address, SIZE - extent)
    chunks = -(-columns // config.columns)
    limit = config.accumulator_rows
    panel_stride = rng.randint(0, (limit - rows) // max(1, chunks - 1)) if chunks > 1 else 65535
    last = (chunks - 1) * panel_stride + rows - 1 if chunks > 1 else rows - 1
    source = rng.randint(0, limit - 1 - last)
    return job(rows, columns, address, stride, source, panel_stride)


def expect(config, accumulator, jobs, memory):
    for item in jobs:
        chunks = -(-item["columns"] // config.columns)
        for i in range(item["rows"]):
            line = b"".join(accumulator[item["source"] + j * item["panel_stride"] + i]
                            for j in range(chunks))[:4 * item["columns"]]
            at = item["address"] + i * item["stride"]
            memory[at:at + len(line)] = line
    return memory


class Run:
    """One run of jobs; what happened when. `updates`: bank EXECUTE uses in a cycle, or None."""

    def __init__(self, config, jobs, *, source=0.0, acc_stall=0.0, stall=0.0, latency=4, seed=0,
                 faults=(), limit=20000, updates=None):
        rng = random.Random(seed)
        self.config, self.jobs = config, jobs
        self.accumulator = [rng.randbytes(4 * config.columns)
                            for _ in range(config.accumulator_rows)]
        self.memory = AxiMemory(
            bytearray(b"\xa5" * SIZE), beat_bytes=config.beat_bytes, latency=latency, stall=stall,
            seed=seed, faults=faults)
        self.accepted, self.reads, self.released, self.completed = [], [], [], []
        self.states = []    # of the cycle before each one
        self.stalls = (source, acc_stall)
        self.seed, self.limit, self.updates = seed, limit, updates
        self.dut = StoreUnit(config, job_layout=StoreJob(config))
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_testbench(self.feed)
        sim.add_testbench(self.watch)
        sim.add_testbench(self.accumulate, background=True)
        sim.add_testbench(self.serve, background=True)
        sim.run()

    async def feed(self, ctx):
        rng, port = random.Random(self.seed + 1), self.dut.job
        cycle = 0
        for item in self.jobs:
            while rng.random() < self.stalls[0]:
                await ctx.tick()
                cycle += 1
            ctx.set(port.payload, item)
            ctx.set(port.valid, 1)
            ready = False
            while not ready:
                _, _, ready = await ctx.tick().sample(port.ready)
                cycle += 1
            self.accepted.append(cycle - 1)
            ctx.set(port.valid, 0)

    async def accumulate(self, ctx):
        rng, port, cycle = random.Random(self.seed + 2), self.dut.acc_read, 0
        pipe, held = [None] * Accumulator.READ_LATENCY, None
        while True:
            ready = rng.random() >= self.stalls[1]
            if self.updates and self.updates(cycle) == ctx.get(port.payload) % 2:
                ready = False
            ctx.set(port.ready, ready)
            row = pipe.pop(0)
            junk = rng.getrandbits(32 * self.config.columns)
            ctx.set(self.dut.acc_data, junk if row is None
                    else int.from_bytes(self.accumulator[row], "little"))
            _, _, valid, row = await ctx.tick().sample(port.valid, port.payload)
            assert held is None or (valid and row == held)
            held = row if valid and not ready else None
            pipe.append(row if valid and ready else None)
            if valid and ready:
                self.reads.append((row, cycle))
            cycle += 1

    async def watch(self, ctx):
        dut, cycle = self.dut, 0
        while len(self.completed) < len(self.jobs):
            assert cycle < self.limit, "hangs"
            _, _, completed, released, fault, state = await ctx.tick().sample(
                dut.completed, dut.released, dut.fault, dut.state)
            if released:
                self.released.append((cycle, len(self.reads)))
            if completed:
                self.completed.append((cycle, fault.resp.value, fault.address))
            self.states.append(StoreState(state))
            cycle += 1
        for _ in range(4):
            _, _, completed, released, read, state = await ctx.tick().sample(
                dut.completed, dut.released, dut.acc_read.valid, dut.state)
            assert not completed and not released and not read
        assert StoreState(state) is StoreState.NO_COMMAND

    async def serve(self, ctx):
        await self.memory.writes(ctx, self.dut.axi)

    def check(self):
        expected = expect(self.config, self.accumulator, self.jobs, bytearray(b"\xa5" * SIZE))
        wrong = [at for at in range(SIZE) if expected[at] != self.memory.data[at]]
        assert not wrong, f"first wrong byte at {wrong[0]:#x}"
        assert self.states.count(StoreState.BUSY) == len(self.memory.write_beats)
        assert all(resp == 0 for _, resp, _ in self.completed)
        reads, last_reads = 0, []
        for item in self.jobs:
            reads += item["rows"] * -(-item["columns"] // self.config.columns)
            last_reads.append(self.reads[reads - 1][1])
        assert [cycle for cycle, _ in self.released] == [cycle + 1 for cycle in last_reads]


@pytest.mark.parametrize("stalls", [(0, 0, 0), (0, 0.5, 0), (0.3, 0, 0.4), (0.2, 0.3, 0.3)])
@pytest.mark.parametrize("name", CONFIGS)
def test_random_jobs(name, stalls):
    rng = random.Random(name + str(stalls))
    jobs = [random_job(rng, CONFIGS[name]) for _ in range(25)]
    source, acc_stall, stall = stalls
    Run(CONFIGS[name], jobs, source=source, acc_stall=acc_stall, stall=stall,
        latency=rng.choice([0, 3, 25]), seed=rng.randint(0, 99)).check()


@pytest.mark.parametrize("name", ["tiny", "small", "row is a beat"])
@pytest.mark.parametrize("columns", [1, 3, 5])
def test_every_alignment(name, columns):
    config = CONFIGS[name]
    step = 4 * columns
    jobs = [job(2, columns, 4096 - config.beat_bytes + lane + 0x40 * gap, step + gap)
            for lane in range(config.beat_bytes) for gap in (0, 1)]
    Run(config, jobs).check()


def test_latencies():
    """From a job to the accumulator two cycles, to AW three, to W eight; `completed` after B."""
    run = Run(CONFIGS["small"], [job(1, 8, 0x100, 0)])
    run.check()
    start, = run.accepted
    assert run.reads == [(0, start + 2)]
    assert run.memory.write_bursts == [(0x100, 4, start + 3)]
    assert run.memory.write_beats == [start + 8, start + 9, start + 10, start + 11]
    assert run.completed[0][0] == run.memory.answers[-1] + 1


@pytest.mark.parametrize("name", ["tiny", "small", "medium", "ppu1", "row is a beat", "wide row"])
@pytest.mark.parametrize("offset, contiguous", [(0, True), (0, False), (5, True)])
def test_one_beat_per_cycle(name, offset, contiguous):
    """Whole rows, one after the other or apart, aligned or not, over two jobs."""
    config = CONFIGS[name]
    length = 4 * config.columns
    rows = min(14, SIZE // (4 * length))
    stride = length if contiguous else 2 * length
    run = Run(config, [job(rows, config.columns, 0x100 + offset, stride),
                       job(rows, config.columns, offset, stride)])
    run.check()
    beats = -(-(length * rows + offset % config.beat_bytes) // config.beat_bytes) * 2
    assert len(run.memory.write_beats) == beats
    bubble = name == "row is a beat" and offset == 0  # between the jobs
    assert run.memory.write_beats[-1] - run.memory.write_beats[0] == beats - 1 + bubble


def test_rows_smaller_than_a_beat_go_in_one_per_cycle():
    config = CONFIGS["rows in a beat"]
    run = Run(config, [job(64, 4, 0x103, 16)])
    run.check()
    cycles = [cycle for _, cycle in run.reads]
    assert cycles == list(range(cycles[0], cycles[0] + 64))


def test_long_latency_is_covered_by_outstanding_bursts():
    """Rows of four beats, sixteen bursts in flight, 50 cycles of latency: one beat per cycle."""
    run = Run(CONFIGS["small"], [job(50, 8, 0x100, 64)], latency=50)
    run.check()
    assert run.memory.write_beats[-1] - run.memory.write_beats[0] == 199


@pytest.mark.parametrize("resp", [2, 3])
def test_a_fault_is_reported_with_its_job(resp):
    jobs = [job(2, 8, 0x100, 100), job(3, 8, 0x0FE1, 32), job(1, 1, 0x1008, 4)]
    run = Run(CONFIGS["small"], jobs, faults=[(0x1008, 0x1010, resp)])
    assert [item[1:] for item in run.completed] == [(0, 0), (resp, 0x1000), (resp, 0x1000)]
    expected = expect(run.config, run.accumulator, jobs[:2], bytearray(b"\xa5" * SIZE))
    expected[0x1000:0x1041] = run.memory.data[0x1000:0x1041]
    assert run.memory.data == expected


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="at least 5 beats, not 4"):
        RowReader(RowGeometry(columns=8, row_width=5, beat_bytes=8), read_latency=2, buffer_beats=4)
