"""Training of the residual vector quantiser: k-means initialisation, straight-through gradient, running averages.

The codebooks are those of `encodec.quantization.ResidualVectorQuantizer`. Its own training mode is not used. It passes
no commitment loss to the encoder beyond the first codebook, loses the replacements of dead codes at the next update,
and uses the same number of codebooks for the whole batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor

from phonelm.codec import set_codebook

DECAY = 0.99  # running averages
DEAD = 0.05  # a code is replaced if its use is below this share of the mean use
KMEANS_ITERATIONS = 10


class Quantised(NamedTuple):
    """A batch of latents as code vectors."""

    latent: Tensor  # (B, D, T), sum of the used code vectors, with a straight-through gradient
    commitment: Tensor  # (), mean squared distance of the input from the code vectors
    codes: Tensor  # (n_q, B * T) int64, of all codebooks, used or not
    residuals: Tensor  # (n_q, B * T, D), input of each codebook, detached


def quantise(quantizer: Any, latent: Tensor, n_used: Tensor) -> Quantised:
    """Residual vector quantisation (SoundStream, arXiv:2107.03312) with quantiser dropout.

    Args:
        quantizer: `encodec.quantization.ResidualVectorQuantizer`.
        latent: (B, D, T) float32.
        n_used: (B,) int64, number of codebooks of each example.
    """
    x = rearrange(latent, "b d t -> b t d")
    before = torch.zeros_like(x)  # sum of the code vectors of all codebooks so far
    output, commitment = torch.zeros_like(x), torch.zeros_like(x[:, 0, 0])  # (B, T, D), (B,)
    codes, residuals = [], []
    for k, layer in enumerate(quantizer.vq.layers):
        residual = x - before
        with torch.no_grad():
            found = layer._codebook.encode(residual)  # (B, T)
            vectors = layer._codebook.decode(found)
        used = n_used > k  # (B,)
        commitment = commitment + used * (residual - vectors).square().mean((1, 2))
        output = output + used[:, None, None] * vectors
        before = before + vectors
        codes.append(found.flatten())
        residuals.append(residual.detach().flatten(0, 1))
    straight = x + (output - x).detach()
    return Quantised(
        rearrange(straight, "b t d -> b d t"), (commitment / n_used).mean(), torch.stack(codes), torch.stack(residuals)
    )


@torch.no_grad()
def update_codebooks(quantizer: Any, codes: Tensor, residuals: Tensor, generator: torch.Generator) -> None:
    """Move each code vector towards the mean of the vectors with its code, and replace dead codes.

    Running averages as in VQ-VAE (arXiv:1711.00937, appendix A). Dead codes become vectors of the batch, as in Jukebox
    (arXiv:2005.00341).

    Args:
        quantizer: changed in place.
        codes: (n_q, M) int64.
        residuals: (n_q, M, D).
        generator: on the CPU. It must be the same on all processes, so that their codebooks stay equal.
    """
    for layer, index, vectors in zip(quantizer.vq.layers, codes, residuals, strict=True):
        book = layer._codebook
        used = torch.bincount(index, minlength=len(book.embed)).to(vectors)
        sums = torch.zeros_like(book.embed).index_add_(0, index, vectors)
        book.cluster_size.lerp_(used, 1 - DECAY)
        book.embed_avg.lerp_(sums, 1 - DECAY)
        mean = book.cluster_size.mean()
        dead = book.cluster_size < DEAD * mean
        picked = torch.randint(len(vectors), (len(dead),), generator=generator).to(vectors.device)
        book.cluster_size.copy_(torch.where(dead, mean, book.cluster_size))
        book.embed_avg.copy_(torch.where(dead[:, None], mean * vectors[picked], book.embed_avg))
        book.embed.copy_(book.embed_avg / book.cluster_size[:, None])


@torch.no_grad()
def start_codebooks(quantizer: Any, latent: Tensor, generator: torch.Generator) -> None:
    """Initialise each codebook with the k-means centres of the residuals of the codebooks before it.

    Args:
        quantizer: changed in place.
        latent: (M, D), about 10 times as many vectors as a codebook has codes.
        generator: on the CPU.
    """
    residual = latent
    for layer in quantizer.vq.layers:
        book = layer._codebook
        set_codebook(book, kmeans(residual, len(book.embed), generator))
        residual = residual - book.decode(book.encode(residual))


def kmeans(vectors: Tensor, card: int, generator: torch.Generator) -> Tensor:
    """(M, D) -> (card, D) centres by Lloyd's algorithm. An empty centre is moved to a random vector."""
    centres = _pick(vectors, card, generator)
    for _ in range(KMEANS_ITERATIONS):
        nearest = (centres.square().sum(1) - 2 * vectors @ centres.T).argmin(1)  # |v|^2 is the same for all
        count = torch.bincount(nearest, minlength=card).to(vectors)[:, None]
        sums = torch.zeros_like(centres).index_add_(0, nearest, vectors)
        centres = torch.where(count > 0, sums / count.clamp(min=1), _pick(vectors, card, generator))
    return centres


def _pick(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` random vectors, all different if there are enough."""
    order = torch.randperm(len(vectors), generator=generator).repeat(-(-count // len(vectors)))[:count]
    return vectors[order.to(vectors.device)]


def perplexity(quantizer: Any) -> Tensor:
    """(n_q,) number of codes in use per codebook: the exponential of the entropy of their running counts."""
    counts = torch.stack([layer._codebook.cluster_size for layer in quantizer.vq.layers])
    shares = counts / counts.sum(1, keepdim=True)
    return torch.special.entr(shares).sum(1).exp()
