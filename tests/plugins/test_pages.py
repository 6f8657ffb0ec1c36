"""Every bundled optimizer, link and schedule has a page, as `optilab show` prints it, in one form."""

from __future__ import annotations

import ast
import doctest
import re

import pytest

from optilab.cli.catalogue import description
from optilab.plugins.loading import registry

LONGEST = 110  # characters of a first sentence: a line of `optilab list`
FALL = 0.25  # what is left of the cost, at most, at the end of an example

# What the field calls them.
CALLED = {
    "accelerated_gradient": "Nesterov's accelerated gradient",
    "accumulate": "Gradient accumulation",
    "acprop": "ACProp",
    "adabelief": "AdaBelief",
    "adadelta": "Adadelta",
    "adafactor": "Adafactor",
    "adagrad": "Adagrad",
    "adahessian": "AdaHessian",
    "adam": "Adam",
    "adamax": "AdaMax",
    "adamw": "AdamW",
    "adan": "Adan",
    "adaptive_gradient_clipping": "Adaptive gradient clipping",
    "add_gradient_noise": "Gradient noise",
    "ademamix": "AdEMAMix",
    "adopt": "ADOPT",
    "ali_g": "ALI-G",
    "amsgrad": "AMSGrad",
    "apply_if_finite": "Skipping of non-finite gradients",
    "armijo": "Armijo's line search",
    "asam": "ASAM",
    "asgd": "Averaged SGD",
    "barzilai_borwein": "Barzilai-Borwein",
    "cautious": "Cautious optimizers",
    "centralize": "Gradient centralization",
    "clip_by_global_norm": "Clipping by global norm",
    "clip_by_layer_norm": "Clipping by layer norm",
    "clip_by_value": "Clipping by value",
    "cocob": "COCOB",
    "dadapt_adam": "D-Adapted Adam",
    "dadapt_sgd": "D-Adapted SGD",
    "dog": "DoG",
    "dowg": "DoWG",
    "ema": "Exponential moving average of the weights",
    "fromage": "Fromage",
    "gradient_descent": "Gradient descent",
    "heavy_ball": "Heavy ball",
    "l2": "L2 regularization",
    "l_dog": "L-DoG",
    "lamb": "LAMB",
    "lars": "LARS",
    "lbfgs": "L-BFGS",
    "lion": "Lion",
    "lookahead": "Lookahead",
    "madgrad": "MADGRAD",
    "mechanize": "Mechanic",
    "momentum": "Momentum",
    "momo": "MoMo",
    "momo_adam": "MoMo-Adam",
    "muon": "Muon",
    "nadam": "NAdam",
    "nadamw": "NAdamW",
    "nesterov": "Nesterov momentum",
    "noisy_sgd": "Noisy SGD",
    "nonlinear_cg": "Nonlinear conjugate gradient",
    "normalize_gradient": "Normalized gradient",
    "novograd": "NovoGrad",
    "optimistic_adam": "Optimistic Adam",
    "optimistic_gradient_descent": "Optimistic gradient descent",
    "polyak": "Polyak step size",
    "polyak_averaging": "Polyak averaging",
    "prodigy": "Prodigy",
    "radam": "RAdam",
    "ranger": "Ranger",
    "remember_start": "Grafting",
    "rmsprop": "RMSprop",
    "rprop": "Rprop",
    "sam": "SAM",
    "schedule_free": "Schedule-free wrapper",
    "schedule_free_adamw": "Schedule-free AdamW",
    "schedule_free_sgd": "Schedule-free SGD",
    "sgd": "SGD",
    "shampoo": "Shampoo",
    "sign_sgd": "signSGD",
    "signum": "Signum",
    "simplified_ademamix": "Simplified AdEMAMix",
    "sm3": "SM3",
    "soap": "SOAP",
    "sophia": "Sophia",
    "sparse_adam": "Sparse Adam",
    "svrg": "SVRG",
    "swa": "SWA",
    "take_direction": "Grafting",
    "take_length": "Grafting",
    "take_sign": "Sign of the gradient",
    "weight_decay": "Decoupled weight decay",
    "wolfe": "Wolfe's line search",
    "yogi": "Yogi",
}


def bundled(kind: str) -> list[str]:
    """Names of the optimizers (links among them) or schedules of the bundled plugins."""
    found = registry()
    return sorted(name for name in getattr(found, kind) if found.sources[kind, name].endswith("of optilab-framework"))


OPTIMIZERS, SCHEDULES = bundled("optimizers"), bundled("schedules")


def page(kind: str, name: str) -> str:
    """The documentation of one, which is part of what `optilab show` prints."""
    text: str = getattr(registry(), kind)[name].documentation
    assert text in description(name)
    return text


