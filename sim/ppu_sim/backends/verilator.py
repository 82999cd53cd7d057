"""The Verilated core as a back end: the fast one. No Python runs while the clock does."""

import ctypes

import numpy as np

from ppu.lib.axi import Response

from .base import Backend, Hang, RegisterError
from .design import Design
from .settings import settings_bytes
from .verilated import library

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


class VerilatorBackend(Backend):
    """Runs the exported Verilog, compiled. See :class:`Backend`."""

    name = "verilator"

    _handle = None

    def __init__(self, config, memory_size=None, *, design=None):
        super().__init__(config, memory_size)
        self._library = ctypes.CDLL(str(library(design or Design(config))))
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self.memory = np.zeros(self.memory_size, np.uint8)
        self._handle = self._library.ppu_open(self.memory.ctypes.data)
        self.configure(self.settings)

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

    def close(self):
        if self._handle:
            self._library.ppu_close(self._handle)
            self._handle = None

    def __del__(self):
        self.close()
