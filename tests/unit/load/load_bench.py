"""Memories around the LOAD unit, and the meaning of LOAD in Python."""

import random
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from amaranth.sim import Simulator

from ppu.command.jobs import LoadJob
from ppu.config import Config
from ppu.lib.states import LoadState
from ppu.load.unit import LoadUnit

MEMORY_BYTES = 1 << 14


def config(row_bytes, beat_bytes, columns, **options):
    """A small core of these widths."""
    return Config(**{
        "row_bytes": row_bytes, "columns": columns, "axi_data_width": 8 * beat_bytes,
        "scratchpad_banks": 2, "scratchpad_rows": max(64, 4 * columns),
        "accumulator_rows": max(32, 2 * columns), "read_buffer_beats": 32,
        "max_outstanding_reads": 4, "load_slots": 4, **options,
    })  # fmt: skip


@dataclass(frozen=True)
class Load:
    """A LOAD command."""

    target: int
    rows: int
    bytes: int
    address: int
    destination: int
    stride: int = 0
    pad: int = 0
    panel_stride: int = 0

    def chunks(self, core):
        """Chunks of a matrix row."""
        return -(-self.bytes // (core.accumulator_row_bytes if self.target else core.row_bytes))

    def rows_touched(self, core):
        """Rows of the target from the first to the last one."""
        return (self.chunks(core) - 1) * self.panel_stride + self.rows + self.pad

    @property
    def extent(self):
        """Bytes of memory from the first to the last one."""
        return (self.rows - 1) * self.stride + self.bytes

    def job(self):
        """The job that the unit gets."""
        return {
            "target": self.target, "rows": self.rows, "bytes": self.bytes, "pad": self.pad,
            "address": self.address, "stride": self.stride, "destination": self.destination,
            "panel_stride": self.panel_stride, "extent": self.extent,
            "contiguous": self.rows == 1 or self.stride == self.bytes,
        }  # fmt: skip

    def carry_out(self, core, memory, target):
        """What docs/isa.md says, word by word."""
        chunk = target.shape[1]
        chunks = self.chunks(core)
        for i in range(self.rows + self.pad):
            line = np.zeros(chunks * chunk, np.uint8)
            if i < self.rows:
                start = self.address + i * self.stride
                line[:self.bytes] = memory[start:start + self.bytes]
            for j in range(chunks):
                row = self.destination + j * self.panel_stride + i
                target[row] = line[j * chunk:(j + 1) * chunk]


def random_load(rng, core, *, longest=None):
    """Any legal LOAD, often small."""
    while True:
        target = rng.randrange(2)
        size = core.accumulator_row_bytes if target else core.row_bytes
        length = rng.choice([
            rng.randint(1, 8), size, 2 * size, core.beat_bytes, rng.randint(1, 4 * size)])
        rows = rng.choice([1, rng.randint(1, 4), rng.randint(1, 12)])
        stride = rng.choice([
            0, length, length, rng.randint(0, length), length + rng.randint(0, 3 * size)])
        address = rng.randrange(MEMORY_BYTES)
        if rng.random() < 0.4:
            address -= address % core.beat_bytes
        load = Load(
            target=target, rows=rows, bytes=length, stride=stride, address=address,
            destination=rng.randrange(16), pad=rng.choice([0, 0, rng.randint(1, 6)]),
            panel_stride=rng.choice([0, rows, rng.randint(0, 8)]))  # fmt: skip
        last = load.destination + load.rows_touched(core)
        rows_there = core.accumulator_rows if target else core.scratchpad_rows
        fits = last <= rows_there and load.address + load.extent <= MEMORY_BYTES
        if fits and (longest is None or load.rows * load.bytes <= longest):
            return load


@dataclass
class Log:
    """Cycles in which things happened."""

    accepted: list = field(default_factory=list)
    ar: list = field(default_factory=list)
    ar_valid: list = field(default_factory=list)
    r: list = field(default_factory=list)
    written: list = field(default_factory=list)
    completed: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    #: Of the cycle before each one.
    states: list = field(default_factory=list)


class Bench:
    """Runs LOADs on the unit, and compares both memories after each one."""

    def __init__(self, core, *, seed=0, latency=10, stall_ar=0.0, stall_r=0.0, stall_acc=0.0,
                 stall_job=0.0, faults=None, pace=None, inputs=None):
        self.core, self.rng, self.latency = core, random.Random(seed), latency
        self.stall_ar, self.stall_r, self.stall_acc = stall_ar, stall_r, stall_acc
        self.stall_job, self.pace = stall_job, pace
        self.faults = faults or {}  # beat address -> response
        self.inputs = inputs or (lambda cycle: {})  # cycle -> values of further inputs, by name
        self.memory = np.random.default_rng(seed).integers(0, 256, MEMORY_BYTES, np.uint8)
        filler = np.random.default_rng(seed + 1)
        self.real = [
            filler.integers(0, 256, (core.scratchpad_rows, core.row_bytes), np.uint8),
            filler.integers(
                0, 256, (core.accumulator_rows, core.accumulator_row_bytes), np.uint8),
        ]
        self.wanted = [array.copy() for array in self.real]
        self.log = Log()
        self.dut = LoadUnit(core, job_layout=LoadJob(core))

    def run(self, loads, *, limit=200_000):
        """Runs `loads`; returns the log."""
        self.loads, self.limit = loads, limit
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_testbench(self._test)
        sim.run()
        return self.log

    async def _test(self, ctx):
        dut, log = self.dut, self.log
        outputs = [
            dut.job.ready, dut.axi.ar.valid, dut.axi.ar.payload, dut.axi.r.ready, dut.sp_en,
            dut.sp_row, dut.sp_data, dut.acc_write.valid, dut.acc_write.payload, dut.completed,
            dut.fault.resp, dut.fault.address, dut.state]
        waiting = deque(self.loads)
        held_ar = held_acc = None
        self.bursts = deque()
        for cycle in range(self.limit):
            offer = bool(waiting) and self.rng.random() >= self.stall_job
            if offer:
                ctx.set(dut.job.payload, waiting[0].job())
            ctx.set(dut.job.valid, offer)
            ar_ready = self.rng.random() >= self.stall_ar
            acc_ready = self.rng.random() >= self.stall_acc
            ctx.set(dut.axi.ar.ready, ar_ready)
            ctx.set(dut.acc_write.ready, acc_ready)
            for name, value in self.inputs(cycle).items():
                ctx.set(getattr(dut, name), value)
            r_sent = self._answer(ctx, cycle)
            (_, _, job_ready, ar_valid, ar, r_ready, sp_en, sp_row, sp_data, acc_valid, acc,
             completed, resp, address, state) = await ctx.tick().sample(*outputs)
            assert r_ready
            log.states.append(LoadState(state))
            if offer and job_ready:
                waiting.popleft()
                log.accepted.append(cycle)
            if ar_valid:
                log.ar_valid.append(cycle)
                assert held_ar in (None, (ar.addr, ar.len))
                held_ar = (ar.addr, ar.len)
                if ar_ready:
                    held_ar = None
                    log.ar.append(cycle)
                    self._ask(ar, cycle)
            if r_sent:
                log.r.append(cycle)
            if sp_en:
                log.written.append(cycle)
                self.real[0][sp_row] = list(sp_data.to_bytes(self.core.row_bytes, "little"))
            if acc_valid:
                write = (acc.row, acc.data.as_bits())
                assert acc.mask == (1 << self.core.columns) - 1
                assert held_acc in (None, write), "an accumulator write changed"
                held_acc = None if acc_ready else write
            if completed:
                self._check_completion(cycle, resp, address)
            # A write to the accumulator that goes through now is there in the next cycle.
            if acc_valid and acc_ready:
                log.written.append(cycle)
                self.real[1][write[0]] = list(
                    write[1].to_bytes(self.core.accumulator_row_bytes, "little"))
            if len(log.completed) == len(self.loads) and log.states[-1] is LoadState.NO_COMMAND:
                break
        else:
            raise AssertionError(f"{len(log.completed)} of {len(self.loads)} jobs completed")
        assert not self.bursts and not ar_valid
        for wanted, real in zip(self.wanted, self.real, strict=True):
            np.testing.assert_array_equal(real, wanted)

    def _ask(self, ar, cycle):
        beat = self.core.beat_bytes
        assert ar.addr % beat == 0
        assert ar.addr // 4096 == (ar.addr + ar.len * beat) // 4096
        for index in range(ar.len + 1):
            self.bursts.append((cycle + self.latency, ar.addr + index * beat, index == ar.len))

    def _answer(self, ctx, cycle):
        """Sends a beat if one is due; returns whether."""
        r = self.dut.axi.r
        due = bool(self.bursts) and self.bursts[0][0] <= cycle
        if self.pace is not None:
            due = due and self.pace(cycle)
        valid = due and self.rng.random() >= self.stall_r
        ctx.set(r.valid, valid)
        if valid:
            _, address, last = self.bursts.popleft()
            beat = self.core.beat_bytes
            ctx.set(r.payload, {
                "id": 0, "last": last, "resp": self.faults.get(address, 0),
                "data": int.from_bytes(self.memory[address:address + beat].tobytes(), "little"),
            })  # fmt: skip
        return valid

    def _check_completion(self, cycle, resp, address):
        load = self.loads[len(self.log.completed)]
        self.log.completed.append(cycle)
        self.log.faults.append((resp.value, address))
        load.carry_out(self.core, self.memory, self.wanted[load.target])
        for name, wanted, real in zip(("scratchpad", "accumulator"), self.wanted, self.real,
                                      strict=True):
            wrong = np.argwhere((wanted != real).any(axis=1)).flatten()
            assert not len(wrong), (
                f"cycle {cycle}, {load}: {name} row {wrong[0]} is {real[wrong[0]].tolist()}, "
                f"expected {wanted[wrong[0]].tolist()}")
