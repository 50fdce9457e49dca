"""The plain variant, to measure the pointer against: phonemes as a prefix, the alignment left to the model.

As in the first PhoneLM (github.com/MiscellaneousStuff/PhoneLM, 2023) the global model reads phonemes, then the prompt,
then speech, and has to find out for itself which phoneme is due; speech ends with an end-of-speech id. Everything else
is that of `megabyte.py`, the codec's codebooks included, so that only the alignment differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from phonelm.config import ModelConfig
from phonelm.model import N_SPECIAL, CodeInput, LocalModel, TextEncoder, Transformer, bos_id, previous
from phonelm.training.batches import Batch
from phonelm.training.config import TrainConfig

LAYOUTS = ("frames", "codebooks")


def to_patches(codes: Tensor, layout: str, end: int) -> tuple[Tensor, Tensor]:
    """Lay out the codes of an utterance as patches of K ids.

    Args:
        codes: (T, K) int64.
        layout: "frames", interleaved by time: a patch is a frame, and a frame of `end` follows the last one.
            "codebooks", codebook after codebook: a patch is K moments of one codebook; each codebook is filled up
            with at least one `end` to whole patches.
    Returns:
        (L, K) int64 patches and (L, K) int64, the codebook that each id belongs to.
    """
    t, k = codes.shape
    slots = torch.arange(k)
    if layout == "frames":
        patches = F.pad(codes, (0, 0, 0, 1), value=end)
        return patches, slots.expand(len(patches), -1)
    filled = F.pad(codes, (0, 0, 0, k - t % k), value=end)
    patches = rearrange(filled, "(n p) k -> (k n) p", p=k)
    return patches, slots.repeat_interleave(len(patches) // k)[:, None].expand(-1, k)


def from_patches(patches: Tensor, layout: str, end: int) -> Tensor:
    """Undo `to_patches`: (L, K) int64 -> (T, K), up to the first `end` of codebook 1."""
    k = patches.shape[1]
    codes = patches if layout == "frames" else rearrange(patches, "(k n) p -> (n p) k", k=k)
    return codes[: int((codes[:, 0] == end).nonzero()[0])]


@dataclass(frozen=True)
class PlainBatch:
    """Patches of B utterances, padded on the right: prompt, then speech."""

    patches: Tensor  # (B, L, K) int64
    books: Tensor  # (B, L, K) int64, the codebook of each id
    target: Tensor  # (B, L) bool, the M patches to predict


class PlainLM(nn.Module):
    """Text encoder, global model over phonemes and patches, local model inside a patch.

    Args:
        config: sizes, as of a `PhoneLM`; pointer settings are not used.
        codebooks: (K, card, code_dim) float, the codec's first K codebooks.
        layout: of the patches, see `to_patches`.
    """

    def __init__(self, config: ModelConfig, codebooks: Tensor, layout: str = "frames"):
        super().__init__()
        if layout not in LAYOUTS:
            raise ValueError(f"unknown layout {layout!r}; known are {', '.join(LAYOUTS)}")
        self.config, self.layout, self.end = config, layout, config.card
        vectors = F.pad(codebooks / codebooks[0].std(), (0, 0, 0, 1 + N_SPECIAL))  # the end id is one more code
        self.text_encoder = TextEncoder(config)
        self.codes = CodeInput(vectors, config.global_dim, shared=layout == "frames")
        self.transformer = Transformer(
            config.global_layers, config.global_dim, config.global_heads, True, config.dropout
        )
        self.local_model = LocalModel(replace(config, card=config.card + 1), F.pad(codebooks, (0, 0, 0, 1)))

    def shift(self, patches: Tensor, books: Tensor) -> Tensor:
        """Ids as `CodeInput` wants them: it takes slot k for codebook k, so others are moved to their own table."""
        slots = torch.arange(patches.shape[-1])
        return patches + (books - slots) * (self.end + 1 + N_SPECIAL)

    def lay_out(self, batch: Batch) -> PlainBatch:
        """The prompt and the speech of each row as patches; what `batch` hides or damages is not hidden here."""
        rows: list[list[Tensor]] = []
        for codes, target in zip(batch.codes, batch.target):
            speech = to_patches(codes[target], self.layout, self.end)
            prompt = codes[: int(target.nonzero()[0])]
            if not len(prompt):
                rows.append([*speech, torch.ones(len(speech[0]), dtype=torch.bool)])
                continue
            before = to_patches(prompt, self.layout, self.end)
            is_target = torch.arange(len(before[0]) + len(speech[0])) >= len(before[0])
            rows.append([*(torch.cat(pair) for pair in zip(before, speech)), is_target])
        return PlainBatch(*(pad_sequence(list(tensors), batch_first=True) for tensors in zip(*rows)))

    def embed(self, patches: PlainBatch) -> Tensor:
        """(B, L, D): what the global model sees at each patch, that is the patch before it."""
        shown = self.shift(patches.patches, patches.books)
        prev = previous(shown, patches.target.long() - 1, self.end + 1)
        return self.codes(prev.flatten(0, 1)).sum(1).unflatten(0, prev.shape[:2])

    def contexts(self, text: Tensor, lengths: Tensor, embedded: Tensor) -> Tensor:
        """Run the global model over phonemes and patches.

        Args:
            text: (B, N, D) float, encoded phonemes; lengths: (B,) int64, valid ones.
            embedded: (B, L, D) float, of `embed`.
        Returns:
            (B, L, D) float, the contexts from which the local model predicts the patches.
        """
        rows = [torch.cat([t[:n], e]) for t, n, e in zip(text, lengths.tolist(), embedded)]
        y = self.transformer(pad_sequence(rows, batch_first=True))
        return torch.stack([row[n : n + embedded.shape[1]] for row, n in zip(y, lengths.tolist())])

    def forward(self, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """For each codebook its (M_k, card + 1) float logits and (M_k,) int64 true ids, both in order of time."""
        laid = self.lay_out(batch)
        text = self.text_encoder(batch.symbols, batch.word_starts, batch.text_lengths)
        context = self.contexts(text, batch.text_lengths, self.embed(laid))[laid.target]
        patches, books = laid.patches[laid.target], laid.books[laid.target]
        z = self.local_model.transformer(self.local_model.inputs(context, self.shift(patches, books)))[:, :-1]
        head = self.local_model.head()
        return [(z[books == k] @ head[k], patches[books == k]) for k in range(len(head))]


def plain_loss(model: PlainLM, batch: Batch, config: TrainConfig) -> Tensor:
    """() loss weighted as the pointer model's, averaged over frames; only codebook 1 is to predict the end."""
    loss = torch.zeros(())
    for k, (logits, ids) in enumerate(model(batch)):
        counts = ids != model.end if k else torch.ones_like(ids, dtype=torch.bool)
        loss = loss + config.codebook_weights[k] * F.cross_entropy(logits[counts].float(), ids[counts])
    return loss


