"""The manual's loops, written out: a slow second opinion for the golden model."""

import math

import numpy as np
import softfloatpy as softfloat

from ppu.isa import Opcode, StoreFormat, Target


def run(config, program, memory, scratchpad, accumulator, parameters):
    """Runs legal LOAD, EXECUTE and STORE commands on these memories.

    `parameters` has a row of words for each row that a LOAD writes.
    """
    for command in program:
        if command.kind is Opcode.LOAD:
            _load(config, command, memory, scratchpad, accumulator, parameters)
        elif command.kind is Opcode.EXECUTE:
            _execute(config, command, scratchpad, accumulator)
        elif command.kind is Opcode.STORE:
            _store(config, command, memory, accumulator, parameters)


def _load(config, c, memory, scratchpad, accumulator, parameters):
    to_scratchpad = c.target == Target.SCRATCHPAD.value
    chunk = config.row_bytes if to_scratchpad else 4 * config.columns
    chunks = -(-c.bytes // chunk)

    def write(row, line):
        if to_scratchpad:
            scratchpad[row] = line
        elif c.target == Target.ACCUMULATOR.value:
            accumulator[row] = line.view("<i4")
        else:
            parameters[row] = line.view("<u4")

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


def _store(config, c, memory, accumulator, parameters):
    for i in range(c.rows):
        line = b""
        for column in range(c.columns):
            j, place = divmod(column, config.columns)
            total = int(accumulator[c.source + j * c.panel_stride + i, place])
            line += _result(config, c, parameters, total, _residual(config, c, accumulator, i,
                                                                    column), j, place)
        start = c.address + i * c.stride
        memory[start : start + len(line)] = np.frombuffer(line, np.uint8)


def _residual(config, c, accumulator, i, column):
    if not c.add_residual:
        return None
    words = [int(word) % 2**32 for word in accumulator[c.residual + i]]
    return words[column // 4] >> 8 * (column % 4) & 0xFF


def _entry(config, parameters, number, lane):
    """Parameter `number` of 1024 of a lane."""
    word = number * config.epilogue_lanes + lane
    return int(parameters[word // config.columns, word % config.columns])


def _float(bits):
    return softfloat.Float32.from_bytes(bits.to_bytes(4, "big"))


def _result(config, c, parameters, total, residual, j, place):
    """The bytes of one result."""
    if c.result_format == StoreFormat.INT32.value:
        return (total % 2**32).to_bytes(4, "little")
    lane = place % config.epilogue_lanes
    scale = _float(int(parameters[c.scales + (0 if c.shared_scales else j), place]))
    addend = _float(1 << 31 if residual is None else _entry(config, parameters, 512 + residual,
                                                            lane))
    number = softfloat.i32_to_f32(softfloat.Int32.from_bytes((total % 2**32).to_bytes(4, "big")))
    value = softfloat.f32_mul_add(number, scale, addend)
    bits = int.from_bytes(value.to_bytes(), "big")
    is_nan = bits & 0x7FFFFFFF > 0x7F800000
    if c.result_format == StoreFormat.FLOAT32.value:
        return (0x7FC00000 if is_nan else bits).to_bytes(4, "little")
    if c.result_format == StoreFormat.FLOAT16.value:
        narrow = int.from_bytes(softfloat.f32_to_f16(value).to_bytes(), "big")
        return (0x7E00 if is_nan else narrow).to_bytes(2, "little")
    if c.result_format == StoreFormat.BFLOAT16.value:
        narrow = int.from_bytes(softfloat.f32_to_bf16(value).to_bytes(), "big")
        return (0x7FC0 if is_nan else narrow).to_bytes(2, "little")
    return bytes([_integer(config, c, parameters, bits, lane)])


def _integer(config, c, parameters, bits, lane):
    """The byte that a float32 value becomes."""
    value = float(np.uint32(bits).view(np.float32))
    signed = c.result_format == StoreFormat.INT8.value
    low, zero_point, high = (v - 256 if signed and v > 127 else v
                             for v in (c.low, c.zero_point, c.high))
    if math.isnan(value):
        number = low
    elif math.isinf(value):
        number = high if value > 0 else low
    else:
        number = max(low, min(high, round(value) + zero_point))     # round: ties to even
    if c.activate:
        number = _entry(config, parameters, 768 + number % 256, lane)
    return number % 256
