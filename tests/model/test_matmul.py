"""Matrix-product programs: exact on the model for all shapes, and near the peak by the estimate."""

import itertools

import numpy as np
import pytest

from ppu.config import MEDIUM, PPU1, PRESETS, SMALL, TINY, Config, Signs
from ppu.isa import Opcode
from ppu_sim.cycles import estimate
from ppu_sim.model import Machine
from ppu_sim.program import MatmulPlan, end, matmul_plan, matmul_program

_RING = 0
_FIRST = 0x4000
_GUARD = 64
_SMALLEST = Config(
    row_bytes=64, columns=4, dot=4, scratchpad_rows=32, scratchpad_banks=2, accumulator_rows=16,
    axi_data_width=32, max_outstanding_reads=1, max_outstanding_writes=1, read_buffer_beats=4,
    load_slots=2, execute_slots=2, store_slots=2,
)  # fmt: skip
_CONFIGS = {**PRESETS, "smallest": _SMALLEST}


def check(config, m, n, k, *, signs=(True, True), gaps=(0, 0, 0), fill=None, plan=None):
    """Runs a product on the model: the result is exact, and no other byte of memory changes."""
    rng = np.random.default_rng([m, n, k])
    strides = k + gaps[0], k + gaps[1], 4 * n + gaps[2]
    addresses, end_address = [], _FIRST
    for rows, stride in zip((m, n, m), strides, strict=True):
        addresses.append(end_address + _GUARD + int(rng.integers(8)))
        end_address = addresses[-1] + rows * stride
    memory = rng.integers(0, 256, end_address + _GUARD, dtype=np.uint8)
    if fill is not None:
        memory[:] = fill
    places = list(zip(addresses, (m, n, m), (k, k, 4 * n), strides, strict=True))
    operands = [
        matrix(memory, *place).view(np.int8 if sign else np.uint8).astype(np.float64)
        for place, sign in zip(places, signs, strict=False)
    ]
    sums = (operands[0] @ operands[1].T).astype(np.int64)
    wanted = ((sums + 2**31) % 2**32 - 2**31).astype("<i4")
    expected = memory.copy()
    matrix(expected, *places[2])[:] = wanted.view(np.uint8)
    program = matmul_program(
        config, m, n, k, *itertools.chain(*zip(addresses, strides, strict=True)), *signs, plan=plan
    )
    assert Machine(config, memory).run([*program, end()], _RING, 256)
    got = matrix(memory, *places[2]).copy().view("<i4")
    wrong = np.argwhere(got != wanted)
    assert not len(wrong), f"C{wrong[0]}: got {got[tuple(wrong[0])]}\n{program.listing()}"
    assert np.array_equal(memory[_FIRST:], expected[_FIRST:])


def matrix(memory, address, rows, size, stride):
    """The bytes of a matrix, as a view of memory."""
    return np.lib.stride_tricks.as_strided(memory[address:], (rows, size), (stride, 1))


@pytest.mark.parametrize("name", _CONFIGS)
def test_around_the_size_of_the_array(name):
    config = _CONFIGS[name]
    columns, row_bytes = config.columns, config.row_bytes
    for m, n, k in itertools.product(
        (1, columns, columns + 1), (1, columns - 1, columns + 1), (1, row_bytes, row_bytes + 1)
    ):
        check(config, m, n, k)


@pytest.mark.parametrize("name", _CONFIGS)
def test_random_shapes(name):
    rng = np.random.default_rng(7)
    for index in range(18):
        m, n, k = (int(size) for size in rng.integers(1, (20, 80, 250)[index % 3], 3))
        signs = tuple(bool(sign) for sign in rng.integers(0, 2, 2))
        gaps = tuple(int(gap) for gap in rng.integers(0, 9, 3)) if index % 2 else (0, 0, 0)
        check(_CONFIGS[name], m, n, k, signs=signs, gaps=gaps)


@pytest.mark.parametrize(
    ("config", "m", "n", "k"),
    [
        (TINY, 1, 1, 20000),
        (TINY, 2000, 1, 3),
        (TINY, 1, 3000, 2),
        (SMALL, 509, 257, 263),
        (SMALL, 31, 1021, 127),
        (MEDIUM, 1, 1, 1),
        (MEDIUM, 1000, 1000, 1000),
        (MEDIUM, 1, 2000, 3000),
        (MEDIUM, 2000, 1, 3000),
        (PPU1, 500, 300, 1000),
        (_SMALLEST, 100, 100, 500),
    ],
)
def test_large_shapes(config, m, n, k):
    check(config, m, n, k)


