# amaranth: UnusedElaboratable=no
"""The accumulator: updates that never wait, beside loads and reads that do."""

import numpy as np
import pytest
from amaranth.hdl import signed
from amaranth.sim import Simulator

from ppu.memory.accumulator import Accumulator

READ, UPDATE, DISTANCE = (
    Accumulator.READ_LATENCY, Accumulator.UPDATE_LATENCY, Accumulator.UPDATE_DISTANCE,
)  # fmt: skip
COLUMNS = 4


def make(rows=16, sum_width=20):
    return Accumulator(rows=rows, columns=COLUMNS, sum_shape=signed(sum_width))


class Traffic:
    """Plays updates and, as far as they are accepted, loads and reads; notes what is read.

    Parameters
    ----------
    updates : dict
        Cycle -> (row, overwrite, sums).
    loads, reads : list
        (row, mask, data) and rows, in order; (first cycle, payload) if not at once.
    careful : bool
        Reads wait while an update or a load is at their row, loads while an update or a read reads
        it, and a cycle more.
    """

    def __init__(self, dut, updates, loads=(), reads=(), *, cycles, careful=False):
        self.dut, self.updates, self.cycles, self.careful = dut, updates, cycles, careful
        self.loads, self.reads = list(loads), list(reads)
        self.ready = []         # of load and read, in each cycle; None while nothing is offered
        self.load_cycles, self.read_cycles, self.read_data = [], [], []

    def run(self):
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_testbench(self._play)
        sim.run()
        return self

    async def _play(self, ctx):
        dut, due, just_read = self.dut, [], []
        for cycle in range(self.cycles):
            row, overwrite, _ = self.updates.get(cycle, (0, 0, None))
            ctx.set(dut.u_en, 0)
            ctx.set(dut.u_row, row)
            ctx.set(dut.u_overwrite, overwrite)
            ctx.set(dut.u_en, cycle in self.updates)
            _, _, sums = self.updates.get(cycle - READ, (0, 0, None))
            ctx.set(dut.u_sums, [0x5555] * COLUMNS if sums is None else [int(s) for s in sums])
            load = self._offer(ctx, dut.load, self.loads, cycle, lambda p: dict(
                zip(("row", "mask", "data"), p, strict=True)),
                self._updated(cycle - 1, cycle + 1) + just_read)
            just_read = []
            loaded = [] if load is None else [self.loads[0][1][0]]
            read = self._offer(ctx, dut.read, self.reads, cycle, int,
                               self._updated(cycle - UPDATE, cycle) + loaded)
            self.ready.append((load, read))
            if load:
                self.load_cycles.append(cycle)
                self.loads.pop(0)
            if read:
                self.read_cycles.append(cycle)
                due.append(cycle + READ)
                item = self.reads.pop(0)
                just_read = [item[1] if isinstance(item, tuple) else item]
            if due and due[0] == cycle:
                due.pop(0)
                self.read_data.append([ctx.get(dut.r_data[c]) for c in range(COLUMNS)])
            await ctx.tick()

    def _updated(self, first, last):
        """Rows of the updates that come in these cycles, `last` not included."""
        return [self.updates[c][0] for c in range(first, last) if c in self.updates]

    def _offer(self, ctx, port, waiting, cycle, payload, held):
        first, item = waiting[0] if waiting else (0, None)
        offered = item is not None and first <= cycle
        if offered and self.careful:
            offered = (item[0] if isinstance(item, tuple) else item) not in held
        ctx.set(port.valid, offered)
        if offered:
            ctx.set(port.payload, payload(item))
        return ctx.get(port.ready) if offered else None


def as_words(values):
    return [int(value) & 0xFFFF_FFFF for value in values]


@pytest.mark.parametrize("row", [6, 7])
def test_a_read_sees_an_update_from_the_fourth_cycle_on(row):
    updates = {10: (row, 1, [1, 2, 3, 4])}
    reads = [(cycle, row) for cycle in (9, 10 + DISTANCE)]
    run = Traffic(make(), updates, reads=reads, cycles=30).run()
    assert run.read_cycles == [9, 10 + DISTANCE]
    assert run.read_data == [[0, 0, 0, 0], [1, 2, 3, 4]]