def section(text: str, title: str) -> list[str]:
    """Lines of a section of a page: those below its title, up to the next one that isn't indented."""
    assert text.split("\n").count(f"{title}:") == 1, f"the page has no section {title!r}, or several"
    lines = text.split(f"\n{title}:\n")[1].split("\n")
    end = next((k for k, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return [line for line in lines[:end] if line.strip()]


def explained(text: str) -> list[str]:
    """Names that stand before a colon in the section Args, four blanks from the margin; lines that go on stand further in."""
    entries = [line[4:] for line in section(text, "Args") if not line.startswith(" " * 5)]
    for entry in entries:
        assert re.fullmatch(r"\w+: \S.{9,}", entry), f"not 'name: what it is': {entry!r}"
    return [entry.partition(":")[0] for entry in entries]


def sentence(text: str) -> str:
    """The first line, which is one sentence and all of its paragraph."""
    first, _, rest = text.partition("\n")
    assert rest.startswith("\n"), "the first sentence stands alone, before an empty line"
    assert len(first) <= LONGEST, f"{len(first)} characters"
    assert first.endswith((".", "`")), "a sentence ends with a full stop, or an example in backticks"
    assert not re.search(r"\. [A-Z]", first), "one sentence, not two"
    return first


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_page_begins_with_what_the_field_calls_it(name: str) -> None:
    """The first sentence is the name, a colon, and the idea in words."""
    called, colon, idea = sentence(page("optimizers", name)).partition(": ")
    assert (called, colon) == (CALLED[name], ": ")
    assert len(idea) >= 30


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_page_has_an_equation(name: str) -> None:
    """At least one line outside its sections says what is computed."""
    assert re.search(r"^ *[\w^{}(), ]+ = ", page("optimizers", name).split("\nArgs:\n")[0], re.MULTILINE)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_page_explains_each_hyperparameter(name: str) -> None:
    """The section Args has an entry for each, in the order in which `optilab show` lists them; without any, none is there."""
    text, parameters = page("optimizers", name), list(registry().optimizers[name].parameters)
    if parameters:
        assert explained(text) == parameters
    else:
        assert "Args:" not in text


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_page_shows_the_cost_falling(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The doctest passes, trains with the optimizer, and prints costs of which the last is a small part of the first."""
    source = "\n".join(line[4:] for line in section(page("optimizers", name), "Example"))
    example = doctest.DocTestParser().get_doctest(source, {}, name, None, 0)
    trained = [found.source for found in example.examples if "optilab.train(" in found.source]
    assert any(re.search(rf"[\" ]{name}[\" ]", call) for call in trained)
    printed = [found.want for found in example.examples if found.want.startswith("[")]
    assert any(costs[-1] <= FALL * costs[0] for costs in map(ast.literal_eval, printed))
    runner = doctest.DocTestRunner(verbose=False)
    failed, _ = runner.run(example)
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_page_names_its_source(name: str) -> None:
    """An author and a year are named, and arXiv's numbers are whole."""
    text = page("optimizers", name).replace("\n", " ")
    assert re.search(r"[A-Z][\w-]+.{0,150}?\b(18|19|20)\d\d\b", text), "no author and year"
    assert len(re.findall("arXiv", text)) == len(re.findall(r"arXiv:\d{4}\.\d{4,5}\b(?!v)", text))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_page_of_a_schedule_begins_with_a_sentence(name: str) -> None:
    """Its first line is one sentence, short enough for `optilab list`."""
    assert len(sentence(page("schedules", name))) >= 30


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_page_of_a_schedule_explains_each_parameter(name: str) -> None:
    """The section Args has an entry for each, in their order."""
    assert explained(page("schedules", name)) == list(registry().schedules[name].parameters)


def test_no_name_is_left_over() -> None:
    """The table of names holds the bundled optimizers and links, and nothing that isn't there."""
    assert sorted(CALLED) == OPTIMIZERS


def test_a_page_that_lacks_a_part_is_found_out() -> None:
    """What the tests above read with refuses a page without a part, with a short entry, or with two sentences at its head."""
    with pytest.raises(AssertionError, match="no section 'Args'"):
        explained("Adam: momentum.\n\nExample:\n    >>> 1\n")
    with pytest.raises(AssertionError, match="not 'name: what it is'"):
        explained("Adam: momentum.\n\nArgs:\n    lr: short\n")
    with pytest.raises(AssertionError, match="one sentence"):
        sentence("Adam: momentum. It is scaled.\n\nMore.")
    assert explained(
        "A.\n\nArgs:\n    lr: how long a step is,\n        at most.\n    eps: a small number.\n\nB: c"
    ) == ["lr", "eps"]
