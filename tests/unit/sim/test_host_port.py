# amaranth: UnusedElaboratable=no
"""Register accesses by the host: any order of AW and W, responses, the mark of a start."""

import pytest
from amaranth.sim import Simulator

from ppu.lib.axi import Response
from ppu_sim.system.host import HostPort


def access(*, aw_after, w_after, answer_after, write=1, start=0, response=Response.OKAY):
    """One access with a subordinate that accepts after so many cycles. Returns what happened."""
    dut = HostPort()
    events = {"written": [], "started": []}

    async def host(ctx):
        for name, value in (("write", write), ("start", start), ("address", 0x30),
                            ("write_data", 77), ("valid", 1)):  # fmt: skip
            ctx.set(getattr(dut.host, name), value)
        data, got = await ctx.tick().sample(dut.host.data, dut.host.response).until(dut.host.done)
        events["data"], events["response"] = data, got
        ctx.set(dut.host.valid, 0)
        await ctx.tick().repeat(2)
        assert not ctx.get(dut.host.done)

    def acceptor(name, wait):
        async def accept(ctx):
            channel = getattr(dut.axil, name)
            await ctx.tick().until(channel.valid)
            for _ in range(wait):
                await ctx.tick()
            ctx.set(channel.ready, 1)
            (payload,) = await ctx.tick().sample(channel.payload).until(channel.valid)
            ctx.set(channel.ready, 0)
            events[name] = payload

        return accept

    async def answer(ctx):
        channel = dut.axil.b if write else dut.axil.r
        await ctx.tick().repeat(aw_after + w_after + answer_after + 5)
        ctx.set(channel.payload, {"resp": response, **({} if write else {"data": 123})})
        ctx.set(channel.valid, 1)
        await ctx.tick().until(channel.ready)
        ctx.set(channel.valid, 0)

    async def watch(ctx):
        cycle = 0
        async for *_, written, started in ctx.tick().sample(dut.written, dut.started):
            cycle += 1
            for name, value in (("written", written), ("started", started)):
                if value:
                    events[name].append(cycle)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    for name, wait in (("aw", aw_after), ("w", w_after)) if write else (("ar", aw_after),):
        simulator.add_testbench(acceptor(name, wait), background=True)
    simulator.add_testbench(answer, background=True)
    simulator.add_testbench(watch, background=True)
    simulator.run()
    return events


@pytest.mark.parametrize("aw_after, w_after", [(0, 0), (3, 0), (0, 4), (2, 2)])
@pytest.mark.parametrize("start", [0, 1])
def test_write(aw_after, w_after, start):
    events = access(aw_after=aw_after, w_after=w_after, answer_after=1, start=start)
    assert events["aw"].addr == 0x30 and events["w"].data == 77 and events["w"].strb == 0b1111
    assert len(events["written"]) == 1
    assert events["started"] == (events["written"] if start else [])
    assert events["response"] == Response.OKAY


def test_read():
    events = access(aw_after=1, w_after=0, answer_after=2, write=0)
    assert events["ar"].addr == 0x30 and events["data"] == 123
    assert events["written"] == []


@pytest.mark.parametrize("write", [0, 1])
def test_response_is_passed_on(write):
    events = access(aw_after=0, w_after=0, answer_after=0, write=write, response=Response.SLVERR)
    assert events["response"] == Response.SLVERR
