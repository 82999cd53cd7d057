"""What a traced simulation records in every cycle."""

from amaranth.lib import data

__all__ = ["RecordLayout", "channel_events"]


def RecordLayout(*, address_width, id_width, probe):
    """Handshakes of the bus, start of a run, interrupt, and the core's `probe`, a layout."""
    handshake = {"valid": 1, "ready": 1}
    address = {**handshake, "addr": address_width, "len": 8}
    return data.StructLayout({
        "ar": data.StructLayout({**address, "id": id_width}),
        "r": data.StructLayout({**handshake, "last": 1, "id": id_width}),
        "aw": data.StructLayout(address),
        "w": data.StructLayout({**handshake, "last": 1}),
        "b": data.StructLayout(handshake),
        "started": 1, "irq": 1, "probe": probe,
    })  # fmt: skip


def channel_events(record, axi):
    """Statements that fill the channels of a record from a bus."""
    for name in ("ar", "r", "aw", "w", "b"):
        channel = getattr(axi, name)
        for field in dict(record[name].shape()):
            source = channel if field in ("valid", "ready") else channel.payload
            yield record[name][field].eq(getattr(source, field))
