# amaranth: UnusedElaboratable=no
"""Memory byte by byte on buses of any width, slow and hung buses, full speed."""

import random
from itertools import pairwise

import pytest
from bridge_bench import BASE, GUARD, SIZE, Bench, make_bridge, request
from bridge_line import BREAK

from ppu_fpga.bridge.protocol import Kind, Reply, Status


def random_accesses(rng, count, most):
    """Requests, the bytes each must bring, and what memory must look like in the end."""
    memory = bytearray(SIZE)
    requests = [request(Kind.WRITE_MEMORY, BASE + n, data=bytes(32), tag=n) for n in (0, 32)]
    wanted = [b"", b""]
    for tag in range(count):
        size = rng.choice([1, 2, 3, rng.randint(1, most)])
        place = rng.randrange(64 - size) if size < 60 else rng.randrange(4)
        if rng.random() < 0.6:
            data = rng.randbytes(size)
            memory[place : place + size] = data
            requests.append(request(Kind.WRITE_MEMORY, BASE + place, data=data, tag=tag))
            wanted.append(b"")
        else:
            requests.append(request(Kind.READ_MEMORY, BASE + place, size, tag=tag))
            wanted.append(bytes(memory[place : place + size]))
    return requests, wanted, memory


@pytest.mark.parametrize("data_width, seed", [(32, 1), (64, 2), (128, 3), (512, 4)])
def test_only_the_bytes_asked_for_are_touched(data_width, seed):
    rng = random.Random(seed)
    requests, wanted, memory = random_accesses(rng, 16, 40)

    async def script(bench):
        bench.stall, bench.latency = rng.choice([0, 0.3, 0.6]), rng.choice([1, 5])
        memory[64:] = bench.memory[GUARD + 64 : GUARD + SIZE]
        guards = bytes(bench.memory[:GUARD]), bytes(bench.memory[-GUARD:])
        replies = await bench.ask(*requests)
        assert [(r.status, r.tag, r.data) for r in replies] == [
            (Status.OK, asked.tag, data) for asked, data in zip(requests, wanted, strict=True)]
        assert bench.memory == guards[0] + memory + guards[1]

    Bench(make_bridge(data_width), seed=seed).run(script)


def test_words_go_over_the_bus_whole():
    async def script(bench):
        await bench.ask(request(Kind.WRITE_MEMORY, BASE + 8, data=bytes(64)))
        assert bench.axi.accesses == 8
        await bench.ask(request(Kind.READ_MEMORY, BASE + 7, 10))
        assert bench.axi.accesses == 11

    Bench(make_bridge(64)).run(script)


@pytest.mark.parametrize("data_width", [32, 64])
def test_the_line_is_kept_busy(data_width):
    """At 4 cycles for a bit and 30 for an access, replies follow each other without a gap."""
    async def script(bench):
        bench.latency = 30
        reads = [request(Kind.READ_MEMORY, BASE, 64, tag=n) for n in range(3)]
        replies = await bench.ask(*reads)
        assert all(reply.data == bench.memory[GUARD : GUARD + 64] for reply in replies)
        begins = bench.line.begins
        steps = [b - a for a, b in pairwise(begins)]
        assert max(steps) == 40, steps
        start = bench.now
        writes = [request(Kind.WRITE_MEMORY, BASE + 1, data=bytes(64), tag=n) for n in range(3)]
        await bench.ask(*writes)
        sent = sum(len(item.encode()) for item in writes)
        answered = len(Reply(tag=2).encode())
        # The last one is carried out when it is there.
        words = 1 + 8 * 64 // data_width
        assert 0 < bench.now - start - 40 * (sent + answered) < 50 * words + 250

    Bench(make_bridge(data_width)).run(script)


