"""LAMB and NovoGrad: what the lengths of a layer's weights and gradient do to its step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import optilab
from layered import (
    BOUNDS,
    drawn,
    flat,
    lengths,
)
from walking import (
    seeds,
    stepped,
)


@given(seed=seeds, lr=st.floats(1e-3, 1), steps=st.integers(1, 4))
def test_every_step_of_lamb_is_a_fraction_of_each_layer(seed: int, lr: float, steps: int) -> None:
    """It is lr * |w| long, whatever came before; its direction is Adam's."""
    w, *gradients = [drawn(seed + k) for k in range(5)]
    before = stepped("lamb", w, *gradients[: steps - 1], lr=lr)
    moved = stepped("lamb", w, *gradients[:steps], lr=lr) - before
    np.testing.assert_allclose(lengths(moved), lr * lengths(before), rtol=1e-9)
    adam = stepped("adam", w, *gradients[:steps], lr=lr, eps=1e-6)
    adam -= stepped("adam", w, *gradients[: steps - 1], lr=lr, eps=1e-6)
    for one, other in zip(np.split(moved, BOUNDS[1:-1]), np.split(adam, BOUNDS[1:-1]), strict=True):
        np.testing.assert_allclose(one / np.linalg.norm(one), other / np.linalg.norm(other), atol=1e-7)


@given(seed=seeds, lr=st.floats(1e-3, 1))
def test_steps_of_novograd_without_memory_are_lr_long(seed: int, lr: float) -> None:
    """Each layer moves by lr at first; and always, where both betas are 0."""
    w, *gradients = [drawn(seed + k) for k in range(4)]
    first = stepped("novograd", w, gradients[0], lr=lr)
    np.testing.assert_allclose(lengths(first - flat(w)), lr, rtol=1e-5)
    given = {"lr": lr, "beta1": 0.0, "beta2": 0.0}
    moved = stepped("novograd", w, *gradients, **given) - stepped("novograd", w, *gradients[:2], **given)
    np.testing.assert_allclose(lengths(moved), lr, rtol=1e-5)


def test_the_second_moment_of_novograd_is_one_number_a_layer() -> None:
    """By hand: squared lengths of 4 and 25, then of 9 and 0, with beta2 = 0.5."""
    stepper = optilab.get_optimizer("novograd").start([np.ones((2, 1)), np.ones(2)], beta2=0.5)
    stepper.step([np.array([[2.0], [0.0]]), np.array([3.0, 4.0])])
    np.testing.assert_allclose(stepper.state["v"], [4, 25])
    stepper.step([np.array([[0.0], [3.0]]), np.zeros(2)])
    np.testing.assert_allclose(stepper.state["v"], [6.5, 12.5])


def test_a_layer_of_zeros_takes_a_plain_step() -> None:
    """Where |w| is 0 the ratio of LAMB is 1: the step is lr * u."""
    w, g = [np.zeros((2, 2))], [np.array([[1.0, -2.0], [3.0, 4.0]])]
    np.testing.assert_allclose(stepped("lamb", w, g, lr=0.1), -0.1 * np.sign(flat(g)), rtol=1e-5)
