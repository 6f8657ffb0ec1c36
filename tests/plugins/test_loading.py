"""How plugins are found, and how loudly they fail."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import optilab
from optilab import hookspecs
from optilab.errors import InputError, PluginWarning
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.runner.run import run_experiment
from optilab.runner.session import Way

ROOT = Path(__file__).parents[2]
HOOKS = [name for name in vars(hookspecs) if name.startswith("optilab_")]

HALVE = '''
from optilab import elementwise, hookimpl


@elementwise(lr=0.5)
def {name}(w, g, lr):
    """Step down the slope."""
    w -= lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [{name}]
'''

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """Each test begins and ends with no registry."""
    loading.forget()
    yield
    loading.forget()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package on sys.path as an installer would: a module, and a dist-info written by hand."""

    def put(dist: str, point: str, module: str, source: str) -> Path:
        site = tmp_path / dist
        info = site / f"{dist}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source, "utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[optilab]\n{point} = {module}\n", "utf-8")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        return site

    return put


def write(path: Path, source: str) -> Path:
    """A plugin in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    return path


def bundled_entry_points() -> dict[str, str]:
    """Entry points as pyproject.toml declares them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["entry-points"]["optilab"])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    """A hook specification has a docstring."""
    assert (getattr(hookspecs, hook).__doc__ or "").strip()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_implemented_by_a_bundled_plugin(hook: str) -> None:
    """Each hook is used by at least one bundled plugin, and what it returns is registered."""
    modules = [importlib.import_module(module) for module in bundled_entry_points().values()]
    assert any(getattr(module, hook)() for module in modules if hasattr(module, hook))
    assert getattr(loading.registry(), hook.removeprefix("optilab_"))


def test_every_bundled_plugin_is_an_entry_point() -> None:
    """The modules that implement hooks are those that pyproject.toml lists, no more and no fewer."""
    found = set()
    for top, pattern in ((ROOT / "plugins", "**/*.py"), (ROOT, "optilab/**/*.py")):
        for file in top.glob(pattern):
            if re.search(r"^@hookimpl", file.read_text("utf-8"), re.MULTILINE):
                found.add(".".join(file.relative_to(top).with_suffix("").parts))
    assert found == set(bundled_entry_points().values())


def test_the_framework_names_no_bundled_optimizer() -> None:
    """No word in optilab's source is the name of an optimizer."""
    found = loading.registry()
    names = [n for n in found.optimizers if found.sources["optimizers", n].endswith("of optilab-framework")]
    assert {"adam", "momentum", "nesterov", "rmsprop", "lion", "sgd", "gradient_descent", "sam"} <= set(names)
    word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b", re.IGNORECASE)
    hits = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted((ROOT / "optilab").rglob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if word.search(line)
    ]
    assert not hits, "\n".join(hits)


def test_importing_optilab_is_light() -> None:
    """Importing optilab and its command line loads no compiler, no pandas and no plotting."""
    heavy = "numba, llvmlite, scipy, pandas, pyarrow, matplotlib, seaborn, pydantic, loky"
    code = f"import sys, optilab, optilab.cli; print(*[m for m in '{heavy}'.split(', ') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_there() -> None:
    """What optilab.__all__ promises can be imported, and an unknown name is an AttributeError."""
    for name in optilab.__all__:
        assert getattr(optilab, name) is not None
    assert set(optilab.__all__) <= set(dir(optilab))
    with pytest.raises(AttributeError, match="module 'optilab' has no attribute 'no_such_name'"):
        _ = optilab.no_such_name


def test_bundled_plugins_take_all_they_need_from_optilab_itself() -> None:
    """No bundled plugin imports a module of the framework below `optilab`, and what it takes from there is public."""
    files = list((ROOT / "plugins").rglob("*.py"))
    assert len(files) > 70
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            module = node.module if isinstance(node, ast.ImportFrom) else None
            deeper = [name for name in [module or "", *([] if module else names)] if name.startswith("optilab.")]
            assert not deeper, f"{file}:{node.lineno}"  # type: ignore[attr-defined]
            assert module != "optilab" or set(names) <= set(optilab.__all__), file


