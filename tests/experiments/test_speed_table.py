"""The table of speeds: as a DataFrame, as text, as Parquet, as pictures; and the command around it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from speed import __main__ as command
from speed import limits, peers, picture, setting, table
from speed.cases import Case
from speed.timing import UnequalWorkError
from speed.work import Work

LIMITS = limits.Limits(100e9, {"L2": 50e9, "L3": 10e9}, {"L2": 1e6, "L3": 1e9})
ROWS = [
    table.Row("limits", "read from L2", "core", "GB/s", [50.0]),
    table.Row(
        "one-run", "small", "optilab", "ms", [10.0, 12.0, 11.0], work=Work(2.2e8, 1.1e8, 2e6), shares=[0.2, 0.1, 0.3]
    ),
    table.Row("one-run", "small", "JAX scan", "ms", [30.0, 24.0, 33.0], [3.0, 2.0, 3.0], 2.5, Work(2.2e8, 1.1e8, 2e6)),
    table.Row("one-run", "large", "optilab", "ms", [10.0]),
    table.Row("grid", "small", "optilab", "ms", [10.0]),
    table.Row("grid", "small", "JAX vmap", "ms", [20.0], [2.0]),
    table.Row("functions", "a step", "optilab", "ns", [70.0], target=60.0),
    *(table.Row("growth", f"width: {x}", "optilab", "ms", [2.0 * x], series="width", x=x) for x in (1, 2, 4)),
]


@pytest.fixture
def made() -> table.Table:
    """A table of made-up rows."""
    return table.Table({"processor": "a made-up one", "OPENBLAS_CORETYPE": "not set"}, LIMITS, list(ROWS))


def test_the_frame_has_every_row(made: table.Table) -> None:
    """One line a row, with medians, spreads, ratios and what was measured in each round."""
    found = made.frame()
    assert list(found["case"]) == [row.case for row in ROWS]
    jax = found.iloc[2]
    assert (jax["median"], jax["low"], jax["high"]) == (30.0, 24.0, 33.0)
    assert (jax["ratio"], jax["ratio_low"], jax["ratio_high"]) == (3.0, 2.0, 3.0)
    assert jax["values"] == [30.0, 24.0, 33.0]


def test_shares_are_of_the_limits(made: table.Table) -> None:
    """That of the peak is the rounds' median; 1.1e8 bytes in 11 ms are all that L3 gives, as L2 doesn't hold the weights."""
    own = made.frame().iloc[1]
    assert own["share_of_peak"] == pytest.approx(0.2)
    assert own["level"] == "L3"
    assert own["share_of_bandwidth"] == pytest.approx(1.0)


def test_the_text_has_a_line_a_case(made: table.Table) -> None:
    """The setting above; a part's head; times, ratios, aims and shares; points of curves are left to the picture."""
    lines = table.text(made.frame()).splitlines()
    assert lines[:2] == ["processor: a made-up one", "OPENBLAS_CORETYPE: not set"]
    one = next(line for line in lines if line.startswith("small"))
    for cell in ("11.0 ms [10.0, 12.0]", "3.00x [2.00, 3.00]", "2.5x", "20.0 %", "100 % L3"):
        assert cell in one
    assert any(line.startswith("large") and "10.0 ms" in line for line in lines)
    assert any(line.startswith("a step") and line.endswith("60 ns") for line in lines)
    assert not any("width:" in line for line in lines)


def test_parquet_keeps_rows_and_setting(made: table.Table, tmp_path: Path) -> None:
    """What is read again is what was written, the setting included."""
    table.write(made.frame(), tmp_path / "new" / "speed.parquet")
    found = pd.read_parquet(tmp_path / "new" / "speed.parquet")
    assert found.attrs == made.setting
    assert table.text(found) == table.text(made.frame())
    assert [list(values) for values in found["values"]] == [list(row.values) for row in ROWS]


