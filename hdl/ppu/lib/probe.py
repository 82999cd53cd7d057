"""What a simulation may look at inside the core; a core for hardware does not have it."""

from amaranth.lib import data

from .states import STATES

__all__ = ["ProbeLayout"]


def ProbeLayout(*, buffer_beats):
    """Events of a cycle, and of each unit its state in the cycle before.

    `decoded`: the decoder takes a command. `taken`, `completed`: the unit takes a job; one of its
    jobs is complete. `go`: an EXECUTE starts. `retired`: the lowest bit of COMPLETED, which counts
    in steps of one. `buffered`: beats in the read buffer of LOAD.
    """
    return data.StructLayout({
        "states": data.StructLayout(STATES),
        "taken": data.StructLayout(dict.fromkeys(STATES, 1)),
        "completed": data.StructLayout(dict.fromkeys(STATES, 1)),
        "decoded": 1, "go": 1, "retired": 1, "buffered": range(buffer_beats + 1),
    })  # fmt: skip
