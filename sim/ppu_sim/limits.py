"""How long a program may take at worst: beyond, the core hangs."""

from ppu.isa import COMMAND_BYTES, Opcode, Target

from .model.checks import Stop, check
from .program.command import store_bytes

__all__ = ["cycle_limit"]

#: Cycles for everything that is not counted: pipelines, arbitration.
_PER_COMMAND = 400
_PER_PROGRAM = 20_000
#: The limit is this many times the estimate, which takes nothing to overlap.
_MARGIN = 3


def cycle_limit(config, program, settings):
    """Cycles in which any working core has done `program`, behind a memory with `settings`.

    Commands after one that is refused do not count.
    """
    cycles = 0
    for command in program:
        cycles += settings.latency + COMMAND_BYTES // config.beat_bytes + _PER_COMMAND
        try:
            check(config, command)
        except Stop:
            break
        cycles += _command_cycles(config, command, settings.latency)
    go = min((1 - chance for chance in settings.stalls.values()), default=1)
    return _PER_PROGRAM + int(_MARGIN * cycles / go**2)


def _command_cycles(config, command, latency):
    c = command
    if c.kind is Opcode.LOAD:
        scratchpad = c.target == Target.SCRATCHPAD.value
        chunk = config.row_bytes if scratchpad else config.accumulator_row_bytes
        chunks = -(-c.bytes // chunk) * max(1, chunk // config.row_bytes)
        return c.rows * _burst_cycles(config, c.bytes, latency) + (c.rows + c.pad) * chunks
    if c.kind is Opcode.EXECUTE:
        return c.n * c.k * (c.m + 2 * config.columns + 4 * config.array_rows)
    if c.kind is Opcode.STORE:
        # With an epilogue of one lane, a result a cycle.
        columns = -(-c.columns // config.columns) * config.columns
        return c.rows * (_burst_cycles(config, store_bytes(c), latency) + columns)
    return 0


def _burst_cycles(config, size, latency):
    """Bursts for `size` bytes, one at a time, at the worst address."""
    beats = size // config.beat_bytes + 2
    bursts = beats // config.max_burst_beats + 2 + size // 4096
    return beats + bursts * (latency + 4)
