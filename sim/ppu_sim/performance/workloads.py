"""Layers of known networks as matrix products."""

from typing import NamedTuple

__all__ = ["MODELS", "RESNET50", "Layer"]


class Layer(NamedTuple):
    """A layer with weights: N outputs of K inputs, `count` times in the network."""

    name: str
    k: int
    n: int
    count: int


#: Language models, by name: the products with weights of one pass, for M tokens at a time. Queries,
#: keys and values are one product, gate and up projection too. Shapes by the published
#: configurations: hidden size 896 and 1024, 24 and 28 blocks, intermediate size 4864 and 3072.
MODELS = {
    "qwen2.5-0.5b": (
        Layer("query, key, value", 896, 1152, 24),
        Layer("attention output", 896, 896, 24),
        Layer("gate, up", 896, 9728, 24),
        Layer("down", 4864, 896, 24),
    ),
    "qwen3-0.6b": (
        Layer("query, key, value", 1024, 4096, 28),
        Layer("attention output", 2048, 1024, 28),
        Layer("gate, up", 1024, 6144, 28),
        Layer("down", 3072, 1024, 28),
    ),
}

#: Convolutions of ResNet-50 at 224 x 224 as products, (M, K, N): M output pixels, K inputs of a
#: kernel, N filters; one of each kind, and the classifier.
RESNET50 = (
    (12544, 147, 64), (3136, 64, 64), (3136, 576, 64), (3136, 64, 256), (784, 1152, 128),
    (784, 512, 128), (196, 2304, 256), (196, 1024, 256), (49, 4608, 512), (49, 512, 2048),
    (1, 2048, 1000),
)  # fmt: skip
