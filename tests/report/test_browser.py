"""The report in a browser: it loads nothing, says nothing odd, and answers to mouse and keyboard."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.dom import minidom

import pytest
from report.conftest import HOSTILE, leave_out_pictures

import optilab
from optilab.analysis import leaderboard
from optilab.analysis.best import best_runs
from optilab.analysis.curves import bands
from optilab.experiment.question import question_of
from optilab.store import Results
from optilab.texts import printable

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'optilab-framework[browser]'"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium that looks for nothing elsewhere."""
    with playwright.sync_playwright() as player:
        made = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield made
        made.close()


class Heard:
    """A page that many tests look at: what it has complained of and asked for since it was opened."""

    def __init__(self, browser: Any) -> None:
        self.page = browser.new_page(viewport={"width": 1100, "height": 900})
        self.told: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.page.on("dialog", lambda dialog: self.told.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, file: Path) -> Any:
        """The page of a file, as it is at first."""
        self.page.goto("about:blank")
        self.told.clear()
        self.asked.clear()
        self.page.goto(file.as_uri())
        return self.page

    def check(self, file: Path) -> None:
        """Nothing was complained of, and nothing was asked for but the file."""
        assert self.told == []
        asked = {address.partition("#")[0] for address in self.asked if not address.startswith(("blob:", "about:"))}
        assert asked == {file.as_uri()}


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


def cells(page: Any, table: str, column: int) -> list[str]:
    """Texts of a column of the rows that are seen."""
    rows = page.locator(f"{table} tbody tr:visible")
    return [rows.nth(k).locator("th, td").nth(column).inner_text().strip() for k in range(rows.count())]


def open_runs(page: Any) -> None:
    """Open the table of all runs; a browser tells of that a little later."""
    page.locator("#runs summary").click()
    playwright.expect(page.locator("#runs-count")).not_to_be_empty()


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


def curves_of(
    measure: str, value: Callable[[str, int], float], seeds: tuple[int, ...] = (0, 1), epochs: int = 3
) -> str:
    """A table of two optimizers over some epochs, as CSV."""
    rows = [
        f"{name},{seed},{epoch},{value(name, epoch)}"
        for name in ("ours", "theirs")
        for seed in seeds
        for epoch in range(epochs)
    ]
    return "\n".join([f"optimizer,seed,epoch,{measure}", *rows, ""])


ODD = {
    "no curves": "optimizer,seed,test_acc,hp.lr\nours,0,0.9,0.1\nours,1,0.8,0.1\ntheirs,0,0.7,0.1\ntheirs,1,0.75,0.1\n",
    "a score that rises": curves_of(
        "exam_score", lambda name, epoch: (epoch + 1) * {"ours": 0.3, "theirs": 0.1}[name], seeds=(0, 12345)
    ),
    "negative scores": curves_of("exam_score", lambda name, epoch: epoch - {"ours": 9, "theirs": 30}[name]),
    "an accuracy of one": curves_of("test_acc", lambda _, epoch: 1.0 if epoch else 0.5, epochs=2),
    "a run that diverged": "optimizer,seed,epoch,test_acc\nours,0,0,0.5\nours,0,1,0.9\ntheirs,0,0,0.5\ntheirs,0,1,nan\n",
}


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Reports of tables of others, each made when it is first asked for; still pictures have tests of their own."""
    folder = tmp_path_factory.mktemp("odd")

    def made(name: str) -> Path:
        page = folder / f"{name}.html"
        if not page.exists():
            (folder / f"{name}.csv").write_text(ODD[name], "utf-8")
            with pytest.MonkeyPatch.context() as patch:
                leave_out_pictures(patch)
                optilab.load(folder / f"{name}.csv").report(page)
        return page

    return made


@pytest.fixture(scope="module")
def heard_of_odd(browser: Any) -> Heard:
    """A page for them."""
    return Heard(browser)


@pytest.fixture
def odd_page(heard_of_odd: Heard, odd_files: Callable[[str], Path], request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page of a table of others; nothing may be complained of."""
    file = odd_files(request.param)
    yield heard_of_odd.open(file)
    heard_of_odd.check(file)


@pytest.mark.parametrize("odd_page", ["no curves"], indirect=True)
def test_a_page_without_curves_works(odd_page: Any) -> None:
    """Its other parts answer: every run is there, and two stand side by side."""
    open_runs(odd_page)
    assert odd_page.locator("#runs-count").inner_text() == "4 of 4 runs shown"
    assert odd_page.locator("#compare tbody tr").count() > 3


@pytest.mark.parametrize("odd_page", ["a score that rises", "negative scores"], indirect=True)
def test_what_rises_is_seen_to_its_end(odd_page: Any) -> None:
    """The axis reaches the highest median; the best line comes first; seeds are shown to the last digit."""
    assert cells(odd_page, "#legend", 0) == ["ours", "theirs"]
    assert not odd_page.is_checked("#chart-log") or "0.9" in cells(odd_page, "#legend", 1)[0]
    ticks = odd_page.evaluate("document.querySelectorAll('#chart canvas').length")
    assert ticks == 1
    with odd_page.expect_download() as saved:
        odd_page.locator("#chart-svg").click()
    svg = Path(saved.value.path()).read_text("utf-8")
    top = float(re.search(r'<clipPath id="inside"><rect x="[\d.]+" y="([\d.]+)"', svg)[1])  # type: ignore[index]
    heights = [
        float(y)
        for path in re.findall(r'<path d="(M[^"]*)" fill="none"', svg)
        for y in re.findall(r"[ML][-\d.]+ ([-\d.]+)", path)
    ]
    assert min(heights) >= top - 0.5


@pytest.mark.parametrize("odd_page", ["a score that rises"], indirect=True)
def test_whole_numbers_are_whole(odd_page: Any) -> None:
    """A seed of five digits stands there to the last of them."""
    open_runs(odd_page)
    assert "12345" in odd_page.locator("#runs-table tbody").inner_text()


@pytest.mark.parametrize("odd_page", ["an accuracy of one"], indirect=True)
def test_no_error_at_all_is_a_number(odd_page: Any) -> None:
    """The table below the picture says 0, which a logarithmic axis can't show."""
    assert cells(odd_page, "#legend", 1) == ["0", "0"]


@pytest.mark.parametrize("odd_page", ["a run that diverged"], indirect=True)
def test_a_diverged_accuracy_is_saved_as_bad(odd_page: Any) -> None:
    """As minus infinity; the table says that it is not finite."""
    assert (
        dict(zip(cells(odd_page, "#legend", 0), cells(odd_page, "#legend", 1), strict=True))["theirs"] == "not finite"
    )
    with odd_page.expect_download() as saved:
        odd_page.locator("#chart-csv").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8"))))
    assert [row["test_accuracy_median"] for row in rows if row["label"] == "theirs"][-1] == "-inf"


def test_links_lead_to_their_part(changed: Any, valleys_page: Path) -> None:
    """The address of a part of the page stays, and shows it."""
    changed.goto("about:blank")
    changed.goto(valleys_page.as_uri() + "#reproduce")
    playwright.expect(changed.locator("#reproduce")).to_be_in_viewport()
    assert changed.url.endswith("#reproduce")
