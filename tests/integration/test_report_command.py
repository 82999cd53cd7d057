"""``ppu report``: a small product on the Verilated core, and cases from a file."""

import pytest

from ppu_sim.cli import main
from ppu_sim.performance.cases import CASES
from ppu_sim.performance.measure import Measurement, to_json
from ppu_sim.toolchain import ToolMissing, verilator

pytest.importorskip("plotly")

PRODUCT = ["--product", "8", "9", "10", "--preset", "tiny", "--latency", "5"]


@pytest.fixture
def table(tmp_path):
    """A file as `ppu bench --json` writes it."""
    try:
        verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    path = tmp_path / "bench.json"
    path.write_text(to_json([Measurement(case, int(2 * case.bound), int(2 * case.bound), {})
                             for case in CASES[:3]]))  # fmt: skip
    return path


def test_report_of_a_table(table, tmp_path, capsys):
    output = tmp_path / "new" / "report.html"
    only = ["--only", CASES[0].name]
    assert main(["report", "--json", str(table), "-o", str(output), *only, *PRODUCT]) == 0
    assert f"{output}: " in capsys.readouterr().out
    text = output.read_text()
    assert "tiny: 8 x 9 x 10, L = 5" in text
    assert CASES[0].name in text and CASES[1].name not in text


@pytest.mark.parametrize(("arguments", "message"), [
    (["--only", "no such case"], "no case contains 'no such case'"),
    (["--product", "0", "1", "1"], "M must be at least 1, not 0"),
    (["--latency", "0"], "latency must be"),
    (["--json", "missing.json"], "missing.json"),
])  # fmt: skip
def test_bad_arguments(table, capsys, arguments, message):
    assert main(["report", "--json", str(table), *arguments]) == 2
    assert message in capsys.readouterr().err
