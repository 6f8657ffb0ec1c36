"""Anybody's table of runs, read as results."""

from __future__ import annotations

import gzip
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.published import FOLDER, tabular_seeds
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab import InputError, Measure
from optilab.analysis import leaderboard, ranks, verdict
from optilab.store import Results, load_table

CURVES = """\
method,dataset,seed,epoch,train_loss,test_acc,hp.lr
ours,digits,0,1,0.50,0.80,0.1
ours,digits,0,2,0.40,0.82,0.1
ours,digits,1,1,0.52,0.79,0.1
ours,digits,1,2,0.41,0.83,0.1
base,digits,0,1,0.60,0.70,0.1
base,digits,0,2,0.55,0.74,0.1
base,digits,1,2,0.54,0.73,0.1
base,digits,1,1,0.61,0.71,0.1
"""


def read(text: str | bytes, folder: Path, name: str = "runs.csv", **asked: Any) -> Results:
    """The results in a file with this content."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_table(path, **asked)


def refusal(text: str, folder: Path, **asked: Any) -> str:
    """The message with which a table is refused."""
    with pytest.raises(InputError) as caught:
        read(text, folder, **asked)
    return str(caught.value)


def test_a_row_a_measurement_is_a_history(tmp_path: Path) -> None:
    """A run's rows are put in order; its last values are what is compared, under optilab's names."""
    found = read(CURVES, tmp_path)
    assert found.runs[["problem", "label", "seed", "lr", "status"]].values.tolist() == [
        ["digits", "ours", 0, 0.1, "budget"],
        ["digits", "ours", 1, 0.1, "budget"],
        ["digits", "base", 0, 0.1, "budget"],
        ["digits", "base", 1, 0.1, "budget"],
    ]
    assert found.runs["final_train_cost"].tolist() == [0.40, 0.41, 0.55, 0.54]
    assert found.runs["final_test_accuracy"].tolist() == [0.82, 0.83, 0.74, 0.73]
    last = found.history[found.history["run_id"] == found.runs["run_id"].iloc[3]]
    assert last[["epoch", "train_cost"]].values.tolist() == [[1.0, 0.61], [2.0, 0.54]]
    assert found.question is not None
    assert (found.question.measure, found.question.control) == ("test_accuracy", "ours")
    assert found.folder == tmp_path / "runs-pictures"
    assert not found.folder.exists()
    assert found.notes == ()


def test_the_best_value_is_that_of_any_row(tmp_path: Path) -> None:
    """The lowest of a cost, the highest of an accuracy; what isn't finite is not the best."""
    text = "optimizer,seed,step,cost,accuracy\na,0,1,0.1,0.9\na,0,2,-inf,inf\na,0,3,0.4,0.5\n"
    found = read(text, tmp_path).runs
    assert found[["final_cost", "best_cost", "final_accuracy", "best_accuracy"]].values.tolist() == [
        [0.4, 0.1, 0.5, 0.9]
    ]


def test_a_row_a_run_needs_no_step(tmp_path: Path) -> None:
    """Final values alone; the problem is called as the file if there is but one."""
    found = read("opt,seed,score\na,0,1.5\nb,0,2.5\n", tmp_path, "exam.csv")
    assert found.runs[["problem", "label", "final_score"]].values.tolist() == [["exam", "a", 1.5], ["exam", "b", 2.5]]
    assert leaderboard(found)["label"].tolist() == ["b", "a"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["runs.csv", "runs.csv.gz", "runs.txt"])
def test_files_as_they_are(tmp_path: Path, separator: str, ends: str, name: str) -> None:
    """Separators, ends of lines, compression, a mark of the order of bytes, comments above and blank lines make no difference."""
    text = "\ufeff# made by hand\n" + CURVES.replace("\n", "\n\n", 1)
    content = text.replace(",", separator).replace("\n", ends).encode()
    found = read(gzip.compress(content) if name.endswith(".gz") else content, tmp_path, name)
    pd.testing.assert_frame_equal(
        found.runs.drop(columns="experiment"), read(CURVES, tmp_path, "plain.csv").runs.drop(columns="experiment")
    )


