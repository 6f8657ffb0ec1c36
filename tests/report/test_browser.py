"""The report in a browser: it loads nothing, says nothing odd, and answers to mouse and keyboard."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.dom import minidom

import pytest
from report.browsing import Heard, cells, open_runs
from report.conftest import HOSTILE

from optilab.analysis import leaderboard
from optilab.analysis.best import best_runs
from optilab.analysis.curves import bands
from optilab.experiment.question import question_of
from optilab.store import Results
from optilab.texts import printable


@pytest.fixture(scope="module")
def heard(browser: Any, valleys_page: Path) -> Heard:
    """The page of the report of the valleys, opened once."""
    made = Heard(browser)
    made.open(valleys_page)
    return made


@pytest.fixture
def page(heard: Heard, valleys_page: Path) -> Iterator[Any]:
    """The page as it was opened, for tests that leave it so; there must be no complaint, and no request but for itself."""
    yield heard.page
    heard.check(valleys_page)


@pytest.fixture
def changed(heard: Heard, page: Any, valleys_page: Path) -> Iterator[Any]:
    """The same page, for tests that change it: it is opened anew after them."""
    yield page
    heard.check(valleys_page)
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 1100, "height": 900})
    heard.open(valleys_page)


def test_names_are_shown_and_not_run(page: Any) -> None:
    """A hostile name stands in the leaderboard to the letter; no dialog was opened, no image asked for."""
    assert printable(HOSTILE) in cells(page, "#board", 0)
    assert page.locator("img").count() == 0


def test_first_paint(page: Any) -> None:
    """The first paint comes within two seconds."""
    paints = page.evaluate("performance.getEntriesByType('paint').map(entry => entry.startTime)")
    assert paints
    assert max(paints) < 2000


def test_the_leaderboard_is_sorted_and_filtered(changed: Any, valleys: Results) -> None:
    """A click on a head sorts, another turns it round; filters leave what they say, and tell how many."""
    board = leaderboard(valleys, question=question_of(valleys))
    table = "#board"
    changed.locator(f"{table} thead button", has_text="method").click()
    labels = cells(changed, table, 0)
    assert labels == sorted(labels, key=str.lower)
    assert changed.locator(f"{table} th[aria-sort]").get_attribute("aria-sort") == "ascending"
    changed.locator(f"{table} thead button", has_text="method").click()
    assert cells(changed, table, 0) == labels[::-1] or sorted(cells(changed, table, 0)) == sorted(labels)
    changed.fill("#filter-optimizer", "SGD")
    assert set(cells(changed, table, 0)) == {"sgd"}
    assert changed.locator("#filter-count").inner_text() == f"2 of {len(board)} shown"
    changed.fill("#filter-optimizer", "")
    changed.select_option("#filter-status", "diverged")
    assert set(cells(changed, table, 0)) == set(board.loc[board["statuses"].str.contains("diverged"), "label"])
    changed.select_option("#filter-status", "")
    changed.select_option("#filter-problem", "bowl")
    assert len(cells(changed, table, 0)) == (board["problem"] == "bowl").sum()


def test_curves_are_those_of_the_analysis(changed: Any, valleys: Results) -> None:
    """The table below the picture has the last medians, and the saved CSV every median, of `optilab.analysis`."""
    question = question_of(valleys)
    best = best_runs(valleys.runs, question.chosen_by)
    lines = bands(valleys.history, best, "step", "train_cost")
    changed.select_option("#chart-problem", "bowl")
    changed.select_option("#chart-x", "step")
    changed.locator("#chart-all").click()
    with changed.expect_download() as saved:
        changed.locator("#chart-csv").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8"))))
    for label, own in lines[lines["problem"] == "bowl"].groupby("label"):
        mine = [row for row in rows if row["label"] == printable(str(label))]
        assert [float(row["step"]) for row in mine] == own["x"].tolist()
        for row, median in zip(mine, own["median"], strict=True):
            assert float(row["train_cost_median"]) == pytest.approx(median, rel=1e-4)
    told = dict(zip(cells(changed, "#legend", 0), cells(changed, "#legend", 1), strict=True))
    end = lines[(lines["problem"] == "bowl") & (lines["label"] == "sgd")]["median"].iloc[-1]
    assert float(told["sgd"].split(" ")[0]) == pytest.approx(end, rel=1e-2)


def test_another_view_changes_no_number(changed: Any) -> None:
    """Hiding a line, other scales, and each seed leave the values of the others as they are."""
    before = dict(zip(cells(changed, "#legend", 0), cells(changed, "#legend", 1), strict=True))
    changed.locator("#legend input").first.uncheck()
    changed.check("#chart-seeds")
    changed.uncheck("#chart-log")
    after = dict(zip(cells(changed, "#legend", 0), cells(changed, "#legend", 1), strict=True))
    hidden = next(iter(before))
    assert after[hidden] == ""
    assert {name: value for name, value in after.items() if name != hidden} == {
        name: value for name, value in before.items() if name != hidden
    }


def test_the_address_keeps_the_view(changed: Any, valleys_page: Path) -> None:
    """Opened again with its address, the page shows the same measure, axis and lines."""
    changed.select_option("#chart-problem", "rosenbrock")
    changed.select_option("#chart-x", "examples")
    changed.locator("#legend input").nth(1).uncheck()
    address = changed.url
    changed.goto("about:blank")
    changed.goto(address)
    assert changed.input_value("#chart-problem") == "rosenbrock"
    assert changed.input_value("#chart-x") == "examples"
    assert [changed.locator("#legend input").nth(k).is_checked() for k in range(2)] == [True, False]
    changed.goto(valleys_page.as_uri())


def test_the_picture_by_keyboard(changed: Any) -> None:
    """Arrows read values aloud, Home and End go to the ends, plus zooms, Escape goes back."""
    changed.focus("#chart")
    changed.keyboard.press("Home")
    first = changed.locator("#spoken").inner_text()
    assert "at 0 " in first
    changed.keyboard.press("ArrowRight")
    assert changed.locator("#spoken").inner_text() != first
    changed.keyboard.press("End")
    assert "at 20 " in changed.locator("#spoken").inner_text()
    changed.keyboard.press("+")
    changed.keyboard.press("Escape")
    assert changed.locator("#chart canvas").count() == 1


def test_a_walk_by_keyboard(page: Any) -> None:
    """Tab reaches every control, in the order of the page, and each that has the focus shows it."""
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, button, input, select, summary, [tabindex]')]"
        ".filter(e => e.checkVisibility() && !e.disabled).length"
    )
    seen = []
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(() => { const e = document.activeElement; return [e.tagName, e.id, e.textContent.slice(0, 20), getComputedStyle(e).outlineStyle] })()"
            )
        )
        if seen[-1][0] == "BODY":
            break
    assert len([one for one in seen if one[0] != "BODY"]) >= wanted - 1
    assert all(one[3] != "none" for one in seen if one[0] not in ("BODY", "HTML"))


def test_the_saved_picture_is_what_is_seen(changed: Any) -> None:
    """It is well-formed, with a path for each line, its name and the names of the axes."""
    changed.select_option("#chart-problem", "bowl")
    with changed.expect_download() as saved:
        changed.locator("#chart-svg").click()
    assert saved.value.suggested_filename.endswith(".svg")
    svg = minidom.parse(str(saved.value.path()))  # noqa: S318  # our own
    texts = [
        "".join(getattr(part, "data", "") for part in node.childNodes) for node in svg.getElementsByTagName("text")
    ]
    assert any("sgd (n = 7)" in text for text in texts)
    assert "training cost" in " ".join(texts) or "test cost" in " ".join(texts)


def test_two_side_by_side(changed: Any, valleys: Results) -> None:
    """Settings that differ come first, then results, which are those of the analysis, and then settings that are the same."""
    options = changed.locator("#compare-one option").all_inner_texts()
    one, other = (next(o for o in options if o.startswith(f"{name} on bowl")) for name in ("sgd", "wild"))
    assert one == "sgd on bowl, 7 runs"
    changed.select_option("#compare-one", label=one)
    changed.select_option("#compare-other", label=other)
    rows = [text.split("\t") for text in changed.locator("#compare tbody tr").all_inner_texts()]
    parts = [k for k, row in enumerate(rows) if len(row) == 1]
    assert [rows[k][0] for k in parts] == [
        "2 settings that differ",
        "Results",
        f"{parts[3] - parts[2] - 1} settings that are the same",
        "How they were made",
    ]
    assert [row[0] for row in rows[parts[0] + 1 : parts[1]]] == ["method", "learning rate"]
    assert "optimizer" in [row[0] for row in rows[parts[2] : parts[3]]]
    board = leaderboard(valleys, question=question_of(valleys))
    wanted = board.loc[(board["problem"] == "bowl") & (board["label"] == "sgd"), "median"].iloc[0]
    results = {row[0]: row[1:] for row in rows[parts[1] + 1 : parts[2]]}
    assert float(results["final training cost"][0].split(" (")[0]) == pytest.approx(wanted, rel=1e-3)
    assert re.fullmatch(r"8\.43e\+58 \(.*\)", results["final training cost"][1])
    assert results["ended as"] == ["budget"]
    lost = next(o for o in options if o.startswith("wild on rosenbrock"))
    assert lost == "wild on rosenbrock, of which nothing was chosen"
    changed.select_option("#compare-one", label=lost)
    told = dict(text.split("\t")[:2] for text in changed.locator("#compare tbody tr.differs").all_inner_texts())
    assert told["ended as"] == "diverged"
    assert told["final training cost"] == "not finite"


def test_two_runs_side_by_side(changed: Any, valleys: Results) -> None:
    """A single run is named by what was varied and by its seed; two of one method differ in these alone."""
    options = changed.locator("#compare-one option").all_inner_texts()
    some = [k for k, name in enumerate(options) if re.fullmatch("sgd on bowl, learning rate [^,]*, seed [23]", name)]
    changed.select_option("#compare-one", str(some[0]))
    changed.select_option("#compare-other", str(some[1]))
    names = [text.split("\t")[0] for text in changed.locator("#compare tbody tr").all_inner_texts()]
    assert names[: names.index("Results")] == ["2 settings that differ", "run", "seed"]
    assert len(options) == 6 + len(valleys.runs)


def test_numbers_of_a_picture_open_by_keyboard(changed: Any) -> None:
    """Enter on their summary shows the table; on paper it stands only where it was opened."""
    first = changed.locator("details.numbers").first
    first.locator("summary").focus()
    changed.keyboard.press("Enter")
    first.locator("table").first.wait_for()
    assert first.locator("thead th[scope=col]").count() > 2
    changed.emulate_media(media="print")
    assert first.locator("table").first.is_visible()
    assert changed.locator("details.numbers").nth(1).is_hidden()


def test_a_narrow_screen(changed: Any) -> None:
    """At 400 pixels nothing but tables and pictures, each by itself, is wider than the screen; rows are no towers of letters."""
    changed.set_viewport_size({"width": 400, "height": 800})
    assert changed.evaluate("document.documentElement.scrollWidth") <= 400
    rows = changed.locator("#board tbody tr")
    assert min(rows.nth(k).bounding_box()["height"] for k in range(rows.count())) < 60


def test_every_run_is_there(changed: Any, valleys: Results) -> None:
    """The table of all runs opens, counts them, and finds one by its id."""
    open_runs(changed)
    assert changed.locator("#runs-count").inner_text() == f"{len(valleys.runs)} of {len(valleys.runs)} runs shown"
    run = str(valleys.runs["run_id"].iloc[3])
    changed.fill("#runs-filter", run)
    assert cells(changed, "#runs-table", 0) == [run]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_light(changed: Any, scheme: str) -> None:
    """The page follows the system, its button turns it round, and text stands out from its ground by 4.5 to 1 at least."""
    changed.emulate_media(color_scheme=scheme)
    contrast = """() => {
      const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255);
      const light = (c) => { const [r, g, b] = parse(c).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const body = getComputedStyle(document.body);
      const note = getComputedStyle(document.querySelector('.note'));
      const ground = light(body.backgroundColor);
      return [body.color, note.color].map((c) => { const v = light(c);
        return (Math.max(v, ground) + 0.05) / (Math.min(v, ground) + 0.05); });
    }"""
    for _ in range(2):
        assert min(changed.evaluate(contrast)) >= 4.5
        changed.locator("#theme").click()


def test_print(changed: Any, tmp_path: Path) -> None:
    """On paper the still picture stands for the live one, controls are left out, and there are pages."""
    changed.emulate_media(media="print")
    assert changed.locator("#chart").is_hidden()
    assert changed.locator(".still svg").first.is_visible()
    assert changed.locator("#chart-measure").is_hidden()
    assert changed.pdf()[:5] == b"%PDF-"


def test_without_a_script(browser: Any, valleys_page: Path) -> None:
    """Verdict, tables and the still picture are there where scripts are off."""
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(valleys_page.as_uri())
    assert bare.locator(".verdict p").first.is_visible()
    assert bare.locator(".still svg").first.is_visible()
    assert bare.locator("#chart").is_hidden()
    context.close()


def test_links_lead_to_their_part(changed: Any, valleys_page: Path) -> None:
    """The address of a part of the page stays, and shows it."""
    changed.goto("about:blank")
    changed.goto(valleys_page.as_uri() + "#reproduce")
    from playwright.sync_api import expect

    expect(changed.locator("#reproduce")).to_be_in_viewport()
    assert changed.url.endswith("#reproduce")
