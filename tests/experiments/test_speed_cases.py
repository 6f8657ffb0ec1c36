"""Comparisons of speed on tiny data: every row that is asked for, the same work, and peers that are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from speed import compare, ours, peers, timing
from speed.cases import Case, cases
from speed.data import data, problem_of

TINY = Case("one-run", "tiny", (4, 3), "sgd", 32, target=3.0)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No peer can be imported."""
    monkeypatch.setattr(peers, "find_spec", lambda name: None)


def test_every_network_and_batch_is_compared() -> None:
    """Both rules on four networks of digits; a grid of 16; dense data of both sizes with three activations."""
    one = {(case.hidden, case.rule, case.batch) for case in cases("one-run")}
    small = {((16, 16), rule, batch) for rule in ("sgd", "adam") for batch in (1, 10, 32, 128)}
    rest = {
        (hidden, rule, batch)
        for hidden in ((128,), (256, 128), (1000, 500, 100))
        for rule in ("sgd", "adam")
        for batch in (32, 128)
    }
    assert one == small | rest
    assert {(case.runs, case.batch) for case in cases("grid")} == {(16, 32), (16, 128)}
    assert {(case.data, case.hidden) for case in cases("grid")} >= {
        ("digits", (16, 16)),
        ("digits", (128,)),
        ("10,000 x 20", (32, 32)),
    }
    dense = {(case.data, case.hidden, case.activation, case.batch) for case in cases("dense")}
    assert len(dense) == 2 * 2 * 3 * 3
    for part in ("one-run", "grid", "dense"):
        every, few = list(cases(part)), list(cases(part, quick=True))
        assert few
        assert set(few) < set(every)
        assert len({case.name for case in every}) == len(every)


@pytest.mark.usefixtures("alone")
def test_shares_are_of_the_peak_of_their_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations over seconds, over what the core did in the same round."""
    peaks = iter([1e9, 2e9])
    monkeypatch.setattr(compare, "peak", lambda least: next(peaks))
    monkeypatch.setattr(timing, "repeated", lambda attempt, at_least: attempt().seconds)
    (row,) = compare.compared(TINY, 2)
    assert row.work is not None
    done = [row.work.operations / (1e-3 * value) for value in row.values]
    assert row.shares == pytest.approx([done[0] / 1e9, done[1] / 2e9])


@pytest.mark.usefixtures("alone")
def test_without_peers_the_rest_is_measured() -> None:
    """The row of optilab is there, and a sentence says what to install."""
    (row,) = compare.compared(TINY, 2)
    assert (row.contestant, len(row.values), row.ratios) == ("optilab", 2, ())
    assert peers.missing_sentence() == (
        "Without JAX and PyTorch, which can't be imported, the rest is measured: pip install jax optax 'torch==2.13.0'"
    )


def test_one_missing_peer_is_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """JAX without Optax can't take part; with everything there is nothing to say."""
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "optax" else object())
    assert peers.missing_sentence().endswith(": pip install optax")
    assert compare.names(TINY) == ["optilab", "PyTorch"]
    monkeypatch.setattr(peers, "find_spec", lambda name: object())
    assert peers.missing_sentence() == ""
    assert compare.names(TINY) == ["optilab", "JAX scan", "PyTorch"]
    assert compare.names(replace(TINY, runs=2, eager=False)) == ["optilab", "JAX vmap"]


@pytest.mark.usefixtures("alone")
def test_a_grid_ends_where_single_runs_end() -> None:
    """The costs of a grid are those of runs with its learning rates, in their order; its seconds are those of a run."""
    case = replace(TINY, runs=3)
    problem = problem_of(data("tiny").dataset, case.hidden)
    done = ours.grid(case)()
    for lr, cost in zip(ours.rates(case), done.costs(), strict=True):
        run = ours.training(problem, "sgd", lr, 32)
        run.advance(run.total)
        assert cost == pytest.approx(problem.cost(run.run.w), rel=1e-6)
    assert done.seconds > 0


def test_the_order_is_that_of_the_run() -> None:
    """Steps by hand along `order_of` end at the weights of optilab's epoch."""
    problem, case = problem_of(data("tiny").dataset, (4,), precision="float64"), replace(TINY, hidden=(4,))
    run = ours.training(problem, "sgd", 0.1, 32)
    run.advance(run.total)
    w, order = problem.initial(ours.SEED).copy(), ours.order_of(problem, 32)
    for first in range(0, len(order), case.batch):
        w = w - 0.1 * problem.gradient(w, order[first : first + case.batch])
    assert np.allclose(w, run.run.w, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("rule", "activation", "runs"),
    [("sgd", "sigmoid", 1), ("adam", "tanh", 1), ("sgd", "gelu", 2), ("adam", "sigmoid", 2)],
)
def test_peers_do_the_same_work(rule: str, activation: str, runs: int) -> None:
    """JAX and PyTorch end at optilab's cost, or `compared` raises; each has its row and its ratios."""
    pytest.importorskip("optax")
    pytest.importorskip("torch")
    case = Case("grid" if runs > 1 else "one-run", "tiny", (4, 3), rule, 32, activation, runs, target=2.5)
    rows = list(compare.compared(case, 2))
    assert [row.contestant for row in rows] == ["optilab", compare.VMAP if runs > 1 else compare.SCAN, compare.EAGER]
    assert [len(row.ratios) for row in rows] == [0, 2, 2]
    assert rows[1].cost == pytest.approx(rows[0].cost, rel=1e-4)
    assert [row.target for row in rows] == [None, 2.5, None]
