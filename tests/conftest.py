"""Which tests `make test` leaves to `make test-long`, so that it ends within 20 minutes."""

import pytest

#: Of what other cases cover too, those that take longest; parts of their names.
LONG = (
    "test_performance.py::test_case[Language models",
    "test_performance.py::test_case[ResNet-50",
    "test_cycle_model.py::test_random_products[medium",
    "test_presets.py::test_yosys[ppu1]", "test_presets.py::test_size[ppu1]",
    "test_fuzz.py::test_other_configurations[dot 4",
    "test_fuzz.py::test_other_configurations[in order, four and two banks]",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if any(part in item.nodeid for part in LONG):
            item.add_marker(pytest.mark.long)
