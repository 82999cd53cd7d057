"""The Verilated core as a back end: the fast one. No Python runs while the clock does."""

import ctypes
import os

import numpy as np

from ppu.lib.axi import Response

from ..trace.record import Record
from ..waves import Dump
from .base import Backend, Hang, RegisterError
from .design import Design
from .settings import settings_bytes
from .verilated import library, record_words

__all__ = ["VerilatorBackend"]

#: Cycles between two looks at the keyboard's interrupt.
_SLICE = 100_000
#: Cycles that a register access may take.
ACCESS_LIMIT = 1000

_HANDLE = ctypes.c_void_p
_FUNCTIONS = {
    "ppu_open": (_HANDLE, [ctypes.c_void_p]),
    "ppu_close": (None, [_HANDLE]),
    "ppu_configure": (None, [_HANDLE, ctypes.c_char_p]),
    "ppu_access": (ctypes.c_int, [
        _HANDLE, ctypes.c_int, ctypes.c_int, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint32),
        ctypes.c_uint64]),
    "ppu_wait": (ctypes.c_int, [_HANDLE, ctypes.c_uint64]),
    "ppu_advance": (None, [_HANDLE, ctypes.c_uint64]),
    "ppu_cycles": (ctypes.c_uint64, [_HANDLE]),
    "ppu_total": (ctypes.c_uint64, [_HANDLE]),
    "ppu_breaches": (ctypes.c_uint32, [_HANDLE]),
}  # fmt: skip
_WORDS = ctypes.POINTER(ctypes.c_uint32)
#: Of a library that can write waves, and of one that can record.
_WAVES = {"ppu_waves": (None, [_HANDLE, ctypes.c_char_p])}
_RECORD = {
    "ppu_record": (None, [_HANDLE, ctypes.c_int]),
    "ppu_recorded": (ctypes.c_uint64, [_HANDLE, ctypes.POINTER(_WORDS)]),
}


class VerilatorBackend(Backend):
    """Runs the exported Verilog, compiled. See :class:`Backend`."""

    name = "verilator"

    _handle = None

    def __init__(self, config, memory_size=None, *, design=None, waves=None, trace=False):
        super().__init__(config, memory_size)
        self._design = design or Design(config, probe=trace)
        self._dump = None if waves is None else Dump(waves)
        self._library = self._load(waves=waves is not None, trace=trace)
        self.memory = np.zeros(self.memory_size, np.uint8)
        self._handle = self._library.ppu_open(self.memory.ctypes.data)
        if self._dump is not None:
            self._library.ppu_waves(self._handle, os.fsencode(self._dump.path))
        self.traces = trace
        self.configure(self.settings)

    def _load(self, *, waves, trace):
        loaded = ctypes.CDLL(str(library(self._design, waves=waves)))
        functions = {**_FUNCTIONS, **(_WAVES if waves else {}), **(_RECORD if trace else {})}
        for name, (result, arguments) in functions.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
        return loaded

    @property
    def _open_handle(self):
        if not self._handle:
            raise RuntimeError("the device is closed")
        return self._handle

    def configure(self, settings):
        self.settings = settings
        width = self.config.axi_address_width
        bits = settings.as_bits(address_width=width, size=self.memory_size)
        words = bits.to_bytes(settings_bytes(width), "little")
        self._library.ppu_configure(self._open_handle, words)

    def _access(self, offset, *, value=None, start=False):
        data = ctypes.c_uint32(value or 0)
        response = self._library.ppu_access(
            self._open_handle, value is not None, start, offset, ctypes.byref(data), ACCESS_LIMIT
        )
        if response < 0:
            raise Hang(f"no answer to an access of register {offset:#05x}")
        if response:
            raise RegisterError(f"register {offset:#05x} answers {Response(response).name}")
        return data.value

    def write_register(self, offset, value, *, start=False):
        self._access(offset, value=value, start=start)

    def read_register(self, offset):
        return self._access(offset)

    def wait(self, limit):
        irq = 0
        while not irq and limit > 0:
            irq = self._library.ppu_wait(self._open_handle, min(limit, _SLICE))
            limit -= _SLICE
        self._check_breaches(self._library.ppu_breaches(self._open_handle))
        return bool(irq)

    def advance(self, cycles):
        self._library.ppu_advance(self._open_handle, cycles)

    @property
    def cycles(self):
        return self._library.ppu_cycles(self._open_handle)

    @property
    def total_cycles(self):
        return self._library.ppu_total(self._open_handle)

    def begin_record(self):
        if self.traces:
            self._library.ppu_record(self._open_handle, True)

    def take_record(self):
        if not self.traces:
            return None
        words, width = _WORDS(), 2 + record_words(self._design)
        count = self._library.ppu_recorded(self._open_handle, ctypes.byref(words))
        entries = np.ctypeslib.as_array(words, (count // width, width)).copy()
        self._library.ppu_record(self._open_handle, False)
        return Record(self._design.record_layout, entries, end=self.total_cycles)

    def close(self):
        if self._handle:
            self._library.ppu_close(self._handle)
            self._handle = None
            if self._dump is not None:
                self._dump.finish()

    def __del__(self):
        self.close()
