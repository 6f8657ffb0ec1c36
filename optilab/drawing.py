"""Whole figures from results: which pictures fit them, each with a caption that states seeds and band."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from optilab.analysis.curves import bands, ranked, sensitivity
from optilab.analysis.summary import best_runs, varying
from optilab.errors import InputError, unknown
from optilab.experiment import Experiment
from optilab.grid import Cell, cells, problem_label, run_id
from optilab.network import Network
from optilab.plots import convergence as lines_plot
from optilab.plots import images, path, style
from optilab.plots.curves import schedule_curves
from optilab.plugins import registry
from optilab.problems import FunctionProblem, Problem
from optilab.runner import jobs
from optilab.schedules import from_spec
from optilab.store import Results
from optilab.training import train
from optilab.validation import validated

X = ("step", "epoch", "examples", "gradient_evaluations", "seconds", "cpu_seconds")
Y = (
    "train_cost",
    "test_cost",
    "train_accuracy",
    "test_accuracy",
    "gradient_norm",
    "update_norm",
    "weight_norm",
    "lr",
)


def draw(results: Results, kinds: tuple[str, ...] = (), x: str | None = None, y: str = "train_cost") -> list[Path]:
    """Draw pictures of `results` into their folder, and return their paths.

    kinds: of KINDS; all that fit where none are given.
    x, y: columns of the history, for the convergence plot.

    InputError for unknown kinds or columns, or a kind that doesn't fit these results.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("kind of picture", kind, KINDS)
    if x is not None and x not in X:
        raise unknown("x", x, X)
    if y not in Y:
        raise unknown("y", y, Y)
    drawn = []
    for kind in kinds or KINDS:
        with style.theme():
            figure = KINDS[kind](results, x, y)
            if figure is None:
                if kind in kinds:
                    raise InputError(f"a picture of kind {kind!r} doesn't fit these results: {_WHEN[kind]}")
                continue
            parts = [kind] if kind != "convergence" or (x is None and y == "train_cost") else [kind, y, x or ""]
            target = results.folder / f"{'-'.join(filter(None, parts))}.png"
            try:
                figure.savefig(target, bbox_inches="tight", metadata={"Software": "optilab"})
            except OSError as error:
                raise InputError(f"can't write {str(target)!r}: {error.strerror}") from None
            finally:
                plt.close(figure)
            drawn.append(target)
    return drawn


def draw_schedules(specs: Sequence[str], steps: int, target: Path) -> Path:
    """Draw the curves of schedules, given by name or as TOML tables, over a run of `steps` steps."""
    curves = []
    for text in specs:
        try:
            spec = tomllib.loads(f"schedule = {text}")["schedule"]
        except tomllib.TOMLDecodeError:
            spec = text
        bound = from_spec(spec, "", registry().schedule)
        if bound.schedule.is_feedback:
            raise InputError(f"{bound.schedule.name} depends on what is measured, so it has no curve of its own")
        values = bound.multipliers(0, steps, steps, 1)
        curves.append(pd.DataFrame({"step": np.arange(steps), "multiplier": values, "label": bound.label}))
    with style.theme():
        figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
        schedule_curves(pd.concat(curves), ax)
        try:
            figure.savefig(target, bbox_inches="tight", metadata={"Software": "optilab"})
        except (OSError, ValueError) as error:
            raise InputError(f"can't write {str(target)!r}: {error}") from None
        finally:
            plt.close(figure)
    return target


