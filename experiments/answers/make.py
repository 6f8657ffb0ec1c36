"""What the README answers: run two experiments, and write their table, pictures and verdict from the results.

    python experiments/answers/make.py

It runs what is missing of experiments/optimizers.toml and experiments/sensitivity.toml into results/, and writes optimizers.csv,
finals.png and sensitivity.png beside this file, and the verdict into the README.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import optilab
from optilab.analysis.best import best_runs
from optilab.experiment.question import question_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TABLE = HERE / "optimizers.csv"
_BEGIN, _END = "<!-- verdict: made by experiments/answers/make.py -->\n", "<!-- end of the verdict -->\n"
_WIDTH = 130  # of the README's lines


def verdict_text() -> str:
    """The verdict on the table, as the README has it."""
    found = optilab.load(TABLE, measure="test_accuracy", control="adam").verdict()
    lines = (
        "\n".join(textwrap.wrap(sentence, _WIDTH, initial_indent="> ", subsequent_indent="> "))
        for sentence in found.sentences
    )
    return "\n>\n".join(lines) + "\n"


def in_readme() -> str:
    """The verdict that the README has."""
    text = (ROOT / "README.md").read_text("utf-8")
    return text.partition(_BEGIN)[2].partition(_END)[0]


def main() -> None:
    """Make everything."""
    results = optilab.run(ROOT / "experiments" / "optimizers.toml")
    chosen = best_runs(results.runs, question_of(results).chosen_by)
    table = chosen[["problem", "label", "seed", "lr", "final_test_accuracy", "status"]]
    names = {"label": "optimizer", "lr": "hp.lr", "final_test_accuracy": "test_accuracy"}
    table.rename(columns=names).sort_values(["optimizer", "seed"]).to_csv(TABLE, index=False)
    results.plot("finals")[0].savefig(HERE / "finals.png", dpi=160, metadata={"Software": "optilab"})
    sweep = optilab.run(ROOT / "experiments" / "sensitivity.toml")
    sweep.plot("sensitivity", y="valid_cost")[0].savefig(
        HERE / "sensitivity.png", dpi=160, metadata={"Software": "optilab"}
    )
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(_BEGIN)
    readme.write_text(before + _BEGIN + verdict_text() + _END + rest.partition(_END)[2], "utf-8")


if __name__ == "__main__":
    main()
