"""Command sequences for SDRAM chips: legal to the cycle, and with one rule broken each."""

from dataclasses import dataclass, replace

from ppu_fpga.memory.sdram.bus import Command, mode_word
from ppu_fpga.memory.sdram.parts import SdramPart, SdramTiming

PART = SdramPart(rows=16, columns=64, rcd=30, rp=30, ras=60, rc=100, rfc=80, rrd=20, wr=20, mrd=20,
                 cl2=10, cl3=7.5, refresh=1500, power_up=200)
TIMING = SdramTiming.of(PART, frequency=100e6)
BURST = 4
MODE = mode_word(burst=BURST, cas=TIMING.cas)
ALL = 1 << 10
#: Words that are written, one per cycle of a burst.
WORDS = (0x1234, 0x5678, 0x9ABC, 0xDEF0)


@dataclass(frozen=True)
class Edge:
    """The pins at one edge of the clock."""

    command: Command = Command.NOP
    bank: int = 0
    address: int = 0
    mask: int = 0
    word: int | None = None
    enable: bool = True


def wait(cycles):
    """Nothing for the cycles between two commands that are `cycles` apart."""
    return [Edge()] * (cycles - 1)


def start(*, power_up=TIMING.power_up, refreshes=8, mode=MODE, rp=TIMING.rp, rfc=TIMING.rfc,
          mrd=TIMING.mrd):
    """From power-up to the first cycle in which a bank may be opened."""
    edges = [*([Edge()] * power_up), Edge(Command.PRECHARGE, 0, ALL), *wait(rp)]
    for _ in range(refreshes):
        edges += [Edge(Command.REFRESH), *wait(rfc)]
    return [*edges, Edge(Command.LOAD_MODE, 0, mode), *wait(mrd)]


def write(bank, column, *, mask=(0, 0, 0, 0), driven=4):
    """WRITE with its words."""
    edges = [Edge(Command.WRITE if index == 0 else Command.NOP, bank, column, mask[index], word)
             for index, word in enumerate(WORDS)]
    return [edge if index < driven else replace(edge, word=None)
            for index, edge in enumerate(edges)]


def _open(bank=0, row=3, rcd=TIMING.rcd):
    return [Edge(Command.ACTIVATE, bank, row), *wait(rcd)]


def _read(bank=0, column=8):
    return [Edge(Command.READ, bank, column), *wait(BURST)]


def _close(bank=0):
    return [Edge(Command.PRECHARGE, bank)]


#: name -> a sequence without a breach, each limit reached to the cycle.
LEGAL = {
    "write and read back": [
        *start(), *_open(), *write(0, 8, mask=(0, 1, 2, 3)), *_read(), *_read(column=12), *wait(9)],
    "write again": [
        *start(), *_open(), *write(0, 8), *write(0, 12), *write(0, 8, mask=(3, 2, 1, 0)),
        *_read(), *wait(9)],
    "write after read": [
        *start(), *_open(), *_read(), *wait(TIMING.cas + 2), *write(0, 8), *_read(), *wait(9)],
    "close after write": [
        *start(), *_open(), *write(0, 8), *wait(TIMING.wr), *_close(), *wait(TIMING.rp),
        *_open(row=4), *_read(), *wait(9)],
    "close after read": [
        *start(), *_open(), *_read(), *_close(), *wait(TIMING.rp), *_open(row=4), *_read(),
        *wait(9)],
    "close at once": [
        *start(), *_open(rcd=TIMING.ras), *_close(), *wait(TIMING.rc - TIMING.ras), *_open(row=2),
        *_read(), *wait(9)],
    "banks": [
        *start(), *_open(0, rcd=TIMING.rrd), *_open(1, rcd=TIMING.rrd), *_open(2, rcd=TIMING.rrd),
        *_open(3), *_read(0), *_read(3), *_read(1), *wait(9)],
    "refresh": [
        *start(), *_open(rcd=TIMING.ras), Edge(Command.PRECHARGE, 2, ALL), *wait(TIMING.rp),
        Edge(Command.REFRESH), *wait(TIMING.refresh), Edge(Command.REFRESH), *wait(TIMING.rfc),
        *_open(), *_read(), *wait(9)],
}  # fmt: skip