@torch.no_grad()
def speak_plain(
    model: PlainLM, symbols: Tensor, word_starts: Tensor, prompt: Tensor, max_frames: int
) -> tuple[Tensor, bool]:
    """Speak phonemes, always the likeliest code.

    Args:
        symbols: (N,) int64; word_starts: (N,) bool.
        prompt: (P, K) int64, P may be 0.
        max_frames: where to stop a model that does not end.
    Returns:
        (T, K) int64 codes, and whether the model ended by itself.
    """
    k, end, local = model.config.n_codebooks, model.end, model.local_model
    span = 1 if model.layout == "frames" else k  # moments in a patch, and times that the utterance is gone through
    slots, head = torch.arange(k), local.head()
    first = torch.full((1, k), bos_id(end + 1))
    before = [first]
    if len(prompt):
        before = [first, model.shift(*to_patches(prompt, model.layout, end))[:-1], first]
    text = model.text_encoder(symbols[None], word_starts[None])
    x = torch.cat([text, model.codes(torch.cat(before)).sum(1)[None]], 1)
    cache = model.transformer.new_cache(1, x.shape[1] + max_frames)
    made: list[Tensor] = []
    length, limit = max_frames, max_frames // span + 1  # limit: of patches, each time
    while len(made) < limit * span:
        books = slots if span == 1 else torch.full_like(slots, len(made) // limit)
        context = model.transformer(x, cache=cache)[:, -1]
        patch = torch.full_like(first, end)
        for i, book in enumerate(books.tolist()):
            moment = len(made) % limit * span + i % span
            if moment < length:
                z = local.transformer(local.inputs(context, model.shift(patch, books)))[0, i]
                patch[0, i] = (z @ head[book])[: end + (book == 0)].argmax()  # only codebook 1 may end
                if patch[0, i] == end:
                    length, limit = moment, moment // span + 1
        made.append(patch[0])
        x = model.codes(model.shift(patch, books)).sum(1)[None]
    return from_patches(torch.stack(made), model.layout, end), length < max_frames
