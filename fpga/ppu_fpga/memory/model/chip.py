"""An SDRAM chip in Python that raises at the first breach of its rules."""

import random
from dataclasses import dataclass

from ..sdram.bus import BANKS, Command

__all__ = ["RULES", "SdramBreach", "SdramChip"]

#: Everything that is checked: rule -> what it says.
RULES = {
    "power_up": "a command before the clock has been stable for long enough",
    "initialisation": "an access before all banks were closed, refreshed and the mode was set",
    "mode": "a mode that is not the one that is meant, or set while a bank is open",
    "mrd": "a command too early after LOAD MODE",
    "rcd": "READ or WRITE too early after ACTIVATE",
    "rp": "ACTIVATE, REFRESH or LOAD MODE too early after PRECHARGE",
    "ras": "PRECHARGE too early after ACTIVATE",
    "rc": "ACTIVATE too early after ACTIVATE of the same bank",
    "rrd": "ACTIVATE too early after ACTIVATE of another bank",
    "rfc": "a command too early after REFRESH",
    "wr": "PRECHARGE too early after the last word written",
    "open": "ACTIVATE or REFRESH while the bank, or any, is open",
    "closed": "READ or WRITE of a bank that is not open",
    "refresh": "refreshes too far apart",
    "cut": "a command that cuts a burst short",
    "turnaround": "both sides drive the data pins, or one right after the other",
    "data": "data pins that are not driven for a word to write",
    "unknown": "BURST STOP, automatic precharge, or CKE low after power-up",
}

_LONG_AGO = -(10**9)


class SdramBreach(AssertionError):
    """A rule was broken. `rule` is its name in :data:`RULES`."""

    def __init__(self, rule, cycle, detail):
        self.rule = rule
        super().__init__(f"{rule} in cycle {cycle}: {RULES[rule]} ({detail})")


@dataclass
class _Bank:
    row: int | None = None
    activated: int = _LONG_AGO
    closed: int = _LONG_AGO
    read: int = _LONG_AGO     # the last READ
    written: int = _LONG_AGO  # the last word that was written, or will be


