"""The command set, declared once: for hardware, assembler, model, C header and manual.

A command is 32 bytes, little-endian, bit 0 first. Its meaning is in ``docs/isa.md``; what a
structure's docstring says of its fields is printed there and in the C header.
"""

from amaranth import unsigned
from amaranth.lib import data, enum

__all__ = [
    "COMMANDS",
    "COMMAND_BITS",
    "COMMAND_BYTES",
    "EPILOGUE_FIELDS",
    "LAST_WORD",
    "RESIDUAL_CHUNKS",
    "RESULT_BYTES",
    "Command",
    "CommandWord",
    "End",
    "ErrorCode",
    "Execute",
    "Fence",
    "FetchedCommand",
    "FetchedError",
    "Load",
    "Opcode",
    "Stop",
    "Store",
    "StoreFormat",
    "Target",
]  # fmt: skip

COMMAND_BYTES = 32
COMMAND_BITS = 8 * COMMAND_BYTES
#: Last 32-bit word of a command that is not zero in all of them, where there is no epilogue.
LAST_WORD = 5


class Opcode(enum.Enum, shape=unsigned(8)):
    """What a command does. 0 is none, so that a program that runs into cleared memory stops."""
    LOAD    = 1
    EXECUTE = 2
    STORE   = 3
    FENCE   = 5
    END     = 6


class Target(enum.Enum, shape=unsigned(8)):
    """Memory that a LOAD fills."""
    SCRATCHPAD  = 0
    ACCUMULATOR = 1
    #: Scales and tables of the epilogue, where there is one.
    PARAMETERS  = 2


class StoreFormat(enum.Enum, shape=unsigned(8)):
    """How a STORE writes a sum: as it is, or where there is an epilogue, through it."""
    INT32    = 0
    INT8     = 1
    UINT8    = 2
    FLOAT32  = 3
    BFLOAT16 = 4
    FLOAT16  = 5


#: Bytes of a result in each format.
RESULT_BYTES = {
    StoreFormat.INT32: 4, StoreFormat.INT8: 1, StoreFormat.UINT8: 1,
    StoreFormat.FLOAT32: 4, StoreFormat.BFLOAT16: 2, StoreFormat.FLOAT16: 2,
}  # fmt: skip


class ErrorCode(enum.Enum, shape=unsigned(8)):
    """Why the core stopped.

    A command is checked in this order, and the first failing check is reported: OPCODE, RESERVED,
    FORMAT, COUNT, then its scratchpad, accumulator and parameter rows, then its memory addresses.
    """
    NONE         = 0
    #: The opcode is not defined.
    OPCODE       = 1
    #: A reserved bit is not zero.
    RESERVED     = 2
    #: Target, sign or format that does not exist or that this configuration is not built with, or
    #: fields of a STORE that contradict each other.
    FORMAT       = 3
    #: A count that must be at least 1 is 0.
    COUNT        = 4
    #: The last scratchpad row that the command touches does not exist; `address` tells it.
    SCRATCHPAD   = 5
    #: The last accumulator row that the command touches does not exist; `address` tells it.
    ACCUMULATOR  = 6
    #: The last byte that the command touches is beyond the address width; `address` is its field.
    ADDRESS      = 7
    #: Ring misuse: see RING_TAIL. `address` is the offending value.
    RING         = 8
    #: The last row of parameters that the command touches does not exist; `address` tells it.
    PARAMETERS   = 9
    #: The bus answered SLVERR or DECERR; `address` is the first byte of the failing transfer.
    FETCH_SLVERR = 16
    FETCH_DECERR = 17
    READ_SLVERR  = 18
    READ_DECERR  = 19
    WRITE_SLVERR = 20
    WRITE_DECERR = 21


class Load(data.Struct):
    """Rows of bytes from memory to the scratchpad or the accumulator, zero-filled to whole rows."""
    opcode:       Opcode  # LOAD
    target:       Target  # memory to fill
    rows:         16      # matrix rows to read, at least 1
    bytes:        16      # bytes of a matrix row, at least 1
    pad:          16      # further rows to fill with zeros
    address:      64      # byte address of the first matrix row; any alignment
    stride:       32      # bytes from one matrix row to the next; 0 repeats the row
    destination:  16      # row that takes chunk 0 of matrix row 0
    panel_stride: 16      # rows from a chunk to the next chunk of the same matrix row
    reserved:     64      # zero


