"""The page as a file: what it lets run, what it loads, how large it is, and that it is the same each time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report.conftest import ODD, made_up
from report.parsing import parsed

import optilab
from optilab.analysis import leaderboard, smallest_difference, verdict
from optilab.errors import InputError
from optilab.experiment.question import question_of
from optilab.report.curves import curves
from optilab.report.page import asset
from optilab.report.pictures import _SMALLEST, pictures, room_for
from optilab.report.report import report, write_report
from optilab.report.source import sources_of
from optilab.report.statistics import statistics
from optilab.report.tables import number, table
from optilab.store import Results
from optilab.texts import printable

CHECKSUMS = {  # uPlot 1.6.32, as published
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}


@pytest.fixture(scope="module")
def page(valleys_page: Path) -> str:
    """The report of the valleys."""
    return valleys_page.read_text("utf-8")


@pytest.mark.parametrize("name", CHECKSUMS)
def test_what_others_wrote_is_as_they_published_it(name: str) -> None:
    """Its digest is that of the release, and its licence lies beside it."""
    assert hashlib.sha256(asset(name).encode()).hexdigest() == CHECKSUMS[name]
    assert "MIT License" in asset("uPlot.LICENSE")


def test_the_page_s_own_script_is_small() -> None:
    """Forty kilobytes at most."""
    assert len(asset("report.js").encode()) < 40_000


def test_only_the_page_s_own_script_and_style_count(page: str) -> None:
    """The policy allows nothing but what has the digest of a block of the page; there are no other blocks, attributes of style or handlers."""
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#x27;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for blocks, rule in ((scripts, "script-src"), (styles, "style-src")):
        digests = [base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]
    names = {name for _, attributes in parsed(page).tags for name, _ in attributes}
    assert "class" in names
    assert not [name for name in names if name == "style" or name.startswith("on")]


def test_nothing_is_loaded(page: str) -> None:
    """No element has an address but those of the page itself and of pictures inside of it."""
    attributes = [pair for _, pairs in parsed(page).tags for pair in pairs]
    addresses = [
        value for name, value in attributes if name in ("href", "src", "data", "action", "srcset", "xlink:href")
    ]
    assert addresses
    assert all(str(address).startswith(("#", "data:image/png")) for address in addresses)


def test_names_are_text(page: str) -> None:
    """A name full of markup stands there escaped, wherever it stands."""
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page.count("&lt;/script&gt;&lt;img src=x") > 3
    assert printable("\u202e") in page


def test_the_same_results_make_the_same_file(valleys: Results, valleys_page: Path, tmp_path: Path) -> None:
    """To the byte, in another process as well, with another seed of Python's hashes."""
    code = (
        "import sys, optilab; from pathlib import Path; from optilab.report.report import write_report; "
        "write_report([optilab.load(sys.argv[1])], Path(sys.argv[2]))"
    )
    other = tmp_path / "other.html"
    own = {**os.environ, "PYTHONHASHSEED": "5"}
    subprocess.run([sys.executable, "-c", code, str(valleys.folder), str(other)], check=True, env=own)
    assert other.read_bytes() == valleys_page.read_bytes()


def test_the_page_says_what_the_analysis_says(valleys: Results, page: str) -> None:
    """Its verdict has the sentences of `verdict`, its leaderboard the rows of `leaderboard`."""
    import html

    question = question_of(valleys)
    for sentence in verdict(valleys, question=question).sentences:
        assert html.escape(printable(sentence)) in page
    board = leaderboard(valleys, question=question)
    section = page[page.index('id="leaderboard"') : page.index('id="convergence"')]
    rows = re.findall(r"<tr[^>]*data-label[^>]*>.*?</tr>", section)
    assert len(rows) == len(board)
    for row, known in zip(rows, board.to_dict("records"), strict=True):
        assert f'data-problem="{known["problem"]}"' in row
        values = [float(value) for value in re.findall(r'data-value="([^"]*)"', row)]
        assert known["median"] in values or np.isnan(known["median"])


def test_commands_stand_on_lines_of_their_own(page: str) -> None:
    """The one that makes all runs, and the one that makes one of them again."""
    assert re.search(r"<pre><code>optilab run valleys.toml</code>\n<code>optilab replay valleys [0-9a-f]{16} ", page)


def test_a_code_for_each_method_and_problem_is_no_fault(page: str) -> None:
    """Digests say whose they are; nothing is said of different code where each method has one on each problem."""
    assert "different code" not in page
    assert re.search(r"<td>[0-9a-f]{16} \(sgd, wild on bowl\)</td>", page)


