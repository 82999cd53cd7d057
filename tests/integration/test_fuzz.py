"""Random programs on the Verilated core against the model, with 25 % stalls on every channel.

``make fuzz N=10000`` runs more of them.
"""

import pytest

from ppu.config import preset
from ppu.isa import ErrorCode
from ppu_sim.fuzz.__main__ import campaign

PROGRAMS = 2000


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_random_programs(name):
    codes, failure = campaign(preset(name), range(PROGRAMS), stall=0.25)
    assert not failure, failure
    assert sum(codes.values()) == PROGRAMS
    seen = {ErrorCode(code) for code in codes}
    assert {code for code in ErrorCode if 1 <= code.value <= 7} < seen, "a kind of error never came"
    assert {ErrorCode.READ_SLVERR, ErrorCode.WRITE_DECERR} < seen
