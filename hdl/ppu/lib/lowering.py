"""Forms of a component that use the hardware of one FPGA family."""

__all__ = ["lowered"]


def lowered(component, platform):
    """What `platform` puts in the place of `component`, or None.

    A component that has such forms begins its `elaborate` with this, and returns what it gets::

        special = lowered(self, platform)
        if special is not None:
            return special

    Parameters
    ----------
    component : wiring.Component
        The component, as it will be connected.
    platform : object or None
        Asked for ``platform.lower(component)`` if it has that method. The method returns an
        elaboratable that drives the outputs of `component` as its docstring says, or None for the
        form in plain logic.
    """
    lower = getattr(platform, "lower", None)
    return None if lower is None else lower(component)