@pytest.mark.parametrize("row", [6, 7])
def test_a_read_sees_a_load_in_the_next_cycle(row):
    loads = [(5, (row, 0b1111, [9, 8, 7, 6]))]
    run = Traffic(make(), {}, loads, [(3, row), (6, row)], cycles=20).run()
    assert run.read_data == [[0, 0, 0, 0], [9, 8, 7, 6]]


def test_a_load_writes_the_lanes_of_its_mask_only():
    loads = [(0, (3, 0b1111, [1, 2, 3, 4])), (0, (3, 0b0101, [11, 12, 13, 14])),
             (0, (3, 0, [21, 22, 23, 24]))]  # fmt: skip
    run = Traffic(make(), {}, loads, [(5, 3)], cycles=10).run()
    assert run.read_data == [[11, 2, 13, 4]]


def test_sums_are_sign_extended_and_wrap():
    low, high = -(1 << 19), (1 << 19) - 1
    loads = [(0, (2, 0b1111, as_words([2**31 - 1, -(2**31), -1, 0])))]
    updates = {4: (2, 0, [1, -1, high, low]), 4 + DISTANCE: (2, 0, [high, low, low, low])}
    run = Traffic(make(), updates, loads, [(20, 2)], cycles=25).run()
    start = np.array([2**31 - 1, -(2**31), -1, 0])
    total = start + [1, -1, high, low] + [high, low, low, low]
    assert run.read_data == [as_words(total)]


def test_updates_that_add_to_one_row_at_the_least_distance():
    updates = {DISTANCE * i: (5, 0, [i, -i, 1, 2 * i]) for i in range(40)}
    run = Traffic(make(), updates, reads=[(DISTANCE * 41, 5)], cycles=DISTANCE * 43).run()
    assert run.read_data == [as_words([780, -780, 40, 1560])]


def test_updates_of_other_rows_every_cycle():
    rows = 16
    updates = {i: (i % rows, i < rows, [i, -i, i, 0]) for i in range(rows * 20)}
    reads = [(rows * 20 + 4, row) for row in range(rows)]
    run = Traffic(make(rows), updates, reads=reads, cycles=rows * 22).run()
    sums = [sum(range(row, rows * 20, rows)) for row in range(rows)]
    assert run.read_data == [as_words([s, -s, s, 0]) for s in sums]


def test_updates_of_one_bank_leave_the_other_to_loads_and_reads():
    updates = {cycle: (2 * (cycle % 8), 0, [0] * COLUMNS) for cycle in range(40)}
    loads = [(8 + i, (1, 0b1111, [i] * COLUMNS)) for i in range(10)]
    run = Traffic(make(), updates, loads, [(8 + i, 3) for i in range(10)], cycles=60).run()
    assert run.load_cycles == run.read_cycles == list(range(8, 18))
    loads, reads = [(8, (2, 0b1111, [1] * COLUMNS))], [(8, 2)]
    run = Traffic(make(), updates, loads, reads, cycles=60).run()
    assert run.load_cycles == [40 - 1 + UPDATE + 1] and run.read_cycles == [40]


