"""What doesn't fit in an experiment file is told with its place, what was found and what is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from experiment.files import NETWORK, PLAIN, Write, grid

from optilab.errors import InputError
from optilab.experiment.file import read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("optimisers = 1\n" + PLAIN, r"optimisers: unknown key; did you mean 'optimizers'\?"),
        ("xyzzy = 1\n" + PLAIN, r"xyzzy: unknown key; nearest of the 15 known are \w+, \w+, \w+$"),
        (PLAIN.replace("[[optimizers]]", "[[optimizer]]"), r"optimizer: unknown key; did you mean 'optimizers'"),
        (PLAIN.replace("[[optimizers]]", "[optimizers]"), r"optimizers = .*; write \[\[optimizers\]\]"),
        (PLAIN.replace("steps = 10", "step = 10"), r"budget\.step: unknown key; did you mean 'steps'\?"),
        (PLAIN + "\n[tuning]\nbye = 'train_cost'\n", r"tuning\.bye: unknown key; did you mean 'by' or 'by_test'\?"),
        (PLAIN.replace('name = "plain"', ""), r"name: missing"),
        (PLAIN.replace("budget = { steps = 10 }", ""), r"budget: missing"),
        (PLAIN.partition("[[optimizers]]")[0], r"optimizers: missing"),
        ("optimizers = []\n" + PLAIN.partition("[[optimizers]]")[0], r"optimizers = \[\]"),
        (PLAIN.replace("steps = 10", "steps = 10, epochs = 1"), r"budget.*give steps or epochs, one of them"),
        (PLAIN.replace("steps = 10", ""), r"budget.*give steps or epochs, one of them"),
        (PLAIN.replace("steps = 10", "steps = 0"), r"budget\.steps = 0: .*greater than 0"),
        (PLAIN.replace("steps = 10", "steps = 2.5"), r"budget\.steps = 2\.5"),
        (PLAIN.replace("steps = 10", "steps = true"), r"budget\.steps = True"),
        (PLAIN.replace("steps = 10", "epochs = -1"), r"budget\.epochs = -1"),
        (PLAIN.replace("{ steps = 10 }", "10"), r"budget = 10"),
        ("measure = { steps = 0 }\n" + PLAIN, r"measure\.steps = 0"),
        ("measure = {}\n" + PLAIN, "measure: give steps or epochs, one of them"),
        ("measure = { gradient_norm = 0 }\n" + PLAIN, r"measure\.gradient_norm = 0"),
        (
            "measure = { gradient_norm = false }\nstop = { gradient_norm = 1e-3 }\n" + PLAIN,
            r"stop: gradient_norm is not measured, by measure\.gradient_norm = false",
        ),
        (
            "measure = { gradient_norm = false }\nstop = { plateau = { of = 'gradient_norm' } }\n" + PLAIN,
            r"stop: gradient_norm is not measured, by measure\.gradient_norm = false",
        ),
        ("stop = { diverged_above = 0 }\n" + PLAIN, r"stop\.diverged_above = 0"),
        ('precision = "float23"\n' + PLAIN, r"precision = 'float23': .*did you mean 'float32'"),
        (PLAIN.replace("seeds = 2", 'seeds = "two"'), r"seeds = 'two'"),
        (PLAIN.replace("seeds = 2", "seeds = 0"), r"seeds = 0: give how many, above zero"),
        (PLAIN.replace("seeds = 2", "seeds = []"), r"seeds = \[\]: give how many, above zero"),
        (PLAIN.replace("seeds = 2", "seeds = [0, -1]"), r"seeds = \[0, -1\]: .*numbers from 0"),
        (PLAIN.replace("seeds = 2", "seeds = [0, 0.5]"), r"seeds.*0\.5"),
        (PLAIN.replace("seeds = 2", "seeds = true"), r"seeds = True"),
        (PLAIN.replace("[problem]", "[tuning]\nseeds = 0\n[problem]"), r"tuning\.seeds = 0"),
        (
            PLAIN.replace("[problem]", "[tuning]\nseeds = [1]\n[problem]"),
            r"tuning\.seeds: 1 is a seed of the evaluation",
        ),
        (
            PLAIN.replace("[problem]", "[tuning]\nby = 'test_accuracy'\n[problem]"),
            r"tuning: by = 'test_accuracy' would choose hyperparameters on the examples that test results are reported of",
        ),
        (PLAIN.replace("[problem]", "[problems]"), r"problems = .*list"),
        ("problems = 3\n" + PLAIN.replace("[problem]", "[other]"), r"problems = 3"),
        ("problem = 3\n" + PLAIN.replace("[problem]", "[other]"), r"problem = 3"),
        (PLAIN + '\n[[problems]]\nuse = "bowl"\n', r"give one \[problem\], or several \[\[problems\]\]"),
        (PLAIN.replace('[problem]\nuse = "bowl"\n', ""), r"give one \[problem\], or several \[\[problems\]\]"),
        (PLAIN.replace("[[optimizers]]", "[optimizers]"), r"optimizers = .*list"),
    ],
)
def test_a_file_that_does_not_validate_is_one_message(write: Write, text: str, told: str) -> None:
    """Unknown keys, wrong types and impossible values are told with their place, what was found and what is accepted."""
    with pytest.raises(InputError, match=told):
        grid(write(text))


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".hidden", "", "a\\b", "/root", "x" * 101, "new\nline"])
def test_a_name_can_not_lead_out_of_the_results(write: Write, name: str) -> None:
    """The name becomes a folder, so it holds nothing that a path could be made of."""
    with pytest.raises(InputError, match=r"^name = "):
        read(write(PLAIN.replace('"plain"', repr(name).replace("\\\\", "\\") if "\\" in name else repr(name))))


@pytest.mark.parametrize(
    ("optimizer", "told"),
    [
        ('use = "adamm"', r"optimizers\[1\]\.use: unknown optimizer 'adamm': did you mean.*'adam'"),
        ('use = ["l2", "sdg"]', r"optimizers\[1\]\.use: unknown optimizer 'sdg': did you mean 'sgd'"),
        ("use = 3", r"optimizers\[1\]\.use = 3: write the name of an optimizer"),
        ("use = []", r"optimizers\[1\]\.use = \[\]: write the name of an optimizer"),
        ("lr = 1", r"optimizers\[1\]\.use = None: write the name of an optimizer"),
        ('use = "sgd"\nlearning_rate = 1', r"optimizers\[1\]: unknown key of optimizer sgd 'learning_rate'"),
        ('use = "sgd"\nbatchsize = 1', r"optimizers\[1\]: .*'batchsize': did you mean 'batch_size'"),
        ('use = "adam"\nbeta_1 = 1', r"optimizers\[1\]: .*'beta_1': did you mean.*'beta1'"),
        ('use = "sgd"\nlr = 0', r"optimizers\[1\].*lr = 0 is out of range: accepted is \(0, inf\)"),
        ('use = "sgd"\nlr = [0.1, -1.0]', r"optimizers\[1\].*lr = -1\.0 is out of range"),
        ('use = "sgd"\nlr = inf', r"optimizers\[1\].*lr = inf is out of range"),
        ('use = "sgd"\nlr = nan', r"optimizers\[1\].*lr = nan is out of range"),
        ('use = "sgd"\nlr = "fast"', r"optimizers\[1\].*lr = 'fast' is not a number"),
        ('use = "sgd"\nlr = true', r"optimizers\[1\].*lr = True is not a number"),
        ('use = "sgd"\nlr = [[0.1]]', r"optimizers\[1\].*lr = \[0\.1\] is not a number"),
        ('use = "adam"\nbeta1 = 1', r"optimizers\[1\].*beta1 = 1 is out of range: accepted is \[0, 1\)"),
        ('use = "sgd"\nlr = []', r"optimizers\[1\]\.lr: an empty list, so that the grid has no runs"),
        ('use = "sgd"\nbatch_size = []', r"optimizers\[1\]\.batch_size: an empty list"),
        ('use = "sgd"\nschedule = []', r"optimizers\[1\]\.schedule: an empty list"),
        (
            'use = "sgd"\nlr = { log = [0.1, 1] }',
            r"optimizers\[1\]\.lr: points = None: accepted is a whole number from 1",
        ),
        ('use = "sgd"\nlr = { log = [0.1, 1], points = 0 }', r"optimizers\[1\]\.lr: points = 0: accepted"),
        ('use = "sgd"\nlr = { log = [0.1, 1], points = 2.0 }', r"optimizers\[1\]\.lr: points = 2\.0: accepted"),
        ('use = "sgd"\nlr = { log = [0.1], points = 2 }', r"optimizers\[1\]\.lr: log = \[0\.1\] is not \[low, high\]"),
        ('use = "sgd"\nlr = { log = 3, points = 2 }', r"optimizers\[1\]\.lr: log = 3 is not \[low, high\]"),
        ('use = "sgd"\nlr = { log = [0, 1], points = 2 }', r"optimizers\[1\]\.lr: log = \[0, 1\] must lie above zero"),
        ('use = "sgd"\nlr = { logg = [1, 2], points = 2 }', r"optimizers\[1\]\.lr = .*write \{ log = \[low, high\]"),
        (
            'use = "sgd"\nlr = { log = [1, 2], linear = [1, 2], points = 2 }',
            r"optimizers\[1\]\.lr = .*write \{ log = \[low, high\]",
        ),
        ('use = "sgd"\nlr = { points = 2 }', r"optimizers\[1\]\.lr = .*write \{ log = \[low, high\]"),
        ('use = "sgd"\nschedule = "cosin"', r"optimizers\[1\]\.schedule: unknown schedule 'cosin': .*'cosine'"),
        ('use = "sgd"\nschedule = 3', r"optimizers\[1\]\.schedule: 3 is not a schedule"),
        ('use = "sgd"\nschedule = { floor = 0 }', r"optimizers\[1\]\.schedule: .*is not a schedule"),
        (
            'use = "sgd"\nschedule = { use = "cosine", flor = 0 }',
            r"optimizers\[1\]\.schedule: .*'flor': did you mean 'floor'",
        ),
        (
            'use = "sgd"\nschedule = { use = "cosine", floor = 2 }',
            r"optimizers\[1\]\.schedule: floor = 2 is out of range: accepted is \[0, 1\]",
        ),
        ('use = "sgd"\nschedule = "exponential"', r"optimizers\[1\]\.schedule: .*exponential needs a value for gamma"),
        (
            'use = "sgd"\nschedule = { use = "cosine", of = "beta1" }',
            r"optimizers\[1\].*schedule cosine of 'beta1': sgd has lr",
        ),
        ('use = "sgd"\nschedule = { use = "cosine", per = "day" }', r"optimizers\[1\]\.schedule: per = 'day'"),
        ('use = "sgd"\nbatch_size = 2', r"optimizers\[1\].*batch_size = 2: accepted is 'full'"),
        ('use = "sgd"\nbatch_size = 0', r"optimizers\[1\].*batch_size = 0: accepted is"),
        ('use = "sgd"\nbatch_size = "all"', r"optimizers\[1\].*batch_size = 'all': accepted is 'full'"),
        ('use = "sgd"\nbatch_size = 1.5', r"optimizers\[1\].*batch_size = 1\.5: accepted is"),
        ('use = "sgd"\nbatch_size = true', r"optimizers\[1\].*batch_size = True: accepted is"),
        ('use = "sgd"\nlabel = ""', r"optimizers\[1\]\.label = '' is not a text"),
        ('use = "sgd"\nlabel = 3', r"optimizers\[1\]\.label = 3 is not a text"),
        ('use = "sgd"\nlabel = "adam"', r"two of them have the label 'adam'"),
    ],
)
def test_an_optimizer_that_does_not_fit_is_told_with_its_place(write: Write, optimizer: str, told: str) -> None:
    """What is wrong with the second optimizer is told with optimizers[1]."""
    with pytest.raises(InputError, match=told):
        grid(write(f"{PLAIN}\n[[optimizers]]\n{optimizer}\n"))


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ('use = "bowll"', r"problem\.use: unknown problem 'bowll': did you mean 'bowl'"),
        ("condition = 3", r"problem"),
        ('use = "bowl"\nconditon = 3', r"problem: .*'conditon': did you mean 'condition'"),
        ('use = "bowl"\ncondition = 0.5', r"problem: condition = 0\.5 is out of range: accepted is \[1, inf\)"),
        ('use = "bowl"\ncondition = "steep"', r"problem: condition = 'steep' is not a number"),
        ('use = "bowl"\nstart = [1]', r"problem: start = \[1\]: accepted is a list of 2 numbers, or 'random'"),
        ('use = "bowl"\nstart = "here"', r"problem: start = 'here'"),
        ('use = "bowl"\nstart = [nan, 1]', r"problem: start = \[nan, 1"),
    ],
)
def test_a_function_that_does_not_fit_is_told_with_its_place(write: Write, problem: str, told: str) -> None:
    """Names and parameters of a function are checked before anything runs."""
    with pytest.raises(InputError, match=told):
        grid(write(PLAIN.replace('use = "bowl"', problem)))


# In place of the line that says hidden = [4]
LAYERS = [
    ("hidden = [4, 0]", r"problem: hidden = \[4, 0\]: a layer has at least one neuron"),
    ("hidden = 4", r"problem\.hidden = 4"),
    (
        "hidden = [1000000000000]",
        r"problem: hidden = \[1000000000000\]: these are 7000000000003 weights; a network has at most 1,073,741,824",
    ),
    ("huber_delta = inf", r"problem\.huber_delta = inf"),
    ("hiden = [4]", r"problem\.hiden: unknown key; did you mean 'hidden'"),
    ("activation = 'sigmod'", r"problem\.activation = 'sigmod'.*did you mean 'sigmoid'"),
    ("activation = ['relu']", r"problem: activation names 1 for 2 hidden layers"),
    ("cost = 'quadric'", r"problem\.cost = 'quadric': .*did you mean 'quadratic'"),
    ("outputs = 4", r"problem: outputs = 4 doesn't fit the labels, which need 3"),
    ("outputs = 0", r"problem\.outputs = 0"),
    ("first_weights = 'xavier'", r"problem\.first_weights = 'xavier'"),
    ("huber_delta = 0", r"problem\.huber_delta = 0"),
    (
        "cost = 'cross_entropy'\noutput_activation = 'relu'",
        r"problem: output_activation = 'relu': .*accepted is 'identity'",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        *(("hidden = [4]", new, told) for new, told in LAYERS),
        (
            'data.npz" }',
            "numbers.npz\" }\ncost = 'cross_entropy'",
            r"problem: cost = 'cross_entropy' needs labels that are classes.*accepted is 'quadratic' or 'huber'",
        ),
        ('{ path = "data.npz" }', '"minst"', r"problem\.dataset: unknown dataset 'minst': did you mean 'mnist'"),
        ('{ path = "data.npz" }', "3", r"problem\.dataset = 3"),
        ("data.npz", "nowhere.npz", r"problem\.dataset: can't read the dataset '.*nowhere\.npz'"),
        ("data.npz", "data.xlsx", r"problem\.dataset: '.*data\.xlsx' is neither a \.npz nor a \.csv file"),
        ('path = "data.npz"', 'pth = "data.npz"', r"problem\.dataset\.(pth: unknown key|path: missing)"),
        ('"data.npz" }', '"data.npz", lable = "x" }', r"problem\.dataset\.lable: unknown key; did you mean 'label'"),
        ('"data.npz" }', '"data.npz", test_fraction = 1 }', r"problem\.dataset: test_fraction = 1"),
        ('use = "sgd"', 'use = "sgd"\nbatch_size = 17', r"optimizers\[0\].*batch_size = 17: .* from 1 to 16"),
    ],
)
def test_a_network_that_does_not_fit_is_told_with_its_place(write: Write, old: str, new: str, told: str) -> None:
    """Layers, costs, labels and batch sizes are checked against the dataset before anything runs."""
    with pytest.raises(InputError, match=told):
        grid(write(NETWORK.replace(old, new)))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """An experiment that isn't there, or is a folder, is told by its path."""
    with pytest.raises(InputError, match=r"can't read the experiment '.*nowhere\.toml': No such file"):
        read(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match=r"can't read the experiment"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"name = ", b"{}", b"\xff\xfe\x00", b'name = "a"\nname = "b"\n'])
def test_a_file_that_is_not_toml_is_told(tmp_path: Path, content: bytes) -> None:
    """What can't be parsed is told with its file."""
    path = tmp_path / "not.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not\.toml' is not a TOML file"):
        read(path)


def test_a_message_stands_in_one_piece(write: Write) -> None:
    """A message about the file is a single line without the validator's own vocabulary."""
    for text in ("xyzzy = 1\n" + PLAIN, PLAIN.replace("steps = 10", ""), PLAIN.replace("seeds = 2", 'seeds = "two"')):
        with pytest.raises(InputError) as caught:
            read(write(text))
        assert "\n" not in str(caught.value)
        assert not re.search(r"pydantic|validation error|\[type=", str(caught.value))


def test_a_name_without_its_ending_is_hinted_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of an experiment in place of its file, or of its results' folder, gets the right one."""
    monkeypatch.chdir(tmp_path)
    Path("wide.toml").write_text("", "utf-8")
    with pytest.raises(InputError, match=r"can't read the experiment 'wide': .*; did you mean 'wide.toml'\?"):
        read("wide")
    with pytest.raises(InputError, match=r"can't read the experiment 'narrow': No such file or directory$"):
        read("narrow")
