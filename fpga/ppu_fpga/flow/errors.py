"""What the flow raises when it cannot go on."""

__all__ = ["FlowFailed", "TimingNotMet"]


class FlowFailed(RuntimeError):
    """A tool refused its input. The message has the end of its log."""


class TimingNotMet(RuntimeError):
    """The design was placed and routed, but is slower than asked for. Tells both frequencies."""
