"""AXI4 and AXI4-Lite: channels as streams inside, flat standard pin names at the edge."""

from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = [
    "AddressChannel", "AxiReadSignature", "AxiSignature", "AxiWriteSignature", "BurstType",
    "FaultLayout", "LiteSignature", "Pins", "Response", "connect_pins",
]  # fmt: skip


class Response(enum.Enum, shape=2):
    """RRESP and BRESP."""
    OKAY   = 0
    EXOKAY = 1
    SLVERR = 2
    DECERR = 3


class BurstType(enum.Enum, shape=2):
    """ARBURST and AWBURST."""
    FIXED = 0
    INCR  = 1
    WRAP  = 2


def AddressChannel(address_width, id_width):
    """Payload of AR and AW. `len` is beats minus one; bursts are INCR and of full bus width."""
    return data.StructLayout({"id": id_width, "addr": address_width, "len": 8})


def FaultLayout(address_width):
    """Outcome of transfers: the first error response, OKAY if none, and the address it is for."""
    return data.StructLayout({"resp": Response, "address": address_width})


class AxiReadSignature(wiring.Signature):
    """The read channels of an AXI4 manager: `ar` out, `r` in."""

    def __init__(self, *, address_width, data_width, id_width=1):
        self.address_width, self.data_width, self.id_width = address_width, data_width, id_width
        super().__init__({
            "ar": Out(stream.Signature(AddressChannel(address_width, id_width))),
            "r":  In(stream.Signature(data.StructLayout(
                {"id": id_width, "data": data_width, "resp": Response, "last": 1}))),
        })  # fmt: skip


class AxiWriteSignature(wiring.Signature):
    """The write channels of an AXI4 manager: `aw` and `w` out, `b` in."""

    def __init__(self, *, address_width, data_width, id_width=1):
        self.address_width, self.data_width, self.id_width = address_width, data_width, id_width
        super().__init__({
            "aw": Out(stream.Signature(AddressChannel(address_width, id_width))),
            "w":  Out(stream.Signature(data.StructLayout(
                {"data": data_width, "strb": data_width // 8, "last": 1}))),
            "b":  In(stream.Signature(data.StructLayout({"id": id_width, "resp": Response}))),
        })  # fmt: skip


class AxiSignature(wiring.Signature):
    """All five channels of an AXI4 manager."""

    def __init__(self, *, address_width, data_width, id_width=1):
        self.address_width, self.data_width, self.id_width = address_width, data_width, id_width
        parameters = {
            "address_width": address_width, "data_width": data_width, "id_width": id_width,
        }  # fmt: skip
        super().__init__({
            **AxiReadSignature(**parameters).members,
            **AxiWriteSignature(**parameters).members,
        })


class LiteSignature(wiring.Signature):
    """An AXI4-Lite manager with 32-bit data."""

    def __init__(self, *, address_width):
        self.address_width = address_width
        super().__init__({
            "aw": Out(stream.Signature(data.StructLayout({"addr": address_width}))),
            "w":  Out(stream.Signature(data.StructLayout({"data": 32, "strb": 4}))),
            "b":  In(stream.Signature(data.StructLayout({"resp": Response}))),
            "ar": Out(stream.Signature(data.StructLayout({"addr": address_width}))),
            "r":  In(stream.Signature(data.StructLayout({"data": 32, "resp": Response}))),
        })  # fmt: skip


#: What AXI4 wants of every address besides the payload: full-width INCR, normal non-cacheable
#: bufferable memory (AxCACHE 0b0011), unprivileged secure data (AxPROT 0).
def _constants(data_width):
    return {
        "size": (3, (data_width // 8).bit_length() - 1), "burst": (2, BurstType.INCR.value),
        "lock": (1, 0), "cache": (4, 0b0011), "prot": (3, 0), "qos": (4, 0),
    }  # fmt: skip


class Pins(wiring.Signature):
    """The flat pins of a bus, named as in the AXI specification: ``araddr``, ``arvalid``, ...

    Parameters
    ----------
    bus : AxiSignature or LiteSignature
        The bus; the directions are those of its manager.
    """

    def __init__(self, bus):
        self.bus = bus
        super().__init__({
            name: member for channel, flow in _channels(bus)
            for name, member, _ in _pins(bus, channel, flow)
        })  # fmt: skip


def _channels(bus):
    return [(channel, bus.members[channel].flow) for channel in ("aw", "w", "b", "ar", "r")]


def _pins(bus, channel, flow):
    """Yields (pin name, member, path in the stream or the constant it is tied to)."""
    payload = bus.members[channel].signature.members["payload"].shape
    for name, pin in payload:
        yield channel + name, flow(pin.width), name
    if isinstance(bus, AxiSignature) and channel in ("aw", "ar"):
        for name, (width, value) in _constants(bus.data_width).items():
            yield channel + name, flow(width), value
    yield channel + "valid", flow(1), None
    yield channel + "ready", flow.flip()(1), None


def connect_pins(m, bus, pins):
    """Joins a bus, as seen from outside of its manager, to `pins`, as seen from inside their owner.

    For a subordinate, pass its own bus, seen from outside, and its owner's pins: the directions
    follow from the signature of `bus`.
    """
    outward = isinstance(bus.signature, wiring.FlippedSignature)
    signature = bus.signature.flip() if outward else bus.signature
    for channel, flow in _channels(signature):
        drives_pins = (flow == Out) != outward
        port = getattr(bus, channel)
        pairs = [(getattr(pins, channel + "valid"), port.valid)]
        for name, _, source in _pins(signature, channel, flow):
            pin = getattr(pins, name)
            if isinstance(source, str):
                pairs.append((pin, getattr(port.payload, source)))
            elif source is not None and drives_pins:
                m.d.comb += pin.eq(source)
        ready = (getattr(pins, channel + "ready"), port.ready)
        for pin, value in pairs:
            m.d.comb += (_as_value(pin).eq(_as_value(value)) if drives_pins
                         else _as_value(value).eq(pin))
        pin, value = ready
        m.d.comb += value.eq(pin) if drives_pins else pin.eq(value)


def _as_value(value):
    return value.as_value() if hasattr(value, "as_value") else value