class Execute(data.Struct):
    """Products of column tiles and K panels, written or added to accumulator rows."""
    opcode:        Opcode  # EXECUTE
    a_signed:      1       # operand A is INT8; otherwise UINT8
    b_signed:      1       # operand B is INT8; otherwise UINT8
    accumulate:    1       # add the first panel too; otherwise it overwrites
    reserved_1:    5       # zero
    m:             16      # rows of A, at least 1
    n:             16      # column tiles, at least 1
    k:             16      # K panels, at least 1
    a:             16      # scratchpad row of A's row 0, panel 0
    a_stride:      16      # rows from a panel of A to the next
    b:             16      # scratchpad row of B's row 0, panel 0, tile 0
    b_stride:      16      # rows from a panel of B to the next
    b_tile_stride: 16      # rows from a column tile of B to the next
    c:             16      # accumulator row of result row 0, tile 0
    c_stride:      16      # rows from a column tile of the result to the next
    reserved_2:    80      # zero


class Store(data.Struct):
    """Accumulator rows to memory. The fields from `scales` on are reserved with INT32."""
    opcode:        Opcode       # STORE
    result_format: StoreFormat  # how a sum is written
    rows:          16           # matrix rows to write, at least 1
    columns:       16           # results of a matrix row, at least 1
    reserved_1:    16           # zero
    address:       64           # byte address of the first matrix row; any alignment
    stride:        32           # bytes from one matrix row to the next
    source:        16           # accumulator row of chunk 0 of matrix row 0
    panel_stride:  16           # rows from a chunk to the next chunk of the same matrix row
    scales:        16           # row of parameters with the scales of chunk 0
    residual:      16           # accumulator row of the residual numbers of matrix row 0
    zero_point:    8            # added to what is rounded; like the limits INT8 or UINT8
    low:           8            # least result
    high:          8            # largest result
    shared_scales: 1            # all chunks have the scales of chunk 0
    add_residual:  1            # a number from the residual table is added
    activate:      1            # the result is looked up in the activation table
    reserved_2:    5            # zero


#: Fields of a STORE that only its epilogue has a use for.
EPILOGUE_FIELDS = ("scales", "residual", "zero_point", "low", "high", "shared_scales",
                   "add_residual", "activate")  # fmt: skip
#: Chunks of a matrix row that a row of residual numbers is for: they are bytes.
RESIDUAL_CHUNKS = 4


class Fence(data.Struct):
    """Waits until every older command is complete before any younger one starts."""
    opcode:   Opcode  # FENCE
    reserved: 248     # zero


class End(data.Struct):
    """Ends a program: once every older command is complete, reports the tag and interrupts."""
    opcode:     Opcode  # END
    reserved_1: 24      # zero
    tag:        32      # appears in END_TAG
    reserved_2: 192     # zero


#: Opcode -> structure of the command.
COMMANDS = {
    Opcode.LOAD: Load,
    Opcode.EXECUTE: Execute,
    Opcode.STORE: Store,
    Opcode.FENCE: Fence,
    Opcode.END: End,
}


class Command(data.Union):
    """Any command, for the hardware."""
    raw:     COMMAND_BITS
    opcode:  Opcode
    load:    Load
    execute: Execute
    store:   Store
    end:     End


class FetchedCommand(data.Struct):
    """A command on its way from fetch to decode, or the error that takes its place."""
    command: Command    # undefined unless `code` is NONE
    index:   32         # commands before it since reset
    code:    ErrorCode  # NONE, FETCH_SLVERR, FETCH_DECERR, RING; the last in its stream if not NONE
    address: 64         # goes with the code


class CommandWord(data.Struct):
    """A 32-bit word of a command, where it comes word by word."""
    index: 3
    data:  32


class FetchedError(data.Struct):
    """What the fetch says of a command that it has sent word by word."""
    code:    ErrorCode  # NONE, FETCH_SLVERR, FETCH_DECERR, RING; the last in its stream if not NONE
    address: 64         # goes with the code


class Stop(data.Struct):
    """Why the core stopped; stays as it is until a reset."""
    valid:   1          # the core is stopped
    code:    ErrorCode  # what was wrong
    index:   32         # failing command
    address: 64         # goes with the code
