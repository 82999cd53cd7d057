"""AXI models for test benches in Amaranth's simulator."""


class LiteDriver:
    """An AXI4-Lite manager. `data_first`: W is offered before AW."""

    def __init__(self, port, *, data_first=False):
        self.port, self.data_first = port, data_first

    async def write(self, ctx, address, value, strobes=0xF):
        """Writes a word and returns BRESP."""
        aw, w, b = self.port.aw, self.port.w, self.port.b
        ctx.set(aw.payload.addr, address)
        ctx.set(w.payload.data, value)
        ctx.set(w.payload.strb, strobes)
        ctx.set(aw.valid, not self.data_first)
        ctx.set(w.valid, 1)
        ctx.set(b.ready, 1)
        while True:
            _, _, aw_done, w_done, b_done, resp = await ctx.tick().sample(
                aw.valid & aw.ready, w.valid & w.ready, b.valid, b.payload.resp)
            if aw_done:
                ctx.set(aw.valid, 0)
            if w_done:
                ctx.set(w.valid, 0)
                if self.data_first:
                    ctx.set(aw.valid, 1)
            if b_done:
                ctx.set(b.ready, 0)
                return resp

    async def read(self, ctx, address):
        """Returns the word and RRESP."""
        ar, r = self.port.ar, self.port.r
        ctx.set(ar.payload.addr, address)
        ctx.set(ar.valid, 1)
        await ctx.tick().until(ar.ready)
        ctx.set(ar.valid, 0)
        ctx.set(r.ready, 1)
        payload, = await ctx.tick().sample(r.payload).until(r.valid)
        ctx.set(r.ready, 0)
        return payload.data, payload.resp


class ReadMemory:
    """Answers AXI4 reads from a bytearray, in order, after a latency.

    Parameters
    ----------
    port : AxiReadSignature
        The manager's port.
    memory : bytearray
        What is read, from address 0.
    latency : int
        Cycles from AR to the first beat.
    stall : callable, optional
        Called each cycle; true holds a beat back.
    faults : dict
        Address of a beat to its response.

    Attributes
    ----------
    bursts : list of (int, int)
        Address and beats of each AR.
    outstanding : int
        Beats that are still to come.
    """

    def __init__(self, port, memory, *, latency=4, stall=lambda: False, faults=None):
        self.port, self.memory, self.latency, self.stall = port, memory, latency, stall
        self.faults = faults or {}
        self.bursts, self.outstanding = [], 0

    def response(self, address):
        """What a beat at this address answers; beyond the memory, DECERR."""
        return self.faults.get(address, 0 if address < len(self.memory) else 3)

    async def run(self, ctx):
        """A background test bench."""
        ar, r = self.port.ar, self.port.r
        size = len(r.payload.data) // 8
        waiting = []        # (cycle, address, id, last)
        cycle = 0
        offered = False
        while True:
            ctx.set(ar.ready, not self.stall())
            if not offered and waiting and waiting[0][0] <= cycle and not self.stall():
                offered = True
                _, address, number, last = waiting[0]
                ctx.set(r.payload, {
                    "id": number, "last": last, "resp": self.response(address),
                    "data": int.from_bytes(self.memory[address : address + size], "little")})
                ctx.set(r.valid, 1)
            _, _, asked, request, taken = await ctx.tick().sample(
                ar.valid & ar.ready, ar.payload, r.valid & r.ready)
            cycle += 1
            if asked:
                beats = request.len + 1
                assert request.addr % size == 0
                assert request.addr // 4096 == (request.addr + beats * size - 1) // 4096
                self.bursts.append((request.addr, beats))
                waiting += [
                    (cycle + self.latency + i, request.addr + i * size, request.id,
                     i == beats - 1) for i in range(beats)]
            if taken:
                waiting.pop(0)
                ctx.set(r.valid, 0)
                offered = False
            self.outstanding = len(waiting)
