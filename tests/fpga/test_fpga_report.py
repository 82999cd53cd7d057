# amaranth: UnusedElaboratable=no
"""The table of place-and-route figures: what is run, what is told, and what counts as missed."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ppu.config import Signs
from ppu_fpga.flow import cases as cases_module
from ppu_fpga.flow import report_command, results
from ppu_fpga.flow import sweep as sweep_module
from ppu_fpga.flow.cases import CASES, Case, in_array
from ppu_fpga.flow.points import ArrayPoint, BoardPoint, CorePoint
from ppu_fpga.flow.report_table import END, START, inserted, markdown
from ppu_fpga.flow.results import collected, write_result
from ppu_sim.cli import main

CORE = Case(name="core", title="a core", point=CorePoint("ecp5-85", "tiny", (), 100.0),
            least_mhz=120, aim_mhz=150, most_lut=1000, multipliers=16)  # fmt: skip
BARE = Case(name="bare", title="an array", point=ArrayPoint("ecp5-85", 2, 2, 200.0))
BOARD = Case(name="board", title="a board", point=BoardPoint("icebreaker", "tiny"), least_mhz=20)
AREA = {"lut": 900, "ff": 20, "dsp": 18, "bram": 4, "tools": {"yosys": "Yosys 0.70"},
        "blocks": {"execute": {"lut": 500, "ff": 9, "dsp": 16, "bram": 0},
                   "execute.array": {"lut": 400, "ff": 8, "dsp": 16, "bram": 0}}}  # fmt: skip


def _placed(**clocks):
    """A result of placement: clock -> (MHz, target)."""
    return {"fmax_mhz": {clock: mhz for clock, (mhz, _) in clocks.items()},
            "target_mhz": {clock: target for clock, (_, target) in clocks.items()},
            "tools": {"nextpnr-ecp5": "nextpnr-0.11"}}  # fmt: skip


def _write(case, directory, area=AREA, **placed):
    """Puts results into the folder, of the seeds `s1`, ..."""
    (directory / case.point.title).mkdir()
    write_result(case.point, None, directory, area)
    for seed, result in placed.items():
        write_result(case.point, int(seed[1:]), directory, result)
    return collected(case.point, range(1, 4), directory)


def _cells(text, title):
    row, = (line for line in text.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in row.split("|")[2:-1]]


def test_the_best_seed_is_told_with_the_others(tmp_path):
    found = _write(CORE, tmp_path, s1=_placed(clk=(110.0, 100.0)), s3=_placed(clk=(130.5, 100.0)))
    text = markdown([CORE], {"core": found})
    assert _cells(text, "a core") == [
        ">= 120 MHz (aim: 150), <= 1,000 LUT, 16 multipliers in the array", "130.5", "3",
        "1: 110.0, 3: 130.5", "900", "20", "18", "4", "yes"]  # fmt: skip
    assert "Made with Yosys 0.70, nextpnr-ecp5: nextpnr-0.11." in text


def test_what_was_not_run_says_so(tmp_path):
    text = markdown([CORE], {"core": collected(CORE.point, [1], tmp_path)})
    assert _cells(text, "a core")[1:] == ["not run", *[""] * 7]


@pytest.mark.parametrize("changes, missed", [
    ({"least_mhz": 131}, "130.5 MHz, not 131"), ({"most_lut": 899}, "900 LUT, not 899"),
    ({"multipliers": 17}, "16 multipliers in the array, not 17"),
])  # fmt: skip
def test_each_part_of_a_bar_can_be_missed(changes, missed, tmp_path):
    case = replace(CORE, **changes)
    found = _write(case, tmp_path, s1=_placed(clk=(130.5, 100.0)))
    assert case.misses(found) == [missed]
    assert _cells(markdown([case], {"core": found}), "a core")[-1] == "NO"


def test_all_clocks_of_a_board_must_meet_their_targets(tmp_path):
    slow = _placed(io=(11.0, 12.0), sys=(30.0, 21.0))
    found = _write(BOARD, tmp_path, s1=slow, s2=_placed(io=(60.0, 12.0), sys=(22.0, 21.0)))
    assert (found["best_seed"], found["best_mhz"], found["timing_met"]) == (2, 22.0, True)
    assert BOARD.misses(found) == []
    found["timing_met"] = False
    assert BOARD.misses(found) == ["timing is not met"]


def test_failures_are_told(tmp_path):
    failed = {"error": "nextpnr failed; place.log ends:\nERROR: no room | left"}
    found = _write(CORE, tmp_path, s1=failed)
    cells = _cells(markdown([CORE], {"core": found}), "a core")
    assert cells[1:4] == ["failed: ERROR: no room / left", "", "1: failed"]
    assert cells[-1] == "NO" and CORE.misses(found) == ["nothing was placed"]
    found = _write(BARE, tmp_path, area={"error": "yosys failed"})
    assert _cells(markdown([BARE], {"bare": found}), "an array")[1] == "failed: yosys failed"


def test_figures_of_other_sources_are_marked(tmp_path, monkeypatch):
    _write(CORE, tmp_path, s1=_placed(clk=(130.5, 100.0)))
    monkeypatch.setattr(results, "sources_digest", lambda names: "others")
    text = markdown([CORE], {"core": collected(CORE.point, [1], tmp_path)})
    assert _cells(text, "a core")[1] == "130.5 (*)"
    assert "(*): of earlier sources." in text


def test_blocks_of_the_core_are_told(tmp_path):
    text = markdown([], {"small": _write(CORE, tmp_path)})
    assert _cells(text, "- array") == ["400", "8", "16", "0"]


def test_tables_go_between_the_marks():
    text = inserted(f"a\n{START}\nold\n{END}\nz\n", "new")
    assert text == f"a\n{START}\n\nnew\n\n{END}\nz\n"
    assert inserted(text, "new") == text
    for bad in ("nothing", f"{END} {START}", f"{START}{END}{END}", f"{START}"):
        with pytest.raises(ValueError, match="must have one '<!-- ppu fpga report -->'"):
            inserted(bad, "new")


def test_cases_are_told_apart_and_can_be_made():
    assert len({case.name for case in CASES}) == len({case.point.title for case in CASES})
    for case in CASES:
        assert case.point.about()["device"] == case.point.chip.name
        assert case.point.frequency >= (case.least_mhz or 0)


def test_an_array_has_the_elements_of_the_core():
    point = replace(BARE.point, columns=3, dot=2, signs=Signs.SIGNED)
    assert len(point.component().i_a.as_value()) == 2 * 2 * 8
    assert point.about()["macs"] == 12
    assert point.title != BARE.point.title
    assert in_array({"dsp": 4, "blocks": {}}) == 4
    with pytest.raises(ValueError, match="columns must be at least 1, not 0"):
        replace(point, columns=0)
    with pytest.raises(ValueError, match="product_registers must be 0 to 2, not 3"):
        replace(point, product_registers=3)


@pytest.fixture
def two_cases(monkeypatch):
    """Only two cases, a client that is not needed, and a sweep that writes what is missing."""
    built = []

    def sweep(points, seeds, directory, client, progress):
        for point, seed in results.unfinished(points, seeds, directory):
            (directory / point.title).mkdir(parents=True, exist_ok=True)
            write_result(point, seed, directory, AREA if seed is None else
                         _placed(clk=(119.0 + seed, 100.0)))  # fmt: skip
            built.append((point.title, seed))

    @contextmanager
    def farm(arguments):
        yield None

    monkeypatch.setattr(cases_module, "CASES", (CORE, BARE))
    monkeypatch.setattr(sweep_module, "sweep", sweep)
    monkeypatch.setattr(report_command, "farm", farm)
    return built


def test_the_command_writes_the_document_and_goes_on(two_cases, tmp_path, capsys):
    document, output = tmp_path / "fpga.md", tmp_path / "out"
    document.write_text(f"# Title\n{START}\n{END}\nlast\n")
    common = ["fpga", "report", "--markdown", str(document), "-o", str(output)]
    assert main([*common, "--only", "core", "--seeds", "2"]) == 0
    text = document.read_text()
    assert _cells(text, "a core")[1] == "121.0"
    assert _cells(text, "an array")[1] == "not run"
    assert text.endswith(f"{END}\nlast\n")
    assert len(two_cases) == 3
    assert main([*common, "--seeds", "2"]) == 0
    assert [title for title, _ in two_cases[3:]] == [BARE.point.title] * 3
    written = json.loads((output / "report.json").read_text())
    assert [entry["missed"] for entry in written] == [[], []]
    assert written[0]["result"]["best_seed"] == 2


def test_a_missed_bar_fails(two_cases, tmp_path, capsys):
    assert main(["fpga", "report", "--only", "core", "--seeds", "1", "-o", str(tmp_path)]) == 0
    write_result(CORE.point, 1, tmp_path, _placed(clk=(90.0, 100.0)))
    assert main(["fpga", "report", "--only", "core", "--seeds", "1", "-o", str(tmp_path)]) == 1
    assert "missed: core: 90.0 MHz, not 120" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, message", [
    (["report", "--seeds", "0"], "--seeds must be at least 1, not 0"),
    (["report", "--only", "smal"], ", tangnano9k-tiny, not 'smal'"),
    (["report", "--workers", "0"], "--workers must be at least 1, not 0"),
    (["array", "--rows", "0"], "rows must be at least 1, not 0"),
])  # fmt: skip
def test_bad_arguments_of_report_and_array(arguments, message, tmp_path, capsys):
    assert main(["fpga", *arguments, "-o", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_a_tiny_array_is_built_by_the_tasks_of_a_sweep():
    point = ArrayPoint("ecp5-25", 2, 2, 100.0)
    figures, packed = sweep_module.synthesis_task(point)
    assert (figures["dsp"], set(packed)) == (4, {"wrapper.json"})
    placed = sweep_module.placement_task(point, (figures, packed), 1)
    assert placed["fmax_mhz"]["clk"] > 100
    assert placed["target_mhz"] == {"clk": 100.0}
    assert list(figures["tools"]) == ["yosys"] and list(placed["tools"]) == ["nextpnr-ecp5"]
