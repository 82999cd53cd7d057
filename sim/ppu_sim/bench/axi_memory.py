"""An AXI4 memory in Python for Amaranth's simulator, with latency, seeded stalls and errors."""

import random
from collections import deque

__all__ = ["AxiMemory"]


class AxiMemory:
    """Memory behind the read and the write channels of managers.

    Add :meth:`reads` and :meth:`writes` as background test benches. Everything a manager does is
    checked: payloads stay while they wait, addresses are aligned, bursts stay within 4 KiB, WLAST
    is where AWLEN says, RREADY and BREADY never fall.

    Parameters
    ----------
    data : bytearray
        Contents; address 0 first. Addresses wrap at its size.
    beat_bytes : int
        Bytes of the bus.
    latency : int
        Cycles from AR to the first R, and from the last W to B.
    stall : float
        Share of cycles in which a channel does not go on.
    seed : int
        Of the stalls.
    faults : list of (int, int, int)
        Start, end and response of regions that answer with an error; a write with an error changes
        nothing. Reads answer it for the beats in the region, writes for bursts that touch it.

    Attributes
    ----------
    read_bursts, write_bursts : list of (int, int, int)
        Address and beats of each burst, and the cycle in which its address was taken.
    read_beats, write_beats : list of int
        Cycles in which data beats were transferred.
    answers : list of int
        Cycles in which B was transferred.
    most_reads, most_writes : int
        Most bursts that were in flight at one time.
    """

    def __init__(self, data, *, beat_bytes, latency=0, stall=0.0, seed=0, faults=()):
        self.data, self.beat_bytes, self.latency = data, beat_bytes, latency
        self.stall, self.seed, self.faults = stall, seed, list(faults)
        self.read_bursts, self.write_bursts = [], []
        self.read_beats, self.write_beats, self.answers = [], [], []
        self.most_reads = self.most_writes = 0

    def _response(self, start, end):
        return next((resp for low, high, resp in self.faults if start < high and low < end), 0)

    def _check_burst(self, payload):
        beats = payload.len + 1
        assert payload.addr % self.beat_bytes == 0, f"unaligned {payload.addr:#x}"
        assert payload.addr % 4096 + beats * self.beat_bytes <= 4096, (
            f"{beats} beats from {payload.addr:#x} cross 4 KiB"
        )
        return beats

    async def reads(self, ctx, axi):
        """Serves the `ar` and `r` channels of `axi` for ever."""
        rng, cycle, held, beat = random.Random(self.seed), 0, None, None
        due = deque()  # (cycle, id, address, last)
        bursts = 0
        while True:
            ready = rng.random() >= self.stall
            if beat is None and due and due[0][0] <= cycle and rng.random() >= self.stall:
                _, tag, address, last = due.popleft()
                word = self.data[address % len(self.data) :][: self.beat_bytes]
                beat = {
                    "id": tag,
                    "data": int.from_bytes(word, "little"),
                    "last": last,
                    "resp": self._response(address, address + self.beat_bytes),
                }
            ctx.set(axi.ar.ready, ready)
            ctx.set(axi.r.valid, beat is not None)
            ctx.set(axi.r.payload, beat or {"data": rng.getrandbits(8 * self.beat_bytes)})
            _, _, valid, payload, r_ready = await ctx.tick().sample(
                axi.ar.valid, axi.ar.payload, axi.r.ready
            )
            assert r_ready, "RREADY fell"
            assert held is None or (valid and payload == held), "AR changed while it waited"
            held = payload if valid and not ready else None
            if beat is not None:
                self.read_beats.append(cycle)
                bursts -= beat["last"]
                beat = None
            if valid and ready:
                beats = self._check_burst(payload)
                self.read_bursts.append((payload.addr, beats, cycle))
                bursts += 1
                self.most_reads = max(self.most_reads, bursts)
                for index in range(beats):
                    address = payload.addr + index * self.beat_bytes
                    due.append((cycle + 1 + self.latency, payload.id, address, index == beats - 1))
            cycle += 1

    async def writes(self, ctx, axi):
        """Serves the `aw`, `w` and `b` channels of `axi` for ever."""
        rng, cycle, held_aw, held_w = random.Random(self.seed + 1), 0, None, None
        bursts = deque()  # (id, address, beats) without their data
        beats = deque()
        answers = deque()  # (cycle, id, response)
        flying = 0
        while True:
            aw_ready, w_ready = rng.random() >= self.stall, rng.random() >= self.stall
            answer = None
            if answers and answers[0][0] <= cycle and rng.random() >= self.stall:
                answer = answers.popleft()
            ctx.set(axi.aw.ready, aw_ready)
            ctx.set(axi.w.ready, w_ready)
            ctx.set(axi.b.valid, answer is not None)
            if answer:
                ctx.set(axi.b.payload, {"id": answer[1], "resp": answer[2]})
            _, _, aw_valid, aw, w_valid, w, b_ready = await ctx.tick().sample(
                axi.aw.valid, axi.aw.payload, axi.w.valid, axi.w.payload, axi.b.ready
            )
            assert b_ready, "BREADY fell"
            assert held_aw is None or (aw_valid and aw == held_aw), "AW changed while it waited"
            assert held_w is None or (w_valid and w == held_w), "W changed while it waited"
            held_aw = aw if aw_valid and not aw_ready else None
            held_w = w if w_valid and not w_ready else None
            if answer:
                self.answers.append(cycle)
                flying -= 1
            if aw_valid and aw_ready:
                count = self._check_burst(aw)
                self.write_bursts.append((aw.addr, count, cycle))
                bursts.append((aw.id, aw.addr, count))
                flying += 1
                self.most_writes = max(self.most_writes, flying)
            if w_valid and w_ready:
                self.write_beats.append(cycle)
                beats.append((w.data, w.strb, w.last))
            while bursts and len(beats) >= bursts[0][2]:
                tag, address, count = bursts.popleft()
                response = self._response(address, address + count * self.beat_bytes)
                for index in range(count):
                    word, strobes, last = beats.popleft()
                    assert last == (index == count - 1), "WLAST is not where AWLEN says"
                    for lane in range(self.beat_bytes):
                        if strobes >> lane & 1 and not response:
                            place = address + index * self.beat_bytes + lane
                            self.data[place % len(self.data)] = word >> (8 * lane) & 0xFF
                answers.append((cycle + 1 + self.latency, tag, response))
            cycle += 1
