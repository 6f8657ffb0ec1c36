"""Rules that see the lengths of a layer's weights and gradient: what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layered import (
    assert_a_nan_stays_in_its_layer,
    assert_blind_to_the_size_of_a_layers_gradients,
    assert_stands_still_without_gradients,
)
from walking import seeds


@pytest.mark.parametrize("name", ["lars", "fromage", "lamb", "novograd"])
@given(seed=seeds, factors=st.tuples(*[st.floats(1e-3, 1e3)] * 3))
def test_the_size_of_a_layers_gradients_is_of_no_consequence(name: str, seed: int, factors: tuple[float, ...]) -> None:
    """A factor on all gradients of one layer changes no step, where eps is negligible."""
    assert_blind_to_the_size_of_a_layers_gradients(name, seed, factors)


@pytest.mark.parametrize("name", ["lars", "lamb", "novograd"])
def test_without_gradients_the_weights_stay(name: str) -> None:
    """Zero gradients from the first move nothing, as long as there is no weight decay."""
    assert_stands_still_without_gradients(name)


@pytest.mark.parametrize("name", ["lars", "fromage", "lamb", "novograd"])
def test_a_nan_is_seen_in_its_layer_alone(name: str) -> None:
    """A gradient of NaN makes weights of its layer NaN, and leaves the other layers alone."""
    assert_a_nan_stays_in_its_layer(name)
