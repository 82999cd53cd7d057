# amaranth: UnusedElaboratable=no
"""The same programs on every back end: the same bytes and errors, the same cycles on the RTL."""

from dataclasses import dataclass

import numpy as np
import pytest

import ppu_sim
from ppu.config import TINY
from ppu.isa import ErrorCode, Target
from ppu.lib.axi import Response
from ppu_sim.backends import BACKENDS, Settings, open_backend
from ppu_sim.model import Fault
from ppu_sim.program import Command, Program, end, execute, fence, load, store
from ppu_sim.toolchain import ToolMissing

MEMORY_SIZE = 1 << 20
DEFAULT = Settings(latency=20)
RTL = ("verilator", "amaranth", "icarus")
#: Where programs find random bytes, and a page that nothing else is in.
DATA, RESULT, FAULTY = 0x8000, 0x10000, 0x20000


@dataclass(frozen=True)
class Case:
    """A program, or the shape of a matrix product, and how the memory behaves."""

    name: str
    program: object
    settings: Settings = DEFAULT

    def __str__(self):
        return self.name


@dataclass
class Outcome:
    """What must be the same everywhere; `cycles` and `counters` on the RTL only."""

    memory: np.ndarray
    result: np.ndarray | None
    error: tuple | None
    cycles: int | None
    counters: dict


def stalled(latency, stall, seed):
    return Settings(latency=latency, stall=stall, seed=seed)


def fault(kind, response):
    return Settings(latency=5, faults=(Fault(FAULTY, FAULTY + 4096, response, kind),))


def mixed_program():
    """Odd strides and addresses, accumulated blocks, preloaded sums, overlapping rows."""
    return Program([
        load(rows=7, bytes=9, address=DATA + 3, stride=13, destination=5, pad=2),
        load(rows=4, bytes=9, address=DATA + 201, stride=0, destination=130, panel_stride=4),
        load(rows=3, bytes=16, address=DATA + 7, destination=2, target=Target.ACCUMULATOR),
        execute(m=6, k=3, a=5, a_stride=9, b=130, b_stride=4, c=2, accumulate=True, b_signed=False),
        execute(m=2, n=2, a=6, b=130, b_tile_stride=4, c=40, c_stride=2, a_signed=False),
        store(rows=6, columns=3, address=RESULT + 1, stride=19, source=2),
        load(rows=5, bytes=4, address=RESULT + 2, stride=3, destination=300),
        fence(),
        store(rows=2, columns=7, address=RESULT + 0xFF5, stride=20, source=40),
        end(7),
    ])  # fmt: skip


def with_first(*commands):
    """The commands, then some that must not be carried out.

    After a bus error that holds behind a FENCE only: what is independent may have begun before.
    """
    after = [fence(), store(rows=4, columns=4, address=RESULT, source=0), end()]
    return Program([load(rows=4, bytes=4, address=DATA, destination=0), *commands, *after])


CASES = (
    Case("one", (1, 1, 1)),
    Case("odd_shape", (5, 11, 7)),
    Case("latency_1", (4, 8, 8), stalled(1, 0.0, 1)),
    Case("stalls", (9, 6, 10), stalled(20, 0.25, 3)),
    Case("other_stalls", (9, 6, 10), stalled(20, 0.25, 4)),
    Case("mixed", mixed_program(), stalled(9, 0.1, 5)),
    Case("bad_opcode", with_first(Command(0xFF))),
    Case("bad_row", with_first(load(rows=9, bytes=4, address=DATA, destination=504))),
    Case("read_slverr", with_first(load(rows=4, bytes=4, address=FAULTY + 5, destination=9)),
         fault("read", Response.SLVERR)),
    Case("write_decerr", with_first(store(rows=2, columns=4, address=FAULTY + 9, source=0)),
         fault("write", Response.DECERR)),
    Case("beyond_memory", with_first(load(rows=2, bytes=4, address=MEMORY_SIZE, destination=0))),
)  # fmt: skip


def operands(shape):
    m, k, n = shape
    rng = np.random.default_rng(m * 10000 + k * 100 + n)
    return rng.integers(-128, 128, (m, k), np.int8), rng.integers(0, 256, (k, n), np.uint8)


def perform(device, case):
    device.memory[:] = np.random.default_rng(1).integers(0, 256, MEMORY_SIZE, np.uint8)
    device.configure(case.settings)
    result, error = None, None
    try:
        if isinstance(case.program, Program):
            device.run(case.program)
        else:
            result = device.matmul(*operands(case.program))
    except ppu_sim.CoreError as stop:
        error = stop.code, stop.index, stop.address
    run = device.last_run
    return Outcome(
        memory=device.memory.copy(), result=result, error=error,
        cycles=run.cycles if run else None, counters=run.counters if run else {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def outcomes():
    """Outcomes by back end and case; each back end runs all cases in one device, when asked for."""
    known = {}

    def get(backend, case):
        if backend not in known:
            try:
                with ppu_sim.Device(open_backend(backend, TINY, MEMORY_SIZE)) as device:
                    known[backend] = {case.name: perform(device, case) for case in CASES}
            except ToolMissing as missing:
                known[backend] = str(missing)
        if isinstance(known[backend], str):
            pytest.skip(known[backend])
        return known[backend][case.name]

    return get


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("backend", RTL)
def test_bytes_and_errors_are_those_of_the_model(outcomes, backend, case):
    got, expected = outcomes(backend, case), outcomes("model", case)
    assert got.error == expected.error
    different = np.flatnonzero(got.memory != expected.memory)
    assert not len(different), f"{len(different)} bytes differ, the first at {different[0]:#x}"


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("backend", RTL[1:])
def test_cycles_and_counters_are_the_same_on_all_rtl(outcomes, backend, case):
    got, expected = outcomes(backend, case), outcomes(RTL[0], case)
    assert got.cycles == expected.cycles
    assert got.counters == expected.counters
    assert got.cycles or got.error


@pytest.mark.parametrize(
    "case", [case for case in CASES if isinstance(case.program, tuple)], ids=str
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_products_are_those_of_numpy(outcomes, backend, case):
    a, b = operands(case.program)
    expected = a.astype(np.int64) @ b.astype(np.int64)
    assert outcomes(backend, case).result.tolist() == expected.tolist()


def test_seed_of_the_stalls_changes_the_cycles(outcomes):
    stalls, other = (next(c for c in CASES if c.name == n) for n in ("stalls", "other_stalls"))
    assert outcomes("verilator", stalls).cycles != outcomes("verilator", other).cycles


def test_the_errors_are_the_expected_ones(outcomes):
    codes = {case.name: outcomes("model", case).error for case in CASES}
    assert {name: error[0] for name, error in codes.items() if error} == {
        "bad_opcode": ErrorCode.OPCODE, "bad_row": ErrorCode.SCRATCHPAD,
        "read_slverr": ErrorCode.READ_SLVERR, "write_decerr": ErrorCode.WRITE_DECERR,
        "beyond_memory": ErrorCode.READ_DECERR,
    }  # fmt: skip
