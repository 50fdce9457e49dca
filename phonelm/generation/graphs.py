"""CUDA graphs: hundreds of small launches are captured once and then started as one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

CAPTURE = threading.Lock()  # one thread captures at a time


class Graph:
    """A function of one tensor, captured on its CUDA device (https://docs.pytorch.org/docs/stable/notes/cuda.html).

    Other tensors that the function reads or writes must keep their addresses. It must not wait for the device.

    Args:
        function: called four times with a copy of `x`, so repeated calls must give the same result.
        x: an example input; later inputs have its shape and type.
    Raises:
        RuntimeError: the capture failed, or the graph gives another result than the function.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], x: Tensor):
        self.x, self.graph = x.clone(), torch.cuda.CUDAGraph()
        with CAPTURE, torch.cuda.device(x.device):
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):  # libraries allocate their workspaces now
                for _ in range(3):
                    expected = function(self.x)
            torch.cuda.current_stream().wait_stream(side)
            with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):  # other threads may use the device
                self.y = function(self.x)
        if not torch.allclose(self(x), expected, rtol=1e-3, atol=1e-3):
            raise RuntimeError("the captured CUDA graph and the function it was captured from give different results")

    def __call__(self, x: Tensor) -> Tensor:
        """The result of the function for `x`."""
        self.x.copy_(x)
        self.graph.replay()
        return self.y.clone()
