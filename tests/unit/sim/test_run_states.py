"""The states of the units in a Run."""

from ppu.lib.states import STATES
from ppu_sim.run import Run


def run_of(cycles, **counters):
    return Run(commands=4, macs=100, cycles=cycles, peak=16, counters=counters, seconds=0.5,
               simulated=cycles or 0)


def test_states_are_those_of_the_counters():
    run = run_of(200, CYCLES=200, LOAD_BUSY=50, LOAD_LATENCY=150, STORE_NO_COMMAND=200)
    assert list(run.states) == list(STATES)
    assert run.states["load"] == {
        "busy": 50, "no_command": 0, "waits_execute": 0, "waits_store": 0, "latency": 150,
        "bandwidth": 0, "bank": 0,
    }  # fmt: skip
    assert run.states["store"]["no_command"] == 200


def test_table_has_the_states_that_occur_the_largest_first():
    run = run_of(200, LOAD_BUSY=50, LOAD_LATENCY=150, STORE_NO_COMMAND=200)
    lines = ["load     latency 75.0%, busy 25.0%", "store    no_command 100.0%"]
    assert run.state_table.splitlines() == lines
    assert str(run).splitlines() == [
        "200 cycles, 100 MACs, 3.1% of peak, 400 cycles per second", *lines]


def test_a_run_without_cycles_has_no_table():
    run = run_of(None)
    assert run.state_table == "" and str(run) == "4 commands"
