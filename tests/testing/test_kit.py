"""The conformance kit: a good rule keeps everything, and each way of being wrong is found, with an example."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings

import optilab
from optilab import InputError, elementwise, norm, per_weight, scalar, vectorwise
from optilab.optimizers.optimizer import Optimizer
from optilab.optimizers.rule import CLAIMS
from optilab.testing import Bowl, Walk, bowls, check, nanoseconds_a_weight, walks
from optilab.testing.kit import CHECKS, SPEED, judge
from optilab.testing.parity import parsed
from optilab.testing.properties import PROPERTIES
from optilab.testing.subject import Subject

EXAMPLES = 20

BOUNDS = "Reads and writes no array out of its bounds"
STILL = "With lr = 0 it stands still"
AGAIN = "The same steps, bit for bit, when it is run again"
TABLE = "Leaves the layer table as it is"
RESUMED = "Goes on from a saved state, bit for bit, as if it had never stopped"
DOWN = "With a small enough step it descends on convex quadratics"
PLAIN = "Does what its source does in plain Python"
COUNTED = "Every gradient that it evaluates is counted"
NAN = "A gradient of NaN is not silently absorbed"
CLAIMED = "Keeps the invariances that it claims"
PARITY = "Follows the reference that it names"


@vectorwise(lr=0.1)
def one_too_many(w, g, lr):
    """Goes one weight too far."""
    for i in range(w.size + 1):
        w[i] -= lr * g[i]


@elementwise(lr=0.1)
def restless(w, g, lr):
    """Moves by more than lr says."""
    w -= lr * g + 1e-3 * g
    return w


@elementwise(lr=0.1)
def uphill(w, g, lr):
    """Climbs."""
    w += lr * g
    return w


@vectorwise(lr=0.1)
def meddling(w, g, lr, layers):
    """Writes to the layer table."""
    layers[0].kind = 7
    for i in range(w.size):
        w[i] -= lr * g[i]


@elementwise(lr=0.1)
def deaf(w, g, lr):
    """Doesn't hear a gradient that is not a number."""
    if g == g:  # noqa: PLR0124
        w -= lr * g
    return w


@elementwise(lr=0.1, claims=("gradient scale",))
def unscaled(w, g, lr):
    """Claims what plain descent can't."""
    w -= lr * g
    return w


@elementwise(lr=0.1, claims=("rotation",))
def squared(w, g, lr):
    """Claims to know no directions."""
    w -= lr * g * abs(g)
    return w


@elementwise(lr=0.1, claims=("sign flips",))
def biased(w, g, lr):
    """Likes one direction better."""
    w -= lr * (g + 0.1 * abs(g))
    return w


@elementwise(lr=0.1, claims=("translation",))
def homesick(w, g, lr):
    """Is drawn to zero."""
    w -= lr * (g + 0.1 * w)
    return w


@elementwise(lr=0.1, claims=("rotation", "sign flips", "translation"))
def honest(w, g, lr):
    """Plain descent."""
    w -= lr * g
    return w


@vectorwise(lr=0.1)
def twice(w, g, slope, lr, value_and_grad):
    """Looks at the gradient after a step, and goes by that; looks twice if that is steep."""
    for i in range(w.size):
        w[i] -= lr * g[i]
    value_and_grad(w, slope)
    if norm(slope) > 3:
        value_and_grad(w, slope)
    for i in range(w.size):
        w[i] += lr * (g[i] - slope[i])


@elementwise(link="before")
def halved(g):
    """A link: half the gradient."""
    g *= 0.5
    return g


@elementwise(states={"before": per_weight("w")}, link="after")
def half_back(w, before):
    """A link: half of the step back."""
    w = before + 0.5 * (w - before)
    before = w
    return w, before


def verdict(optimizer: Optimizer, title: str):
    """What the kit says of one property."""
    return judge(Subject(optimizer, EXAMPLES), title)


@pytest.mark.parametrize("optimizer", [honest, twice, halved, half_back], ids=lambda optimizer: optimizer.name)
def test_good_rules_keep_everything(optimizer: Optimizer) -> None:
    """A rule, a rule that evaluates gradients, and links before and after a rule: nothing is broken."""
    verdicts = list(check(optimizer, EXAMPLES))
    assert [v.title for v in verdicts] == list(CHECKS)
    assert [v for v in verdicts if v.outcome == "broken"] == []


