"""``ppu run`` and ``ppu compile``: a quantised ONNX model on the core."""

from itertools import count
from pathlib import Path

from ppu.config import preset

from .. import opening
from ..backends import BACKENDS
from ..gemm import add_backend
from ..program import end
from .core_stage import CoreStage
from .files import arrays_of, check_output, save
from .model import compile_model
from .reader import read
from .report import layer_table

__all__ = ["add_commands"]


def add_commands(commands, presets):
    """Adds ``run`` and ``compile`` to the subcommands."""
    run = commands.add_parser(
        "run", help="run a quantised ONNX model on the core",
        description="Runs a model as onnxruntime.quantization writes it. Operators that the core "
                    "does not have run on the host, and are named.")  # fmt: skip
    _add_model(run, presets)
    run.add_argument("--input", action="append", default=[], metavar="[NAME=]FILE.npy",
                     help="an input; with its name if there are several")  # fmt: skip
    run.add_argument("-o", "--output", metavar="FILE", type=Path,
                     help="result: .npy for one output, .npz for any number")  # fmt: skip
    add_backend(run, list(BACKENDS))
    run.add_argument("--latency", type=int, help="of the memory, in cycles; default: 100")
    run.add_argument("--layers", action="store_true",
                     help="run layer by layer, and tell what each took")  # fmt: skip
    run.set_defaults(run=_run)
    compiled = commands.add_parser(
        "compile", help="tell how a quantised ONNX model runs on the core",
        description="Tells which operators run on the core, and in how much memory.")  # fmt: skip
    _add_model(compiled, presets)
    compiled.add_argument("--listing", action="store_true", help="print all commands as well")
    compiled.set_defaults(run=_compile)


def _add_model(parser, presets):
    parser.add_argument("model", type=Path, help="ONNX file, operator set 21 to 24")
    parser.add_argument("--preset", choices=presets, help="default: medium")


def _run(arguments):
    graph = read(arguments.model)
    arrays = arrays_of(arguments.input, [value.name for value in graph.inputs])
    if arguments.output:
        check_output(arguments.output, graph)
    took = None
    with opening.open(arguments.backend, preset=arguments.preset,
                      latency=arguments.latency) as device:  # fmt: skip
        model = compile_model(
            graph, device.config,
            shapes={name: array.shape for name, array in arrays.items()})
        if arguments.layers:
            outputs, runs = model.run_layers(device, arrays)
        else:
            outputs, runs, took = model.run(device, arrays), [], device.last_run
        config = device.config
    print(summary(model))
    for name, value in outputs.items():
        print(f"{name}: {value.dtype} {value.shape}")
    if runs:
        print(*layer_table(runs, config), sep="\n")
    elif took and took.cycles is not None:
        print(f"{took.cycles:,} cycles on the core, {took.utilization:.1%} of peak")
    if arguments.output:
        save(arguments.output, outputs)
        print(f"{arguments.output} written")
    return 0


def _compile(arguments):
    model = compile_model(arguments.model, preset(arguments.preset or "medium"))
    print(summary(model))
    if arguments.listing:
        for stage in model.stages:
            if isinstance(stage, CoreStage):
                print(listing(stage))
    return 0


def summary(model):
    """What runs where, as text."""
    lines = []
    for stage in model.stages:
        if isinstance(stage, CoreStage):
            lines += [f"core  {layer.name}: {layer}" for layer in stage.layers]
            lines.append(f"      {stage.plan.bytes:,} bytes of memory, at most "
                         f"{stage.plan.peak:,} of them for tensors")  # fmt: skip
        else:
            lines += [f"host  {node.name}: {model.reasons.get(node.name, node.op)}"
                      for node in stage.nodes]  # fmt: skip
    return "\n".join(lines)


def listing(stage):
    """The program of a stage as text, a heading for each layer."""
    lines, index = [], count()
    for layer, commands in stage.sections():
        lines.append(f"; {layer.name}")
        lines += [f"{next(index):5}  {command}" for command in commands]
    return "\n".join([*lines, f"{next(index):5}  {end(1)}"])