def test_rows_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each on the standard error, with its ratio if it has one."""
    table.Table({}).add(ROWS[1:3])
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "one-run: small: optilab 11.0 ms [10.0, 12.0]",
        "one-run: small: JAX scan 30.0 ms [24.0, 33.0], 3.00x [2.00, 3.00] optilab's time",
    ]


def test_ratios_are_read_off_as_numbers(made: table.Table) -> None:
    """No tick of the axis, small or large, has an exponent for a name, and one stands where both are as fast."""
    figure = picture.ratios(made.frame())
    assert figure is not None
    figure.draw_without_rendering()
    names = [tick.get_text() for tick in figure.axes[-1].get_xticklabels(which="both")]
    assert "1" in names
    assert all(re.fullmatch(r"[\d.,]*", name) for name in names)


def test_pictures_are_drawn_of_what_there_is(made: table.Table, tmp_path: Path) -> None:
    """Ratios, and growth; none where there are no rows for it."""
    assert [path.name for path in picture.draw(made.frame(), tmp_path)] == ["ratios.png", "growth.png"]
    found = made.frame()
    assert picture.draw(found[found["part"] == "functions"], tmp_path) == []


def test_ratios_and_aims_are_drawn_where_they_are(made: table.Table) -> None:
    """A mark at the median, a line over the rounds, and a mark at the aim; growth with its fitted line."""
    drawn = picture.ratios(made.frame())
    assert drawn is not None
    mark, aim = drawn.axes[0].lines[:2]
    assert np.array_equal(mark.get_xdata(), [3.0])
    assert np.array_equal(aim.get_xdata(), [2.5])
    assert [said.get_text() for said in drawn.legends[0].get_texts()] == ["JAX scan", "JAX vmap", "aim"]
    assert [ax.get_title(loc="left") for ax in drawn.axes] == ["one run", "16 learning rates, a run"]
    reach = drawn.axes[0].collections[0]
    assert np.array_equal(np.array(reach.get_segments())[0][:, 0], [2.0, 3.0])  # type: ignore[attr-defined]
    grown = picture.growth(made.frame())
    assert grown is not None
    assert grown.axes[0].get_title(loc="left") == "exponent 1.00"


def test_the_command_measures_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Limits and the named parts; the table is printed, files are written, and missing peers are told in a sentence."""
    monkeypatch.setattr(setting, "one_thread", lambda coretype: None)
    monkeypatch.setattr(limits, "measured", lambda rounds, quick: (LIMITS, iter(ROWS[:1])))
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    asked: list[tuple[str, int, bool]] = []

    def rows_of(part: str, rounds: int, quick: bool, like: str, unequal: list[str]) -> list[table.Row]:
        asked.append((part, rounds, quick))
        return [row for row in ROWS if row.part == part]

    monkeypatch.setattr(command, "rows_of", rows_of)
    command.main(["--only", "one-run", "functions", "--rounds", "2", "--quick", "--out", str(tmp_path)])
    assert asked == [("one-run", 2, True), ("functions", 2, True)]
    told = capsys.readouterr()
    assert "pip install jax optax 'torch==2.13.0'" in told.err
    assert "a step" in told.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ratios.png", "speed.parquet"]


def test_networks_are_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cases of a part, those in whose names the text is."""
    monkeypatch.setattr("speed.compare.compared", lambda case, rounds: [case.name] * rounds)
    assert list(command.rows_of("one-run", 2, False, "adam, B = 1 ", [])) == []
    found = [str(row) for row in command.rows_of("one-run", 2, False, "16-16, sgd, B = 1", [])]
    assert found == [name for name in ("B = 1", "B = 10", "B = 128") for name in [f"digits 16-16, sgd, {name}"] * 2]


def test_other_work_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other cases are measured and written; the command fails, and says which case and what the costs were."""

    def compared(case: Case, rounds: int) -> list[table.Row]:
        if case.rule == "adam":
            raise UnequalWorkError("JAX scan ends at cost [2.0], optilab at [1.0]")
        return [table.Row("one-run", case.name, "optilab", "ms", [1.0])]

    monkeypatch.setattr(setting, "one_thread", lambda coretype: None)
    monkeypatch.setattr(limits, "measured", lambda rounds, quick: (LIMITS, iter(())))
    monkeypatch.setattr("speed.compare.compared", compared)
    with pytest.raises(SystemExit, match=r"work differs:\none-run: digits 16-16, adam, B = 10: JAX scan ends at"):
        command.main(["--only", "one-run", "--like", "B = 10", "--out", str(tmp_path)])
    assert "digits 16-16, sgd, B = 10" in capsys.readouterr().out
    assert len(pd.read_parquet(tmp_path / "speed.parquet")) == 1


def test_unknown_parts_and_no_rounds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names what is accepted."""
    with pytest.raises(SystemExit):
        command.arguments(["--only", "everything"])
    assert "one-run" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.arguments(["--rounds", "0"])
    assert "--rounds must be at least 1" in capsys.readouterr().err
