"""A CUDA device where there is none: its tensors say `cuda:0`, compute on the CPU, and refuse what CUDA refuses.

    with pretend.cuda():
        network = load_checkpoint(path, "cuda")[0]
        fgsm(network, images.to("cuda"), labels.to("cuda"), 0.1)

Refused are tensors and random generators of mixed devices, masks and indices of CUDA for tensors of the CPU, products
of matrices of integers, and NumPy. Values are the CPU's to the last bit, but for convolutions where TF32 is allowed, as
it is unless somebody forbids it. Kernels, their speed and races remain unseen.

A tensor here is a shell around one of the CPU: to C++ it is on the device "meta", which has no storage, so that every
operation comes by `_run`; to Python it says that it is on `cuda:0`.
"""

import concurrent.futures
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import ClassVar
from unittest.mock import patch

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map_only

CUDA = torch.device("cuda", 0)
SHELLS = ("cuda", "meta")  # what the device is called in Python and in C++
NAME = "Pretend GPU"
STATE = 16  # bytes of a CUDA generator's state
aten = torch.ops.aten
COPIES = {aten._to_copy.default, aten.copy_.default}
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "convolution"}


CONVOLUTIONS = {aten.convolution.default, aten.convolution_backward.default}


class OnCuda(torch.Tensor):
    """The shell around `held`."""

    __torch_function__ = torch._C._disabled_torch_function_impl
    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_meta = property(lambda self: False)

    @staticmethod
    def __new__(cls, held, requires_grad=False):
        options = {name: getattr(held, name) for name in ("dtype", "layout")}
        options |= {"strides": held.stride(), "storage_offset": held.storage_offset()}
        shell = torch.Tensor._make_wrapper_subclass(
            cls, held.size(), device="meta", requires_grad=requires_grad, **options
        )
        shell.held = held
        return shell

    @classmethod
    def __torch_dispatch__(cls, operation, types, arguments=(), options=None):
        return _run(operation, arguments, options or {})

    def tolist(self):
        return self.held.tolist()

    def numpy(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def __deepcopy__(self, memo):
        copied = OnCuda(self.held.clone(), self.requires_grad)
        memo[id(self)] = torch.nn.Parameter(copied, self.requires_grad) if hasattr(self, "_is_param") else copied
        return memo[id(self)]

    def __repr__(self):
        return f"OnCuda({self.held})"


class Generator(torch._C.Generator):
    """Random numbers of the CPU, whichever device they are asked for."""

    on_cuda: ClassVar[set[int]] = set()

    def __new__(cls, device="cpu"):
        return super().__new__(cls, "cpu")

    def __init__(self, device="cpu"):
        self._device = CUDA if torch.device(device).type in SHELLS else torch.device("cpu")
        (self.on_cuda.add if self._device == CUDA else self.on_cuda.discard)(self._cdata)

    device = property(lambda self: self._device)

    def get_state(self):
        """CUDA's is too short for the CPU's numbers: it is a place in `states` where those are."""
        state = super().get_state()
        if self._device == CUDA:
            states.append(state)
            state = torch.tensor([*len(states).to_bytes(STATE, "big")], dtype=torch.uint8)
        return state

    def set_state(self, state):
        if self._device == CUDA:
            if state.numel() != STATE:
                raise RuntimeError("RNG state is wrong size")
            state = states[int.from_bytes(bytes(state.tolist()), "big") - 1]
        return super().set_state(state)


states: list[torch.Tensor] = []


def _run(operation, arguments, options):
    """Compute an operation on what the shells hold, or refuse it."""
    flat, _ = tree_flatten((arguments, options))
    shells = [value for value in flat if isinstance(value, OnCuda)]
    plain = [value for value in flat if isinstance(value, torch.Tensor) and not isinstance(value, OnCuda)]
    device = options.get("device")
    made_here = device is not None and torch.device(device).type in SHELLS
    if shells and operation not in COPIES:
        _refuse(operation, arguments, shells, plain)
    for value in flat:
        if isinstance(value, torch._C.Generator) and (value._cdata in Generator.on_cuda) != (bool(shells) or made_here):
            raise RuntimeError(f"Expected a generator of the tensors' device, got one on {value.device}")

    held, settings = tree_map_only(OnCuda, lambda shell: shell.held, (arguments, dict(options)))
    if device is not None:
        settings |= {"device": torch.device("cpu")}
    settings.pop("pin_memory", None)
    if shells and operation in CONVOLUTIONS and torch.backends.cudnn.conv.fp32_precision == "tf32":
        held = tree_map_only(torch.Tensor, _tf32, held)
    found = operation(*held, **settings)
    if operation is aten.copy_.default:
        return arguments[0]
    if not (made_here or (shells and device is None)):
        return found
    found = tree_map_only(torch.Tensor, OnCuda, found)
    return return_and_correct_aliasing(operation, arguments, options, found) if shells else found


def _tf32(values):
    """The nearest of 10 bits, as cuDNN may round what it is to convolve."""
    if values.dtype != torch.float32:
        return values
    return ((values.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)


def _refuse(operation, arguments, shells, plain):
    name = operation._schema.name.split("::")[1]
    if operation in INDEXED:  # indices may come from the CPU, what is indexed must not
        plain = [value for value in (arguments[0], *arguments[2:3]) if not isinstance(value, OnCuda)]
        plain = [value for value in plain if value.dim() or value is arguments[0]]
    elif torch.Tag.pointwise in operation.tags:
        plain = [value for value in plain if value.dim()]  # numbers may come from anywhere
    if plain:
        raise RuntimeError(f"Expected all tensors to be on the same device, cuda:0, got one on cpu in {name}")
    if name in PRODUCTS and not shells[0].dtype.is_floating_point:
        raise RuntimeError(f'"{name}_cuda" not implemented for {shells[0].dtype}')


class _Factories(TorchDispatchMode):
    """What makes tensors on CUDA from none that are there."""

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        return _run(operation, arguments, options or {})


class _Names(TorchFunctionMode):
    """C++ is to hear of "meta" wherever Python says "cuda": it would look for the real one."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = dict(options or {})
        if "device" in options:
            options["device"] = _name(options["device"])
        if getattr(function, "__name__", "") == "to":
            arguments = tuple(map(_name, arguments))
        if function in (torch.tensor, torch.as_tensor) and str(options.get("device")) == "meta":
            return function(*arguments, **options | {"device": "cpu"}).to("meta")
        return function(*arguments, **options)


def _name(value):
    is_cuda = isinstance(value, (str, torch.device)) and str(value).startswith("cuda")
    return torch.device("meta") if is_cuda else value


class _Pool(concurrent.futures.ThreadPoolExecutor):
    """Threads that know of the device, too."""

    def submit(self, work, *arguments, **options):
        def inside():
            with _Names(), _Factories():
                return work(*arguments, **options)

        return super().submit(inside)


@contextmanager
def cuda() -> Iterator[None]:
    """In here, and in the threads of pools, there is a CUDA device."""
    with ExitStack() as stack:
        for place, name, value in (
            (torch.cuda, "_lazy_init", lambda: None),
            (torch.cuda, "is_available", lambda: True),
            (torch.cuda, "get_device_name", lambda device=None: NAME),
            (torch.cuda, "get_device_capability", lambda device=None: (0, 0)),
            (torch.cuda, "get_device_properties", lambda device=None: SimpleNamespace(name=NAME, total_memory=0)),
            (torch.cuda, "synchronize", lambda device=None: None),
            (torch.cuda, "reset_peak_memory_stats", lambda device=None: None),
            (torch.cuda, "max_memory_allocated", lambda device=None: 0),
            (torch.backends.cudnn, "version", lambda: None),
            (torch, "Generator", Generator),
            # Shells made in it could not leave it.
            (torch, "inference_mode", lambda mode=True: torch.no_grad() if mode else nullcontext()),
            (concurrent.futures, "ThreadPoolExecutor", _Pool),
        ):
            stack.enter_context(patch.object(place, name, value))
        for check in ("_accelerator_graph_capture_health_check", "_cuda_graph_capture_health_check"):  # by version
            stack.enter_context(patch.object(torch.optim.Optimizer, check, lambda optimizer: None, create=True))
        stack.enter_context(patch("advdemo.cores.ThreadPoolExecutor", _Pool))
        stack.enter_context(_Names())
        stack.enter_context(_Factories())
        yield


def on(device: str, *tensors: torch.Tensor) -> list[torch.Tensor]:
    return [tensor.to(device) for tensor in tensors]


def both(compute, *tensors):
    """What `compute(device, *tensors)` gives on CUDA and on the CPU."""
    return [compute(device, *on(device, *tensors)) for device in ("cuda", "cpu")]