@pytest.mark.parametrize(
    ("optimizer", "title", "said"),
    [
        (
            one_too_many,
            BOUNDS,
            r"an index is out of bounds in line \d+ of .*test_kit.py: w\[i\] -= lr \* g\[i\], from w = ",
        ),
        (restless, STILL, r"after step 1 weight 0 is 0.0 and -?0.000125 \(before and after\)"),
        (uphill, DOWN, r"the cost is .* at first, and .* after 200 steps at any lr, on a bowl of condition"),
        (meddling, TABLE, r"it writes to kind of the layer table"),
        (deaf, NAN, r"the weights go on as if nothing were wrong, to .* gradients = \[\[nan"),
        (unscaled, CLAIMED, r"with all gradients times"),
        (squared, CLAIMED, r"turned after and before"),
        (biased, CLAIMED, r"flipped after and before"),
        (homesick, CLAIMED, r"moved by 1 after and before"),
    ],
    ids=lambda given_value: getattr(given_value, "name", None),
)
def test_each_way_of_being_wrong_is_found(optimizer: Optimizer, title: str, said: str) -> None:
    """The property that is broken is told with the smallest example that was found."""
    found = verdict(optimizer, title)
    assert found.outcome == "broken"
    assert re.search(said, found.detail), found.detail


def test_the_smallest_example_is_small() -> None:
    """A gradient that breaks a property is shrunk to one weight, one step and an eighth."""
    detail = verdict(restless, STILL).detail
    assert detail.endswith("from w = [0.0] on layers [(1,)], gradients = [[0.125]]")


def test_a_rule_that_is_not_its_source_is_found() -> None:
    """If compiled code does anything else than the source in plain Python, the kit says at which weight."""
    subject = Subject(honest, EXAMPLES)
    subject.__dict__["compiled"] = Subject(uphill, EXAMPLES).compiled
    found = judge(subject, PLAIN)
    assert found.outcome == "broken"
    assert "compiled and in plain Python" in found.detail


def test_a_lost_state_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a saved state doesn't hold all that the next steps depend on, the kit says after which step it shows."""
    from optilab.optimizers.stepper import Stepper

    momentum = optilab.get_optimizer("momentum")
    whole = Stepper.save
    monkeypatch.setattr(Stepper, "save", lambda self: {**whole(self), "state": np.zeros_like(whole(self)["state"])})
    found = verdict(momentum, RESUMED)
    assert found.outcome == "broken"
    assert "when it is stopped after step" in found.detail


def test_chance_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that differ in a single bit are not the same."""
    from optilab.optimizers.stepper import Stepper

    whole, count = Stepper.step, [0]

    def step(self, *given_values):
        count[0] += 1
        found = whole(self, *given_values)
        found[0] += 1e-15 * (1 + abs(found[0])) * (count[0] % 7)
        return found

    monkeypatch.setattr(Stepper, "step", step)
    assert "in two runs" in verdict(honest, AGAIN).detail


def test_evaluations_that_are_not_counted_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of compiled code and of plain Python are compared, and the mean count is told."""
    assert re.fullmatch(r"[23](\.\d)? a step", verdict(twice, COUNTED).detail)
    subject = Subject(twice, EXAMPLES)
    subject.__dict__["plain"] = Subject(honest, EXAMPLES).compiled
    found = judge(subject, COUNTED)
    assert found.outcome == "broken"
    assert "counted" in found.detail


def test_what_does_not_concern_a_rule_is_said() -> None:
    """A property that doesn't concern a rule is neither kept nor broken, and the reason is told."""
    assert verdict(honest, COUNTED).outcome == "not asked"
    assert verdict(halved, STILL).detail == "it doesn't ask for lr"
    assert verdict(twice, NAN).detail == "its gradients are its own"
    assert verdict(uphill, CLAIMED).detail == "it claims none"
    assert verdict(uphill, PARITY).detail == "it names none"


def test_nothing_more_is_tried_with_a_rule_that_writes_out_of_bounds() -> None:
    """After it the process can't be trusted: there are no verdicts on other properties."""
    assert [v.title for v in check(one_too_many, EXAMPLES)] == list(CHECKS)[:2]


