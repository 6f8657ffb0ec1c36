"""The command line: its help, the commands on results, and how it says no."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from cli.calls import IDEA, TINY, process, refused
from matplotlib.image import imread

import optilab
from terminals import call

pytestmark = pytest.mark.usefixtures("folder")


COMMANDS = ("run", "status", "replay", "merge", "export", "list", "show", "plot", "curve", "cache")


def test_help_names_every_command() -> None:
    """--help lists the commands, each with a line about it, and each has a help of its own."""
    text = call("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in text
        assert "Usage:" in call(command, "--help").stdout
    assert call("-h").stdout == text


def test_help_loads_nothing_heavy() -> None:
    """Answering --help imports no compiler, no pandas and no plotting."""
    code = (
        "import sys\nfrom optilab.cli.main import main\nmain(['--help'], standalone_mode=False)\n"
        "print('heavy:', *[m for m in ('numba', 'numpy', 'pandas', 'matplotlib', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy:"


def test_the_version_is_told() -> None:
    """--version tells the version of the package."""
    assert optilab.__version__ in call("--version").stdout


def test_merge_and_export() -> None:
    """The runs of one folder come into another, and its tables out as CSV."""
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=1", "--results", "a")
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=2", "--results", "b")
    assert call("merge", "a", "b").stdout == "b: 3 runs added, 0 that had failed replaced, 3 in both\n"
    assert call("export", "a", "--csv", "--out", "out").stdout == "out/runs.csv\nout/history.csv\n"
    assert len(pd.read_csv("out/runs.csv")) == 6
    assert call("export", "a", "--csv").stdout == "a/runs.csv\na/history.csv\n"
    assert "export as what? Give --csv" in refused("export", "a")
    assert "there is no results folder 'nowhere'" in refused("merge", "a", "nowhere")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "nowhere.toml"), "can't read the experiment 'nowhere.toml'"),
        (("run", "idea_in_file.py"), "is not a TOML file"),
        (("run", "tiny.toml", "--set", "optimizers.0.use=adamm"), "optimizers[0].use: unknown optimizer 'adamm'"),
        (("run", "tiny.toml", "--set", "budget"), "--set 'budget': write it as KEY=VALUE"),
        (("run", "tiny.toml", "--set", "optimizers.0.lr=0"), "lr = 0 is out of range"),
        (("run", "tiny.toml", "--set", "name=../x"), "name = '../x'"),
        (("run", "tiny.toml", "--results", "tiny.toml"), "'tiny.toml' is a file"),
        (("run", "tiny.toml", "--results", "tiny.toml/below"), "can't write results to 'tiny.toml/below'"),
        (("run", "tiny.toml", "--results", "."), "is not empty and holds no results"),
        (("run", "tiny.toml", "--plugin", "nowhere.py"), "--plugin 'nowhere.py': there is no such file"),
        (("list", "--plugin", "nowhere.py"), "--plugin 'nowhere.py': there is no such file"),
        (("show", "zzzz"), "'zzzz'"),
        (("plot", "nowhere"), "there is no results folder 'nowhere'"),
        (("plot", "."), "is not a results folder"),
        (("curve", "cosin"), "unknown schedule 'cosin': did you mean 'cosine'"),
        (("curve", "reduce_on_plateau"), "depends on what is measured"),
        (("curve", "{ use = 'cosine', floor = 3 }"), "floor = 3 is out of range"),
        (("curve", "cosine", "--out", "nowhere/deep/x.png"), "can't write 'nowhere/deep/x.png'"),
        (("curve", "cosine", "--out", "x.nonsense"), "can't write 'x.nonsense'"),
    ],
)
def test_misuse_is_one_message_and_exit_code_2(arguments: tuple[str, ...], told: str) -> None:
    """What can't be done is told in one message on stderr, without a traceback."""
    assert told in refused(*arguments)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuch",),
        ("run",),
        ("run", "tiny.toml", "--nosuch"),
        ("run", "tiny.toml", "--workers", "-1"),
        ("run", "tiny.toml", "--workers", "two"),
        ("curve",),
        ("curve", "cosine", "--steps", "0"),
    ],
)
def test_a_command_that_is_not_one_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    """Unknown commands and options are told with the usage."""
    result = call(*arguments, code=2)
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.output


