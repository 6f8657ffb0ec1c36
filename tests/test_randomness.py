"""The random streams of a run, against NumPy's own way of spawning them, and against literals."""

from __future__ import annotations

import numpy as np
import pytest

from optilab import randomness

SEEDS = (0, 1, 20, 2**31 - 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_streams_are_those_that_numpy_spawns(seed: int) -> None:
    """First weights, order of data and noise are the first three children of the seed, and an epoch's order is a child of its own."""
    weights, order, noise = np.random.SeedSequence(seed).spawn(3)
    expected = np.random.Generator(np.random.PCG64(weights))
    np.testing.assert_array_equal(randomness.first_weights(seed).normal(size=5), expected.normal(size=5))
    for epoch, child in enumerate(order.spawn(3)):
        expected = np.random.Generator(np.random.PCG64(child))
        np.testing.assert_array_equal(randomness.data_order(seed, epoch).permutation(50), expected.permutation(50))
    assert randomness.noise_key(seed) == noise.generate_state(1)[0]


# What NumPy's SeedSequence and PCG64 have answered since they exist; NumPy keeps both as they are.
FIRST_WEIGHTS = {0: [17394127715520444142, 5835390491061343638], 1: [12894911395248688958, 3215922745726220339]}
DATA_ORDER = {
    (0, 0): [17438012079374151748, 7595620719061514866],
    (0, 1): [10868409920998321208, 15116505700867678058],
    (1, 0): [1598142916427869621, 13162319365388983618],
}
NOISE_KEY = {0: 3241444873, 1: 2749604155, 20: 2831909849}


def test_streams_of_a_seed_never_change() -> None:
    """The first bits of each stream are these literals: a change of them changes every published run without a new identity."""
    for seed, raw in FIRST_WEIGHTS.items():
        assert randomness.first_weights(seed).bit_generator.random_raw(2).tolist() == raw
    for (seed, epoch), raw in DATA_ORDER.items():
        assert randomness.data_order(seed, epoch).bit_generator.random_raw(2).tolist() == raw
    assert {seed: randomness.noise_key(seed) for seed in NOISE_KEY} == NOISE_KEY


@pytest.mark.parametrize("seed", SEEDS)
def test_key_of_the_noise_is_a_float64(seed: int) -> None:
    """The key of the noise, and those of a hundred rules after it, pass through float64 unchanged."""
    key = randomness.noise_key(seed)
    assert isinstance(key, int)
    assert all(int(float(key) + rule) == key + rule for rule in range(100))
