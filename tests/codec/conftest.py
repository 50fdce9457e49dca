"""What all tests of the codec need."""

import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Steps of a few frames are too small to share, and waiting for a busy second core takes minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
