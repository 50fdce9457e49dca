"""The acoustic model: MegaByte (arXiv:2305.07185) over codec frames, guided by a phoneme pointer.

A text encoder reads phonemes, a global causal transformer walks over frames, and a local causal transformer walks
inside each frame: context -> c1 -> ... -> cK -> advance (does the pointer move on before the next frame?).
Both levels are given the codec's codebooks, as fixed buffers.

This module knows tensors only: no strings, files or waveforms.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.config import ModelConfig
from phonelm.model.grid_codes import N_SPECIAL, previous
from phonelm.model.layers import KVCache, Transformer
from phonelm.model.speaker import SpeakerEncoder

GUIDANCE_HIDDEN = 64  # width inside `GuidanceInput`


class TextEncoder(nn.Module):
    """Bidirectional transformer over phonemes and word starts: (B, N) -> (B, N, D)."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.symbol = nn.Embedding(config.n_symbols, config.text_dim)
        self.word_start = nn.Embedding(2, config.text_dim)
        self.transformer = Transformer(config.text_layers, config.text_dim, config.text_heads, False, config.dropout)
        self.out = nn.Linear(config.text_dim, config.global_dim)

    def forward(self, symbols: Tensor, word_starts: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Args:
            symbols: (B, N) int64 phoneme ids.
            word_starts: (B, N) bool.
            lengths: (B,) int64, valid phonemes of each row; None if all are.
        Returns:
            (B, N, D) float.
        """
        x = self.symbol(symbols) + self.word_start(word_starts.long())
        return self.out(self.transformer(x, lengths))


class CodeInput(nn.Module):
    """What a level sees of codes: a linear map of the code vectors plus a small learned embedding.

    Args:
        vectors: (K, card + N_SPECIAL, code_dim) code vectors, zero for the special ids.
        dim: width of the level.
        shared: one linear map for all codebooks (their sum is what the codec decodes), or one for each.
    """

    vectors: Tensor
    offsets: Tensor

    def __init__(self, vectors: Tensor, dim: int, shared: bool):
        super().__init__()
        k, rows, code_dim = vectors.shape
        self.register_buffer("vectors", vectors)
        self.register_buffer("offsets", torch.arange(k) * rows, persistent=False)
        self.project = nn.Parameter(torch.randn(1 if shared else k, code_dim, dim) * code_dim**-0.5)
        self.embedding = nn.Embedding(k * rows, dim)
        nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, codes: Tensor) -> Tensor:
        """(M, K') int64, the first K' codebooks -> (M, K', D)."""
        flat = codes + self.offsets[: codes.shape[1]]
        vectors = F.embedding(flat, self.vectors.flatten(0, 1))  # (M, K', code_dim)
        project = self.project.expand(self.vectors.shape[0], -1, -1)[: codes.shape[1]]
        return torch.einsum("mkc,kcd->mkd", vectors, project) + self.embedding(flat)

    def summed(self, codes: Tensor) -> Tensor:
        """(..., K) int64 -> (..., D), the sum over codebooks; the linear map must be shared."""
        return self.summed_vectors(codes) @ self.project[0] + self.embedding(codes + self.offsets).sum(-2)

    def summed_vectors(self, codes: Tensor) -> Tensor:
        """(..., K) int64 -> (..., code_dim), the sum of the code vectors."""
        return F.embedding(codes + self.offsets, self.vectors.flatten(0, 1)).sum(-2)


class GlobalModel(nn.Module):
    """Causal transformer over frames, conditioned on the phoneme under the pointer."""

    def __init__(self, config: ModelConfig, codebooks: Tensor):
        super().__init__()
        self.max_hold = config.max_hold
        self.codes = CodeInput(_with_special(codebooks / codebooks[0].std()), config.global_dim, shared=True)
        self.hold = nn.Embedding(config.max_hold, config.global_dim)
        self.no_phoneme = nn.Parameter(torch.randn(config.global_dim) * 0.1)
        nn.init.normal_(self.hold.weight, std=0.1)
        self.transformer = Transformer(
            config.global_layers, config.global_dim, config.global_heads, True, config.dropout
        )

    def forward(self, prev: Tensor, text: Tensor, hold: Tensor, cache: KVCache | None = None) -> Tensor:
        """Args:
            prev: (B, T, K) int64, codes of the frames before; `bos_id` before the first.
            text: (B, T, D) float, encoded phoneme under the pointer, `no_phoneme` in the prompt.
            hold: (B, T) int64, frames since the pointer last moved.
            cache: frames so far; these ones are added.
        Returns:
            (B, T, D) float, the contexts from which the local model predicts these frames.
        """
        x = self.codes.summed(prev) + text + self.hold(hold.clamp(max=self.max_hold - 1))
        return self.transformer(x, cache=cache)


class LocalModel(nn.Module):
    """Small causal transformer inside a frame: context -> c1 -> ... -> cK -> advance."""

    def __init__(self, config: ModelConfig, codebooks: Tensor):
        super().__init__()
        k, dim = config.n_codebooks, config.local_dim
        self.card, self.n_codebooks = config.card, k
        unit = codebooks / codebooks.std(dim=(1, 2), keepdim=True)
        self.codes = CodeInput(_with_special(unit), dim, shared=False)
        self.context = nn.Linear(config.global_dim, (k + 1) * dim)
        self.position = nn.Parameter(torch.randn(k + 1, dim) * 0.1)
        self.transformer = Transformer(config.local_layers, dim, config.local_heads, True, config.dropout)
        self.free = nn.Parameter(torch.zeros(k, dim, config.card))
        self.to_code_space = nn.Parameter(torch.zeros(k, dim, config.code_dim))
        self.advance = nn.Linear(dim, 1)
        nn.init.constant_(self.advance.bias, -1.6)  # a phoneme lasts about six frames

    def head(self) -> Tensor:
        """(K, D, card): maps an output to logits, as free weights plus a dot product with the code vectors."""
        vectors = self.codes.vectors[:, : self.card]
        return self.free + self.to_code_space @ vectors.transpose(1, 2)

    def inputs(self, context: Tensor, codes: Tensor) -> Tensor:
        """(M, D) contexts and the (M, K) int64 codes of the same frames -> (M, K + 1, D_local)."""
        x = self.context(context).unflatten(-1, (self.n_codebooks + 1, -1)) + self.position
        return x + F.pad(self.codes(codes), (0, 0, 1, 0))

    def forward(self, context: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Predict all codes of M frames, each from those before it in its frame.

        Args:
            context: (M, D) float from the global model.
            codes: (M, K) int64.
        Returns:
            (M, K, card) float logits of the codes and (M,) float logits of the pointer's move.
        """
        z = self.transformer(self.inputs(context, codes))
        return torch.einsum("mkd,kdc->mkc", z[:, :-1], self.head()), self.advance(z[:, -1]).squeeze(-1)


class GuidanceInput(nn.Module):
    """The scale of classifier-free guidance as an input (arXiv:2210.03142): (B,) -> (B, D)."""

    def __init__(self, dim: int):
        super().__init__()
        self.hidden = nn.Linear(1, GUIDANCE_HIDDEN)
        self.out = nn.Linear(GUIDANCE_HIDDEN, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, scale: Tensor) -> Tensor:
        return self.out(F.silu(self.hidden(scale.log()[:, None])))


class PhoneLM(nn.Module):
    """Text encoder, global model and local model; with `speaker_dim` a speaker vector as well.

    Args:
        config: sizes.
        codebooks: (K, card, code_dim) float, the codec's first K codebooks; kept as buffers, not trained.
            None puts random ones in their place, for tests.
    """

    def __init__(self, config: ModelConfig, codebooks: Tensor | None = None):
        super().__init__()
        shape = (config.n_codebooks, config.card, config.code_dim)
        if codebooks is None:
            codebooks = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        if codebooks.shape != shape:
            raise ValueError(f"the model wants codebooks of shape {shape}, these are {tuple(codebooks.shape)}")
        self.config = config
        self.text_encoder = TextEncoder(config)
        self.global_model = GlobalModel(config, codebooks)
        self.local_model = LocalModel(config, codebooks)
        if config.speaker_dim:
            self.speaker_encoder = SpeakerEncoder(config.code_dim, config.speaker_dim)
            self.speaker_out = nn.Linear(config.speaker_dim, config.global_dim, bias=False)
            nn.init.zeros_(self.speaker_out.weight)
        if config.one_pass_guidance:
            self.guidance_input = GuidanceInput(config.global_dim)

    def speaker_vector(self, prompt: Tensor, lengths: Tensor) -> Tensor:
        """Args:
            prompt: (B, P, K) int64 codes; lengths: (B,) int64, frames of each, 0 for none.
        Returns:
            (B, speaker_dim) float.
        """
        return self.speaker_encoder(self.global_model.codes.summed_vectors(prompt), lengths)

    def encode_text(
        self,
        symbols: Tensor,
        word_starts: Tensor,
        lengths: Tensor | None = None,
        prompt: Tensor | None = None,
        prompt_lengths: Tensor | None = None,
        guidance: Tensor | None = None,
    ) -> Tensor:
        """What stands in the text slot of the frames of each phoneme: phoneme, speaker vector, guidance scale.

        Args:
            symbols: (B, N) int64 phoneme ids; word_starts: (B, N) bool; lengths: (B,) int64 or None, as `TextEncoder`.
            prompt: (B, P, K) int64 codes of the voice prompts, for the speaker vector; None for no prompt.
            prompt_lengths: (B,) int64, frames of each prompt; None if all are P.
            guidance: (B,) float, the scale; None for 1. Only a model with `one_pass_guidance` reads it.
        Returns:
            (B, N, D) float.
        """
        text = self.text_encoder(symbols, word_starts, lengths)
        if self.config.speaker_dim and prompt is not None and prompt.shape[1]:
            if prompt_lengths is None:
                prompt_lengths = torch.full((len(prompt),), prompt.shape[1], device=prompt.device)
            text = text + self.speaker_out(self.speaker_vector(prompt, prompt_lengths))[:, None]
        if self.config.one_pass_guidance:
            scale = torch.ones(len(text), device=text.device) if guidance is None else guidance
            text = text + self.guidance_input(scale)[:, None]
        return text

    def text_at(self, encoded: Tensor, pointer: Tensor) -> Tensor:
        """The text slot of each frame.

        Args:
            encoded: (B, N, D) float, encoded phonemes.
            pointer: (B, T) int64, -1 in the prompt.
        Returns:
            (B, T, D) float.
        """
        at = encoded.gather(1, pointer.clamp(min=0)[..., None].expand(-1, -1, encoded.shape[-1]))
        return torch.where(pointer[..., None] < 0, self.global_model.no_phoneme.to(at.dtype), at)

    def forward(
        self,
        symbols: Tensor,
        word_starts: Tensor,
        text_lengths: Tensor,
        codes: Tensor,
        pointer: Tensor,
        hold: Tensor,
        target: Tensor,
        prev: Tensor | None = None,
        prompt: Tensor | None = None,
        prompt_lengths: Tensor | None = None,
        guidance: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Predict the target frames of a batch, each from all before it.

        Args:
            symbols: (B, N) int64 phoneme ids; word_starts: (B, N) bool; text_lengths: (B,) int64.
            codes: (B, T, K) int64, prompt frames, then speech, then padding.
            pointer: (B, T) int64, phoneme under the pointer, -1 in the prompt.
            hold: (B, T) int64, frames since the pointer last moved.
            target: (B, T) bool, the M frames to predict.
            prev: (B, T, K) int64, what the global model sees of the frames before, if not `previous(codes)`.
            prompt, prompt_lengths, guidance: as `encode_text`.
        Returns:
            (M, K, card) and (M,) float logits, frames in the order of `target.nonzero()`.
        """
        prev = previous(codes, pointer, self.config.card) if prev is None else prev
        text = self.encode_text(symbols, word_starts, text_lengths, prompt, prompt_lengths, guidance)
        return self.predict(self.text_at(text, pointer), codes, hold, target, prev)

    def predict(self, text: Tensor, codes: Tensor, hold: Tensor, target: Tensor, prev: Tensor) -> tuple[Tensor, Tensor]:
        """`forward` for text that is encoded: (B, T, D) float, the text slot of each frame."""
        context = self.global_model(prev, text, hold)
        return self.local_model(context[target], codes[target])

    def predict_unconditional(self, codes: Tensor, target: Tensor, prev: Tensor) -> tuple[Tensor, Tensor]:
        """`forward` without text and prompt, which the model needs for classifier-free guidance."""
        text = self.global_model.no_phoneme.expand(*target.shape, -1)
        return self.predict(text, codes, torch.zeros_like(target, dtype=torch.int64), target, prev)


def _with_special(vectors: Tensor) -> Tensor:
    return F.pad(vectors, (0, 0, 0, N_SPECIAL))