def test_decimal_commas(tmp_path: Path) -> None:
    """Where columns are separated otherwise, 0,5 is a half."""
    found = read("optimizer;seed;cost\na;0;0,5\nb;0;0,25\n", tmp_path)
    assert found.runs["final_cost"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("lost", ["nan", "NaN", "inf", ""])
def test_decimal_commas_beside_words(tmp_path: Path, lost: str) -> None:
    """A run that diverged, whatever is written for it, doesn't make texts of the others' numbers."""
    found = read(f"optimizer;seed;hp.lr;score\na;0;0,1;0,91\na;1;0,1;1,234\nb;0;0,2;{lost}\nb;1;nan;0,5\n", tmp_path)
    assert found.runs["final_score"].tolist()[:2] == [0.91, 1.234]
    assert found.runs["lr"].tolist()[:3] == [0.1, 0.1, 0.2]
    assert found.runs["status"].tolist() == ["budget", "budget", "diverged", "budget"]


def test_decimal_commas_of_one_column(tmp_path: Path) -> None:
    """Beside a column with points; but what may be thousands is refused, and a column that has both."""
    found = read("optimizer;seed;score;seconds\na;0;0,91;1.5\nb;0;0,5;2\n", tmp_path)
    assert found.runs["final_score"].tolist() == [0.91, 0.5]
    for text in ("optimizer;seed;test_cost;cost\na;0;1,234;1.5\n", "optimizer;seed;test_cost\na;0;0,5\na;1;0.5\n"):
        assert "is no number" in refusal(text, tmp_path)


def test_a_frame_is_read_as_a_file_is(tmp_path: Path) -> None:
    """With the same columns; messages name its rows."""
    path = tmp_path / "runs.csv"
    path.write_text(CURVES, "utf-8")
    frame = pd.read_csv(path)
    from_file, from_frame = load_table(path), load_table(frame)
    names = [name for name in from_file.runs if name != "experiment"]
    pd.testing.assert_frame_equal(from_frame.runs[names], from_file.runs[names])
    with pytest.raises(InputError, match="the DataFrame, row 2, column 'seed': 'x' is no number"):
        load_table(frame.assign(seed=[0, 0, "x", 1, 0, 0, 1, 1]))


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(8)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    """Values and outcomes are the same, whichever row comes first."""
    lines = [line.split(",") for line in CURVES.splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0])
    first, other = (leaderboard(load_table(given, control="base")) for given in (frame, frame.iloc[order]))
    pd.testing.assert_frame_equal(first, other)


def test_runs_that_end_in_no_number_have_diverged(tmp_path: Path) -> None:
    """Whether it is nan, inf or nothing: they count as infinitely bad, and a note names them."""
    for lost in ("nan", "inf", "-inf", "NaN", ""):
        text = CURVES.replace("base,digits,0,2,0.55,0.74", f"base,digits,0,2,{lost},{lost}")
        found = read(text, tmp_path)
        assert found.runs["status"].tolist() == ["budget", "budget", "diverged", "budget"]
        assert found.notes == ("1 run without a finite test_accuracy at the end, counted as diverged: base, seed 0.",)
        assert leaderboard(found).set_index("label").loc["base", "statuses"] == "1 diverged, 1 budget"
        assert leaderboard(found).set_index("label").loc["base", "median"] == -math.inf


