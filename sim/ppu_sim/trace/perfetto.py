"""Traces for the Perfetto UI, in its own format of packets."""

from pathlib import Path

from ppu.lib.states import MEANINGS, STATES

from ..toolchain import ToolMissing
from .events import UNITS

__all__ = ["CHANNEL_TEXTS", "state_name", "write"]

#: Channel -> what its transfers are.
CHANNEL_TEXTS = {"ar": "read addresses", "r": "read data", "aw": "write addresses",
                 "w": "write data", "b": "write responses"}  # fmt: skip
#: ARID -> what is read.
_READS = ("commands", "operands")
#: Packets of one writer; its tracks are numbered from 1.
_SEQUENCE = 1


def state_name(state):
    """How a state is called on its track; the same for all units, so that it has one colour."""
    words = state.name.lower().split("_")
    return f"waits for {words[1].upper()}" if words[0] == "waits" else " ".join(words)


def write(trace, path, *, title):
    """Writes a trace as a file that the Perfetto UI opens. A cycle is a nanosecond there.

    Parameters
    ----------
    trace : Trace
        The trace.
    path : str or Path
        The file.
    title : str
        Name of the group of all tracks.

    Raises
    ------
    ToolMissing
        If the package `perfetto` is not installed.
    """
    try:
        packets = _Packets(title)
    except ImportError as error:
        raise ToolMissing("Traces need: pip install 'ppu-tensor-core[sim]'") from error
    _write_order(trace, packets)
    for number, unit in enumerate(UNITS):
        _write_commands(trace, packets, number, unit)
        _write_states(trace, packets, unit)
    for name in CHANNEL_TEXTS:
        _write_bursts(trace, packets, name)
    for name, runs in trace.levels.items():
        counter = packets.track(name, unit="beats" if name == "read buffer" else "")
        for start, value in [*runs.tolist(), (trace.cycles, int(runs["value"][-1]))]:
            packets.count(counter, start, value)
    Path(path).write_bytes(packets.serialize())


class _Packets:
    """The packets of a trace: tracks in the order in which they are made, and their events."""

    def __init__(self, title):
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TrackDescriptor, TrackEvent
        from perfetto.trace_builder.proto_builder import TraceProtoBuilder

        self._builder, self._tracks, self._kinds = TraceProtoBuilder(), 0, TrackEvent
        self._root = None
        self._root = self.track(title, "Core and bus of one run. 1 cycle = 1 ns; the doorbell "
                                "is written just before 0.")  # fmt: skip
        self._described.child_ordering = TrackDescriptor.ChildTracksOrdering.EXPLICIT

    def _packet(self):
        packet = self._builder.add_packet()
        packet.trusted_packet_sequence_id = _SEQUENCE
        return packet

    def track(self, name, description="", *, unit=None, rank=None):
        """Makes a track, of a counter if there is a `unit`; returns its number.

        Tracks of the same name and `rank` are shown as one, whose slices may overlap.
        """
        self._tracks += 1
        self._described = track = self._packet().track_descriptor
        track.uuid, track.name = self._tracks, name
        if description:
            track.description = description
        if self._root is not None:
            track.parent_uuid = self._root
            track.sibling_order_rank = self._tracks if rank is None else rank
        if unit is not None:
            track.counter.unit_name = unit
        return self._tracks

    def _event(self, kind, track, time):
        packet = self._packet()
        packet.timestamp = time
        packet.track_event.type, packet.track_event.track_uuid = kind, track
        return packet.track_event

    def slice(self, track, start, end, name, arguments=None, children=(), *, flow=None):
        """A slice, and the slices (start, end, name) within it. Arrows join a `flow`."""
        event = self._event(self._kinds.TYPE_SLICE_BEGIN, track, start)
        self._describe(event, name, arguments or {}, flow)
        for child in children:
            self.slice(track, *child)
        self._event(self._kinds.TYPE_SLICE_END, track, end)

    def instant(self, track, time, name, arguments, *, flow):
        """An event without a length."""
        self._describe(self._event(self._kinds.TYPE_INSTANT, track, time), name, arguments, flow)

    def count(self, track, time, value):
        """A value of a counter, from a time on."""
        self._event(self._kinds.TYPE_COUNTER, track, time).counter_value = value

    def _describe(self, event, name, arguments, flow):
        event.name = name
        if flow is not None:
            event.flow_ids.append(flow)
        for key, value in arguments.items():
            argument = event.debug_annotations.add()
            argument.name = key
            if isinstance(value, str):
                argument.string_value = value
            else:
                argument.int_value = value

    def serialize(self):
        return self._builder.serialize()


def _write_order(trace, packets):
    """The commands as the decoder takes them, and as they retire."""
    for column, text in (("decoded", "the decoder takes a command"),
                         ("retired", "COMPLETED has counted a command")):  # fmt: skip
        track = packets.track(f"commands {column}", text)
        for index, time in enumerate(trace.commands[column].tolist()):
            if time >= 0:
                command = trace.program[index]
                packets.instant(track, time, command.name, _arguments(index, command),
                                flow=_flow(index))  # fmt: skip


def _flow(index):
    """The arrows of a command: from the decoder through its unit to its retirement."""
    return index + 1


def _arguments(index, command):
    """What is shown of a command: its fields, without those that are reserved."""
    fields = {name: hex(value) if name == "address" else value
              for name, value in command.fields.items()
              if name != "opcode" and not name.startswith("reserved")}  # fmt: skip
    return {"index": index, "text": " ".join(str(command).split()), **fields}


def _write_commands(trace, packets, number, unit):
    """A slice for each command of a unit, on as many tracks as the unit has commands at a time."""
    ends, lanes = [], []
    text = f"commands in {unit.upper()}, from the job to its completion"
    for index, row in enumerate(trace.commands.tolist()):
        its_unit, decoded, taken, go, completed, retired = row
        if its_unit != number or taken < 0:
            continue
        end = completed + 1 if completed >= 0 else trace.cycles
        lane = next((lane for lane, before in enumerate(ends) if before <= taken), len(ends))
        if lane == len(ends):
            rank = lanes[0] if lanes else None
            lanes.append(packets.track(unit.upper(), text, rank=rank))
            ends.append(0)
        ends[lane] = end
        command = trace.program[index]
        times = {"decoded": decoded, "retired": retired}
        waits = [(taken, go, "not begun")] if go > taken else []
        packets.slice(lanes[lane], taken, end, f"{command.name} {index}",
                      {**_arguments(index, command), **times}, waits,
                      flow=_flow(index))  # fmt: skip


def _write_states(trace, packets, unit):
    track = packets.track(f"{unit.upper()} state", f"what {unit.upper()} does or waits for")
    runs = trace.states[unit].tolist()
    for (start, value), (end, _) in zip(runs, [*runs[1:], (trace.cycles, None)], strict=True):
        state = STATES[unit](value)
        packets.slice(track, start, end, state_name(state), {"meaning": MEANINGS[state]})


def _write_bursts(trace, packets, name):
    track = packets.track(f"AXI {name.upper()}", f"{CHANNEL_TEXTS[name]}; waits within")
    waits = trace.waits[name].tolist()
    place = 0
    for start, end, number, address, beats in trace.bursts[name].tolist():
        children = []
        while place < len(waits) and waits[place][0] < end:
            since, until, refused = waits[place]
            children.append((since, until, "refused" if refused else "idle"))
            place += 1
        kind = _READS[number] if name in ("ar", "r") else "results"
        packets.slice(track, start, end, kind, {"address": hex(address), "beats": beats}, children)