class SdramChip:
    """The chip, edge by edge of its clock.

    Parameters
    ----------
    part : SdramPart
        Geometry.
    timing : SdramTiming
        Its rules in cycles.
    burst : int
        Words of a burst that the mode register must be set to.
    refresh_slack : int
        Cycles by which two refreshes may be further apart than on average: for a reset of the
        controller.
    seed : int
        Of what a read gets that comes too early or too late.

    Attributes
    ----------
    data : bytearray
        Contents: columns, then banks, then rows.
    words_read, words_written, refreshes : int
        Counts.
    """

    def __init__(self, part, timing, *, burst, refresh_slack=0, seed=0):
        self.part, self.timing, self.burst = part, timing, burst
        self.refresh_slack = refresh_slack
        self.data = bytearray(part.size)
        self.words_read = self.words_written = self.refreshes = 0
        self._noise = random.Random(seed)
        self._cycle = 0
        self._banks = [_Bank() for _ in range(BANKS)]
        self._all_closed = self._ready = False
        self._fresh = 0  # refreshes since all banks were closed first
        self._refreshed = self._mode_set = _LONG_AGO
        self._to_write, self._to_read = {}, {}  # cycle -> place in the data
        self._masked = {}
        self._last_driven = _LONG_AGO

    @property
    def drives(self):
        """Whether it is the chip that drives the data pins when the next edge comes."""
        return self._last_driven == self._cycle

    def _breach(self, rule, detail):
        raise SdramBreach(rule, self._cycle, detail)

    def _since(self, moment, least, rule, detail):
        if self._cycle - moment < least:
            self._breach(rule, f"{detail}: {self._cycle - moment} cycles, not {least}")

    def edge(self, command, bank, address, *, mask=0, word=None, enable=True):
        """One rising edge of the clock.

        Parameters
        ----------
        command, bank, address, mask, enable
            The pins.
        word : int or None
            What the controller drives the data pins with; None: it does not.

        Returns
        -------
        int
            What is on the data pins when the next edge comes, if nobody else drives them.

        Raises
        ------
        SdramBreach
            If a rule is broken.
        """
        if command is not Command.NOP:
            self._check_quiet(command)
            getattr(self, f"_{command.name.lower()}")(self._banks[bank], bank, address)
        if not enable and self._cycle > self.timing.power_up:
            self._breach("unknown", "CKE is low")
        if self._ready:
            gap = self._cycle - self._refreshed
            if gap > self.timing.refresh + self.refresh_slack:
                self._breach("refresh", f"{gap} cycles, not {self.timing.refresh}")
        self._data(mask, word)
        self._cycle += 1
        place = self._to_read.pop(self._cycle, None)
        noise, hidden = self._noise.getrandbits(16), self._masked.pop(self._cycle, 0)
        if place is None:
            return noise
        self._last_driven = self._cycle
        self.words_read += 1
        value = int.from_bytes(self.data[place : place + 2], "little")
        return sum((noise if hidden >> lane & 1 else value) & 0xFF << 8 * lane for lane in (0, 1))

    def _data(self, mask, word):
        place = self._to_write.pop(self._cycle, None)
        if word is not None and self._cycle - self._last_driven < 2:
            self._breach("turnaround", f"{self._cycle - self._last_driven} cycles, not 2")
        if mask:
            self._masked[self._cycle + 2] = mask
        if place is not None:
            if word is None:
                self._breach("data", f"byte {place:#x}")
            self.words_written += 1
            for lane in (0, 1):
                if not mask >> lane & 1:
                    self.data[place + lane] = word >> 8 * lane & 0xFF

    def _check_quiet(self, command):
        """What holds for every command."""
        if self._cycle < self.timing.power_up:
            self._breach("power_up", f"{self._cycle} cycles, not {self.timing.power_up}")
        self._since(self._mode_set, self.timing.mrd, "mrd", command.name)
        self._since(self._refreshed, self.timing.rfc, "rfc", command.name)

    def _check_closed(self, what, rule):
        for number, bank in enumerate(self._banks):
            if bank.row is not None:
                self._breach(rule, f"{what} with row {bank.row} of bank {number} open")
            self._since(bank.closed, self.timing.rp, "rp", f"{what}, bank {number}")

    def _activate(self, bank, number, address):
        if not self._ready:
            self._breach("initialisation", "ACTIVATE")
        if bank.row is not None:
            self._breach("open", f"bank {number}, row {bank.row}")
        self._since(bank.activated, self.timing.rc, "rc", f"bank {number}")
        self._since(bank.closed, self.timing.rp, "rp", f"bank {number}")
        for other in self._banks:
            if other is not bank:
                self._since(other.activated, self.timing.rrd, "rrd", f"bank {number}")
        bank.row, bank.activated = address, self._cycle

    def _precharge(self, bank, number, address):
        banks = self._banks if address >> 10 & 1 else [bank]
        for one in banks:
            self._since(one.activated, self.timing.ras, "ras", f"row {one.row}")
            self._since(one.written, self.timing.wr, "wr", f"row {one.row}")
            self._since(one.read, self.burst, "cut", "PRECHARGE after READ")
            if one.row is not None or not self._all_closed:
                one.row, one.closed = None, self._cycle
        if len(banks) > 1:
            self._all_closed = True

    def _refresh(self, bank, number, address):
        if not self._all_closed:
            self._breach("initialisation", "REFRESH")
        self._check_closed("REFRESH", "open")
        self._refreshed = self._cycle
        self.refreshes += 1
        self._fresh += 1

    def _load_mode(self, bank, number, address):
        self._check_closed("LOAD MODE", "mode")
        wanted = self.burst.bit_length() - 1 | self.timing.cas << 4
        if number or address != wanted:
            self._breach("mode", f"{address:#x} in bank {number}, not {wanted:#x} in bank 0")
        if self._fresh < 8:
            self._breach("initialisation", f"LOAD MODE after {self._fresh} refreshes, not 8")
        self._mode_set, self._ready = self._cycle, True

    def _access(self, bank, number, address):
        """Checks READ or WRITE; gives the places of its words."""
        if bank.row is None:
            self._breach("closed", f"bank {number}")
        if address >> 10 & 1:
            self._breach("unknown", "automatic precharge")
        self._since(bank.activated, self.timing.rcd, "rcd", f"bank {number}")
        for other in self._banks:
            self._since(other.read, self.burst, "cut", "READ or WRITE after READ")
        if any(cycle >= self._cycle for cycle in self._to_write):
            self._breach("cut", "READ or WRITE after WRITE")
        start = (bank.row * BANKS + number) * self.part.columns
        column = address % self.part.columns
        low = column % self.burst
        columns = [column - low + (low + index) % self.burst for index in range(self.burst)]
        return [2 * (start + one) for one in columns]

    def _read(self, bank, number, address):
        for index, place in enumerate(self._access(bank, number, address)):
            self._to_read[self._cycle + self.timing.cas + index] = place
        bank.read = self._cycle

    def _write(self, bank, number, address):
        for index, place in enumerate(self._access(bank, number, address)):
            self._to_write[self._cycle + index] = place
        bank.written = self._cycle + self.burst - 1

    def _stop(self, bank, number, address):
        self._breach("unknown", "BURST STOP")
