"""The report of odd tables in a browser: it works without curves, and shows what rises, what is exact and what diverged."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report.browsing import Heard, cells, open_runs
from report.conftest import leave_out_pictures

import optilab


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
    "costs that are near": curves_of(
        "test_loss", lambda name, epoch: {"ours": 1.05, "theirs": 1.4}[name] - 0.01 * epoch
    ),
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


@pytest.mark.parametrize("odd_page", ["costs that are near"], indirect=True)
def test_a_logarithmic_axis_below_a_power_of_ten_has_round_ticks(odd_page: Any) -> None:
    """Three or more, as a linear axis has them."""
    assert odd_page.is_checked("#chart-log")
    with odd_page.expect_download() as saved:
        odd_page.locator("#chart-svg").click()
    svg = Path(saved.value.path()).read_text("utf-8")
    assert {"1.1", "1.2", "1.3"} <= set(re.findall(r'text-anchor="end"[^>]*>([^<]*)<', svg))


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
