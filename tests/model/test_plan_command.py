"""`ppu plan` and `ppu estimate`: what they refuse."""

import pytest

from ppu_sim.cli import main

IN_ORDER = ["--set=epilogue_lanes=0", *(
    f"--set={field}=1" for field in ("load_slots", "execute_slots", "store_slots"))]  # fmt: skip


@pytest.mark.parametrize("command", ["plan", "estimate"])
@pytest.mark.parametrize(("options", "message"), [
    (["--set=dot=4", *IN_ORDER], "knows no cores with load_slots, execute_slots and store_slots"),
    (["--set=signs=1"], "--set takes one of accumulator_banks, "),
    (["--set=dot=x"], "dot must be an integer, not 'x'"),
    (["--set=dot=3"], "dot must be a power of two, not 3"),
])  # fmt: skip
def test_configurations_that_are_refused(command, options, message, capsys):
    assert main([command, "8", "8", "8", "--preset", "tiny", *options]) == 2
    assert message in capsys.readouterr().err
