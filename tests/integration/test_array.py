# amaranth: UnusedElaboratable=no
"""The MAC array under cocotb, on both simulators."""

import pytest

pytest.importorskip("cocotb_tools")

from ppu.execute.array import SystolicArray
from ppu.execute.element import Int8Element
from ppu_sim.bench import runner
from ppu_sim.toolchain import ToolMissing

#: (lanes, columns, dot, mixed signs, product registers)
SHAPES = [(4, 4, 1, True, 1), (8, 8, 2, False, 0), (4, 8, 4, True, 2)]


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
@pytest.mark.parametrize(("lanes", "columns", "dot", "mixed_signs", "registers"), SHAPES)
def test_array(simulator, lanes, columns, dot, mixed_signs, registers, tmp_path):
    def element():
        return Int8Element(
            dot=dot, mixed_signs=mixed_signs, lanes=lanes, product_registers=registers)

    array = SystolicArray(rows=lanes // dot, columns=columns, element=element)
    parameters = {
        "lanes": lanes, "columns": columns, "mixed_signs": mixed_signs, "latency": array.latency,
        "operand_width": Int8Element.operand_shape(mixed_signs).width,
        "sum_width": element().sum_shape.width,
    }  # fmt: skip
    try:
        runner.run(array, name="array", bench="ppu_sim.bench.bench_array", simulator=simulator,
                   build_dir=tmp_path, parameters=parameters)
    except ToolMissing as missing:
        pytest.skip(str(missing))
