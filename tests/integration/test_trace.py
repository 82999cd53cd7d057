"""Traces of the Verilated core, and what the Perfetto UI gets of them."""

import re
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

import ppu_sim
from ppu import generate
from ppu.config import PRESETS
from ppu.lib.states import MEANINGS, STATES
from ppu_sim.cli import main
from ppu_sim.toolchain import ToolMissing
from ppu_sim.trace import UNITS
from ppu_sim.trace.perfetto import CHANNEL_TEXTS, state_name, write

SHAPE = (24, 40, 20)
TINY = PRESETS["tiny"]


@pytest.fixture(scope="module", params=[0.0, 0.3], ids=["no stalls", "stalls"])
def run(request):
    """(Run, Trace) of a product."""
    rng = np.random.default_rng(1)
    m, k, n = SHAPE
    a, b = (rng.integers(-128, 128, shape, dtype=np.int8) for shape in ((m, k), (k, n)))
    try:
        with ppu_sim.open("verilator", preset="tiny", latency=20, stall=request.param,
                          trace=True) as device:  # fmt: skip
            assert (device.matmul(a, b) == a.astype(np.int32) @ b.astype(np.int32)).all()
            first = device.last_run, device.last_trace
            device.matmul(a, b)
            assert device.last_trace.commands.tolist() == first[1].commands.tolist()
            return first
    except ToolMissing as missing:
        pytest.skip(str(missing))


def test_states_cover_the_run_and_add_up_to_the_counters(run):
    took, trace = run
    assert trace.cycles == took.cycles == took.counters["CYCLES"]
    for unit in UNITS:
        starts = trace.states[unit]["start"]
        assert starts[0] == 0 and (np.diff(starts) > 0).all() and starts[-1] < trace.cycles
        [total] = trace.state_cycles(unit).tolist()
        names = [state.name.lower() for state in STATES[unit]]
        assert dict(zip(names, total, strict=True)) == took.states[unit]
        edges = [0, 1, 1, 17, 100, trace.cycles]
        parts = trace.state_cycles(unit, edges)
        assert parts.sum(axis=1).tolist() == np.diff(edges).tolist()
        assert parts.sum(axis=0).tolist() == total


def test_commands_go_their_way(run):
    _, trace = run
    commands = trace.commands
    assert len(commands) == len(trace.program)
    names = [command.name.lower() for command in trace.program]
    assert [UNITS[row["unit"]] if row["unit"] >= 0 else "end" for row in commands] == names
    assert (np.diff(commands["decoded"]) > 0).all() and commands["decoded"][0] > 0
    assert (np.diff(commands["retired"]) > 0).all()
    assert commands["retired"][-1] <= trace.cycles
    for number, unit in enumerate(UNITS):
        own = commands[commands["unit"] == number]
        for earlier, later in (("decoded", "taken"), ("taken", "completed"),
                               ("completed", "retired")):  # fmt: skip
            assert (own[earlier] < own[later]).all(), (unit, earlier, later)
        if unit == "execute":
            assert ((own["taken"] < own["go"]) & (own["go"] < own["completed"])).all()
        else:
            assert (own["go"] == -1).all()


def test_bursts_are_those_that_the_core_counts(run):
    took, trace = run
    m, _, n = SHAPE
    assert trace.bursts["r"]["beats"].sum() == took.counters["READ_BEATS"]
    assert trace.bursts["w"]["beats"].sum() == took.counters["WRITE_BEATS"] == m * n
    assert len(trace.bursts["aw"]) == len(trace.bursts["w"]) == len(trace.bursts["b"])
    for name, bursts in trace.bursts.items():
        assert (bursts["start"][1:] >= bursts["end"][:-1]).all()
        waited = (trace.waits[name]["end"] - trace.waits[name]["start"]).sum()
        length = (bursts["end"] - bursts["start"]).sum()
        moved = bursts["beats"].sum() if name in "rw" else len(bursts)
        assert length - waited == moved
    for address, data in (("ar", "r"), ("aw", "w")):
        shared = ["id", "address", "beats"]
        assert trace.bursts[address][shared].tolist() == trace.bursts[data][shared].tolist()


def test_levels_end_where_they_began(run):
    _, trace = run
    assert len(trace.levels) == 6
    for name, runs in trace.levels.items():
        assert runs["start"][0] == 0 and (np.diff(runs["start"]) > 0).all()
        assert runs["value"].min() == runs["value"][0] == runs["value"][-1] == 0, name
        assert runs["value"].max() > 0, name


class Shown:
    """What the Perfetto UI would show of a file: slices by track, instants and counters."""

    def __init__(self, path):
        protos = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
        self.tracks, self.slices = {}, defaultdict(list)
        self.instants, self.counts = defaultdict(list), defaultdict(list)
        event, open_slices = protos.TrackEvent, defaultdict(list)
        for packet in protos.Trace.FromString(path.read_bytes()).packet:
            if packet.HasField("track_descriptor"):
                assert packet.track_descriptor.uuid not in self.tracks
                self.tracks[packet.track_descriptor.uuid] = packet.track_descriptor
                continue
            shown, track = packet.track_event, packet.track_event.track_uuid
            assert track in self.tracks
            stack = open_slices[track]
            if shown.type == event.TYPE_SLICE_BEGIN:
                stack.append((packet.timestamp, shown))
            elif shown.type == event.TYPE_SLICE_END:
                start, begun = stack.pop()
                assert start < packet.timestamp
                self.slices[track].append((len(stack), start, packet.timestamp, begun))
            elif shown.type == event.TYPE_INSTANT:
                self.instants[track].append((packet.timestamp, shown))
            else:
                assert self.tracks[track].HasField("counter")
                self.counts[track].append((packet.timestamp, shown.counter_value))
        assert not any(open_slices.values())

    def named(self, name):
        """Numbers of the tracks of a name."""
        return [number for number, track in self.tracks.items() if track.name == name]


