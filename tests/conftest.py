"""Which tests `make test` leaves to `make test-long`, so that it ends within 20 minutes."""

import os

import pytest

# Most tests run a core for a moment: it is built sooner, and is somewhat slower then.
os.environ.setdefault("PPU_SIM_OPTIMIZE", "-O1")

#: Of what other cases cover too, those that take longest; parts of their names.
LONG = (
    "test_performance.py::test_case[Language models",
    "test_performance.py::test_case[ResNet-50",
    "test_performance.py::test_case[Square products: medium, 512-bit bus",
    "test_cycle_model.py::test_random_products[medium",
    "test_cycle_model.py::test_random_products[small-100",
    "test_presets.py::test_yosys[ppu1]", "test_presets.py::test_size[ppu1]",
    "test_presets.py::test_plain_names[ppu1]", "test_presets.py::test_each_module_once[ppu1]",
    "test_regfile.py::test_regfile[ppu1",
    "test_dma.py::test_reader[icarus", "test_dma.py::test_writer[icarus",
    "test_core.py::test_core[tiny-icarus-bench_core_errors]",
    "test_core.py::test_core[small-verilator-bench_core_errors]",
    "test_int8_results.py::test_cycles[('medium', 512",
    "test_int8_results.py::test_cycles[('ppu1'",
    "test_fuzz.py::test_other_configurations[dot 4",
    "test_fuzz.py::test_other_configurations[dot 2",
    "test_fuzz.py::test_other_configurations[in order, four and two banks]",
    "test_fuzz.py::test_other_configurations[rows of eight beats, four lanes]",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if any(part in item.nodeid for part in LONG):
            item.add_marker(pytest.mark.long)
