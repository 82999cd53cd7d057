"""Matrix products on a device: operands to memory, programs, results back."""

import numpy as np

from .cycles import MemoryTiming
from .program import Placement, Program, end, matmul_program

__all__ = ["multiply"]


def multiply(device, products):
    """Runs products queued behind one another, each a program of its own with an END.

    The operands of a product come while the one before it is still computed.

    Parameters
    ----------
    device : Device
        What computes them; its `last_run` covers all of them.
    products : list of Product
        At least one.

    Returns
    -------
    list of numpy.ndarray of int32
        Their results.

    Raises
    ------
    ValueError
        If the memory is too small.
    """
    memory = MemoryTiming(device.settings.latency)
    device.allocator.require(*(size for product in products for size in product.sizes))
    placement, commands, results = Placement(device.config), [], []
    with device.allocator.scope() as room:
        for tag, product in enumerate(products, start=1):
            m, n, k = product.m, product.n, product.k
            a, b, c = (room.allocate(size) for size in product.sizes)
            device.write(a, product.a)
            device.write(b, product.b)
            commands += matmul_program(
                device.config, m, n, k, a, k, b, k, c, 4 * n, a_signed=product.a_signed,
                b_signed=product.b_signed, memory=memory, placement=placement,
            )  # fmt: skip
            commands.append(end(tag))
            results.append((c, (m, n)))
        device.run(Program(commands), macs=sum(p.m * p.n * p.k for p in products))
        return [device.read(address, shape, np.int32) for address, shape in results]
