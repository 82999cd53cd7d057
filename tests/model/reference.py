"""The manual's loops, written out: a slow second opinion for the golden model."""

import numpy as np

from ppu.isa import Opcode, Target


def run(config, program, memory, scratchpad, accumulator):
    """Runs legal LOAD, EXECUTE and STORE commands on these memories."""
    for command in program:
        if command.kind is Opcode.LOAD:
            _load(config, command, memory, scratchpad, accumulator)
        elif command.kind is Opcode.EXECUTE:
            _execute(config, command, scratchpad, accumulator)
        elif command.kind is Opcode.STORE:
            _store(config, command, memory, accumulator)


def _load(config, c, memory, scratchpad, accumulator):
    to_scratchpad = c.target == Target.SCRATCHPAD.value
    chunk = config.row_bytes if to_scratchpad else 4 * config.columns
    chunks = -(-c.bytes // chunk)

    def write(row, line):
        if to_scratchpad:
            scratchpad[row] = line
        else:
            accumulator[row] = line.view("<i4")

    for i in range(c.rows + c.pad):
        line = np.zeros(chunks * chunk, np.uint8)
        if i < c.rows:
            start = c.address + i * c.stride
            line[: c.bytes] = memory[start : start + c.bytes]
        for j in range(chunks):
            write(c.destination + j * c.panel_stride + i, line[j * chunk : (j + 1) * chunk])


def _execute(config, c, scratchpad, accumulator):
    def lanes(row, signed):
        return [int(lane) for lane in scratchpad[row].view(np.int8 if signed else np.uint8)]

    for n in range(c.n):
        for k in range(c.k):
            first_b = c.b + n * c.b_tile_stride + k * c.b_stride
            tile = [lanes(first_b + column, c.b_signed) for column in range(config.columns)]
            for i in range(c.m):
                a = lanes(c.a + k * c.a_stride + i, c.a_signed)
                row = c.c + n * c.c_stride + i
                for column, b in enumerate(tile):
                    total = sum(x * y for x, y in zip(a, b, strict=True))
                    if k or c.accumulate:
                        total += int(accumulator[row, column])
                    accumulator[row, column] = (total + 2**31) % 2**32 - 2**31


def _store(config, c, memory, accumulator):
    chunks = -(-c.columns // config.columns)
    for i in range(c.rows):
        rows = [accumulator[c.source + j * c.panel_stride + i] for j in range(chunks)]
        line = np.concatenate(rows).view(np.uint8)[: 4 * c.columns]
        start = c.address + i * c.stride
        memory[start : start + 4 * c.columns] = line
