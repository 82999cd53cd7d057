"""The cycles for which commands keep their unit at work, without what they wait for."""

from ppu.isa import RESULT_BYTES, StoreFormat

__all__ = ["COMMAND_CYCLES", "execute_cycles", "load_cycles", "store_cycles"]

#: Cycles from a command to the next in the decoder.
COMMAND_CYCLES = 4


def _bus_cycles(config, memory, outstanding, ranges, size, aligned):
    """Bus cycles of `ranges` byte ranges: their beats, or how fast bursts may follow each other."""
    beats = -(-size // config.beat_bytes) + (not aligned)
    bursts = -(-beats // config.max_burst_beats)
    in_flight = min(outstanding, memory.outstanding)
    pace = max(beats, bursts * (memory.latency + beats // bursts) // in_flight)
    return ranges * pace


def load_cycles(config, memory, *, rows, bytes, stride, pad=0, chunk=None):
    """Cycles in which a LOAD keeps the bus or the scratchpad's write port busy."""
    chunks = -(-bytes // (chunk or config.row_bytes))
    ranges, size = (1, rows * bytes) if stride == bytes else (rows, bytes)
    aligned = stride % config.beat_bytes == 0
    bus = _bus_cycles(config, memory, config.max_outstanding_reads, ranges, size, aligned)
    return max(bus, rows * chunks) + pad * chunks


def execute_cycles(config, *, m, n, k):
    """Cycles in which an EXECUTE keeps the array busy; a tile of B takes `columns` to bring in."""
    return n * k * max(m, config.columns)


def store_cycles(config, memory, *, rows, columns, stride, result=StoreFormat.INT32):
    """Cycles in which a STORE keeps the bus or the epilogue busy."""
    size = RESULT_BYTES[result] * columns
    tiles, period = -(-columns // config.columns), 0
    if result is not StoreFormat.INT32:
        period = -(-config.columns // config.epilogue_lanes)
    ranges, size = (1, rows * size) if stride == size else (rows, size)
    aligned = stride % config.beat_bytes == 0
    bus = _bus_cycles(config, memory, config.max_outstanding_writes, ranges, size, aligned)
    return max(bus, rows * tiles * period)