def test_traceback_shows_where_it_was_noticed() -> None:
    """--traceback adds the traceback, and changes neither message nor exit code."""
    result = call("--traceback", "run", "nowhere.toml", code=2)
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.endswith(refused("run", "nowhere.toml"))


def test_a_rule_that_does_not_compile_is_one_message(folder: Path) -> None:
    """The file and the name that the compiler stumbled over are told, and nothing of the compiler's own code."""
    (folder / "uncompiled.py").write_text(IDEA.replace("lr * g", "lr * nothing_like_it"), "utf-8")
    (folder / "idea.toml").write_text(TINY.replace('"sgd"', '"idea_of_mine"'), "utf-8")
    message = refused("run", "idea.toml", "--executor", "inline", "--plugin", "uncompiled.py")
    assert "idea_of_mine" in message
    assert "uncompiled.py" in message
    assert "nothing_like_it" in message
    assert "site-packages" not in message


def test_a_broken_plugin_file_is_an_error(folder: Path) -> None:
    """A plugin file that fails is named on stderr with the line at fault, and nothing goes on without it."""
    (folder / "broken_in_file.py").write_text("import no_such_module_here\n", "utf-8")
    done = process("list", "--plugin", "broken_in_file.py", code=2)
    assert done.stderr.startswith("Error: plugin ")
    assert "broken_in_file.py" in done.stderr
    assert "in line 1: import no_such_module_here" in done.stderr
    assert not done.stdout


def test_plot_draws_what_fits(folder: Path) -> None:
    """Plot names the pictures that it drew; kinds, --x and --y choose them."""
    call("run", "tiny.toml", "--executor", "inline")
    drawn = call("plot", "results/tiny").stdout.split()
    assert [Path(path).name for path in drawn][:3] == ["convergence.png", "sensitivity.png", "path.png"]
    assert all((folder / path).is_file() for path in drawn)
    one = call("plot", "results/tiny", "convergence", "--x", "seconds", "--y", "gradient_norm").stdout.split()
    assert len(one) == 1
    assert (folder / one[0]).is_file()
    assert "unknown kind of picture 'convergance'" in refused("plot", "results/tiny", "convergance")
    assert "unknown x 'epochs'" in refused("plot", "results/tiny", "--x", "epochs")
    assert "unknown y 'cost'" in refused("plot", "results/tiny", "--y", "cost")
    assert "doesn't fit these results" in refused("plot", "results/tiny", "digits")


def test_curve_draws_schedules(folder: Path) -> None:
    """Curve draws names and tables into the file that is asked for."""
    text = call("curve", "cosine", "{ use = 'warmup', steps = 100, then = 'cosine' }", "--steps", "300").stdout
    assert text.strip() == "schedules.png"
    assert (folder / "schedules.png").read_bytes().startswith(b"\x89PNG")
    call("curve", "cosine", "--out", "one.svg")
    assert (folder / "one.svg").is_file()


def test_the_look_of_a_curve_can_be_chosen(folder: Path) -> None:
    """It is as wide as asked for, at the dots an inch of its style, and dark where that is asked for."""
    call("curve", "cosine", "--width", "3.3", "--style", "paper", "--dark", "--out", "narrow.png")
    picture = imread(folder / "narrow.png")
    assert picture.shape[1] == pytest.approx(3.3 * 300, rel=0.05)
    assert picture[0, 0, :3].max() < 0.2
    assert "unknown style 'papers'" in refused("curve", "cosine", "--style", "papers")
    assert "width = 1: accepted are 2.5 to 40 inches" in refused("curve", "cosine", "--width", "1")


def test_the_cache_is_shown_and_cleared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache info tells where and how large; cache clear deletes the compiled code and nothing else."""
    monkeypatch.setenv("OPTILAB_CACHE", str(folder / "cache"))
    (folder / "cache" / "compiled" / "x").mkdir(parents=True)
    (folder / "cache" / "compiled" / "x" / "code").write_bytes(bytes(2_500_000))
    (folder / "cache" / "datasets").mkdir()
    info = call("cache", "info").stdout
    assert str(folder / "cache") in info
    assert "2.5 MB" in info
    call("cache", "clear")
    assert not (folder / "cache" / "compiled").exists()
    assert (folder / "cache" / "datasets").is_dir()
    assert "0.0 MB" in call("cache", "info").stdout
