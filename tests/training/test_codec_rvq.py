"""The quantiser in training: its start, dropout and gradient, and codebooks that stay in use."""

import pytest
import torch

from phonelm.codec.weights import build_bundled
from phonelm.config import CodecConfig
from phonelm.training.codec.rvq import kmeans, perplexity, quantise, start_codebooks, update_codebooks

TINY = CodecConfig(n_q=3, card=32, dimension=16, encoder_width=8, encoder_blocks=1, decoder_width=8, decoder_blocks=1)


def clusters():
    """(600, 16) vectors around 32 points, in random order."""
    generator = torch.Generator().manual_seed(0)
    centres = 3 * torch.randn(32, 16, generator=generator)
    return centres[torch.randint(32, (600,), generator=generator)] + 0.1 * torch.randn(600, 16, generator=generator)


def test_kmeans_and_start_of_the_codebooks():
    vectors, generator = clusters(), torch.Generator().manual_seed(1)
    centres = kmeans(vectors, 32, generator)
    assert torch.cdist(vectors, centres).min(1).values.square().mean() < 0.2 * vectors.var(0).sum()
    quantizer = build_bundled(TINY).quantizer
    start_codebooks(quantizer, vectors, generator)
    errors = []
    for k in (1, 2, 3):
        codes = quantizer.vq.encode(vectors.T[None], n_q=k)
        errors.append((quantizer.vq.decode(codes)[0].T - vectors).square().mean().item())
        assert len(codes[k - 1].unique()) > 20
    assert errors[0] > 1.3 * errors[1] > 1.3 * errors[2]


def test_quantiser_dropout_gradient_and_equal_codes():
    quantizer = build_bundled(TINY).quantizer
    start_codebooks(quantizer, clusters(), torch.Generator().manual_seed(1))
    latent = clusters()[:40].T.reshape(1, 16, 40).repeat(3, 1, 1).requires_grad_()
    found = quantise(quantizer, latent, torch.tensor([1, 2, 3]))
    codes = quantizer.vq.encode(latent.detach(), n_q=3)  # (3, B, T)
    assert torch.equal(found.codes, codes.flatten(1))
    for i, n in enumerate((1, 2, 3)):
        assert torch.allclose(found.latent[i], quantizer.vq.decode(codes[:n, :1])[0], atol=1e-5)
    (gradient,) = torch.autograd.grad(found.latent.sum(), latent, retain_graph=True)
    assert torch.equal(gradient, torch.ones_like(gradient))  # straight through
    (pull,) = torch.autograd.grad(found.commitment, latent)
    closer = quantise(quantizer, latent - 100 * pull, torch.tensor([1, 2, 3]))
    assert closer.commitment < found.commitment


@pytest.mark.slow
def test_codebooks_follow_and_dead_codes_come_back():
    quantizer = build_bundled(TINY).quantizer
    start_codebooks(quantizer, clusters(), torch.Generator().manual_seed(1))
    for layer in quantizer.vq.layers:
        layer._codebook.embed[5:] = layer._codebook.embed_avg[5:] = 1e3 * torch.randn(
            27, layer._codebook.embed.shape[1]
        )
    moved = (clusters() + 1).T[None]  # (1, 16, 600)
    generator = torch.Generator().manual_seed(2)
    assert perplexity(quantizer)[0] > 30  # as if all were used
    before = quantise(quantizer, moved, torch.tensor([1]))
    assert len(before.codes[0].unique()) <= 5
    for _ in range(250):
        found = quantise(quantizer, moved, torch.tensor([1]))
        update_codebooks(quantizer, found.codes, found.residuals, generator)
    after = quantise(quantizer, moved, torch.tensor([1]))
    assert after.commitment < 0.5 * before.commitment
    assert len(after.codes[0].unique()) > 20 and perplexity(quantizer)[0] > 15