@pytest.fixture(scope="module")
def shown(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "run.perfetto-trace"
    pytest.importorskip("perfetto.trace_builder.proto_builder")
    write(run[1], path, title="a product")
    return Shown(path)


def arguments(event):
    return {a.name: a.string_value if a.HasField("string_value") else a.int_value
            for a in event.debug_annotations}  # fmt: skip


def test_tracks_are_in_the_order_of_the_data(shown):
    [root] = [track for track in shown.tracks.values() if not track.HasField("parent_uuid")]
    others = [track for track in shown.tracks.values() if track is not root]
    assert all(track.parent_uuid == root.uuid for track in others)
    ranks = sorted({(track.sibling_order_rank, track.name) for track in others})
    names = [name for _, name in ranks]
    assert names == [
        "commands decoded", "commands retired", "LOAD", "LOAD state", "EXECUTE", "EXECUTE state",
        "STORE", "STORE state", *(f"AXI {name.upper()}" for name in CHANNEL_TEXTS), "read buffer",
        "load waiting", "execute waiting", "store waiting", "reads outstanding",
        "writes outstanding",
    ]  # fmt: skip


def test_slices_of_a_track_nest_or_follow(shown):
    for slices in shown.slices.values():
        for depth in (0, 1):
            times = sorted((start, end) for d, start, end, _ in slices if d == depth)
            assert all(end <= start for (_, end), (start, _) in pairwise(times))
        outer = [(start, end) for depth, start, end, _ in slices if depth == 0]
        for depth, start, end, _ in slices:
            assert depth == 0 or any(low <= start and end <= high for low, high in outer)


def test_every_command_has_one_slice_with_its_fields(run, shown):
    _, trace = run
    found, flows = {}, {}
    for unit in UNITS:
        for track in shown.named(unit.upper()):
            for depth, start, end, event in shown.slices[track]:
                if depth == 0:
                    values = arguments(event)
                    assert values["index"] not in found
                    found[values["index"]] = (unit, start, end, values)
                    flows[values["index"]] = list(event.flow_ids)
    assert len(found) == (trace.commands["unit"] >= 0).sum()
    for index, (unit, start, end, values) in found.items():
        command, row = trace.program[index], trace.commands[index]
        assert (command.name.lower(), row["taken"], row["completed"] + 1) == (unit, start, end)
        assert flows[index] == [index + 1]
        for name, value in command.fields.items():
            if name != "opcode" and not name.startswith("reserved"):
                assert values[name] == (hex(value) if name == "address" else value)
    for column in ("decoded", "retired"):
        [track] = shown.named(f"commands {column}")
        assert [time for time, _ in shown.instants[track]] == trace.commands[column].tolist()


def test_states_are_shown_without_a_gap(run, shown):
    took, trace = run
    for unit in UNITS:
        [track] = shown.named(f"{unit.upper()} state")
        slices = sorted((start, end, event) for _, start, end, event in shown.slices[track])
        starts, ends, events = zip(*slices, strict=True)
        assert (starts[0], ends[-1]) == (0, trace.cycles) and starts[1:] == ends[:-1]
        for state in STATES[unit]:
            spent = sum(end - start for start, end, event in slices
                        if event.name == state_name(state))  # fmt: skip
            assert spent == took.states[unit][state.name.lower()]
        meanings = {MEANINGS[state] for state in STATES[unit]}
        assert {arguments(event)["meaning"] for event in events} <= meanings


def test_channels_and_levels_are_shown(run, shown):
    _, trace = run
    for name in CHANNEL_TEXTS:
        [track] = shown.named(f"AXI {name.upper()}")
        outer = [(start, end, arguments(event)) for depth, start, end, event in shown.slices[track]
                 if depth == 0]  # fmt: skip
        expected = [(start, end, {"address": hex(address), "beats": beats})
                    for start, end, _, address, beats in trace.bursts[name].tolist()]  # fmt: skip
        assert outer == expected
        assert len(shown.slices[track]) == len(expected) + len(trace.waits[name])
    for name, runs in trace.levels.items():
        [track] = shown.named(name)
        assert shown.counts[track] == [*runs.tolist(), (trace.cycles, runs["value"][-1])]


def test_core_for_hardware_has_no_probe():
    assert re.search(r"^  output wire .*\bprobe$", generate.verilog(TINY, probe=True), re.M)
    assert "probe" not in generate.verilog(TINY)


def test_only_verilator_traces():
    with pytest.raises(ValueError, match="only the back end 'verilator' traces, not 'icarus'"):
        ppu_sim.open("icarus", preset="tiny", trace=True)


def test_command(run, capsys, tmp_path):
    pytest.importorskip("perfetto.trace_builder.proto_builder")
    path = tmp_path / "deep" / "run.perfetto-trace"
    options = ["--preset", "tiny", "--latency", "20"]
    assert main(["trace", "8", "8", "8", *options, "-o", str(path)]) == 0
    printed = capsys.readouterr().out
    assert f"{path}: {path.stat().st_size:,} bytes; open it in the Perfetto UI" in printed
    assert Shown(path).named("8 x 8 x 8 on tiny, latency 20")
    assert main(["trace", "0", "8", "8", *options]) == 2
    assert capsys.readouterr().err == "ppu trace: M must be at least 1, not 0\n"