def test_the_kinds_of_layer_are_numbers_that_compiled_rules_compare_with() -> None:
    """MATRIX, BIAS and VECTOR are plain, different whole numbers: compiled code takes them for constants."""
    kinds = [optilab.MATRIX, optilab.BIAS, optilab.VECTOR]
    assert len(set(kinds)) == 3
    assert {type(kind) for kind in kinds} == {int}


def test_the_plugin_of_a_stranger_is_found_and_trains(install: Install) -> None:
    """A package with an entry point of its own adds an optimizer, and names it as its source."""
    install("stranger-one", "strange", "stranger_one", HALVE.format(name="halve"))
    found = loading.registry()
    assert found.sources["optimizers", "halve"] == "'strange' of stranger-one"
    assert {"halve", "adam"} <= set(found.optimizers)
    run = optilab.train(optilab.get_problem("parabola", start=[2.0]), "halve", steps=3)
    assert run.w.tolist() == [0.25]


def test_a_plugin_in_a_file_is_found_in_a_worker_too(tmp_path: Path) -> None:
    """A file given by its path adds an optimizer, here and in worker processes."""
    loading.use_file(write(tmp_path / "idea_for_workers.py", HALVE.format(name="halve_in_file")))
    assert "idea_for_workers.py" in loading.registry().sources["optimizers", "halve_in_file"]
    experiment = Experiment.model_validate(
        {
            "name": "idea",
            "problem": {"use": "parabola", "start": [2.0]},
            "budget": {"steps": 3},
            "optimizers": [{"use": "halve_in_file"}],
        }
    )
    results = run_experiment(experiment, tmp_path / "results", Way(workers=1))
    assert results.runs["status"].tolist() == ["budget"]
    assert results.history["w_0"].tolist() == [2.0, 1.0, 0.5, 0.25]


def test_a_plugin_in_a_file_is_importable_while_it_runs(tmp_path: Path) -> None:
    """The module of a file is in sys.modules before its code runs."""
    source = "import sys\nassert __name__ in sys.modules\n" + HALVE.format(name="halve_while")
    loading.use_file(write(tmp_path / "while_it_runs.py", source))
    assert "halve_while" in loading.registry().optimizers


def test_forgetting_a_file_forgets_what_it_offers(tmp_path: Path) -> None:
    """After forget() the next registry has installed plugins only."""
    loading.use_file(write(tmp_path / "forgettable.py", HALVE.format(name="halve_forgotten")))
    assert "halve_forgotten" in loading.registry().optimizers
    loading.forget()
    assert not loading.files()
    assert "halve_forgotten" not in loading.registry().optimizers


def test_a_file_given_twice_counts_once(tmp_path: Path) -> None:
    """The same file is registered a single time, however its path is written."""
    path = write(tmp_path / "given_twice.py", HALVE.format(name="halve_twice"))
    loading.use_file(path)
    loading.use_file(path.parent / "." / path.name)
    assert loading.files() == [path.resolve()]
    assert "halve_twice" in loading.registry().optimizers


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A plugin file that isn't there is named."""
    with pytest.raises(InputError, match=r"nowhere\.py.*no such file"):
        loading.use_file(tmp_path / "nowhere.py")


def test_two_files_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    """Files would take each other's place in sys.modules, so the second of one name is refused."""
    one = write(tmp_path / "a" / "twin_file.py", HALVE.format(name="halve_one"))
    two = write(tmp_path / "b" / "twin_file.py", HALVE.format(name="halve_two"))

    def use_both() -> None:
        loading.use_file(one)
        loading.use_file(two)
        loading.registry()

    with pytest.raises(InputError) as caught:
        use_both()
    assert str(one) in str(caught.value)
    assert str(two) in str(caught.value)


def test_a_duplicate_name_names_both_plugins(install: Install) -> None:
    """Two optimizers of one name are an error that names the plugins they come from."""
    install("stranger-two", "second_adam", "stranger_two", HALVE.format(name="adam"))
    with pytest.raises(InputError) as caught:
        loading.registry()
    message = str(caught.value)
    assert "'adam' of optilab-framework" in message
    assert "'second_adam' of stranger-two" in message
    assert "optimizers named 'adam'" in message


