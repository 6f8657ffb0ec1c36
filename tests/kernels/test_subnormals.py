"""Numbers too small to be normal: zero where a run is computed, and nowhere else."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import optilab
from optilab.kernels.subnormals import taken_for_zero
from optilab.training.setup import compiled_loop

TINY = {name: np.finfo(name).tiny for name in ("float32", "float64")}


def small(precision: str) -> bool:
    """Whether half of the smallest normal number is a number, and not zero."""
    return bool((np.full(64, TINY[precision]) * np.dtype(precision).type(0.5)).any())


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_subnormal_results_are_zero_within_the_block(precision: str) -> None:
    """Results and operands count as zero inside, and are numbers again behind it, whatever ends it."""
    subnormal = np.full(64, TINY[precision]) / 2
    assert small(precision)
    with taken_for_zero():
        assert not small(precision)
        assert not (subnormal * 2**20).any()
        with taken_for_zero():
            pass
        assert not small(precision)
    assert small(precision)
    with pytest.raises(ZeroDivisionError), taken_for_zero():
        raise ZeroDivisionError
    assert small(precision)


def test_compiled_code_sees_the_same() -> None:
    """The norm of numbers whose squares are normal is theirs, that of subnormal ones zero."""
    norm = compiled_loop("float64").norm
    subnormal = np.full(64, TINY["float64"]) / 2
    with taken_for_zero():
        assert norm(np.full(64, 1e-100)) == pytest.approx(8e-100)
        assert norm(subnormal * 1.0) == 0


def test_other_threads_are_left_alone() -> None:
    """A thread that was there before computes with subnormal numbers meanwhile."""
    found: list[bool] = []
    inside = threading.Event()

    def look() -> None:
        inside.wait(60)
        found.append(small("float32"))

    other = threading.Thread(target=look)
    other.start()
    with taken_for_zero():
        inside.set()
        other.join()
    assert found == [True]


def test_what_decays_becomes_zero() -> None:
    """A weight that is halved in each step is a normal number or zero, in training as with a stepper.

    It ends at zero, or at the smallest normal number, where a processor computes the half of it alone, and that is zero.
    """
    problem = optilab.get_problem("parabola", precision="float32")
    run = optilab.train(problem, "sgd", lr=0.5, steps=200, measure_steps=1)
    stepper = optilab.get_optimizer("sgd").start(problem.initial(0), problem=problem, lr=0.5)
    by_steps = np.array([problem.initial(0), *(stepper.step().copy() for _ in range(200))]).ravel()
    assert np.array_equal(run.history["w_0"], by_steps)
    assert ((by_steps == 0) | (np.abs(by_steps) >= TINY["float32"])).all()
    assert abs(by_steps[-1]) <= TINY["float32"]
    assert small("float32")


def test_a_memory_of_nothing_fades() -> None:
    """A velocity without gradient becomes zero, and the weights stand still from then on."""
    stepper = optilab.get_optimizer("momentum").start(np.ones(64), precision="float32", lr=0.1)
    stepper.step(np.ones(64))
    for _ in range(1500):
        stepper.step(np.zeros(64))
    velocity = next(iter(stepper.state.values()))
    assert not np.asarray(velocity).any()
