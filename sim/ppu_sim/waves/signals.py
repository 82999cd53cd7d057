"""The signals that are worth a look, in the order in which data flows.

They are ports of the core's parts, which have the same names in every simulator. A pin of the bus
is one signal of the exported Verilog and a field of a payload in Amaranth: two names for it, of
which a dump has one.
"""

from collections import namedtuple

__all__ = ["GROUPS", "Group"]

#: Some signals under a title: of each, its possible names, from the scope around the core on.
Group = namedtuple("Group", "title signals")


def _of(part, *names):
    """Ports of a part of the core."""
    path = f"core.{part}." if part else "core."
    return [(path + name,) for name in names]


def _stream(part, name, *, payload=True):
    """Handshake and payload of a stream of a part of the core."""
    return _of(part, f"{name}__valid", f"{name}__ready", *([f"{name}__payload"] * payload))


def _channel(name, *fields):
    """Handshake of a channel of the bus, and fields of it as its pins."""
    pins = [(f"m_axi_{name}{field}", rf"core.\m_axi__{name}__payload.{field}") for field in fields]
    return [*_stream("", f"m_axi__{name}", payload=False), *pins]


GROUPS = (
    Group("Host: registers, doorbell, interrupt", [
        *_of("", "clk", "rst"),
        *_stream("", "s_axil__aw"), *_stream("", "s_axil__w"), *_stream("", "s_axil__b"),
        *_stream("", "s_axil__ar"), *_stream("", "s_axil__r"),
        *_of("host.ring", "tail", "head"), *_of("host", "soft_reset"), *_of("", "irq"),
    ]),
    Group("AXI read", [
        *_channel("ar", "id", "addr", "len"), *_channel("r", "id", "data", "resp", "last"),
    ]),
    Group("Commands: fetch and decode", [
        *_of("host.fetch", "idle"),
        *_stream("host.fetch", "axi__ar"), *_stream("host.fetch", "o"),
        *_stream("command.decoder", "i"), *_stream("command.decoder", "o", payload=False),
    ]),
    Group("Commands: station and jobs", [
        *_stream("command", "load"), *_stream("command", "execute"), *_stream("command", "store"),
        *_of("command", "execute_go", "load_completed", "execute_released", "execute_completed",
             "store_released", "store_completed", "retired", "pending"),
    ]),
    Group("LOAD", [
        *_of("load", "state"), *_stream("load", "axi__ar"),
        *_of("load.engine", "in_flight", "buffered"), *_stream("load.engine", "beats"),
        *_stream("load", "acc_write"),
    ]),
    Group("Scratchpad", [
        *_of("scratchpad", "w_en", "w_row", "w_data", "a_en", "a_row", "a_data",
             "b_en", "b_row", "b_data"),
    ]),
    Group("EXECUTE", [
        *_of("execute", "state"), *_stream("execute.feeder", "i"),
        *_of("execute.array", "i_swap", "i_load", "i_column", "i_a", "i_b", "o_sums"),
    ]),
    Group("Accumulator", [
        *_of("accumulator", "u_en", "u_row", "u_overwrite", "u_sums"),
        *_stream("accumulator", "load"), *_stream("accumulator", "read"),
        *_of("accumulator", "r_data"),
    ]),
    Group("STORE", [
        *_of("store", "state"), *_of("store.writer", "in_flight"),
        *_stream("store.writer", "ranges"), *_stream("store.writer", "beats"),
    ]),
    Group("AXI write", [
        *_channel("aw", "id", "addr", "len"), *_channel("w", "data", "strb", "last"),
        *_channel("b", "id", "resp"),
    ]),
)  # fmt: skip
