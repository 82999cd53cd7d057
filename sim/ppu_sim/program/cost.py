"""How long commands take: the figures by which the scheduler chooses. Results never depend on them.

Everything here is an estimate for a memory that answers one beat a cycle after `MEMORY_LATENCY`.
Estimates of whole products are held within 10 % of the RTL (`tests/model/test_cost.py`); where the
array is the limit, they were 1 % off.
"""

from dataclasses import dataclass

from ppu.isa import COMMAND_BYTES, Opcode, Target

from .spans import spans

__all__ = ["Estimate", "estimate", "execute_cycles", "load_cycles", "store_cycles"]

#: Cycles from an address on the bus to its first data, or from the last data to the response.
MEMORY_LATENCY = 100
#: Cycles from the doorbell to the first command at the decoder, beyond the memory's latency.
FETCH_CYCLES = 12
#: Cycles from a command in the station to the next: the decoder takes one at a time.
COMMAND_CYCLES = 12
#: Cycles from the end of a command to the start of one that waited for it.
WAKE_CYCLES = 3
#: ENDs that the station's list of commands in flight has room for.
_ENDS = 4
#: Cycles through LOAD and STORE, beyond the memory's latency.
UNIT_CYCLES = 12


def _bus_cycles(config, outstanding, ranges, size, aligned):
    """Bus cycles of `ranges` byte ranges: their beats, or how fast bursts may follow each other."""
    beats = -(-size // config.beat_bytes) + (not aligned)
    bursts = -(-beats // config.max_burst_beats)
    return max(ranges * beats, ranges * bursts * MEMORY_LATENCY // outstanding)


def load_cycles(config, *, rows, bytes, stride, pad=0, chunk=None):
    """Cycles in which a LOAD keeps the bus or the scratchpad's write port busy."""
    chunks = -(-bytes // (chunk or config.row_bytes))
    ranges, size = (1, rows * bytes) if stride == bytes else (rows, bytes)
    aligned = stride % config.beat_bytes == 0
    bus = _bus_cycles(config, config.max_outstanding_reads, ranges, size, aligned)
    return max(bus, rows * chunks) + pad * chunks


def execute_cycles(config, *, m, n, k):
    """Cycles in which an EXECUTE keeps the array busy; a tile of B takes `columns` to bring in."""
    return n * k * max(m, config.columns)


def store_cycles(config, *, rows, columns, stride):
    """Cycles in which a STORE keeps the bus busy."""
    size = 4 * columns
    ranges, size = (1, rows * size) if stride == size else (rows, size)
    aligned = stride % config.beat_bytes == 0
    return _bus_cycles(config, config.max_outstanding_writes, ranges, size, aligned)


def _array_cycles(config):
    """Cycles before the first row of A enters the array, and from a row of A to its sums."""
    before = config.columns + 4
    return before, config.array_rows + config.columns + config.product_registers + 5


@dataclass(frozen=True)
class Estimate:
    """Cycles from the doorbell to the last response, and those in which each unit is at work."""

    cycles: int
    load: int
    execute: int
    store: int


@dataclass
class _InFlight:
    unit: object
    reads: tuple
    writes: tuple
    released: int
    completed: int


class _Unit:
    """A unit in order: `free` is when it can take the next command's work."""

    def __init__(self, slots):
        self.slots, self.free, self.work = slots, 0, 0
        self.completions = [0] * slots

    def entry(self):
        """When the station has a slot for one more command."""
        return self.completions[-self.slots]


def _durations(config, command):
    """Cycles of work, cycles before the work and cycles after it."""
    kind, f = command.kind, command.fields
    if kind is Opcode.LOAD:
        to_scratchpad = f["target"] == Target.SCRATCHPAD.value
        chunk = config.row_bytes if to_scratchpad else config.accumulator_row_bytes
        work = load_cycles(config, rows=f["rows"], bytes=f["bytes"], stride=f["stride"],
                           pad=f["pad"], chunk=chunk)  # fmt: skip
        return work, MEMORY_LATENCY + UNIT_CYCLES, 0
    if kind is Opcode.EXECUTE:
        return execute_cycles(config, m=f["m"], n=f["n"], k=f["k"]), *_array_cycles(config)
    work = store_cycles(config, rows=f["rows"], columns=f["columns"], stride=f["stride"])
    return work, 0, MEMORY_LATENCY + UNIT_CYCLES


def _overlap(some, others):
    for space, first, last in some:
        for other_space, other_first, other_last in others:
            if space == other_space and first <= other_last and other_first <= last:
                return True
    return False


def estimate(config, commands):
    """Plays the commands through station and units.

    A command enters the station in program order when its unit has a slot, starts when the older
    commands of other units that it conflicts with are out of its way, and takes its turn in its
    unit. FENCE and END are taken as free.
    """
    units = {
        Opcode.LOAD: _Unit(config.load_slots),
        Opcode.EXECUTE: _Unit(config.execute_slots),
        Opcode.STORE: _Unit(config.store_slots),
    }
    window = 1 << (sum(unit.slots for unit in units.values()) + _ENDS - 1).bit_length()
    in_flight = []
    retired = [0] * window
    fetch = -(-COMMAND_BYTES // config.beat_bytes)
    entry = FETCH_CYCLES + MEMORY_LATENCY
    for command in commands:
        unit = units.get(command.kind)
        if unit is None:
            continue
        units[Opcode.LOAD].free += fetch  # commands take their share of the bus
        entry = max(entry + COMMAND_CYCLES, unit.entry(), retired[-window])
        reads, writes = spans(config, command)
        start = entry
        for older in in_flight:
            if older.unit is unit:
                continue
            if older.completed > start and _overlap(reads + writes, older.writes):
                start = older.completed + WAKE_CYCLES
            elif older.released > start and _overlap(writes, older.reads):
                start = older.released + WAKE_CYCLES
        work, before, after = _durations(config, command)
        begin = max(start + before, unit.free)
        unit.free = begin + work
        unit.work += work
        completed = unit.free + after
        unit.completions = unit.completions[1:] + [completed]
        retired.append(max(retired[-1], completed))
        in_flight = in_flight[1 - window :]
        in_flight.append(_InFlight(unit, reads, writes, unit.free, completed))
    cycles = max(max(unit.completions) for unit in units.values())
    return Estimate(cycles, *(unit.work for unit in units.values()))
