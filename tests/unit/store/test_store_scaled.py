"""STORE through the epilogue, with stand-ins around it, against the model."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from test_store_unit import SIZE, Run

from ppu.config import MEDIUM, PARAMETER_WORDS, PPU1, SMALL, TINY
from ppu.epilogue.lane import Lane
from ppu.isa import RESULT_BYTES, StoreFormat
from ppu_sim.model.epilogue import results
from ppu_sim.program import store
from ppu_sim.program.command import store_bytes

CONFIGS = {
    "tiny": replace(TINY, epilogue_lanes=1),
    "two lanes": replace(TINY, epilogue_lanes=2),
    "small": replace(SMALL, accumulator_rows=64, epilogue_lanes=1),
    "medium": replace(MEDIUM, accumulator_rows=64, epilogue_lanes=4),
    "ppu1": replace(PPU1, accumulator_rows=64, epilogue_lanes=8),
    "rows in a beat": replace(TINY, axi_data_width=512, read_buffer_beats=64, epilogue_lanes=2),
    "long row": replace(TINY, row_bytes=8, columns=8, epilogue_lanes=4),
}


class ScaledRun(Run):
    """As :class:`Run`, of commands; with random parameters, or all of them zero."""

    def __init__(self, config, commands, *, parameters=False, seed=0, **options):
        shape = (PARAMETER_WORDS, config.epilogue_lanes)
        self.parameters, self.has_parameters = np.zeros(shape, np.uint32), parameters
        if parameters:
            rng = np.random.default_rng(seed)
            scales = np.ldexp(rng.random(shape) - 0.5, rng.integers(-31, -19, shape))
            # Entries as large as what they are added to.
            scales[PARAMETER_WORDS // 2 :] = 100 * rng.random(scales[PARAMETER_WORDS // 2 :].shape)
            self.parameters = scales.astype(np.float32).view(np.uint32)
        self.commands = commands
        super().__init__(config, [self._job(command) for command in commands], seed=seed, **options)

    @staticmethod
    def _job(command):
        c, size = command, store_bytes(command)
        names = ("rows", "columns", "address", "stride", "source", "panel_stride", "result_format",
                 "scales", "residual", "zero_point", "low", "high", "shared_scales", "add_residual",
                 "activate")  # fmt: skip
        return {**{name: getattr(c, name) for name in names},
                "size": (size // c.columns).bit_length() - 1,
                "extent": (c.rows - 1) * c.stride + size,
                "contiguous": c.rows == 1 or c.stride == size}

    async def feed(self, ctx):
        port, rows = self.dut.parameters, self.parameters.reshape(-1, self.config.columns)
        for row, words in enumerate(rows.tolist() if self.has_parameters else []):
            ctx.set(port.payload, {"row": row, "data": words})
            ctx.set(port.valid, 1)
            await ctx.tick().until(port.ready)
        ctx.set(port.valid, 0)
        await super().feed(ctx)

    def check(self):
        expected = np.full(SIZE, 0xA5, np.uint8)
        accumulator = np.array([list(row) for row in self.accumulator], np.uint8)
        for c in self.commands:
            lines = results(c, np.arange(c.rows), accumulator, self.parameters)
            for i, line in enumerate(lines):
                start = c.address + i * c.stride
                expected[start : start + store_bytes(c)] = line[: store_bytes(c)]
        wrong = np.flatnonzero(expected != np.frombuffer(self.memory.data, np.uint8))
        assert not len(wrong), f"first wrong byte at {wrong[0]:#x}"
        assert all(resp == 0 for _, resp, _ in self.completed)


def random_store(rng, config):
    form = StoreFormat(rng.integers(len(StoreFormat)))
    rows, columns = int(rng.choice([1, 2, 5])), config.columns
    columns = int(rng.choice([1, columns, columns - 1, columns + 1, 3 * columns]))
    size, chunks = RESULT_BYTES[form] * columns, -(-columns // config.columns)
    stride = int(rng.choice([size, size + rng.integers(9), rng.integers(size)]))
    address = min(int(rng.choice([4096 - rng.integers(40), rng.integers(SIZE)])),
                  SIZE - (rows - 1) * stride - size)
    last = config.accumulator_rows - rows
    panel_stride = int(rng.integers(last // chunks + 1))
    place = {"rows": rows, "columns": columns, "address": address, "stride": stride,
             "source": int(rng.integers(last - (chunks - 1) * panel_stride + 1)),
             "panel_stride": panel_stride}  # fmt: skip
    if form is StoreFormat.INT32:
        return store(**place)
    epilogue = {name: bool(rng.integers(2)) for name in
                ("shared_scales", "add_residual", "activate")}  # fmt: skip
    if form in (StoreFormat.INT8, StoreFormat.UINT8):
        offset = 128 if form is StoreFormat.INT8 else 0
        low, zero_point, high = (int(v) - offset for v in sorted(rng.integers(0, 256, 3)))
        epilogue |= {"low": low, "zero_point": zero_point, "high": high}
    return store(**place, **epilogue, result_format=form,
                 scales=int(rng.integers(config.scale_rows - chunks + 1)),
                 residual=int(rng.integers(last + 1)))  # fmt: skip


@pytest.mark.parametrize("stalls", [(0, 0.5, 0), (0.2, 0.3, 0.3)])
@pytest.mark.parametrize("name", CONFIGS)
def test_random_jobs(name, stalls):
    config, seed = CONFIGS[name], 10 * list(CONFIGS).index(name) + int(10 * sum(stalls))
    rng = np.random.default_rng(seed)
    source, acc_stall, stall = stalls
    ScaledRun(config, [random_store(rng, config) for _ in range(12)], parameters=True,
              source=source, acc_stall=acc_stall, stall=stall,
              latency=int(rng.choice([0, 3, 25])), seed=seed).check()  # fmt: skip


@pytest.mark.parametrize("order", ["scaled, raw", "raw, scaled, raw"])
@pytest.mark.parametrize("columns", [1, 8])
def test_rows_do_not_meet(order, columns):
    """What is in the unpacker when jobs of the other kind follow at once is not lost."""
    kinds = {"raw": {"columns": columns},
             "scaled": {"columns": 8, "result_format": StoreFormat.FLOAT32}}  # fmt: skip
    ScaledRun(CONFIGS["long row"], [
        store(rows=3, source=4 * index, address=0x800 * index, **kinds[kind])
        for index, kind in enumerate(order.split(", "))]).check()  # fmt: skip


@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("name", ["tiny", "two lanes", "small", "medium"])
def test_rows_keep_their_pace_while_execute_takes_banks(name, phase):
    """One of the banks in each cycle; a row that would be refused when it is due comes early."""
    config, rows = CONFIGS[name], 16
    commands = [store(rows=rows, columns=config.columns, address=4096 * part, source=part * rows,
                      result_format=StoreFormat.INT8, high=100) for part in range(2)]  # fmt: skip
    run = ScaledRun(config, commands, parameters=True, updates=lambda cycle: (cycle + phase) % 2)
    run.check()
    reads = [cycle for _, cycle in run.reads]
    assert reads[-1] - reads[0] <= (2 * rows - 1) * config.columns // config.epilogue_lanes + 1


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("form", [StoreFormat.UINT8, StoreFormat.FLOAT16])
@pytest.mark.parametrize("name", ["tiny", "small", "medium", "ppu1"])
def test_rows_take_as_many_cycles_as_the_lanes_need(name, form, residual):
    """Over two jobs, the second of which waits for nothing."""
    config, rows = CONFIGS[name], 16
    columns, period = config.columns, config.columns // config.epilogue_lanes
    commands = [store(rows=rows, columns=columns, address=4096 * part, source=part * rows,
                      result_format=form, add_residual=residual, residual=32, high=100)
                for part in range(2)]  # fmt: skip
    run = ScaledRun(config, commands)
    run.check()
    reads = [cycle for row, cycle in run.reads if row < 32]
    assert len(reads) == 2 * rows
    # The second row comes a cycle early if it can.
    apart = [later - sooner for sooner, later in pairwise(reads)]
    assert apart[0] in (period - 1, period) and set(apart[1:]) == {period}


def test_latency():
    """From the read of a row to its results, as the docstrings have it."""
    config = CONFIGS["small"]
    run = ScaledRun(config, [store(rows=1, columns=8, address=0, source=0,
                                   result_format=StoreFormat.INT8, high=100)])  # fmt: skip
    run.check()
    start, = run.accepted
    assert run.reads == [(0, start + 2)]
    groups = 8
    assert run.memory.write_beats == [start + 8 + Lane.LATENCY + groups + 1]
