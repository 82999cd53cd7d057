"""Random programs on the Verilated core against the model, with 25 % stalls on every channel.

``make fuzz N=10000`` runs more of them.
"""

from dataclasses import replace

import pytest

from ppu.config import TINY, Signs, preset
from ppu.isa import ErrorCode
from ppu_sim.fuzz.__main__ import campaign
from ppu_sim.program import COMMAND_ERRORS

PROGRAMS = 2000
#: Far from the presets: bus wider than an operand row and the other way round, dot products in an
#: element, signed only, and everything that may wait reduced to the least.
CONFIGS = {
    "dot 4, signed, narrow bus": replace(
        TINY, row_bytes=16, dot=4, signs=Signs.SIGNED, product_registers=0, scratchpad_banks=2),
    "dot 2, wide bus, one bank of sums, nothing in reserve": replace(
        TINY, row_bytes=8, columns=8, dot=2, axi_data_width=512, axi_address_width=64,
        product_registers=2, max_outstanding_reads=1, max_outstanding_writes=1,
        read_buffer_beats=4, load_slots=2, execute_slots=2, store_slots=2, accumulator_banks=1),
    "rows of eight beats, four lanes": replace(
        TINY, row_bytes=8, columns=8, epilogue_lanes=4),
    "in order, no counters, 17 bits of address": replace(
        TINY, dot=4, signs=Signs.SIGNED, scratchpad_banks=2, load_slots=1, execute_slots=1,
        store_slots=1, accumulator_banks=1, performance_counters=0, axi_address_width=17,
        epilogue_lanes=0),
    "in order, four and two banks": replace(
        TINY, dot=4, load_slots=1, execute_slots=1, store_slots=1, epilogue_lanes=0),
}  # fmt: skip


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_random_programs(name):
    codes, failure = campaign(preset(name), range(PROGRAMS), stall=0.25)
    assert not failure, failure
    assert sum(codes.values()) == PROGRAMS
    seen = {ErrorCode(code) for code in codes}
    assert set(COMMAND_ERRORS) < seen, "a kind of error never came"
    assert {ErrorCode.READ_SLVERR, ErrorCode.WRITE_DECERR} < seen


@pytest.mark.parametrize("name", CONFIGS)
def test_other_configurations(name):
    codes, failure = campaign(CONFIGS[name], range(300), stall=0.25)
    assert not failure, failure
    assert sum(codes.values()) == 300