def test_a_rule_that_does_not_compile_is_told_with_its_line() -> None:
    """The one verdict says what is wrong, in which file and line."""

    @elementwise(lr=0.1)
    def misspelt(w, g, lr):
        w -= lr * gg  # type: ignore[name-defined]  # noqa: F821
        return w

    (found,) = check(misspelt, EXAMPLES)
    assert found.outcome == "broken"
    assert re.search(r"'misspelt' doesn't compile, in .*test_kit.py, line \d+: .*'gg'", found.detail)


def test_every_property_says_what_it_is() -> None:
    """Titles are sentences of their own; each is looked at; speed is measured last."""
    assert list(CHECKS)[: len(PROPERTIES)] == list(PROPERTIES)
    assert list(CHECKS)[-1] == SPEED
    assert all(len(title) > 10 for title in PROPERTIES)
    assert {BOUNDS, STILL, AGAIN, TABLE, RESUMED, DOWN, PLAIN, COUNTED, NAN, CLAIMED, PARITY} <= set(CHECKS)


def test_every_claim_can_be_checked() -> None:
    """There is a check for each invariance that a rule can claim, and no other can be claimed."""
    from optilab.testing.invariances import _CLAIMS

    assert set(_CLAIMS) == set(CLAIMS)
    with pytest.raises(InputError, match="unknown claim 'rotatoin': did you mean 'rotation'"):
        elementwise(lr=0.1, claims=("rotatoin",))(honest.rules[0].function)


@example_settings(max_examples=50)
@given(walks(at_least=2))
def test_walks_are_made_of_eighths(walk: Walk) -> None:
    """Weights and gradients of a walk are multiples of an eighth, on layers that they fill."""
    assert 2 <= len(walk.gradients) == len(walk.costs) <= 6
    assert walk.gradients.shape[1] == walk.w.size == sum(part.size for part in walk.layers)
    for values in (walk.w, walk.gradients, walk.costs):
        assert (values * 8 == np.round(values * 8)).all()


@example_settings(max_examples=30)
@given(bowls())
def test_bowls_are_convex_with_their_minimum_at_one(bowl: Bowl) -> None:
    """The cost is zero where all weights are 1, is larger elsewhere, and its gradient is that of finite differences."""
    problem = bowl.problem
    assert problem.cost(np.ones(26)) == 0
    assert problem.cost(bowl.w) > 0
    assert len(problem.layers) == 6
    gradient = problem.gradient(bowl.w)
    assert gradient @ (bowl.w - 1) > 0
    step = np.zeros(26)
    step[3] = 1e-5
    slope = (problem.cost(bowl.w + step) - problem.cost(bowl.w - step)) / 2e-5
    assert gradient[3] == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("optax.sgd(lr, 0.5)", ("optax", "optax.sgd", [0.5, 0.5], {})),
        ("torch.optim.SGD(lr=lr)", ("torch", "torch.optim.SGD", [], {"lr": 0.5})),
        (
            "optax.contrib.x(b1=1 - beta, pair=(beta, -lr, 2), flag=not off, power=beta**2)",
            ("optax", "optax.contrib.x", [], {"b1": 0.75, "pair": (0.25, -0.5, 2), "flag": True, "power": 0.0625}),
        ),
    ],
)
def test_references_are_read_not_executed(reference: str, expected: object) -> None:
    """A reference is a call of the library with arguments made of hyperparameters and numbers."""
    assert parsed(reference, {"lr": 0.5, "beta": 0.25, "off": False}) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "torch.optim.SGD",
        "os.system(command='x')",
        "torch.optim.SGD(lr=__import__('os'))",
        "torch.optim.SGD(lr=rate)",
        "torch.optim.SGD(lr",
        "torch.optim.SGD(*lr)",
        "torch.optim.SGD(lr=lr.real)",
    ],
)
def test_references_that_are_something_else(reference: str) -> None:
    """Anything else is refused, and nothing is run."""
    with pytest.raises(InputError, match=r"is not a call like 'torch.optim.X"):
        parsed(reference, {"lr": 0.5})


