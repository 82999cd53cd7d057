# amaranth: UnusedElaboratable=no
"""The example in docs/bridge.md is what the bridge does, and its tables are the protocol's."""

import re
from pathlib import Path

from bridge_bench import Bench, make_bridge

from ppu_fpga.bridge import export
from ppu_fpga.bridge.protocol import Identity, Kind, Reply, Status, Unstuffer

TEXT = (Path(__file__).parents[2] / "docs/bridge.md").read_text()


def example():
    """The sides and bytes of the exchange."""
    block, = re.findall(r"```text\n(host .*?)```", TEXT, re.S)
    for side, content in re.findall(r"^(host|bridge)((?:\s+(?:[0-9a-f]{2} ?)+)+)", block, re.M):
        yield side, bytes.fromhex(content)


def test_the_example_is_what_happens():
    async def script(bench):
        bench.registers[0] = 0x3155_5050
        told = 0
        for side, content in example():
            if side == "host":
                await bench.send(content)
            else:
                await bench.until(
                    lambda end=told + len(content): len(bench.line.received) >= end, 5000)
                assert bench.line.received[told:] == content, (
                    f"the bridge sends {bench.line.received[told:].hex(' ')}")
                told += len(content)
        assert len(bench.replies) == 6

    assert [side for side, _ in example()] == ["host", "bridge"] * 6
    Bench(make_bridge()).run(script)


def test_the_example_shows_an_identity_and_an_error():
    unstuffer, replies = Unstuffer(), []
    for side, content in example():
        if side == "bridge":
            replies += [Reply.decode(frame.body) for frame in unstuffer.feed(content)]
    assert Identity.decode(replies[0].data).max_data == 256
    assert replies[-1].status == Status.BAD_FRAME


def test_kinds_and_statuses_are_all_told():
    for member in [*Kind, *Status]:
        assert re.search(rf"^\| {member.value} \| {member.name} \|", TEXT, re.M), member


def test_the_export_takes_every_parameter(capsys):
    export.main(["--data-width", "64", "--receive-buffer", "0x200", "--baud", "1000000"])
    text = capsys.readouterr().out
    assert "module bridge(" in text and "[63:0]" in text