def test_a_measure_that_is_taken_now_and_then_has_gaps(tmp_path: Path) -> None:
    """Its last value counts, and no run has diverged."""
    text = "optimizer,seed,step,test_cost\na,0,1,\na,0,2,0.5\na,0,3,\nb,0,1,\nb,0,2,0.6\nb,0,3,\n"
    found = read(text, tmp_path)
    assert found.runs["final_test_cost"].tolist() == [0.5, 0.6]
    assert set(found.runs["status"]) == {"budget"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_gaps_of_one_run_say_nothing_of_another(tmp_path: Path, order: tuple[int, int]) -> None:
    """A run that ends in nan has diverged, and so has one that ends in nothing without having had a gap before."""
    gap = "a,0,1,.5\na,0,2,\na,0,3,.7\n"
    for end in ("nan", ""):
        text = "optimizer,seed,epoch,test_acc\n" + "".join(
            (gap, f"b,0,1,.5\nb,0,2,.9\nb,0,3,{end}\n")[k] for k in order
        )
        (tmp_path / "runs.csv").write_text(text, "utf-8")
        for table in (tmp_path / "runs.csv", pd.read_csv(tmp_path / "runs.csv")):
            runs = load_table(table).runs.set_index("label")
            assert runs["status"].to_dict() == {"a": "budget", "b": "diverged"}
            assert runs.loc["a", "final_test_accuracy"] == 0.7
            assert runs.loc["b", "best_test_accuracy"] == 0.9


def test_nan_ends_a_measure_that_is_taken_now_and_then(tmp_path: Path) -> None:
    """It is no gap: the last thing that is written counts."""
    rows = (".5", "", "nan", "", ".5", "", "nan", ".6")
    text = "".join(f"{'ab'[k // 4]},0,{k % 4},{cell}\n" for k, cell in enumerate(rows))
    runs = read(f"optimizer,seed,step,test_cost\n{text}", tmp_path).runs
    assert runs["status"].tolist() == ["diverged", "budget"]
    assert runs["final_test_cost"].tolist()[1] == 0.6


@pytest.mark.parametrize("empty", [None, math.nan, pd.NA, pd.NaT, "  "])
def test_cells_of_a_frame_that_are_empty(empty: object) -> None:
    """However pandas has them: they name no optimizer."""
    frame = pd.DataFrame({"optimizer": ["a", empty], "seed": [0, 0], "cost": [1.0, 2.0]}, dtype=object)
    with pytest.raises(
        InputError, match=r"row 1, column 'optimizer': (an empty cell|'  ') names nothing; give it a name"
    ):
        load_table(frame)


def test_only_runs_that_diverged_are_a_result(tmp_path: Path) -> None:
    """A leaderboard and a verdict say so."""
    found = read("optimizer,seed,cost\na,0,nan\na,1,inf\nb,0,\nb,1,nan\n", tmp_path)
    assert leaderboard(found)["median"].tolist() == [math.inf, math.inf]
    assert "a did not last on 2 of 2 seeds." in verdict(found).sentences


def test_accuracies_in_percent_are_shares(tmp_path: Path) -> None:
    """They are divided by a hundred, and that is said."""
    found = read("optimizer,seed,val accuracy\na,0,81\na,1,0.5\nb,0,0\nb,1,nan\n", tmp_path)
    assert found.runs["final_valid_accuracy"].tolist()[:3] == [0.81, 0.005, 0.0]
    assert found.notes[0] == "val accuracy is in percent, and was divided by 100."


@pytest.mark.parametrize("name", ["optimizer", "problem"])
def test_shares_beside_percent_are_refused(tmp_path: Path, name: str) -> None:
    """Where a method or a problem has shares alone; the lines are named."""
    other = {"optimizer": "problem", "problem": "optimizer"}[name]
    text = f"{name},{other},seed,test_acc\na,x,0,91\na,y,0,90\nb,x,0,0\nb,y,0,0.93\n"
    told = refusal(text, tmp_path)
    assert "column 'test_acc': line 5 has 0.93, and all of 'b' lie from 0 to 1, but line 2 has 91" in told
    assert told.endswith("which is in percent; write all as shares from 0 to 1")


def test_runs_that_end_early_are_told(tmp_path: Path) -> None:
    """They count as finished, as far as no status says otherwise; problems are judged one by one."""
    ends = (
        ("a", "p", 0, 4, ""),
        ("a", "p", 1, 2, ""),
        ("b", "p", 0, 3, ""),
        ("b", "p", 1, 1, "failed"),
        ("b", "q", 0, 2, ""),
    )
    rows = [f"{o},{p},{s},{e},1,{status}" for o, p, s, end, status in ends for e in range(1, end + 1)]
    found = read("\n".join(["optimizer,problem,seed,epoch,test_cost,status", *rows]), tmp_path)
    assert (
        "Not all runs end at the same epoch: 2 of 4 end before others, and count as finished, unless a column status says otherwise: "
        "a on p, seed 1; b on p, seed 0."
    ) in found.notes
    assert not read(CURVES, tmp_path).notes


@pytest.mark.parametrize(
    "first", ["", "optimizer,seed,cost\n", "optimizer,seed,cost\na,0,1\n", 'optimizer,seed,cost\n"a",0,1\n']
)
@pytest.mark.parametrize("huge", ["1" * 200_000, f'{{"a": {"1" * 200_000}}}', f"{'1' * 200_000},0,x"])
def test_a_large_file_that_is_no_table_is_refused(tmp_path: Path, first: str, huge: str) -> None:
    """With a message, wherever its one long line stands."""
    told = refusal(first + huge, tmp_path)
    assert "is no readable table: field larger than field limit" in told or "has 1 cell" in told


def test_hyperparameters_are_chosen(tmp_path: Path) -> None:
    """hp.NAME tells cells apart, numbers and words; the best by the measure is compared, or by validation where there is one."""
    rows = [
        f"{label},{seed},{lr},{kind},{cost + seed / 100},{valid}"
        for label, lr, kind, cost, valid in (
            ("a", 0.1, "x", 0.5, 0.2),
            ("a", 0.2, "y", 0.4, 0.9),
            ("b", 0.1, "x", 0.6, 0.3),
        )
        for seed in range(6)
    ]
    head = "optimizer,seed,hp.lr,hp.kind,test_cost,"
    by_test = read("\n".join([head + "n", *rows]), tmp_path, measure="test_cost")
    assert leaderboard(by_test)["hyperparameters"].tolist() == ["lr=0.2*, kind=y", "lr=0.1, kind=x"]
    by_validation = read("\n".join([head + "valid_cost", *rows]), tmp_path)
    assert leaderboard(by_validation)["hyperparameters"].tolist() == ["lr=0.1*, kind=x", "lr=0.1, kind=x"]
    assert leaderboard(by_validation)["trials"].tolist() == [2, 1]


def test_runs_of_tuning_choose_and_are_not_compared(tmp_path: Path) -> None:
    """The column role tells them."""
    tuning = [
        f"tuning,{label},{lr},{90 + s},{c}"
        for label, lr, c in (("a", 1, 0.5), ("a", 2, 0.1), ("b", 1, 0.2))
        for s in (0, 1)
    ]
    runs = [f"evaluation,{label},{lr},{s},0.{s}3" for label, lr in (("a", 2), ("b", 1)) for s in range(6)]
    found = read("\n".join(["role,optimizer,hp.lr,seed,cost", *tuning, *runs]), tmp_path)
    board = leaderboard(found)
    assert board["trials"].tolist() == [2, 1]
    assert board["n"].tolist() == [6, 6]
    assert "these very seeds" not in str(verdict(found))


def test_statuses_and_their_other_words(tmp_path: Path) -> None:
    """What didn't last counts as infinitely bad, whatever its value."""
    found = read("optimizer,seed,status,cost\na,0,ok,1\na,1,Finished,1\na,2,failed,0\na,3,,1\n", tmp_path)
    assert found.runs["status"].tolist() == ["budget", "budget", "failed", "budget"]


def test_unequal_seeds_are_told(tmp_path: Path) -> None:
    """They are allowed: pairs are made of those in common."""
    found = read("optimizer,seed,test_cost\na,0,1\na,1,1\nb,0,2\n", tmp_path)
    assert found.notes == (
        "Not all ran on the same seeds (from 1 to 2 each): pairs are made of the seeds that two have in common.",
    )
    found = read("optimizer,seed,test_cost\na,0,1\na,1,1\nb,2,2\nb,3,2\n", tmp_path)
    assert "(2 each, but different ones)" in found.notes[0]
    rows = [f"{o},p,{s},1" for o in "ab" for s in range(9)] + ["a,q,0,1", "a,q,1,1", "b,q,0,1", "b,q,1,1", "b,q,2,1"]
    found = read("\n".join(["optimizer,problem,seed,test_cost", *rows]), tmp_path)
    assert "(on q; from 2 to 3 each)" in found.notes[0]


def test_seeds_are_named_once(tmp_path: Path) -> None:
    """However many hyperparameters ran on them."""
    rows = [f"a,{seed},{lr},nan" for seed in (0, 1) for lr in (1, 2)] + ["b,0,1,1", "b,1,1,1"]
    found = read("\n".join(["optimizer,seed,hp.lr,test_cost", *rows]), tmp_path)
    assert found.notes == ("4 runs without a finite test_cost at the end, counted as diverged: a, seeds 0, 1.",)


def test_one_row_is_a_result(tmp_path: Path) -> None:
    """With nothing to compare."""
    found = read("optimizer,seed,cost\na,0,1\n", tmp_path)
    assert leaderboard(found)["label"].tolist() == ["a"]
    assert verdict(found).sentences == ("Nothing is compared with a, which is alone.",)


def test_published_runs_rank_as_they_were_published() -> None:
    """Mean ranks of the means over seeds of 16 optimizers on 17 data sets are those of the study's own table."""
    found = load_table(FOLDER / "tabular_mlp_seeds.csv", measure="test", best="highest", control="adamw")
    means = found.runs.pivot_table(index="problem", columns="label", values="final_test")
    told = ranks(means, lowest=False)
    assert told.mean_ranks.head(3).round(2).to_dict() == {"muon-ema": 4.65, "adamw-ema": 5.0, "muon": 5.12}
    assert round(told.critical_difference, 2) == 5.59
    assert len(found.runs) == len(tabular_seeds())
    board = leaderboard(found)
    assert len(board) == 16 * 17
    assert board.loc[board["label"] == "adamw", "outcome"].unique().tolist() == ["control"]
    assert board["seconds"].notna().all()


def test_which_value_is_the_best_is_asked_where_names_do_not_say_it(tmp_path: Path) -> None:
    """Or known from the name, or given with it."""
    text = "optimizer,seed,test,n\na,0,1,5\nb,0,2,6\n"
    assert (
        'Say --measure test and --highest or --lowest (in Python measure="test", best="highest" or "lowest")'
        in refusal(text, tmp_path)
    )
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"measure": "test", "best": "highest"}, "b"),
        ({"measure": "test", "best": "lowest"}, "a"),
        ({"measure": Measure("test", ascending=True)}, "b"),
    )
    for asked, first in cases:
        found = read(text, tmp_path, **asked)
        assert leaderboard(found)["label"].iloc[0] == first
        assert found.question is not None
        assert found.question.chosen_by == "final_test"
    assert read("optimizer,seed,score\na,0,1\n", tmp_path, best="lowest").question.measure == "score"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("column", "asked", "notes"),
    [
        ("success_rate", {}, ("The highest success_rate is taken as the best.",)),
        ("fid_score", {"measure": "fid_score"}, ("The lowest fid_score is taken as the best.",)),
        ("fid_score", {"best": "lowest"}, ()),
        ("score", {"measure": Measure("score", ascending=True)}, ()),
        ("val acc", {}, ()),
    ],
)
def test_the_direction_that_was_guessed_is_told(
    tmp_path: Path, column: str, asked: dict[str, Any], notes: tuple[str, ...]
) -> None:
    """Not of optilab's own measures, nor where it was given."""
    assert read(f"optimizer,seed,{column}\na,0,0.5\n", tmp_path, **asked).notes == notes


