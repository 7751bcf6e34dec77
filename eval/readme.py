"""Write the README's tables from result files, and its Python example with its real output, between their marks.

passage eval article:test --out eval/results && python -m eval.bench.speed --out eval/results
python -m eval.readme eval/results/article-test-*.json eval/results/speed-*.json
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"

COLUMNS = ("fr", "en", "fr/plain", "en/plain", "fr/paraphrase", "en/paraphrase")
ROWS = {
    "citation_hit": "a cited sentence is evidence",
    "citation_precision": "share of the cited sentences that are evidence",
    "answer_containment": "the accepted answer stands in the answer",
    "false_refusal_rate": "refused although the article answers (lower is better)",
    "Success@1": "passage: Success@1",
    "Success@3": "passage: Success@3",
    "Success@5": "passage: Success@5",
    "RR@10": "passage: RR@10",
    "refusal_recall/off_topic": "off-topic questions refused",
    "refusal_recall/instruction": "instructions refused",
    "refusal_recall/near_miss": "near misses refused",
    "refusal_precision": "refusals that are right",
    "refusal_auroc/off_topic": "off-topic: AUROC of the confidence",
    "refusal_auroc/near_miss": "near misses: AUROC of the confidence",
    "quote_validity": "quotes that stand in the files where they say",
    "answer_language": "answers in the question's language",
    "latency_p50_ms": "latency p50, ms",
    "latency_p95_ms": "latency p95, ms",
}


def evaluation_table(result: Mapping[str, Any]) -> Iterator[str]:
    """The measures that matter to a reader, a column per language and wording."""
    slices = result["slices"]
    yield f"| `{result['set']}:{result['split']}` at {result['commit']} | " + " | ".join(COLUMNS) + " |"
    yield "|---|" + "---:|" * len(COLUMNS)
    counts = [slices[column]["counts"] for column in COLUMNS]
    yield "| questions (answerable) | " + " | ".join(f"{c['questions']} ({c['answerable']})" for c in counts) + " |"
    for name, label in ROWS.items():
        digits = 0 if name.endswith("_ms") else 2
        values = [slices[column]["measures"].get(name) for column in COLUMNS]
        yield f"| {label} | " + " | ".join("" if v is None else f"{v:.{digits}f}" for v in values) + " |"


EXAMPLE = """\
from qa import Engine, ask

print(ask("When was the visit announced?").text)  # the default article, one line

engine = Engine.open()  # settings optional; builds the index when needed
answer = engine.ask("Quand la visite a-t-elle été annoncée ?")
print(answer.language, answer.refused, answer.reason, round(answer.confidence, 2))
for c in answer.citations:
    print(c.number, c.passage_id, c.language, c.start, c.end, c.quote)

answer = engine.ask("What did Moscow give to Kim Jong-un?")
print(answer.to_markdown())

answer = engine.ask("How do I bake bread?")
print(answer.refused, answer.reason, answer.text)
"""


def python_example() -> str:
    """The example and what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(EXAMPLE, {})
    return f"```python\n{EXAMPLE}```\n\n```text\n{printed.getvalue().rstrip()}\n```"


def replace_between(text: str, name: str, lines: str) -> str:
    """`text` with what stands between `<!-- name -->` and `<!-- /name -->` replaced. Raises ValueError without them."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the README has no place marked {name!r}")
    return pattern.sub(lambda found: f"{found[1]}{lines}\n{found[2]}", text)


def main() -> None:
    """Replace each table for which a result file is given, and the example."""
    parser = argparse.ArgumentParser(description="Write the README's tables.")
    parser.add_argument(
        "results", nargs="*", type=Path, help="files written by passage eval --out and eval.bench.speed"
    )
    text = replace_between(README.read_text(encoding="utf-8"), "python", python_example())
    for path in parser.parse_args().results:
        result = json.loads(path.read_text(encoding="utf-8"))
        if "slices" in result:
            text = replace_between(text, "figures", "\n".join(evaluation_table(result)))
        else:
            text = replace_between(text, "speed", str(result["table"]).strip())
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
