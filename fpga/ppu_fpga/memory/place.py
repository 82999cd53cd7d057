"""Where a memory may lie among the addresses of a bus."""

__all__ = ["check_place"]


def check_place(*, size, base, address_width, least):
    """Checks that `size` bytes from `base` on can be told apart by the upper bits of an address.

    Raises
    ------
    ValueError
        If `size` is no power of two or less than `least`, `base` is no multiple of it, or the
        memory does not end within the addresses.
    """
    if size < least or size & (size - 1):
        raise ValueError(f"Size must be a power of two of at least {least} bytes, not {size!r}")
    if base < 0 or base % size:
        raise ValueError(f"Base must be a multiple of the size {size:#x}, not {base:#x}")
    if base + size > 1 << address_width:
        raise ValueError(f"Memory must end at {1 << address_width:#x} or before, "
                         f"not at {base + size:#x}")