@pytest.mark.parametrize("signs", list(itertools.product((False, True), repeat=2)))
def test_extreme_operands(signs):
    check(MEDIUM, 17, 33, 300, signs=signs, fill=0x80)
    check(MEDIUM, 17, 33, 300, signs=signs, fill=0xFF)


def test_sums_wrap():
    check(PPU1, 3, 5, 34000, signs=(False, False), fill=0xFF)


@pytest.mark.parametrize("opening", [1, 2, 5])
@pytest.mark.parametrize("order", ["rows", "tiles", "square"])
def test_given_plans(order, opening):
    plan = MatmulPlan(
        m=30, n=23, k=50, rows=(4, 9, 17), tiles=(1, 2, 3), panels=(6, 7), order=order,
        opening=opening, first_depth=1, last_depth=2, last_block=4, a_rows=384)  # fmt: skip
    check(TINY, 30, 23, 50, plan=plan)
    assert "rows 4 9 17, tiles 1 2 3, panels 6 7 (first 1, last 2)" in plan.describe()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": (30, 1)}, r"rows must be positive and add up to 30, not \(30, 1\)"),
        ({"tiles": (6, 0)}, r"tiles must be positive and add up to 6, not \(6, 0\)"),
        ({"panels": (6, 6)}, "panels must be positive and add up to 13"),
        ({"opening": 0}, "opening must be from 1 to the number of blocks, 3, not 0"),
        ({"opening": 3, "tiles": (1, 2, 3), "rows": (30,)},
         "C, all that are open, must have at most 128 rows, not 180"),
        ({"a_rows": 128}, "pieces of A must have at most 128 rows, not 210"),
        ({"a_rows": 480}, "pieces of B must have at most 32 rows, not 56"),
        ({"tiles": (6,)}, "pieces of C must have at most 128 rows, not 180"),
    ],
)
def test_plans_that_do_not_fit(changes, message):
    plan = MatmulPlan(**{
        "m": 30, "n": 23, "k": 50, "rows": (30,), "tiles": (2, 2, 2), "panels": (6, 7),
        "order": "rows", "opening": 1, "first_depth": 6, "last_depth": 6, "last_block": 4,
        "a_rows": 256, **changes,
    })  # fmt: skip
    with pytest.raises(ValueError, match=message):
        check(TINY, 30, 23, 50, plan=plan)


def test_arguments():
    signed = Config(**{**TINY.as_dict(), "signs": Signs.SIGNED})
    with pytest.raises(ValueError, match="signed operands only"):
        matmul_program(signed, 1, 1, 1, 0, 1, 64, 1, 128, 4, b_signed=False)
    with pytest.raises(ValueError, match="c must lie in 32 address bits, not at 0xffffffff to"):
        matmul_program(TINY, 1, 1, 1, 0, 1, 64, 1, 0xFFFF_FFFF, 4)
    for name in "mnk":
        sizes = {"m": 1, "n": 1, "k": 1, name: 0}
        with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
            matmul_plan(TINY, **sizes)


def test_operands_that_fit_are_loaded_once():
    program = matmul_program(MEDIUM, 96, 96, 96, 0, 96, 0x4000, 96, 0x8000, 384)
    loads = [command for command in program if command.kind is Opcode.LOAD]
    assert sum(command.rows * command.bytes for command in loads) == 2 * 96 * 96


@pytest.mark.parametrize(
    ("config", "size", "share"),
    [
        (MEDIUM, 96, 0.8),
        (MEDIUM, 512, 0.99),
        (MEDIUM, 1000, 0.98),
        (SMALL, 128, 0.975),
        (PPU1, 1024, 0.99),
    ],
)
def test_estimated_share_of_the_peak(config, size, share):
    bytes_ = size * size
    program = matmul_program(config, size, size, size, 0, size, bytes_, size, 2 * bytes_, 4 * size)
    cycles = estimate(config, program).cycles
    assert size**3 / config.macs_per_cycle / cycles >= share
