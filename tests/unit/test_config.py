"""The configuration: presets that are valid, and errors that say what is wrong."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from ppu.config import MEDIUM, PPU1, PRESETS, SMALL, TINY, Config, Signs, preset

#: field -> (lowest, highest, power of two)
RANGES = {
    "row_bytes": (4, 64, True), "columns": (4, 64, True), "dot": (1, 4, True),
    "product_registers": (0, 2, False),
    "scratchpad_rows": (32, 65536, True), "scratchpad_banks": (2, 16, True),
    "accumulator_rows": (16, 65536, True), "axi_data_width": (32, 512, True),
    "axi_address_width": (16, 64, False), "max_outstanding_reads": (1, 64, True),
    "max_outstanding_writes": (1, 64, True), "read_buffer_beats": (4, 1024, True),
    "command_buffer": (4, 64, True), "load_slots": (1, 16, True), "execute_slots": (1, 16, True),
    "store_slots": (1, 16, True), "accumulator_banks": (1, 2, True),
    "performance_counters": (0, 1, False), "epilogue_lanes": (0, 32, False),
}  # fmt: skip


def test_every_field_is_checked():
    assert set(RANGES) | {"signs"} == {field.name for field in fields(Config)}


@pytest.mark.parametrize("name", RANGES)
def test_values_out_of_range(name):
    lowest, highest, _ = RANGES[name]
    for value in (lowest - 1, highest + 1, 2 * highest, -highest):
        message = f"^{name} must be from {lowest} to {highest}, not {value}$"
        with pytest.raises(ValueError, match=message):
            replace(TINY, **{name: value})


@pytest.mark.parametrize("name", [name for name, (_, _, power) in RANGES.items() if power])
def test_values_that_are_no_power_of_two(name):
    lowest, highest, _ = RANGES[name]
    for value in {lowest + 1, highest - 1} & {*range(lowest, highest)}:
        if value & (value - 1):
            with pytest.raises(ValueError, match=f"^{name} must be a power of two, not {value}$"):
                replace(TINY, **{name: value})


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", [4.0, "4", None, True])
def test_values_that_are_no_integers(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be an integer, not {value!r}$"):
        replace(TINY, **{name: value})


@pytest.mark.parametrize("value", ["mixed", 0, None])
def test_signs_of_another_type(value):
    with pytest.raises(TypeError, match=f"^signs must be a Signs, not {value!r}$"):
        replace(TINY, signs=value)


@pytest.mark.parametrize(("change", "message"), [
    ({"scratchpad_rows": 64, "columns": 16},
     "^scratchpad_rows must hold two tiles of `columns` rows in each bank, at least 128, not 64$"),
    ({"scratchpad_rows": 32, "scratchpad_banks": 16},
     "^scratchpad_rows must hold two tiles of `columns` rows in each bank, at least 128, not 32$"),
    ({"accumulator_rows": 16, "columns": 16},
     r"^accumulator_rows must be at least 2 \* columns = 32, not 16$"),
    ({"load_slots": 1},
     "^load_slots, execute_slots and store_slots must be all 1 or all at least 2, not 1, 4, 4$"),
    ({"load_slots": 1, "execute_slots": 1, "store_slots": 1, "axi_data_width": 64},
     "^where load_slots, execute_slots and store_slots are 1, axi_data_width must be 32, row_bytes "
     "4 and dot 4, not 64, 4 and 1$"),
    ({"load_slots": 1, "execute_slots": 1, "store_slots": 1, "dot": 4, "axi_address_width": 33},
     "^axi_address_width must be at most 32 where load_slots, execute_slots and store_slots are 1, "
     "not 33$"),
    ({"axi_address_width": 31},
     "^axi_address_width must be at least 32 unless load_slots, execute_slots and store_slots are "
     "1, not 31$"),
    ({"epilogue_lanes": 4},
     "^epilogue_lanes must be 0 or a power of two of at most columns / 2 = 2, not 4$"),
    ({"columns": 8, "epilogue_lanes": 3},
     "^epilogue_lanes must be 0 or a power of two of at most columns / 2 = 4, not 3$"),
    ({"load_slots": 1, "execute_slots": 1, "store_slots": 1, "dot": 4, "epilogue_lanes": 1},
     "^epilogue_lanes must be 0 where load_slots, execute_slots and store_slots are 1, not 1$"),
])  # fmt: skip
def test_bad_combinations(change, message):
    with pytest.raises(ValueError, match=message):
        replace(TINY, **change)


def test_the_least_and_the_most_of_everything_are_valid():
    for least in (True, False):
        values = {name: low if least else high for name, (low, high, _) in RANGES.items()}
        if least:       # all slots are 1
            values["dot"] = 4
        config = Config(**values)
        assert config.as_dict() == {**values, "signs": "mixed"}


def test_one_slot_for_each_unit_keeps_commands_in_order():
    config = replace(TINY, dot=4, load_slots=1, execute_slots=1, store_slots=1, epilogue_lanes=0)
    assert config.in_order and config.slots == (1, 1, 1)
    assert not any(config.in_order for config in PRESETS.values())


def test_fields_without_a_default_must_be_given():
    with pytest.raises(TypeError, match="scratchpad_rows"):
        Config(row_bytes=4, columns=4, accumulator_rows=64, axi_data_width=32)
    with pytest.raises(TypeError, match="positional"):
        Config(4, 4)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TINY.columns = 8


@pytest.mark.parametrize(("config", "row_bytes", "columns", "bus", "macs"), [
    (TINY, 4, 4, 32, 16), (SMALL, 8, 8, 64, 64), (MEDIUM, 16, 16, 128, 256),
    (PPU1, 32, 16, 256, 512),
])  # fmt: skip
def test_presets_have_their_published_sizes(config, row_bytes, columns, bus, macs):
    assert (config.row_bytes, config.columns) == (row_bytes, columns)
    assert (config.axi_data_width, config.macs_per_cycle) == (bus, macs)
    assert config.signs is Signs.MIXED


@pytest.mark.parametrize("name", PRESETS)
def test_presets_by_name(name):
    config = preset(name)
    assert config is PRESETS[name]
    assert replace(config) == config
    assert config.array_rows * config.dot == config.row_bytes
    assert config.bank_rows * config.scratchpad_banks == config.scratchpad_rows
    assert config.beat_bytes * 8 == config.axi_data_width
    assert 1 <= config.max_burst_beats <= min(256, 4096 // config.beat_bytes)


def test_unknown_preset():
    message = "^preset must be one of tiny, small, medium, ppu1, not 'large'$"
    with pytest.raises(ValueError, match=message):
        preset("large")