@pytest.mark.parametrize("name", ["birth_rate", "anomaly_score", "neg_log_loss"])
def test_a_direction_that_can_not_be_guessed_is_asked_for(tmp_path: Path, name: str) -> None:
    """With what to say."""
    told = refusal(f"optimizer,seed,{name}\na,0,1\n", tmp_path)
    assert f"Say --measure {name} and --highest or --lowest" in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n\n", "is empty"),
        ("optimizer,seed,cost\n", "is empty: it has columns and no rows"),
        (
            "seed,cost\n0,1\n",
            "has no column 'optimizer': add one that names what is compared; it may be called method, label",
        ),
        (
            "optimizer,cost\na,1\n",
            "has no column 'seed': add one that numbers the repetitions of each optimizer, 0, 1, 2",
        ),
        ("optimiser,seed,cost\na,0,1\n", "did you mean 'optimiser'?"),
        (
            "optimizer,label,seed,cost\na,b,0,1\n",
            "'optimizer' and 'label' both name the optimizer; leave one of them out",
        ),
        ("optimizer,seed,cost,cost\na,0,1,2\n", "line 1: two columns are called 'cost'"),
        ("optimizer,seed,,cost\na,0,1,2\n", "line 1: column 3 has no name"),
        ("optimizer,seed,val_loss,valid_cost\na,0,1,2\n", "'val_loss' and 'valid_cost' are both valid_cost"),
        ("optimizer,seed\na,0\n", "has no measure: a column of numbers such as test_accuracy"),
        ("optimizer,seed,cost\na,0,1\na,1\n", "line 3 has 2 cells, line 1 names 3 columns; they are separated by ','"),
        ("optimizer,seed,cost\na,0,1\na,1,2,3\n", "line 3 has 4 cells"),
        (
            "optimizer,seed,cost\na,0,1\n\nb,1,x\n",
            "line 4, column 'cost': 'x' is no number; a number, nan, inf or nothing",
        ),
        ("optimizer,seed,test_cost\na,0,x\n", "line 2, column 'test_cost': 'x' is no number"),
        ("optimizer,seed,cost\na,0.5,1\n", "line 2, column 'seed': 0.5 is no whole number"),
        ("optimizer,seed,cost\na,,1\n", "line 2, column 'seed': an empty cell is no whole number"),
        ("optimizer,seed,cost\na,one,1\nb,1,1\n", "line 2, column 'seed': 'one' is no number; number the repetitions"),
        ("optimizer,seed,cost\n,0,1\n", "line 2, column 'optimizer': an empty cell names nothing; give it a name"),
        ("optimizer,seed,step,cost\na,0,-1,1\n", "line 2, column 'step': -1 is no number from 0"),
        ("optimizer,seed,step,cost\na,0,inf,1\n", "line 2, column 'step': inf is no number from 0"),
        ("optimizer,seed,status,cost\na,0,lost,1\n", "line 2, column 'status': 'lost' is none of budget, converged"),
        ("optimizer,seed,role,cost\na,0,test,1\n", "column 'role': 'test' is none of evaluation, tuning"),
        ("optimizer,seed,test_accuracy\na,0,101\n", "101 is no accuracy, which is from 0 to 1, or 100 in percent"),
        ("optimizer,seed,hp.seed,cost\na,0,1,1\n", "'hp.seed' can't be the name of a hyperparameter"),
        (
            "optimizer,seed,final_train_cost\na,0,1\n",
            "is a column of optilab's own tables; give measures without final_",
        ),
        (
            "optimizer,seed,cost\na,0,1\na,0,2\n",
            "line 2 and line 3 are the same run (optimizer 'a', seed 0): give the step",
        ),
        ("optimizer,seed,step,cost\na,0,5,1\na,0,5,2\n", "line 2 and line 3 are the same run at step 5"),
        ("optimizer,seed,time,cost\na,0,5,1\na,0,6,2\nb,0,5,1\n", "line 2 and line 3 are the same run (optimizer 'a'"),
        ('optimizer,seed,cost\n"a,0,1\n', "line 2 has 1 cell"),
    ],
)
def test_what_can_not_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """A message says where, what and what instead."""
    assert message in refusal(text, tmp_path)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"measure": "tset_acc"}, "unknown measure 'tset_acc': did you mean 'test_accuracy'"),
        ({"measure": "score", "best": "high"}, "unknown best 'high'"),
    ],
)
def test_what_can_not_be_asked(tmp_path: Path, asked: dict[str, object], message: str) -> None:
    """Of a measure that isn't there, or a best value that is neither the highest nor the lowest."""
    assert message in refusal("optimizer,seed,test_accuracy,score\na,0,1,1\n", tmp_path, **asked)