def _experiment(results: Results) -> Experiment:
    """The experiment as it was last run into this folder."""
    try:
        content = json.loads((results.folder / "experiment.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(results.folder / 'experiment.json')!r} can't be read: {error}") from None
    given = {name: value for name, value in content.items() if value is not None and value != []}
    if "diverged_above" in given:
        given["diverged_above"] = float(given["diverged_above"])
    return validated(Experiment, given, "experiment.json")


def _problems(results: Results) -> dict[str, Problem]:
    """Each problem of the experiment by its label."""
    experiment = _experiment(results)
    return {problem_label(experiment, cell): cell.plan(0).problem for cell in cells(experiment)}


def _seeds_text(results: Results) -> str:
    runs = results.runs
    evaluation = runs.loc[runs["role"] == "evaluation", "seed"]
    seeds = sorted(evaluation.unique())
    in_a_row = len(seeds) == seeds[-1] - seeds[0] + 1
    named = f"{seeds[0]} to {seeds[-1]}" if in_a_row or len(seeds) > 12 else ", ".join(map(str, seeds))
    shown = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds ({named})"
    text = f"A single run, of {shown}" if len(seeds) == 1 else f"Median and interquartile band over {shown}"
    tuning = runs.loc[runs["role"] == "tuning", "seed"].nunique()
    if tuning:
        text += f"; hyperparameters chosen by final training cost on {tuning} other seed{'s' if tuning > 1 else ''}"
    elif varying(runs):
        text += f"; hyperparameters chosen by final training cost on the same seed{'s' if len(seeds) > 1 else ''}"
    return text + "."


def _chosen_text(results: Results, best: pd.DataFrame) -> str:
    names = varying(results.runs)
    parts = []
    for (label, several), group in best.groupby(["label", "problem"], sort=False):
        values = [f"{n}={group[n].iloc[0]:.3g}" for n in names if pd.notna(group[n].iloc[0])]
        where = f" on {several}" if best["problem"].nunique() > 1 else ""
        if values:
            parts.append(f"{label}{where}: {', '.join(values)}")
    return f" Chosen: {'; '.join(parts)}." if parts else ""


def _ended_text(best: pd.DataFrame) -> str:
    ended = best[best["status"].isin(["diverged", "failed", "crashed"])]
    counts = ended.value_counts(["label", "status"], sort=False).reset_index()
    parts = [f"{row['count']} of {row['label']} {row['status']}" for row in counts.to_dict("records")]
    return f" Not finite to the end (×): {', '.join(parts)}." if parts else ""


def _convergence(results: Results, x: str | None, y: str) -> Figure | None:
    best = best_runs(results.runs)
    history = results.history[results.history["run_id"].isin(best["run_id"])]
    if history[y].isna().all():
        return None
    function = best["batch_size"].eq(1).all() and history["train_accuracy"].isna().all()
    x = x or ("step" if function else "epoch")
    lines = bands(history, best, x, y)
    problems = list(dict.fromkeys(lines["problem"]))
    labels = ranked(lines)
    if y.endswith("accuracy"):
        labels = labels[::-1]
    palette = style.colours(labels)
    figure, axes = plt.subplots(
        1, len(problems), figsize=(1.2 + 5.6 * len(problems), 4.6), squeeze=False, layout="constrained"
    )
    for ax, problem in zip(axes[0], problems, strict=True):
        lines_plot.convergence(lines[lines["problem"] == problem], ax, x=x, y=y, colours=palette)
        if function:
            ax.set_ylabel(ax.get_ylabel().removeprefix("training "))
        if len(problems) > 1:
            ax.set_title(problem)
    style.outside_legend(axes[0][-1])
    question = _experiment(results).question
    if question:
        figure.suptitle(question, x=0.01, ha="left", fontsize="medium")
    style.caption(figure, _seeds_text(results) + _chosen_text(results, best) + _ended_text(best))
    return figure


def _sensitivity(results: Results, x: str | None, y: str) -> Figure | None:
    names = varying(results.runs)
    if not names:
        return None
    problems = list(dict.fromkeys(results.runs["problem"]))
    figure, axes = plt.subplots(
        len(names),
        len(problems),
        figsize=(1.2 + 5.6 * len(problems), 0.6 + 4 * len(names)),
        squeeze=False,
        layout="constrained",
    )
    palette = style.colours(ranked(bands(results.history, best_runs(results.runs), "step", "train_cost")))
    for row, name in zip(axes, names, strict=True):
        points = sensitivity(results.runs, name, y if y in ("train_cost", "test_cost") else "train_cost")
        for ax, problem in zip(row, problems, strict=True):
            lines_plot.sensitivity(points[points["problem"] == problem], ax, parameter=name, colours=palette)
            if len(problems) > 1:
                ax.set_title(problem)
    style.outside_legend(axes[0][-1])
    role = "tuning" if (results.runs["role"] == "tuning").any() else "evaluation"
    seeds = results.runs.loc[results.runs["role"] == role, "seed"].nunique()
    spread = f"Median and interquartile band over {seeds} seeds" if seeds > 1 else "One seed"
    diverged = results.runs.loc[results.runs["role"] == role, "status"].eq("diverged").any()
    style.caption(
        figure, f"{spread} of {role}." + (" × marks the last value before a line diverges." if diverged else "")
    )
    return figure


def _path(results: Results, x: str | None, y: str) -> Figure | None:
    problems = {
        label: problem
        for label, problem in _problems(results).items()
        if isinstance(problem, FunctionProblem) and problem.n_weights <= 2
    }
    if not problems:
        return None
    best = best_runs(results.runs)
    history = results.history.merge(best[["run_id", "problem", "label", "seed"]], on="run_id")
    labels = ranked(bands(results.history[results.history["run_id"].isin(best["run_id"])], best, "step", "train_cost"))
    palette = style.colours(labels)
    if all(problem.n_weights == 1 for problem in problems.values()):
        return _paths_on_curves(results, problems, history, palette)
    if all(problem.n_weights == 2 for problem in problems.values()):
        return _paths_on_contours(results, problems, history, palette, best)
    return None


def _paths_on_curves(
    results: Results, problems: dict[str, FunctionProblem], history: pd.DataFrame, palette: dict[str, object]
) -> Figure:
    figure, axes = plt.subplots(
        len(problems),
        len(palette),
        figsize=(4.2 * len(palette), 0.8 + 3.4 * len(problems)),
        squeeze=False,
        sharex="row",
        sharey="row",
        layout="constrained",
    )
    for row, (name, problem) in zip(axes, problems.items(), strict=True):
        low, high = problem.kind.domain[0]
        points = np.linspace(low, high, 400)
        curve = pd.DataFrame({"w_0": points, "cost": [problem.cost([w]) for w in points]})
        for ax, (label, colour) in zip(row, palette.items(), strict=True):
            steps = history[(history["problem"] == name) & (history["label"] == label)]
            path.path_on_curve(curve, steps, ax, colour=colour)
            ax.set_title(label if len(problems) == 1 else f"{name}: {label}")
            ax.label_outer()
    budget = int(history["step"].max())
    starts = history["seed"].nunique()
    from_where = "one start" if starts == 1 else f"{starts} starts, one a seed"
    style.caption(
        figure,
        f"{', '.join(problems)}. A dot is a step: the circle is the start, the large dot the weight after {budget} steps "
        f"({from_where}).{_chosen_text(results, best_runs(results.runs))}",
    )
    return figure


def _paths_on_contours(
    results: Results,
    problems: dict[str, FunctionProblem],
    history: pd.DataFrame,
    palette: dict[str, object],
    best: pd.DataFrame,
) -> Figure:
    figure, axes = plt.subplots(
        1, len(problems), figsize=(1.4 + 5.4 * len(problems), 5.0), squeeze=False, layout="constrained"
    )
    for ax, (name, problem) in zip(axes[0], problems.items(), strict=True):
        (left, right), (bottom, top) = problem.kind.domain
        grid = [(u, v) for v in np.linspace(bottom, top, 121) for u in np.linspace(left, right, 121)]
        surface = pd.DataFrame(grid, columns=["w_0", "w_1"])
        surface["cost"] = [problem.cost(point) for point in grid]
        steps = history[(history["problem"] == name) & np.isfinite(history["train_cost"])]
        path.paths_on_contours(surface, steps, ax, colours=palette, minima=problem.kind.minima)
        ax.set_title(name)
    style.outside_legend(axes[0][-1])
    steps_text = f"{int(history['step'].max())} steps from the circle to the dot; the star is the minimum."
    style.caption(figure, steps_text + _chosen_text(results, best) + _ended_text(best))
    return figure


def _replayed(results: Results) -> tuple[Network, Cell, np.ndarray, int] | None:
    """The best run on images, made again for its weights: a run is the same each time."""
    experiment = _experiment(results)
    known = {job.run_id: job for job in jobs(experiment, cells(experiment), "evaluation")}
    best = best_runs(results.runs)
    best = best[best["run_id"].isin(known)].sort_values("final_test_accuracy", ascending=False, kind="stable")
    for found in best["run_id"]:
        job = known[found]
        plan = job.cell.plan(job.seed)
        if isinstance(plan.problem, Network) and plan.problem.examples.image and plan.problem.classifies:
            assert run_id(plan) == found
            return plan.problem, job.cell, train(plan).w, job.seed
    return None


def _digits(results: Results, x: str | None, y: str) -> Figure | None:
    replayed = _replayed(results)
    if replayed is None or not len(replayed[0].examples.x_test):
        return None
    problem, cell, w, seed = replayed
    data = problem.examples
    outputs = problem.outputs(w, data.x_test)
    guesses = problem.predict(w, data.x_test)
    wrong = np.flatnonzero(guesses != data.y_test)
    height, width = data.image or (1, 1)
    rows, columns = 4, 10
    shown = [*range(2 * columns), *wrong[: 2 * columns]]
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.95, rows * 1.4), layout="constrained")
    names = data.classes or ()
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, k in zip(axes.flat, shown, strict=False):
        told = {"prediction": names[guesses[k]], "truth": names[data.y_test[k]], "confidence": outputs[k].max()}
        images.prediction(data.x_test[k].reshape(height, width), pd.Series(told), ax)
    accuracy = 1 - len(wrong) / len(guesses)
    style.caption(
        figure,
        f"Test examples as read by {cell.label} (seed {seed}), right on {accuracy:.1%} of {len(guesses):,}: its reading "
        "and its largest output. Above, the first of the test set; below, the first that it gets wrong.",
    )
    return figure