def test_speed_is_measured() -> None:
    """More arithmetic takes longer: a rule of a hundred roots a weight, against plain descent."""

    @elementwise(lr=0.1)
    def slow(w, g, lr):
        x = abs(g) + 1
        for _ in range(100):
            x = np.sqrt(x + 1)
        w -= lr * x
        return w

    shapes = ((50, 20), (20,))
    quick = nanoseconds_a_weight(honest, {"lr": 0.1}, shapes, seconds=0.01)
    assert nanoseconds_a_weight(slow, {"lr": 0.1}, shapes, seconds=0.01) > 10 * max(quick, 0.01)


@vectorwise(states={"left_out": scalar()}, link="before")
def counts_what_it_leaves_out(g, left_out):
    """Leaves out steps whose gradient is not a number, and counts them."""
    skip = False
    for i in range(g.size):
        skip = skip or g[i] != g[i]
    if skip:
        left_out += 1
    return left_out, skip


def test_a_gradient_that_is_left_out_and_counted_is_not_silent() -> None:
    """A rule may go on after a gradient of NaN, if a number among its states tells."""
    assert verdict(counts_what_it_leaves_out, NAN).outcome == "holds"


def test_a_chain_claims_what_all_its_rules_claim() -> None:
    """A claim of one rule says nothing of a chain with another."""
    assert verdict(honest | squared, CLAIMED).outcome == "broken"  # both claim rotation
    assert verdict(honest | biased, CLAIMED).outcome == "broken"  # both claim sign flips
    assert verdict(honest | uphill, CLAIMED).detail == "it claims none"


@elementwise(lr=0.1, states={"avg": per_weight("w")}, evaluate_at="avg")
def shrinks_and_averages(w, g, avg, lr):
    """Goes uphill, and is measured at an average that shrinks."""
    w += lr * g
    avg *= 0.9
    return w, avg


@elementwise(lr=0.1)
def only_decays(w, g, lr):
    """Shrinks the weights, whatever the gradient is."""
    w -= lr * w + 0 * g
    return w


@vectorwise(lr=0.1)
def deaf_at_the_end(w, g, lr):
    """Forgets the last weight."""
    for i in range(w.size - 1):
        w[i] -= lr * g[i]


@vectorwise(lr=0.1)
def many_ways(w, g, lr, layers):
    """Reads the layer table in every way that compiled code can."""
    for k in range(layers.shape[0]):
        first = layers[k]["offset"]
        for i in range(first, first + layers[k].size):
            w[i] -= lr * g[i]


@pytest.mark.parametrize(
    ("optimizer", "title"),
    [(shrinks_and_averages, DOWN), (only_decays, DOWN), (deaf_at_the_end, "Every weight hears its own gradient")],
    ids=lambda given_value: getattr(given_value, "name", None),
)
def test_what_only_looks_like_descent_is_found(optimizer: Optimizer, title: str) -> None:
    """Shrinking weights is no descent, for the minimum is not at zero; nor is leaving some weights where they are."""
    assert verdict(optimizer, title).outcome == "broken"


def test_the_layer_table_can_be_read_in_every_way() -> None:
    """Plain Python reads it as compiled code does."""
    assert verdict(many_ways, PLAIN).outcome == "holds"


@pytest.mark.parametrize("chain", ["weight_decay on matrices | adam", "muon on hidden matrices | adam on rest"])
def test_rules_on_some_layers_are_tried_where_they_have_some(chain: str) -> None:
    """A chain that works on some layers is checked on networks that have them."""
    assert [v for v in check(optilab.get_optimizer(chain), 5) if v.outcome == "broken"] == []


def test_an_exception_of_the_rule_is_a_broken_property_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rule's own code raises is told with the line, and the kit goes on."""

    @elementwise(lr=0.1)
    def misread(w, g, lr):
        w -= lr * g.nothing_of_the_kind
        return w

    subject = Subject(misread, EXAMPLES)
    subject.__dict__["compiled"] = Subject(honest, EXAMPLES).compiled
    found = judge(subject, PLAIN)
    assert found.outcome == "broken"
    assert re.search(r"AttributeError: .*nothing_of_the_kind.*, in line \d+ of .*test_kit.py: w -= lr", found.detail)