def test_a_hung_bus_is_left_alone_until_it_answers_or_is_reset():
    async def script(bench):
        bench.hang = True
        write = request(Kind.WRITE_MEMORY, BASE, data=b"0123456789", tag=1)
        replies = await bench.ask(write, request(Kind.READ_REGISTER, 0, 4, tag=2),
                                  request(Kind.READ_MEMORY, BASE + 99, 5, tag=3),
                                  request(Kind.IDENTIFY, tag=4))
        assert [reply.status for reply in replies] == [Status.BUS_SLVERR] * 3 + [Status.OK]
        assert bench.axi.accesses == bench.axil.accesses == 0
        bench.hang = False
        await bench.cycle(50)
        assert bench.memory[GUARD : GUARD + 4] == b"0123"
        bench.hang = True
        reply, = await bench.ask(request(Kind.READ_MEMORY, BASE + 4, 4))
        assert reply.status == Status.BUS_SLVERR
        reset, = await bench.ask(request(Kind.RESET))
        assert reset.status == Status.OK and bench.resets == 16
        bench.hang = False
        replies = await bench.ask(write, request(Kind.READ_MEMORY, BASE, 10))
        assert [reply.status for reply in replies] == [Status.OK] * 2
        assert replies[1].data == write.data

    Bench(make_bridge(timeout=256)).run(script)


def test_reset_in_the_middle():
    """Of a frame that does not end, of garbage, behind a break, behind other requests."""
    async def script(bench):
        half = request(Kind.WRITE_MEMORY, BASE, data=b"x" * 20).encode()[:-9]
        await bench.send(half, b"\xc0")
        reply, = await bench.ask(request(Kind.RESET, tag=1))
        assert reply.status == Status.BAD_FRAME
        await bench.send(BREAK, b"\xc0")
        writes = [request(Kind.WRITE_MEMORY, BASE, data=b"y", tag=n) for n in range(3)]
        replies = await bench.ask(*writes, request(Kind.RESET, tag=9), *writes)
        assert bench.resets == 32
        await bench.until(lambda: len(bench.replies) == 10, 10_000)
        tags = [(reply.status, reply.tag) for reply in bench.replies]
        ok = [(Status.OK, n) for n in (0, 1, 2)]
        bad = (Status.BAD_FRAME, 0)
        assert tags == [bad, (Status.OK, 1), bad, *ok, (Status.OK, 9), *ok]
        assert replies and bench.memory[GUARD] == ord("y")

    Bench(make_bridge()).run(script)


@pytest.mark.parametrize("drift", [-0.015, 0.015])
def test_the_hosts_clock_may_differ(drift):
    async def script(bench):
        data = bytes(range(0xA8, 0xE8))
        replies = await bench.ask(request(Kind.WRITE_MEMORY, BASE, data=data),
                                  request(Kind.READ_MEMORY, BASE, 64))
        assert replies[1].data == data

    Bench(make_bridge(cycles=8.5), period=8.5 * (1 + drift)).run(script)


def test_too_much_at_once_is_told_and_the_rest_is_done():
    async def script(bench):
        bench.latency = 900
        writes = [request(Kind.WRITE_MEMORY, BASE + 40 * n, data=bytes([n] * 40), tag=n)
                  for n in range(1, 10)]
        for item in writes:
            bench.line.queue.extend(item.encode())
        await bench.until(lambda: bench.line.idle, 200_000)
        await bench.until(lambda: not bench.ctx.get(bench.dut.active), 90_000)
        await bench.cycle(50)
        lost = [reply for reply in bench.replies if reply.status == Status.OVERRUN]
        done = [reply.tag for reply in bench.replies if reply.status == Status.OK]
        assert lost and all(reply.tag == 0 for reply in lost)
        assert done == sorted(done) and 4 <= len(done) < len(writes)
        for tag in range(1, 10):
            cell = bench.memory[GUARD + 40 * tag : GUARD + 40 * (tag + 1)]
            assert (cell == bytes([tag] * 40)) == (tag in done)

    Bench(make_bridge(receive_buffer=256, max_data=64)).run(script)
