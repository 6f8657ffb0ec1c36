"""The command line: what it prints, what it leaves behind, and how it says no."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import optilab
from optilab.cli.main import main
from optilab.plugins import loading
from terminals import call

ROOT = Path(__file__).parents[2]
COMMANDS = ("run", "status", "replay", "merge", "export", "list", "show", "plot", "curve", "cache")

TINY = """
name = "tiny"
question = "Which of them is down first?"
seeds = 2
budget = { steps = 50 }

[problem]
use = "bowl"
start = "random"

[[optimizers]]
use = "sgd"
lr = [0.01, 0.05]

[[optimizers]]
use = "adam"
lr = 0.1
"""

IDEA = '''
from optilab import elementwise, feedback, hookimpl


@elementwise(lr=0.05)
def idea_of_mine(w, g, lr):
    """Step down the slope."""
    w -= lr * g
    return w


@feedback()
def gives_up():
    """Fail at the first measurement."""
    yield 1.0
    raise RuntimeError("no more")


@hookimpl
def optilab_optimizers():
    return [idea_of_mine]


@hookimpl
def optilab_schedules():
    return [gives_up]
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an experiment and a plugin in it, and a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "tiny.toml").write_text(TINY, "utf-8")
    (tmp_path / "idea_in_file.py").write_text(IDEA, "utf-8")
    return tmp_path


def process(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Call optilab in a process of its own, and check its exit code."""
    command = [sys.executable, "-c", "from optilab.cli.main import main; main(prog_name='optilab')", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def refused(*arguments: str) -> str:
    """The single message of a call that can't be carried out."""
    result = call(*arguments, code=2)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    assert sum(line.startswith("Error:") for line in result.stderr.splitlines()) == 1
    return result.stderr


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


def test_list_names_everything() -> None:
    """Every optimizer, schedule, problem and dataset is listed with its summary."""
    text = call("list").stdout
    found = loading.registry()
    for things in (found.optimizers, found.schedules, found.problems, found.datasets):
        for name, thing in things.items():
            assert any(
                line.split()[:1] == [name] and thing.documentation.partition("\n")[0] in line
                for line in text.splitlines()
            )


def test_list_for_programs() -> None:
    """--json gives names, summaries, parameters and plugins of all kinds of things."""
    found = json.loads(call("list", "--json").stdout)
    assert set(found) == {
        "optimizers",
        "links",
        "schedules",
        "problems",
        "datasets",
        "executors",
        "loggers",
        "samplers",
    }
    adam = next(entry for entry in found["optimizers"] if entry["name"] == "adam")
    assert set(adam) == {"name", "summary", "parameters", "plugin"}
    assert list(adam["parameters"])[:4] == ["lr", "beta1", "beta2", "eps"]
    assert "l2" in [entry["name"] for entry in found["links"]]
    assert "optilab-framework" in adam["plugin"]
    assert [entry["name"] for entry in found["datasets"]] == ["mnist"]


def test_list_knows_a_plugin_from_a_file() -> None:
    """--plugin adds what the file offers, for this call."""
    assert "idea_of_mine" not in call("list").stdout
    assert "idea_of_mine" in call("list", "--plugin", "idea_in_file.py").stdout


def test_show_tells_all_about_an_optimizer() -> None:
    """The equations, the hyperparameters with defaults and ranges, the state, and where it comes from."""
    text = call("show", "adam").stdout
    lines = [line.split() for line in text.splitlines()]
    assert "m = beta1 * m + (1 - beta1) * g" in text
    assert "arXiv:1412.6980" in text
    assert ["beta1", "0.9", "in", "[0,", "1)"] in lines
    assert ["lr", "0.001", "in", "(0,", "inf)"] in lines
    assert any(line[:1] == ["v"] and "weight," in line for line in lines)
    assert str(Path("plugins") / "optilab_adaptive" / "adam.py") in text or "optilab_adaptive" in text
    assert "optilab-framework" in text


@pytest.mark.parametrize(
    "name", ["cosine", "warmup", "reduce_on_plateau", "rosenbrock", "network", "mnist", "sam", "l2"]
)
def test_show_tells_about_anything(name: str) -> None:
    """Schedules, problems, datasets and chain links are shown as well."""
    text = call("show", name).stdout
    assert text.startswith(name)
    assert "from:" in text


@pytest.mark.parametrize("what", ["optimizers", "schedules", "problems", "datasets"])
def test_show_fails_for_nothing_that_is_listed(what: str) -> None:
    """Whatever the list names can be shown."""
    for entry in json.loads(call("list", "--json").stdout)[what]:
        assert entry["summary"] in call("show", entry["name"]).stdout


def test_show_offers_the_nearest_name() -> None:
    """A name that isn't known is told with the nearest."""
    assert "did you mean 'adam'" in refused("show", "adamm").replace("'adamw' or ", "").replace(" or 'adamw'", "")


def test_run_ends_with_a_table_and_the_paths(folder: Path) -> None:
    """A run makes all runs, prints the comparison, and names the plots and the folder that it left behind."""
    text = call("run", "tiny.toml", "--executor", "inline").stdout
    assert "6 runs made, 0 there before" in text
    assert "Which of them is down first?" in text
    for word in ("optimizer", "training", "sgd", "adam", "lr=0.05"):
        assert word in text
    paths = [Path(line.split(maxsplit=1)[1]) for line in text.splitlines() if line.startswith(("plot:", "results:"))]
    assert [path.name for path in paths] == ["convergence.png", "path.png", "tiny"]
    assert all((folder / path).exists() for path in paths)
    assert len(optilab.load("results/tiny").runs) == 6
    assert "0 runs made, 6 there before" in call("run", "tiny.toml", "--executor", "inline").stdout


def test_run_with_workers_and_a_folder_of_its_own(folder: Path) -> None:
    """In processes of its own, with workers: live lines, exit code 0, results where they were asked for."""
    done = process("run", "tiny.toml", "--workers", "2", "--results", "elsewhere/deep")
    assert done.stderr == ""
    assert "6 runs made, 0 there before" in done.stdout
    assert optilab.load(folder / "elsewhere" / "deep").runs["status"].eq("budget").all()
    assert not (folder / "results").exists()
    again = process("run", "tiny.toml", "--results", "more", "--executor", "inline")
    assert "nothing compiled" in again.stdout


def test_dry_run_shows_the_grid_and_runs_nothing(folder: Path) -> None:
    """--dry-run names the cells, counts the runs and how many are done, and writes nothing."""
    text = call("run", "tiny.toml", "--dry-run").stdout
    assert "6 runs, of which 0 are done" in text
    assert "lr=0.05" in text
    assert not (folder / "results").exists()
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=1")
    assert "6 runs, of which 3 are done" in call("run", "tiny.toml", "--dry-run").stdout


def test_dry_run_of_a_tuned_experiment(folder: Path) -> None:
    """Before tuning is done, the evaluation is counted by lines; afterwards by runs that are done."""
    tuned = ("run", "tiny.toml", "--set", "tuning.seeds=1", "--executor", "inline")
    text = call(*tuned, "--dry-run").stdout
    assert "tuning: 3 runs, of which 0 are done" in text
    assert "evaluation: 4 runs" in text
    call(*tuned)
    text = call(*tuned, "--dry-run").stdout
    assert "tuning: 3 runs, of which 3 are done" in text
    assert "evaluation: 4 runs, of which 4 are done" in text


def test_set_changes_the_experiment() -> None:
    """--set reaches any place in the file, as often as it is given."""
    call(
        "run", "tiny.toml", "--executor", "inline", "--set", "budget.steps=7", "--set", "seeds=1", "--set", "name=seven"
    )
    runs = optilab.load("results/seven").runs
    assert runs["steps"].unique().tolist() == [7]
    assert len(runs) == 3


def test_run_with_a_plugin_from_a_file(folder: Path) -> None:
    """--plugin makes the optimizer of a file known to the experiment."""
    (folder / "idea.toml").write_text(TINY.replace('"sgd"', '"idea_of_mine"'), "utf-8")
    assert "idea_of_mine" in refused("run", "idea.toml")
    text = call("run", "idea.toml", "--executor", "inline", "--plugin", "idea_in_file.py").stdout
    assert "idea_of_mine" in text


def test_a_diverged_run_is_in_the_table() -> None:
    """Divergence is a result: exit code 0, counted in the table, drawn."""
    text = call(
        "run", "tiny.toml", "--executor", "inline", "--set", "optimizers.0.lr=90", "--set", "budget.steps=500"
    ).stdout
    assert "2 diverged" in text
    assert Path("results/tiny/convergence.png").exists()


def test_failed_runs_are_exit_code_1(folder: Path) -> None:
    """Where a plugin raises, the others go on, the run is named at once, and the exit code is 1."""
    (folder / "fails.toml").write_text(TINY + 'schedule = ["constant", "gives_up"]\n', "utf-8")
    result = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", code=1)
    assert "RuntimeError: no more" in result.stdout
    assert "2 runs failed" in result.stdout
    assert "Traceback" not in result.output
    assert optilab.load("results/tiny").runs["status"].value_counts().to_dict() == {"budget": 6, "failed": 2}


def test_nothing_but_failed_runs_is_exit_code_1(folder: Path) -> None:
    """Where every run fails there is a table, no picture, and still exit code 1."""
    only = TINY.partition("[[optimizers]]")[0] + '[[optimizers]]\nuse = "sgd"\nlr = 0.01\nschedule = "gives_up"\n'
    (folder / "fails.toml").write_text(only, "utf-8")
    result = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", code=1)
    assert "2 runs failed" in result.stdout


def test_square_brackets_are_printed_as_they_are(folder: Path) -> None:
    """Questions, labels and paths are shown to the letter, whatever a terminal's markup makes of brackets."""
    text = TINY.replace("down first?", "down [/first] [bold]?").replace('"adam"', '"adam"\nlabel = "adam [ours]"')
    (folder / "brackets.toml").write_text(text, "utf-8")
    shown = call("run", "brackets.toml", "--executor", "inline", "--results", "with [odd] name").stdout
    assert "down [/first] [bold]?" in shown
    assert "adam [ours]" in shown
    assert "with [odd] name" in shown
    assert "adam [ours]" in call("run", "brackets.toml", "--dry-run").stdout


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


def test_a_summary_for_programs() -> None:
    """--json prints JSON and nothing else to the standard output; --quiet prints nothing at all."""
    result = call("run", "tiny.toml", "--executor", "inline", "--json")
    told = json.loads(result.stdout)
    assert told["runs"] == told["made"] == 6
    assert told["statuses"] == {"budget": 6}
    assert {row["label"] for row in told["comparison"]} == {"sgd", "adam"}
    assert all(Path(picture).exists() for picture in told["pictures"])
    quiet = call("run", "tiny.toml", "--executor", "inline", "--quiet")
    assert quiet.output == ""


def test_the_first_failure_can_end_it(folder: Path) -> None:
    """--fail-fast ends with exit code 1, and says how to go on."""
    (folder / "fails.toml").write_text(TINY + 'schedule = ["constant", "gives_up"]\n', "utf-8")
    said = call("run", "fails.toml", "--executor", "inline", "--plugin", "idea_in_file.py", "--fail-fast", code=1)
    assert "Stopped at the first run that failed. " in said.stdout
    assert "runs are done and kept; the same command goes on from there." in said.stdout


def test_an_interruption_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C the exit code is 130, and the number of runs that are done is told."""
    call("run", "tiny.toml", "--executor", "inline", "--set", "seeds=1")

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.runner.run.run_experiment", interrupted)
    result = call("run", "tiny.toml", "--executor", "inline", code=130)
    assert "Interrupted. 3 runs are done and kept" in result.stdout
    assert "Traceback" not in result.output


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
    """Plot names the pictures that it drew; --kind, --x and --y choose them."""
    call("run", "tiny.toml", "--executor", "inline")
    drawn = call("plot", "results/tiny").stdout.split()
    assert [Path(path).name for path in drawn] == ["convergence.png", "sensitivity.png", "path.png"]
    assert all((folder / path).is_file() for path in drawn)
    one = call("plot", "results/tiny", "--kind", "convergence", "--x", "seconds", "--y", "gradient_norm").stdout.split()
    assert len(one) == 1
    assert (folder / one[0]).is_file()
    assert "unknown kind of picture 'convergance'" in refused("plot", "results/tiny", "--kind", "convergance")
    assert "unknown x 'epochs'" in refused("plot", "results/tiny", "--x", "epochs")
    assert "unknown y 'cost'" in refused("plot", "results/tiny", "--y", "cost")
    assert "doesn't fit these results" in refused("plot", "results/tiny", "--kind", "digits")


def test_curve_draws_schedules(folder: Path) -> None:
    """Curve draws names and tables into the file that is asked for."""
    text = call("curve", "cosine", "{ use = 'warmup', steps = 100, then = 'cosine' }", "--steps", "300").stdout
    assert text.strip() == "schedules.png"
    assert (folder / "schedules.png").read_bytes().startswith(b"\x89PNG")
    call("curve", "cosine", "--out", "one.svg")
    assert (folder / "one.svg").is_file()


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


def test_the_bundled_story_runs() -> None:
    """The first experiment of the story runs as it is, and shows the path on its curve."""
    text = call("run", str(ROOT / "experiments" / "one_weight.toml"), "--executor", "inline").stdout
    assert "path.png" in text
    assert "gradient_descent" in text


def test_an_interruption_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the exit code that shells give it, as one later has."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("optilab.experiment.file.read", interrupted)
    found = CliRunner().invoke(main, ["run", str(ROOT / "experiments" / "one_weight.toml")])
    assert (found.exit_code, found.stderr) == (130, "Interrupted.\n")