class Reference:
    """What the docstring says, cycle by cycle, with numpy."""

    def __init__(self, rows):
        self.sums = np.zeros((rows, COLUMNS), np.uint32)
        self.old = {}       # cycle of the write -> row, its sums at the read

    def cycle(self, cycle, updates, load, read):
        """The row that is read, as it was before this cycle's writes."""
        result = None if read is None else self.sums[read].tolist()
        if cycle in updates:
            row, overwrite, _ = updates[cycle]
            self.old[cycle + UPDATE] = row, self.sums[row].copy() * np.uint32(not overwrite)
        if load is not None:
            row, mask, data = load
            chosen = [bool(mask >> c & 1) for c in range(COLUMNS)]
            self.sums[row, chosen] = np.array(data, np.uint32)[chosen]
        if cycle in self.old:
            row, old = self.old[cycle]
            self.sums[row] = old + np.array(updates[cycle - UPDATE][2]).astype(np.uint32)
        return result


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic(seed):
    """Every collision of update, load and read on few rows, against the numpy meaning.

    But for reads of rows that an update or a load is at: their owner keeps away.
    """
    rng, rows, count = np.random.default_rng(seed), 8, 1500
    updates, touched = {}, {}
    for cycle in range(count):
        row, overwrite = int(rng.integers(rows)), int(rng.random() < 0.2)
        far = cycle - touched.get(row, -DISTANCE) >= DISTANCE
        if rng.random() < 0.7 and (overwrite or far):
            updates[cycle] = row, overwrite, rng.integers(-(1 << 19), 1 << 19, COLUMNS).tolist()
            touched[row] = cycle
    loads = [(int(start), (int(rng.integers(rows)), int(rng.integers(1 << COLUMNS)),
                           rng.integers(0, 1 << 32, COLUMNS).tolist()))
             for start in np.cumsum(rng.integers(0, 6, 400))]  # fmt: skip
    reads = [(int(start), int(rng.integers(rows))) for start in np.cumsum(rng.integers(0, 5, 400))]
    run = Traffic(make(rows), updates, loads, reads, cycles=count + 50, careful=True).run()
    loads, reads = iter(loads), iter(reads)
    reference, data = Reference(rows), []
    next_load, next_read = next(loads), next(reads)
    for cycle, (load, read) in enumerate(run.ready):
        if load is not None:
            writes = updates.get(cycle - UPDATE)
            assert load == (writes is None or writes[0] % 2 != next_load[1][0] % 2)
        if read is not None:
            assert read == (cycle not in updates or updates[cycle][0] % 2 != next_read[1] % 2)
        seen = reference.cycle(cycle, updates, next_load[1] if load else None,
                               next_read[1] if read else None)
        if read:
            data.append(seen)
            next_read = next(reads, None)
        if load:
            next_load = next(loads, None)
    assert len(data) > 200 and len(run.load_cycles) > 150
    assert run.read_data == data[: len(run.read_data)]


@pytest.mark.parametrize("distance", range(1, DISTANCE))
@pytest.mark.parametrize("first_overwrites", [0, 1])
def test_adding_too_early_is_an_error(distance, first_overwrites):
    updates = {3: (5, first_overwrites, [1] * COLUMNS), 3 + distance: (5, 0, [1] * COLUMNS)}
    with pytest.raises(AssertionError, match="adds to a row that an update touched"):
        Traffic(make(), updates, cycles=12).run()


@pytest.mark.parametrize("distance", range(1, DISTANCE))
@pytest.mark.parametrize("overwrites", [0, 1])
def test_reading_too_early_is_an_error(distance, overwrites):
    updates = {3: (5, overwrites, [1] * COLUMNS)}
    with pytest.raises(AssertionError, match="is read that an update touched"):
        Traffic(make(), updates, reads=[(3 + distance, 5)], cycles=12).run()
    run = Traffic(make(), updates, reads=[(3 + distance, 7), (10, 5)], cycles=16).run()
    assert run.read_data == [[0] * COLUMNS, [1] * COLUMNS]


@pytest.mark.parametrize("reader", ["read", "update"])
def test_reading_a_row_while_a_load_writes_it_is_an_error(reader):
    updates, reads = ({3: (5, 0, [1] * COLUMNS)}, []) if reader == "update" else ({}, [(3, 5)])
    for cycle in (3, 4):
        loads = [(cycle, (5, 0b0001, [1] * COLUMNS))]
        with pytest.raises(AssertionError, match="is read while it is written"):
            Traffic(make(), updates, loads, reads, cycles=12).run()
    loads = [(3, (7, 0b1111, [1] * COLUMNS))]
    Traffic(make(), updates, loads, reads, cycles=12).run()


@pytest.mark.parametrize("distance", range(1, DISTANCE))
def test_overwriting_or_adding_to_another_row_is_never_too_early(distance):
    updates = {3: (5, 0, [1] * COLUMNS), 3 + distance: (5, 1, [7] * COLUMNS)}
    run = Traffic(make(), updates, reads=[(12, 5)], cycles=16).run()
    assert run.read_data == [[7] * COLUMNS]
    updates = {3: (5, 0, [1] * COLUMNS), 3 + distance: (7, 0, [7] * COLUMNS)}
    Traffic(make(), updates, cycles=12).run()
