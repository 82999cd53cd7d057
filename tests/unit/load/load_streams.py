"""Feeds and drains the streams of a part, with seeded stalls."""

import random

from amaranth.sim import Simulator


def run(dut, sources, sinks, *, stall=0.0, seed=0, limit=20_000, watch=None):
    """Sends every list of `sources` (port name -> payloads), takes the counts of `sinks`.

    Returns for each port the payloads, as they were sampled, with their cycles. `watch` maps names
    to further signals of the part: name -> list of values, one a cycle.
    """
    ports = {name: getattr(dut, name) for name in [*sources, *sinks]}
    sent = {name: [] for name in ports}
    watched = {name: [] for name in watch or {}}

    async def test(ctx):
        rng = random.Random(seed)
        left = {name: list(payloads) for name, payloads in sources.items()}
        offered = dict.fromkeys(ports, False)
        held = {}
        signals = [signal for port in ports.values()
                   for signal in (port.valid, port.ready, port.payload)]
        for cycle in range(limit):
            for name, port in ports.items():
                # A source keeps what it offers; a sink may change its mind.
                moves = offered[name] or rng.random() >= stall
                if name in sinks:
                    ctx.set(port.ready, moves)
                else:
                    offered[name] = moves and bool(left[name])
                    ctx.set(port.valid, offered[name])
                    if offered[name]:
                        ctx.set(port.payload, left[name][0])
            sample = await ctx.tick().sample(*signals, *(watch or {}).values())
            values = sample[2:]
            for index, name in enumerate(ports):
                valid, ready, payload = values[3 * index:3 * index + 3]
                if name in sinks and name in held:
                    assert valid and payload == held[name], f"{name} changed before the transfer"
                held.pop(name, None)
                if valid and ready:
                    sent[name].append((payload, cycle))
                    offered[name] = False
                    if name in sources:
                        left[name].pop(0)
                elif valid and name in sinks:
                    held[name] = payload
            for name, value in zip(watched, values[3 * len(ports):], strict=True):
                watched[name].append(value)
            done = all(len(sent[name]) >= count for name, count in sinks.items())
            if done and not any(left.values()):
                break
        else:
            raise AssertionError(f"{ {name: len(items) for name, items in sent.items()} }")

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(test)
    sim.run()
    for name, count in sinks.items():
        assert len(sent[name]) == count, name
    return {**sent, **watched}


def cycles(items):
    """The cycles of what `run` returns for a port."""
    return [cycle for _, cycle in items]


def consecutive(values, step=1):
    """Whether cycles follow each other `step` apart."""
    return values == list(range(values[0], values[0] + step * len(values), step))
