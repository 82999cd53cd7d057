# amaranth: UnusedElaboratable=no
"""Every preset, synthesised, takes no more cells than its budget, and all of its multipliers."""

import pytest

from ppu.config import PRESETS
from ppu_fpga.flow import budget
from ppu_fpga.flow.devices import device
from ppu_sim.cli import main

KNOWN = {"small": {"lut": 1000, "ff": 500, "dsp": 64, "bram": 10}}


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_keeps_its_budget(preset):
    assert budget.breaches(preset, budget.measure(preset), budget.read()) == []


def test_a_little_growth_and_any_shrinking_are_in_order():
    counts = {"lut": 1029, "ff": 400, "dsp": 64, "bram": 10}
    assert budget.breaches("small", counts, KNOWN) == []


@pytest.mark.parametrize("kind, number, message", [
    ("lut", 1100, "small: 1,100 lut, 10.0% beyond the budget of 1,000"),
    ("bram", 11, "small: 11 bram, 10.0% beyond the budget of 10"),
    ("dsp", 65, "small: 65 multipliers, not 64"),
    ("dsp", 63, "small: 63 multipliers, not 64"),
    ("spram", 1, "small: 1 spram, not 0"),
])  # fmt: skip
def test_growth_and_other_multipliers_are_breaches(kind, number, message):
    assert budget.breaches("small", {**KNOWN["small"], kind: number}, KNOWN) == [message]


def test_no_multipliers_are_a_breach_even_if_the_budget_says_so():
    known = {"small": {**KNOWN["small"], "dsp": 0}}
    assert budget.breaches("small", known["small"], known) == [
        "small: 0 multipliers, not at least one"]  # fmt: skip


def test_a_preset_needs_a_budget():
    assert budget.breaches("tiny", {}, KNOWN) == ["tiny: there is no budget for it"]


def test_words_are_counted_by_their_bits():
    types = {"$dff_8": 2, "$sdffe_4": 1, "$add_9": 3, "$mux_16": 1, "$scopeinfo": 7,
             "MULT18X18D": 5, "DP16KD": 2}  # fmt: skip
    counts = budget.word_counts(types, device("ecp5-85").tools)
    assert counts == {"logic": 43, "ff": 20, "dsp": 5, "bram": 2, "lutram": 0}


def test_the_command_compares_and_updates(tmp_path, monkeypatch, capsys):
    file = str(tmp_path / "budget.json")
    arguments = ["fpga", "budget", "--preset", "small", "--file", file]
    monkeypatch.setattr(budget, "measure", lambda preset: KNOWN["small"])
    assert main(arguments) == 1
    assert "small: there is no budget for it" in capsys.readouterr().err
    assert main([*arguments, "--update"]) == 0
    assert main(arguments) == 0
    monkeypatch.setattr(budget, "measure", lambda preset: {**KNOWN["small"], "lut": 1200})
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert "1,200 lut (+20.0%)" in told.out
    assert "20.0% beyond the budget" in told.err
