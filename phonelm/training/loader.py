"""Batches made in other processes, so that a fast GPU does not wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch.utils.data import DataLoader, Dataset

from phonelm.training.batches import Batch, BatchMaker


class _Batches(Dataset[Batch]):
    """The batches of an epoch by their index."""

    def __init__(self, maker: BatchMaker, plan: Sequence[list[int]], seed: list[int]):
        self.maker, self.plan, self.seed = maker, plan, seed

    def __getitem__(self, at: int) -> Batch:
        return self.maker(self.plan[at], [*self.seed, at])


def load_batches(
    maker: BatchMaker, plan: Sequence[list[int]], seed: list[int], start: int = 0, workers: int = 0
) -> Iterator[Batch]:
    """The batches of an epoch in order. The number of workers does not change them.

    Args:
        plan: utterances of each batch.
        seed: of the run and the epoch; the index of the batch is added.
        start: the first batch to make.
        workers: processes that make them; 0 for this process.
    """
    places, batches = range(start, len(plan)), _Batches(maker, plan, seed)
    if not workers:
        return (batches[at] for at in places)
    return iter(DataLoader(batches, batch_size=None, sampler=places, num_workers=workers, prefetch_factor=4))