def test_a_picture_without_room_is_left_to_a_command(
    valleys: Results, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers stand there all the same; the more data there are, the less room is left for pictures. None that can't find room is
    written: the smallest is larger than that.
    """
    assert min(map(len, re.findall(r'<svg role="img".*?</svg>', page, re.DOTALL))) > _SMALLEST
    monkeypatch.setattr("optilab.report.pictures.inline", lambda *_: pytest.fail("a picture was written"))
    source = sources_of([valleys])[0]
    part = pictures(source, 1, {}, room=0)
    assert "<svg" not in part
    assert "<code>optilab plot RESULTS finals</code>" in part
    assert part.count('<details class="numbers">') > 4
    assert room_for(10_000, 1) > room_for(500_000, 1) > room_for(500_000, 2) > room_for(10_000_000, 2) > 0


def test_heads_stand_over_their_numbers() -> None:
    """A head of numbers is set as they are; a caption is seen where it is wanted, and heard in any case."""
    made = table(["name", "size"], [["a", number(-1.5)]], caption="Sizes")
    assert '<th scope="col">name</th><th scope="col" class="number">size</th>' in made
    assert '<caption class="unseen">Sizes</caption>' in made
    assert '<td class="number" data-value="-1.5">−1.5</td>' in made
    assert "<caption>Sizes</caption>" in table(["name"], [["a"]], caption="Sizes", seen=True)


def test_settings_of_every_run_are_there(valleys: Results, page: str) -> None:
    """Each run's hyperparameters and final values, to six digits."""
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    settings = json.loads(found[1])["folders"][0]["settings"]
    assert settings["n"] == len(valleys.runs)
    for name, values in zip(settings["columns"], settings["values"], strict=True):
        column = [values["same"]] * settings["n"] if "same" in values else [values["of"][k] for k in values["at"]]
        for value, known in zip(column, valleys.runs[name], strict=True):
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert value == pytest.approx(known, rel=1e-5)
            else:
                assert value in (printable(str(known)), known, None, "∞", "−∞")
    assert {"lr", "seed", "status", "final_train_cost", "code"} <= set(settings["columns"])


def test_a_thousand_runs_stay_below_a_megabyte() -> None:
    """A thousand runs with a hundred measurements each, of which three measures are drawn."""
    assert len(report([made_up(1000, 100)]).encode()) < 1_000_000


@pytest.mark.usefixtures("without_pictures")
def test_several_results_stand_side_by_side(valleys: Results) -> None:
    """Each has its verdict, and its name tells its lines from the others'; of one name, they are numbered."""
    page = report([valleys, made_up(20, 5, lines=2), valleys])
    content = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert [folder["name"] for folder in content["folders"]] == ["valleys", "many", "valleys (2)"]
    assert page.count('class="verdict"') == 3


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("what", ODD)
def test_odd_results_have_a_page(valleys: Results, what: str) -> None:
    """No traceback: a page, which names every line that there is."""
    odd = ODD[what](valleys)
    page = report([odd])
    assert "Leaderboard" in page
    assert "nan" not in re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL).lower().split()
    if what == "two codes":
        assert "different code" in page
    if what == "failed, without a history":
        assert "why &lt;/script&gt;" in page


@pytest.mark.usefixtures("without_pictures")
def test_very_many_lines() -> None:
    """Still a page, and below three megabytes: the best lines are drawn, and the rest counted."""
    results = made_up(1_100, 2, lines=1_100)
    few = replace(results, question=replace(results.question, measure="test_cost"))  # type: ignore[type-var]
    page = report([few])
    assert len(page.encode()) < 3_000_000
    assert "And 100 more lines" in page


def test_a_file_that_can_not_be_written(valleys: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused by name."""
    monkeypatch.setattr("optilab.report.report.report", lambda _: "a page")
    with pytest.raises(InputError, match="can't write"):
        write_report([valleys], tmp_path / "missing" / "page.html")


def test_runs_in_another_order_make_the_same_tables(valleys: Results) -> None:
    """The order of rows in the tables of results changes no number of the leaderboard."""
    question = question_of(valleys)
    shuffled = replace(valleys, runs=valleys.runs.sample(frac=1, random_state=3), history=valleys.history)
    one, other = (
        leaderboard(r, question=question).sort_values(["problem", "label"], ignore_index=True)
        for r in (valleys, shuffled)
    )
    pd.testing.assert_frame_equal(one, other)


def test_what_four_times_as_many_seeds_show_is_no_half(valleys: Results) -> None:
    """The smallest difference falls by more than half where seeds are few: the sentence gives the number alone."""
    (source,) = sources_of([valleys])
    text = str(statistics(source))
    n, family = int(source.findings.comparisons["n"].max()), int(source.findings.comparisons["random"].sum())
    wanted = smallest_difference(4 * n, alpha=0.05 / family)
    assert f"four times as many seeds one of {wanted:.2f}." in text


def test_one_method_has_no_statistics() -> None:
    """A sentence says so, and no heading stands alone; so it does where a history has no values."""
    rows = pd.DataFrame({"optimizer": "ours", "seed": [0, 0], "epoch": [0, 1], "test_loss": [np.nan, np.nan]})
    text = report([optilab.load(rows)])
    assert "No statistics: there is nothing to compare." in text
    assert "No curves: no measure of a line has a value at any time." in text


def test_lines_whose_schedule_depends_on_the_length_end_hollow(without_pictures: None, tmp_path: Path) -> None:
    """The interactive picture marks them, and a sentence names them."""
    experiment = {
        "name": "lengths",
        "seeds": 2,
        "budget": {"steps": 8},
        "problem": {"use": "bowl", "start": "random"},
        "optimizers": [{"use": "sgd", "lr": 0.01}, {"use": "sgd", "lr": 0.01, "schedule": "cosine", "label": "short"}],
    }
    results = optilab.run(experiment, tmp_path / "r", executor="inline")
    found = curves(results, question_of(results))
    assert {line["label"]: line["bound"] for line in found.lines} == {"sgd": False, "short": True}
    assert "Hollow ends: the schedule of short depends on the length of the run" in report([results])
