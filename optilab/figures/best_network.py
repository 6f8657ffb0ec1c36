"""The best network of results, made again for its weights, which results don't hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optilab.errors import InputError
from optilab.experiment.cell import stored_plan
from optilab.figures.captions import name_of, settings_of
from optilab.figures.view import View
from optilab.problems.network import Network
from optilab.records.columns import AXES
from optilab.records.statuses import LASTED

_BEST_FIRST = {
    "final_test_accuracy": False,
    "final_train_accuracy": False,
    "final_train_cost": True,
}  # whether ascending


@dataclass(frozen=True)
class BestNetwork:
    """The best of the runs that can be shown, with its last weights.

    whose: which run it is, and of how many it is the best by what: a phrase for a caption.
    """

    problem: Network
    w: NDArray[np.floating]
    label: str
    seed: int
    whose: str


def best_network(view: View, *, images: bool) -> BestNetwork | None:
    """The network with classes (and, if `images`, on images) whose run reads most test examples rightly; None if there is none.

    InputError where no such run has lasted.
    """
    runs = view.results.runs
    best = view.best
    best = best.sort_values(list(_BEST_FIRST), ascending=list(_BEST_FIRST.values()), kind="stable")
    best = best.assign(lasted=best["status"].isin(LASTED)).sort_values("lasted", ascending=False, kind="stable")
    fits: dict[str, bool] = {}
    for _, found in best.iterrows():
        problem_id = str(found["problem_id"])
        if problem_id not in fits:
            problem = stored_plan(found["spec"], view.results.folder).problem
            fits[problem_id] = (
                isinstance(problem, Network) and problem.classifies and (bool(problem.examples.image) or not images)
            )
        if fits[problem_id]:
            break
    else:
        return None
    made = view.again(found["spec"], int(found["seed"])) if found["lasted"] else None
    if made is None or made.run.status not in LASTED or not np.isfinite(made.run.w).all():
        raise InputError(f"no run on {'images' if images else 'classes'} has lasted to the end with finite weights")
    network = made.plan.problem
    assert isinstance(network, Network)
    settings = settings_of(runs, found).replace("*", "")
    many = int(best["problem_id"].map(lambda name: fits.get(str(name), False)).sum())
    by = next((name for name in _BEST_FIRST if best[name].notna().any()), "final_train_cost")
    whose = f"{name_of(found['label'])} ({settings + ', ' if settings else ''}seed {found['seed']}"
    whose += f"; of {many} runs the best by {AXES[by.removeprefix('final_')]})" if many > 1 else ")"
    return BestNetwork(network, made.run.w, str(found["label"]), int(found["seed"]), whose)


def confidences(network: BestNetwork, outputs: NDArray[Any], guesses: NDArray[Any]) -> NDArray[Any]:
    """What the network says for its guesses: their probabilities, or the largest outputs.

    outputs: [example, output]. guesses: [example], classes. A single output speaks for the second of two classes.
    """
    if outputs.shape[1] == 1:
        return np.where(guesses == 1, outputs[:, 0], 1 - outputs[:, 0])
    return np.asarray(outputs[np.arange(len(outputs)), guesses])


def confidence_text(network: BestNetwork) -> str:
    """What `confidences` are, in words."""
    cost, several = network.problem.parameters["cost"], network.problem.sizes[-1] > 1
    if cost == "cross_entropy":
        return "the probability that it gives to it"
    if cost == "binary_cross_entropy":
        return f"the probability that it gives to it{', asked of each class by itself' if several else ''}"
    if several:
        return (
            "the output for it, the largest of all: training pulls it to 1 for the right class and to 0 for the others"
        )
    return "how near its output is to it, 1 where it is there"