def test_files_that_are_none(tmp_path: Path) -> None:
    """A link, a folder, something that is not there, another encoding, bytes, a broken archive: one message each."""
    (tmp_path / "real.csv").write_text(CURVES, "utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "latin.csv").write_bytes("optimizer,seed,cost\nä,0,1\n".encode("latin-1"))
    (tmp_path / "zero.csv").write_bytes(b"optimizer,seed\0")
    (tmp_path / "bad.csv.gz").write_bytes(b"no archive")
    for name, message in (
        ("link.csv", "it is a link; give the file itself"),
        ("folder.csv", "it is a folder"),
        ("none.csv", "No such file"),
        ("latin.csv", "line 2: no text in UTF-8"),
        ("zero.csv", "it holds a zero byte"),
        ("bad.csv.gz", "is no readable .gz file"),
    ):
        with pytest.raises(InputError, match=message):
            load_table(tmp_path / name)


def test_names_of_all_kinds_are_kept(tmp_path: Path) -> None:
    """Markup, TeX, escapes, text from right to left, numbers, commas and line breaks in quotes are names like others."""
    names = ["<b>x</b>", "$x_1$", "\x1b[31mred", "שלום", "7", "a, b", "two\nlines"]
    frame = pd.DataFrame({"optimizer": names, "seed": 0, "cost": range(7)})
    frame.to_csv(tmp_path / "runs.csv", index=False)
    assert load_table(tmp_path / "runs.csv").runs["label"].tolist() == names
    assert "line 10, column 'seed'" in refusal((tmp_path / "runs.csv").read_text("utf-8") + "last,x,1\n", tmp_path)


def test_a_million_rows_take_seconds(tmp_path: Path) -> None:
    """A hundred thousand take less than three: what is done a row is done by columns."""
    runs, steps = 100, 1000
    frame = pd.DataFrame(
        {
            "optimizer": np.repeat([f"o{k % 10}" for k in range(runs)], steps),
            "seed": np.repeat([k // 10 for k in range(runs)], steps),
            "step": np.tile(np.arange(steps), runs),
            "train_cost": np.random.default_rng(0).random(runs * steps),
        }
    )
    frame.to_csv(tmp_path / "runs.csv", index=False)
    start = time.process_time()
    assert len(load_table(tmp_path / "runs.csv").history) == runs * steps
    assert time.process_time() - start < 3
