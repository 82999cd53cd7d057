"""An AXI4 manager in Python for Amaranth's simulator: random bursts, checked to the byte."""

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field

__all__ = ["AxiManager", "Burst"]


@dataclass
class Burst:
    """A burst to be sent.

    `words` are (data, strobes) of a write. A read is held against `expected`, byte by byte; where
    it is None, against what the manager itself wrote. `response` is what is to come back. `before`
    becomes what a write replaces.
    """

    address: int
    beats: int
    id: int = 0
    words: list = field(default_factory=list)
    expected: bytes | None = None
    response: int = 0
    before: bytes = b""


class AxiManager:
    """Sends bursts from both sides at once and holds every answer against a memory of its own.

    Add :meth:`run` as a test bench. A read waits until no write to its bytes is in flight, and a
    write until no read is, so what is to be read is always known. Checked are: data, responses,
    RLAST, the order within an ID, that nothing comes unasked, and that payloads stay while they
    wait.

    Parameters
    ----------
    axi : AxiSignature
        The bus, as seen from its manager's side.
    image : bytearray
        What is in memory; writes go into it when they are sent.
    stall : float
        Share of cycles in which each channel does nothing.
    seed : int
        Of the stalls.
    base : int
        Address of the first byte of `image`.

    Attributes
    ----------
    reads, writes : deque of Burst
        To be sent, in order, independently of each other.
    cycle : int
        Cycles since :meth:`run` began.
    log : dict of str to list of int
        Cycles in which a payload was taken on each channel: ``ar``, ``r``, ``aw``, ``w``, ``b``.
    """

    def __init__(self, axi, image, *, stall=0.0, seed=0, base=0):
        self.axi, self.image, self.stall, self.base = axi, image, stall, base
        self.reads, self.writes = deque(), deque()
        self.cycle, self.log = 0, defaultdict(list)
        self._rng = random.Random(seed)
        self._bytes = axi.signature.data_width // 8
        self._wanted = defaultdict(deque)    # by ID: (burst, bytes), of reads
        self._answers = defaultdict(deque)   # by ID: burst, of writes
        self._flying = {"read": [], "write": []}
        self._words = deque()
        self._got = []
        self._shown = {"ar": None, "aw": None, "w": None}  # payloads that are offered
        self._held = {}                                    # answers that wait
        self._paused = False

    @property
    def busy(self):
        """Whether anything is to be sent or in flight."""
        return bool(self.reads or self.writes or self._flying["read"] or self._flying["write"])

    def _clashes(self, burst, kind):
        start, end = burst.address, burst.address + burst.beats * self._bytes
        return any(start < other.address + other.beats * self._bytes and other.address < end
                   for other in self._flying[kind])

    def _span(self, burst):
        start = burst.address - self.base
        return slice(start, start + burst.beats * self._bytes)

    def _send_read(self):
        burst = self.reads.popleft()
        expected = burst.expected
        if expected is None:
            expected = bytes(self.image[self._span(burst)])
        self._wanted[burst.id].append((burst, expected))
        self._flying["read"].append(burst)
        return {"id": burst.id, "addr": burst.address, "len": burst.beats - 1}

    def _send_write(self):
        burst = self.writes.popleft()
        burst.before = bytes(self.image[self._span(burst)])
        self._answers[burst.id].append(burst)
        self._flying["write"].append(burst)
        for index, (word, strobes) in enumerate(burst.words):
            self._words.append({"data": word, "strb": strobes, "last": index == burst.beats - 1})
            for lane in range(self._bytes):
                if strobes >> lane & 1 and not burst.response:
                    place = burst.address - self.base + index * self._bytes + lane
                    self.image[place] = word >> 8 * lane & 0xFF
        return {"id": burst.id, "addr": burst.address, "len": burst.beats - 1}

    def _take_read(self, beat):
        assert self._wanted[beat.id], f"R with ID {beat.id}, and no such read is in flight"
        burst, expected = self._wanted[beat.id][0]
        index = len(self._got)
        where = f"beat {index} of {burst.beats} from {burst.address:#x}, cycle {self.cycle}"
        response = int(beat.resp.value)
        assert response == burst.response, f"RRESP {response} for {where}"
        if not response:
            wanted = expected[index * self._bytes :][: self._bytes]
            got = beat.data.to_bytes(self._bytes, "little")
            assert got == wanted, f"read {got.hex()}, not {wanted.hex()}, as {where}"
        self._got.append(beat.id)
        assert set(self._got) == {beat.id}, f"beats of two bursts are mixed: {where}"
        assert beat.last == (index == burst.beats - 1), f"RLAST {beat.last} for {where}"
        if beat.last:
            self._got.clear()
            self._wanted[beat.id].popleft()
            self._flying["read"].remove(burst)

    def _take_answer(self, answer):
        assert self._answers[answer.id], f"B with ID {answer.id}, and no such write is in flight"
        burst = self._answers[answer.id].popleft()
        response = int(answer.resp.value)
        assert response == burst.response, f"BRESP {response} for {burst.address:#x}"
        self._flying["write"].remove(burst)

    def pause(self):
        """Forgets everything and is silent, for a reset; gives the writes that were in flight."""
        flying = list(self._flying["write"])
        for container in (self.reads, self.writes, self._wanted, self._answers, self._words,
                          self._got, self._held, *self._flying.values()):
            container.clear()
        self._shown = dict.fromkeys(self._shown)
        self._paused = True
        return flying

    def resume(self):
        """Goes on after :meth:`pause`."""
        self._paused = False

    def _choose(self, go):
        """What is offered on AR, AW and W in this cycle."""
        shown = self._shown
        if (shown["ar"] is None and go["ar"] and self.reads
                and not self._clashes(self.reads[0], "write")):
            shown["ar"] = self._send_read()
        if (shown["aw"] is None and go["aw"] and self.writes
                and not self._clashes(self.writes[0], "read")
                and not self._clashes(self.writes[0], "write")):
            shown["aw"] = self._send_write()
        if shown["w"] is None and go["w"] and self._words:
            shown["w"] = self._words.popleft()

    def _take(self, name, valid, payload, ready):
        """R or B: that it stays while it waits, and what it says."""
        held = self._held.pop(name, None)
        assert held is None or (valid and payload == held), f"{name.upper()} changed, {held}"
        if valid and ready:
            self.log[name].append(self.cycle)
            (self._take_read if name == "r" else self._take_answer)(payload)
        elif valid:
            self._held[name] = payload

    async def run(self, ctx):
        """Drives and checks the bus for ever."""
        axi = self.axi
        while True:
            able = 0 if self._paused else 1
            go = {name: able and self._rng.random() >= self.stall
                  for name in ("ar", "aw", "w", "r", "b")}
            self._choose(go)
            for name, payload in self._shown.items():
                channel = getattr(axi, name)
                ctx.set(channel.valid, payload is not None)
                if payload is not None:
                    ctx.set(channel.payload, payload)
            ctx.set(axi.r.ready, go["r"])
            ctx.set(axi.b.ready, go["b"])
            _, _, ar, aw, w, r, r_beat, b, answer = await ctx.tick().sample(
                axi.ar.ready, axi.aw.ready, axi.w.ready, axi.r.valid, axi.r.payload,
                axi.b.valid, axi.b.payload)
            for name, ready in (("ar", ar), ("aw", aw), ("w", w)):
                if self._shown[name] is not None and ready:
                    self._shown[name] = None
                    self.log[name].append(self.cycle)
            if not self._paused:
                self._take("r", r, r_beat, go["r"])
                self._take("b", b, answer, go["b"])
            self.cycle += 1

    async def finish(self, ctx, limit):
        """Waits until everything is answered.

        Raises
        ------
        AssertionError
            If that takes more than `limit` cycles.
        """
        for _ in range(limit):
            if not self.busy:
                return
            await ctx.tick()
        raise AssertionError(f"Not finished after {limit} cycles: {len(self.reads)} reads and "
                             f"{len(self.writes)} writes to send, {self._flying} in flight")