def test_an_entry_point_name_used_twice_names_both_packages(install: Install) -> None:
    """Two packages with the same entry point name are an error that names the packages."""
    install("stranger-three", "adam", "stranger_three", HALVE.format(name="halve_three"))
    with pytest.raises(InputError, match="same entry point name") as caught:
        loading.registry()
    assert "optilab-framework" in str(caught.value)
    assert "stranger-three" in str(caught.value)


def test_a_module_registered_twice_is_an_error(install: Install) -> None:
    """Two entry points can't lead to the same module."""
    site = install("stranger-four", "once", "stranger_four", HALVE.format(name="halve_four"))
    (site / "stranger-four-1.0.dist-info" / "entry_points.txt").write_text(
        "[optilab]\nonce = stranger_four\ntwice = stranger_four\n", "utf-8"
    )
    importlib.invalidate_caches()
    with pytest.raises(InputError, match="registered already, as 'once'"):
        loading.registry()


def test_an_unknown_hook_is_told_the_near_name(tmp_path: Path) -> None:
    """A misspelt hook is an error that names the plugin, the hook and the one that was meant."""
    source = HALVE.format(name="halve_misspelt").replace("optilab_optimizers", "optilab_optimisers")
    loading.use_file(write(tmp_path / "misspelt.py", source))
    with pytest.raises(InputError) as caught:
        loading.registry()
    assert re.search(r"misspelt\.py.*optilab_optimisers.*did you mean 'optilab_optimizers'", str(caught.value))


@pytest.mark.parametrize(
    ("case", "returned", "told"),
    [
        ("one", "halve_wrong", "Optimizer, expected a list"),
        ("dict", "{'halve_wrong': halve_wrong}", "dict, expected a list"),
        ("nothing", "None", "NoneType, expected a list"),
        ("number", "[halve_wrong, 3]", "3, which is none of its optimizers"),
        ("function", "[halve_wrong.rules[0].function]", "which is none of its optimizers"),
    ],
)
def test_a_hook_that_returns_the_wrong_thing_is_an_error(tmp_path: Path, case: str, returned: str, told: str) -> None:
    """A hook returns a list of what it is for; all else, nothing included, is an error that names the plugin."""
    source = HALVE.format(name="halve_wrong").replace("return [halve_wrong]", f"return {returned}")
    name = f"returns_{case}.py"
    loading.use_file(write(tmp_path / name, source))
    with pytest.raises(InputError) as caught:
        loading.registry()
    assert name in str(caught.value)
    assert told in str(caught.value)


def test_a_hook_with_arguments_it_does_not_get_is_an_error(tmp_path: Path) -> None:
    """An implementation that asks for what the hook doesn't offer is an error that names the plugin."""
    source = HALVE.format(name="halve_argument").replace("optilab_optimizers()", "optilab_optimizers(config)")
    loading.use_file(write(tmp_path / "wrong_argument.py", source))
    with pytest.raises(InputError, match=r"wrong_argument\.py"):
        loading.registry()


def test_a_hook_that_raises_is_a_warning_with_its_traceback(install: Install) -> None:
    """An installed plugin whose hook fails is named with its traceback, and the others go on."""
    source = HALVE.format(name="halve_raises").replace("return [halve_raises]", "return [halve_rises]")
    install("stranger-six", "raising_hook", "stranger_six", source)
    with pytest.warns(PluginWarning, match=r"(?s)raising_hook.*NameError.*halve_rises"):
        found = loading.registry()
    assert "adam" in found.optimizers


def test_a_hook_that_raises_in_a_file_is_an_error(tmp_path: Path) -> None:
    """Nothing goes on without a file that was asked for."""
    source = HALVE.format(name="halve_raises").replace("return [halve_raises]", "return [halve_rises]")
    loading.use_file(write(tmp_path / "raising_hook.py", source))
    with pytest.raises(
        InputError, match=r"optilab_optimizers of plugin .*raising_hook\.py' has failed: NameError: .*in line 14"
    ):
        loading.registry()


