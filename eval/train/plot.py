"""Draw the learning curve, learning_curve.svg, of log.jsonl: `python -m eval.train.plot`. Needs the extra `train`."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
LOSSES = {
    "evidence": "evidence of a sentence",
    "ranking": "right sentence of its window",
    "start": "first token of the answer",
    "end": "last token of the answer",
    "support": "claim supported (the checker, which starts from the reader)",
}


def main() -> None:
    """Losses over all tokens read, phase after phase."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "passage"  # the same file for the same log
    from matplotlib import pyplot as plt

    rows = [json.loads(line) for line in (HERE / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    figure, axes = plt.subplots(figsize=(9, 4.5))
    read, offset, begins = [rows[0]["tokens"]], 0, {rows[0]["phase"]: 0}
    for before, row in pairwise(rows):
        if row["phase"] != before["phase"]:
            offset += before["tokens"]
            begins[row["phase"]] = offset
        read.append(offset + row["tokens"])
    for name, label in LOSSES.items():
        drawn = [(tokens / 1e6, row[name]) for tokens, row in zip(read, rows, strict=True) if name in row]
        axes.plot([tokens for tokens, _ in drawn], [loss for _, loss in drawn], label=label, linewidth=1.2)
    for phase, tokens in begins.items():
        axes.axvline(tokens / 1e6, color="grey", linewidth=0.6)
        axes.text(tokens / 1e6, axes.get_ylim()[1], f"{phase} ", va="top", fontsize=8, color="grey", rotation=90)
    axes.set(xlabel="million tokens read", ylabel="training loss (nats)", ylim=(0, None))
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1, 0.8))
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(HERE / "learning_curve.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