#: name -> (rule that is broken, the sequence).
ILLEGAL = {
    "first command too early": ("power_up", start(power_up=TIMING.power_up - 1)),
    "no mode set": ("initialisation", [*start()[: -TIMING.mrd], *_open()]),
    "too few refreshes": ("initialisation", start(refreshes=7)),
    "refresh before all is closed": (
        "initialisation", [*([Edge()] * TIMING.power_up), Edge(Command.REFRESH)]),
    "another CAS latency": ("mode", start(mode=mode_word(burst=BURST, cas=2))),
    "another burst": ("mode", start(mode=mode_word(burst=8, cas=TIMING.cas))),
    "mrd": ("mrd", [*start(mrd=TIMING.mrd - 1), *_open()]),
    "rcd": ("rcd", [*start(), *_open(rcd=TIMING.rcd - 1), *_read()]),
    "rp, refresh": ("rp", start(rp=TIMING.rp - 1)),
    "rp, activate": ("rp", [
        *start(), *_open(rcd=TIMING.rc), *_close(), *wait(TIMING.rp - 1), *_open()]),
    "ras": ("ras", [*start(), *_open(rcd=TIMING.ras - 1), *_close()]),
    "rc": ("rc", [
        *start(), *_open(rcd=TIMING.ras), *_close(), *wait(TIMING.rc - TIMING.ras - 1), *_open()]),
    "rrd": ("rrd", [*start(), *_open(0, rcd=TIMING.rrd - 1), *_open(1)]),
    "rfc": ("rfc", start(rfc=TIMING.rfc - 1)),
    "wr": ("wr", [*start(), *_open(), *write(0, 8), *wait(TIMING.wr - 1), *_close()]),
    "activate of an open bank": ("open", [*start(), *_open(rcd=TIMING.rc), *_open(row=5)]),
    "refresh with an open bank": ("open", [*start(), *_open(), Edge(Command.REFRESH)]),
    "read of a closed bank": ("closed", [*start(), *_read()]),
    "write of another bank": ("closed", [*start(), *_open(), *write(1, 8)]),
    "refresh too late": ("refresh", [*start(), *wait(TIMING.refresh + 1)]),
    "read cuts read": ("cut", [*start(), *_open(), *_read()[:3], *_read(column=12)]),
    "write cuts write": ("cut", [*start(), *_open(), *write(0, 8)[:3], *write(0, 12)]),
    "close cuts read": ("cut", [*start(), *_open(rcd=TIMING.ras), *_read()[:3], *_close()]),
    "write right after read": (
        "turnaround", [*start(), *_open(), *_read(), *wait(TIMING.cas + 1), *write(0, 8)]),
    "word not driven": ("data", [*start(), *_open(), *write(0, 8, driven=3)]),
    "automatic precharge": ("unknown", [*start(), *_open(), *_read(column=ALL | 8)]),
    "burst stop": ("unknown", [*start(), Edge(Command.STOP)]),
    "clock disabled": ("unknown", [*start(), Edge(enable=False)]),
}  # fmt: skip


def random_edges(rng):
    """Commands at random after a start: mostly sensible ones, with little time between them."""
    edges, opened = start(), set()
    for _ in range(60):
        bank, kinds = rng.randrange(4), [Command.ACTIVATE]
        if bank in opened:
            kinds = [Command.READ] * 3 + [Command.WRITE] * 3 + [Command.PRECHARGE]
        elif not opened:
            kinds = [Command.ACTIVATE] * 4 + [Command.REFRESH]
        command = rng.choice(kinds) if rng.random() < 0.99 else Command.ACTIVATE
        address = rng.randrange(16 if command is Command.ACTIVATE else 64)
        if command is Command.WRITE:
            edges += write(bank, address, mask=[rng.randrange(4) for _ in range(4)])
        else:
            edges.append(Edge(command, bank, address))
        opened = {Command.ACTIVATE: opened | {bank}, Command.PRECHARGE: opened - {bank}}.get(
            command, opened)
        edges += wait(rng.choice((5, 8, 8, 12, 12, 12)))
    return edges