def _weights(results: Results, x: str | None, y: str) -> Figure | None:
    replayed = _replayed(results)
    if replayed is None:
        return None
    problem, cell, w, seed = replayed
    height, width = problem.examples.image or (1, 1)
    matrix = problem.layers[0]
    values = w[: int(matrix["size"])].reshape(int(matrix["rows"]), int(matrix["columns"]))
    neurons = min(values.shape[1], 64)
    columns = min(8, neurons)
    rows = -(-neurons // columns)
    limit = float(np.quantile(np.abs(values), 0.99))
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * 1.1, 0.6 + rows * 1.1), squeeze=False, layout="constrained"
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for k, ax in zip(range(neurons), axes.flat, strict=False):
        images.weight_image(values[:, k].reshape(height, width), ax, limit)
    style.caption(
        figure,
        f"Weights of the {neurons} neurons of the first layer, after {cell.label} (seed {seed}): "
        f"blue is -{limit:.2g} or less, white 0, red {limit:.2g} or more.",
    )
    return figure


KINDS: dict[str, Callable[[Results, str | None, str], Figure | None]] = {
    "convergence": _convergence,
    "sensitivity": _sensitivity,
    "path": _path,
    "digits": _digits,
    "weights": _weights,
}

_WHEN = {
    "convergence": "the history has no values in that column",
    "sensitivity": "no hyperparameter takes more than one value",
    "path": "the problems are not functions of one or two weights",
    "digits": "the problem is not a network on images with classes, or its best run is not in the experiment",
    "weights": "the problem is not a network on images with classes, or its best run is not in the experiment",
}
