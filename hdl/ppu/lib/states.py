"""What a unit does in a cycle, and what it waits for otherwise."""

from amaranth import Mux, Signal, unsigned
from amaranth.lib import data, enum

__all__ = ["MEANINGS", "STATES", "ExecuteState", "LoadState", "StoreState", "WaitingLayout",
           "tell"]


class LoadState(enum.Enum, shape=unsigned(3)):
    """States of LOAD: the first that applies of BUSY, BANK, BANDWIDTH, LATENCY, the others."""
    BUSY          = 0
    NO_COMMAND    = 1
    WAITS_EXECUTE = 2
    WAITS_STORE   = 3
    LATENCY       = 4
    BANDWIDTH     = 5
    BANK          = 6


class ExecuteState(enum.Enum, shape=unsigned(3)):
    """States of EXECUTE: the first that applies of BUSY, BANK, WEIGHTS, the others."""
    BUSY        = 0
    NO_COMMAND  = 1
    WAITS_LOAD  = 2
    WAITS_STORE = 3
    WEIGHTS     = 4
    BANK        = 5


class StoreState(enum.Enum, shape=unsigned(3)):
    """States of STORE: the first that applies of BUSY, BANDWIDTH, BANK, PIPELINE, the others."""
    BUSY          = 0
    NO_COMMAND    = 1
    WAITS_LOAD    = 2
    WAITS_EXECUTE = 3
    PIPELINE      = 4
    BANDWIDTH     = 5
    BANK          = 6
    RESPONSE      = 7


#: Unit -> its states.
STATES = {"load": LoadState, "execute": ExecuteState, "store": StoreState}

#: State -> what is so in a cycle that it counts. In the states `WAITS_*` and `NO_COMMAND` the unit
#: has nothing to move.
MEANINGS = {
    LoadState.BUSY: "operand data comes on R, is taken in, or is written to a row",
    LoadState.NO_COMMAND: "no LOAD is in the unit or the station",
    LoadState.WAITS_EXECUTE: "the next LOAD waits for an older EXECUTE",
    LoadState.WAITS_STORE: "the next LOAD waits for an older STORE, and for no EXECUTE",
    LoadState.LATENCY: "a job is on its way to AR, or the first beat of a burst is awaited",
    LoadState.BANDWIDTH: "AR is refused, R carries commands, or R is idle within a burst",
    LoadState.BANK: "the accumulator's bank takes sums of EXECUTE instead of a row",
    ExecuteState.BUSY: "a row of A enters the array",
    ExecuteState.NO_COMMAND: "no EXECUTE is in the station, or in the unit with rows of A left",
    ExecuteState.WAITS_LOAD: "the next EXECUTE waits for an older LOAD",
    ExecuteState.WAITS_STORE: "the next EXECUTE waits for an older STORE, and for no LOAD",
    ExecuteState.WEIGHTS: "a job is on its way to its first tile, or a tile waits for its weights",
    ExecuteState.BANK: "a tile waits for weights that operands in the same bank held up, or for "
                       "the sums of the tile before it",
    StoreState.BUSY: "a beat is transferred on W",
    StoreState.NO_COMMAND: "no STORE is in the unit or the station",
    StoreState.WAITS_LOAD: "the next STORE waits for an older LOAD",
    StoreState.WAITS_EXECUTE: "the next STORE waits for an older EXECUTE, and for no LOAD",
    StoreState.PIPELINE: "a job or its rows are on their way to W",
    StoreState.BANDWIDTH: "W or AW is refused",
    StoreState.BANK: "the accumulator's bank serves EXECUTE instead of the row to read",
    StoreState.RESPONSE: "write responses are awaited: nothing else is left to do, or no more "
                         "bursts may be in flight",
}  # fmt: skip


def WaitingLayout(unit):
    """What the station tells `unit` of its oldest command that may not begin yet.

    `command`: there is one; and for each other unit whether it waits for one of its commands.
    """
    return data.StructLayout({"command": 1, **{other: 1 for other in STATES if other != unit}})


def tell(m, state, choices, otherwise):
    """Tells in `state`, a cycle late, the first state whose condition holds.

    What it takes to find one of several comes after the registers, since conditions are known late
    in a cycle.

    Parameters
    ----------
    m : Module
    state : EnumView
        Where it is told.
    choices : dict
        State -> condition, the first one first.
    otherwise : Enum
        The state if none holds.
    """
    told = otherwise.value
    for choice, condition in reversed(choices.items()):
        holds = Signal(name=f"is_{choice.name.lower()}")
        m.d.sync += holds.eq(condition)
        told = Mux(holds, choice.value, told)
    m.d.comb += state.as_value().eq(told)
