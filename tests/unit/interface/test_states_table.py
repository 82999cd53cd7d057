"""The manual's table of states, and the counters that count them."""

from pathlib import Path

import pytest

from ppu.host.registers import COUNTERS
from ppu.lib.states import MEANINGS, STATES, WaitingLayout

MANUAL = Path(__file__).parents[3] / "docs" / "timing.md"


@pytest.mark.parametrize("unit", STATES)
def test_the_manual_has_every_state_in_the_words_of_its_register(unit):
    text = MANUAL.read_text()
    for state in STATES[unit]:
        assert f"| {unit.upper()} | {state.name} | {MEANINGS[state]} |" in text
        name, doc = f"{unit}_{state.name}".upper(), f": {MEANINGS[state]}"
        assert dict(COUNTERS)[name].endswith(doc)


@pytest.mark.parametrize("unit", STATES)
def test_the_manual_has_them_in_the_order_that_the_declaration_tells(unit):
    rows = [line.split(" | ")[1] for line in MANUAL.read_text().splitlines()
            if line.startswith(f"| {unit.upper()} | ")]
    first = STATES[unit].__doc__.split("applies of ")[1].split(", the others")[0].split(", ")
    assert rows[: len(first)] == first
    assert sorted(rows) == sorted(state.name for state in STATES[unit])


@pytest.mark.parametrize("unit", STATES)
def test_a_unit_waits_for_the_others(unit):
    states = {state.name for state in STATES[unit]}
    others = {name for name, _ in WaitingLayout(unit)} - {"command"}
    assert {f"WAITS_{other.upper()}" for other in others} == {
        name for name in states if name.startswith("WAITS_")}
