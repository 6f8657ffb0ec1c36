"""Where plugins come from: packages, and files with what lies beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from optilab.errors import InputError
from optilab.experiment.experiment import Experiment
from optilab.plugins import loading
from optilab.runner.run import run_experiment
from optilab.runner.session import Way
from strangers import HALVE, Install, write

pytestmark = pytest.mark.usefixtures("fresh_registry")


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


def test_an_entry_point_name_used_twice_names_both_packages(install: Install) -> None:
    """Two packages with the same entry point name are an error that names the packages."""
    install("stranger-three", "adam", "stranger_three", HALVE.format(name="halve_three"))
    with pytest.raises(InputError, match="same entry point name") as caught:
        loading.registry()
    assert "optilab-framework" in str(caught.value)
    assert "stranger-three" in str(caught.value)


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
