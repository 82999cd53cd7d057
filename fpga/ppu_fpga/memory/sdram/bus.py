"""The pins of an SDRAM and its commands."""

from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BANKS", "Command", "SdramSignature", "mode_word"]

#: Banks of every SDRAM that is supported.
BANKS = 4


class Command(enum.Enum, shape=3):
    """RAS#, CAS# and WE#, bit 2 to bit 0, low where the pin is low. NOP is also sent as no CS."""
    LOAD_MODE = 0b000
    REFRESH   = 0b001
    PRECHARGE = 0b010
    ACTIVATE  = 0b011
    WRITE     = 0b100
    READ      = 0b101
    STOP      = 0b110
    NOP       = 0b111


class SdramSignature(wiring.Signature):
    """An SDRAM as its controller sees it: all positive, data bus split in its two directions.

    Members
    -------
    command : Out(Command)
        What RAS#, CAS# and WE# say. CS# is low all the time.
    bank, address : Out(2), Out(13)
        BA and A.
    enable : Out(1)
        CKE.
    mask : Out(2)
        DQM: bytes that are not written.
    o, drive : Out(16), Out(1)
        Data to the memory and whether it is driven.
    i : In(16)
        Data from the memory.
    """

    def __init__(self):
        super().__init__({
            "command": Out(Command, init=Command.NOP), "bank": Out(2), "address": Out(13),
            "enable": Out(1), "mask": Out(2), "o": Out(16), "drive": Out(1), "i": In(16),
        })


def mode_word(*, burst, cas):
    """The mode register: sequential bursts of `burst` words, CAS latency `cas`."""
    if burst not in (1, 2, 4, 8):
        raise ValueError(f"Burst must be 1, 2, 4 or 8 words, not {burst!r}")
    return burst.bit_length() - 1 | cas << 4