def test_a_broken_plugin_is_a_warning_and_the_others_go_on(install: Install) -> None:
    """A plugin that fails to import is named with its traceback; the rest is there."""
    install("stranger-five", "broken_one", "stranger_five", "import no_such_module_at_all\n")
    with pytest.warns(PluginWarning) as caught:
        found = loading.registry()
    message = str(caught[0].message)
    assert "'broken_one' of stranger-five failed to load" in message
    assert "Traceback" in message
    assert "no_such_module_at_all" in message
    assert list(found.broken) == ["broken_one"]
    assert {"adam", "sgd"} <= set(found.optimizers)
    with pytest.raises(InputError, match="failed to load: broken_one"):
        found.optimizer("what_it_offered")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1\ndef (\n", r"SyntaxError: invalid syntax, in line 2: def \("),
        (
            "import numpy as np\n\nx = np.nothing_of_the_kind\n",
            r"AttributeError: .*, in line 3: x = np.nothing_of_the_kind",
        ),
    ],
)
def test_a_file_that_can_not_be_imported_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    """A file that was asked for and can't be imported is told with the line at fault, and leaves no half of a module."""
    loading.use_file(write(tmp_path / "not_python.py", content))
    with pytest.raises(InputError, match=rf"not_python\.py' can't be imported: {message}"):
        loading.registry()
    assert "optilab_file_not_python" not in sys.modules


def test_a_rule_declared_wrongly_is_an_error_that_names_the_plugin(tmp_path: Path) -> None:
    """What the decorators complain of is told with the plugin that it is in."""
    source = HALVE.format(name="halve_declared").replace("return w\n", "return w * 2\n")
    loading.use_file(write(tmp_path / "declared_wrongly.py", source))
    with pytest.raises(InputError, match=r"declared_wrongly\.py.*return by name"):
        loading.registry()


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        ("optimizer", "adamm", "'adam'"),
        ("schedule", "cosin", "'cosine'"),
        ("dataset", "minst", "'mnist'"),
        ("problem", "rosenbrok", "'rosenbrock'"),
    ],
)
def test_an_unknown_name_lists_the_near_ones(kind: str, name: str, near: str) -> None:
    """A name that isn't known is an error that offers the nearest."""
    with pytest.raises(InputError, match=f"unknown {kind} '{name}': did you mean.*{near}"):
        getattr(loading.registry(), kind)(name)


def test_a_name_like_no_other_lists_them_all() -> None:
    """Where no name is near, all are listed."""
    with pytest.raises(InputError, match=r"known are .*bowl.*network.*rosenbrock"):
        loading.registry().problem("zzz")


def test_a_name_that_is_no_text_is_an_error() -> None:
    """A number is not a name."""
    with pytest.raises(InputError, match="3 is not the name of a problem"):
        loading.registry().problem(3)  # type: ignore[arg-type]


def test_the_registry_is_made_once(tmp_path: Path) -> None:
    """Asking again gives the same registry, until a file is added."""
    first = loading.registry()
    assert loading.registry() is first
    loading.use_file(write(tmp_path / "one_more.py", HALVE.format(name="halve_more")))
    assert loading.registry() is not first


def test_bundled_plugins_are_testable_by_calling_them() -> None:
    """A hook implementation is a function without arguments that returns a list."""
    for module_name in bundled_entry_points().values():
        module: ModuleType = importlib.import_module(module_name)
        for hook in HOOKS:
            if hasattr(module, hook):
                returned = getattr(module, hook)()
                assert isinstance(returned, list)
                assert all(thing.name and thing.documentation for thing in returned)


def test_a_hook_without_its_mark_is_refused(tmp_path: Path) -> None:
    """A function called optilab_optimizers that isn't marked with @hookimpl would offer nothing without a word."""
    file = tmp_path / "unmarked.py"
    file.write_text("def optilab_optimizers():\n    return []\n")
    loading.use_file(file)
    with pytest.raises(InputError, match="optilab_optimizers is not marked as a hook; write @hookimpl before it"):
        loading.registry()


