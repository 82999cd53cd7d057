"""The families by name."""

from .ecp5 import Ecp5
from .gowin import Gowin
from .ice40 import Ice40

__all__ = ["FAMILIES", "family"]

#: Name -> class of the family.
FAMILIES = {family.name: family for family in (Ecp5, Ice40, Gowin)}


def family(name, *, multipliers=None, products=0):
    """A fresh :class:`~ppu_fpga.lowering.Family` called `name`, for one build.

    Parameters
    ----------
    name : str
        One of :data:`FAMILIES`.
    multipliers : int
        Blocks of the chip; None: as many as it takes. Only ``ecp5`` has another form for products
        beyond them.
    products : int
        Those that parts outside the array want, see :attr:`ppu.config.Config.products`.

    Raises
    ------
    ValueError
        If there is none of that name, and the message lists the names; or if `multipliers` is
        negative.
    """
    if name not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}, not {name!r}")
    return FAMILIES[name](multipliers=multipliers, products=products)
