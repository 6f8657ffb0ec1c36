"""Three layers of quite different sizes, for rules that see the length of a layer's weights or gradient."""

from __future__ import annotations

import numpy as np

from walking import Layers, Vector, stepped

SHAPES = ((3, 2), (2,), (2, 2))
BOUNDS = (0, 6, 8, 12)  # of these layers in the flat vector


def drawn(seed: int) -> list[Vector]:
    """A number for each weight, layer by layer, of quite different sizes."""
    random = np.random.default_rng(seed)
    return [random.normal(size=shape) * 10 ** random.uniform(-2, 2) for shape in SHAPES]


def flat(layers: Layers) -> Vector:
    """The layers end to end."""
    return np.concatenate([layer.ravel() for layer in layers])


def lengths(vector: Vector) -> Vector:
    """The length of each layer of a flat vector."""
    return np.array([np.linalg.norm(part) for part in np.split(vector, BOUNDS[1:-1])])


def assert_blind_to_the_size_of_a_layers_gradients(name: str, seed: int, factors: tuple[float, ...]) -> None:
    """A factor on all gradients of one layer changes no step, where eps is negligible."""
    w, *gradients = [drawn(seed + k) for k in range(4)]
    scaled = [[f * part for f, part in zip(factors, g, strict=True)] for g in gradients]
    eps = {} if name == "fromage" else {"eps": 1e-200}
    np.testing.assert_allclose(
        stepped(name, w, *scaled, lr=0.1, **eps), stepped(name, w, *gradients, lr=0.1, **eps), rtol=1e-9, atol=1e-9
    )


def assert_a_nan_stays_in_its_layer(name: str) -> None:
    """A gradient of NaN makes weights of its layer NaN, and leaves the other layers alone."""
    w, g = drawn(1), drawn(2)
    expected = stepped(name, w, g)
    g[1][0] = np.nan
    end = stepped(name, w, g)
    assert np.isnan(end[6:8]).any()
    np.testing.assert_array_equal(np.delete(end, [6, 7]), np.delete(expected, [6, 7]))


def assert_stands_still_without_gradients(name: str) -> None:
    """Zero gradients from the first move nothing, as long as there is no weight decay."""
    w = drawn(1)
    zeros = [np.zeros_like(part) for part in w]
    np.testing.assert_array_equal(stepped(name, w, zeros, zeros), flat(w))