HELPED = '''
from helper_of_mine import FACTOR

from optilab import elementwise, hookimpl


@elementwise(lr=0.5)
def {name}(w, g, lr):
    """Step down the slope."""
    w -= FACTOR * lr * g
    return w


@hookimpl
def optilab_optimizers():
    return [{name}]
'''


def test_a_file_imports_what_lies_beside_it(tmp_path: Path) -> None:
    """A plugin in one file may keep helpers in others, here and in workers."""
    write(tmp_path / "helper_of_mine.py", "FACTOR = 0.5\n")
    loading.use_file(write(tmp_path / "with_helper.py", HELPED.format(name="helped")))
    content = {
        "name": "helped",
        "problem": {"use": "parabola", "start": [2.0]},
        "budget": {"steps": 1},
        "optimizers": [{"use": "helped"}],
    }
    results = run_experiment(Experiment.model_validate(content), tmp_path / "results", Way(workers=1))
    assert results.history["w_0"].tolist() == [2.0, 1.5]
    loading.forget()
    assert "helper_of_mine" not in sys.modules
    assert str(tmp_path) not in sys.path


def test_two_helpers_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    """The second plugin would work with the first one's helper."""
    for folder, factor in (("a", 1), ("b", 2)):
        write(tmp_path / folder / "helper_of_mine.py", f"FACTOR = {factor}\n")
        loading.use_file(write(tmp_path / folder / f"plugin_{folder}.py", HELPED.format(name=f"helped_{folder}")))
    with pytest.raises(InputError, match=r"plugin_b\.py.*imports 'helper_of_mine', .* beside .*plugin_a\.py': rename"):
        loading.registry()


def test_a_file_beside_a_plugin_takes_no_place_of_an_installed_module(tmp_path: Path) -> None:
    """A random.py or numpy.py beside it is not what `import random` means."""
    write(tmp_path / "random.py", "raise RuntimeError\n")
    write(tmp_path / "colorsys.py", "raise RuntimeError\n")
    source = "import colorsys\nimport random\nrandom.Random\n" + HALVE.format(name="halve_beside")
    loading.use_file(write(tmp_path / "beside_random.py", source))
    assert "halve_beside" in loading.registry().optimizers


NAMED = """
import numpy as np

from optilab import dataset, elementwise, executor, function, hookimpl, logger, sampler, schedule


def named(function):
    function.__name__ = {name!r}
    return function


@hookimpl
def optilab_{what}():
    def rule(w, g, lr):
        w -= lr * g
        return w

    def curve(step, total):
        return step

    def bowl(w, g):
        return 0.0

    def begin(where="", workers=1):
        yield None

    def points(ranges, samples, seed):
        return []

    thing = {{
        "optimizers": lambda: elementwise(lr=0.1)(named(rule)),
        "schedules": lambda: schedule()(named(curve)),
        "problems": lambda: function(start=[1.0], domain=[(-1, 1)])(named(bowl)),
        "datasets": lambda: dataset(digest={digest!r})(named(points)),
        "executors": lambda: executor(named(begin)),
        "loggers": lambda: logger(named(begin)),
        "samplers": lambda: sampler(named(points)),
    }}["{what}"]
    return [thing()]
"""


@pytest.mark.parametrize("what", [hook.removeprefix("optilab_") for hook in HOOKS])
@pytest.mark.parametrize("name", ["../x", "a/b", "", "a b", "\ud800", "x" * 200, "..", "1st", "a\nb"])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, what: str, name: str) -> None:
    """Names become parts of file names: whatever a plugin offers, they are letters, digits, '_' and '-'."""
    loading.trust()
    loading.use_file(write(tmp_path / "named.py", NAMED.format(name=name, what=what, digest="0")))
    try:
        with pytest.raises(InputError, match=rf"named\.py': optilab_{what}"):
            loading.make_registry()
    finally:
        loading._trusting.clear()


def test_the_digest_of_a_dataset_is_hexadecimal(tmp_path: Path) -> None:
    """It becomes part of a folder's name."""
    loading.use_file(write(tmp_path / "named.py", NAMED.format(name="data", what="datasets", digest="../..")))
    with pytest.raises(InputError, match=r"the digest of 'data' is '\.\./\.\.': accepted are hexadecimal digits"):
        loading.registry()
