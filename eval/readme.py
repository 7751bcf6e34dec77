"""Write the README's tables from result files, and its Python example with its real output, between their marks.

    passage eval article:test --out eval/results
    PASSAGE_READER=false passage eval article:test --out eval/results
    python -m eval.reading DATA --out eval/results
    python -m eval.bench.speed --out eval/results
    python -m eval.readme eval/results/{article-test,reading,speed}-*COMMIT.json

Results of the reader and of similarity alone make one table, so they must be of the same questions and commit.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"

COLUMNS = ("fr", "en", "fr/plain", "en/plain", "fr/paraphrase", "en/paraphrase")
BESIDE = ("fr", "en")
"""Columns of similarity alone where the reader has the others."""
ROWS = {
    "citation_hit": "a cited sentence is evidence",
    "citation_precision": "share of the cited sentences that are evidence",
    "answer_containment": "the accepted answer stands in the answer",
    "short_given": "answers that come with a short answer",
    "short_contains": "short answers that hold an accepted one, or stand in one",
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
    "aurc": "area under the risk-coverage curve (lower is better)",
    "quote_validity": "quotes that stand in the files where they say",
    "answer_language": "answers in the question's language",
    "latency_p50_ms": "latency p50, ms",
    "latency_p95_ms": "latency p95, ms",
}


def evaluation_table(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The measures that matter to a reader, a column per language and wording; what no column has is left out.

    `results`: that of the reader, that of similarity alone, or both in any order. Raises ValueError where they are two
    of one judge, or not of the same set, split and commit.
    """
    made = [f"{result['set']}:{result['split']} at {result['commit']}" for result in results]
    first, *beside = sorted(results, key=_is_read, reverse=True)
    if len(set(made)) > 1 or len({_is_read(result) for result in results}) < len(results):
        raise ValueError(f"one result of the reader and one of similarity alone are compared, not {', '.join(made)}")
    columns = [(column, first["slices"][column]) for column in COLUMNS]
    columns += [(f"similarity alone: {column}", other["slices"][column]) for other in beside for column in BESIDE]
    judge = "with the reader" if _is_read(first) else "similarity alone"
    title = f"`{first['set']}:{first['split']}` at {first['commit']}, {judge}"
    yield _line(title, (name for name, _ in columns))
    yield "|---|" + "---:|" * len(columns)
    counts = [part["counts"] for _, part in columns]
    yield _line("questions (answerable)", (f"{c['questions']} ({c['answerable']})" for c in counts))
    for name, label in ROWS.items():
        digits = 0 if name.endswith("_ms") else 2
        values = [part["measures"].get(name) for _, part in columns]
        if any(value is not None for value in values):
            yield _line(label, ("" if value is None else f"{value:.{digits}f}" for value in values))


def _is_read(result: Mapping[str, Any]) -> bool:
    """Whether the reader judged; results without that setting are older than the reader."""
    return bool(result["settings"].get("reader", False))


def _line(label: str, cells: Iterable[str]) -> str:
    return f"| {label} | " + " | ".join(cells) + " |"


def reading_table(result: dict[str, Any]) -> str:
    """How well the reader reads, beside similarity alone."""
    from eval.reading import to_markdown

    return to_markdown(result).strip()


EXAMPLE = """\
from qa import Engine, ask

print(ask("When was the visit announced?").text)  # the default article, one line

engine = Engine.open()  # settings optional; builds the index when needed
answer = engine.ask("Quand la visite a-t-elle été annoncée ?")
print(answer.language, answer.refused, answer.reason, round(answer.confidence, 2))
for c in answer.citations:
    print(c.number, c.passage_id, c.language, c.start, c.end, c.quote)
print(answer.short.text, answer.short.start, answer.short.end)  # the words that answer; None where there are none

answer = engine.ask("What did Moscow give to Kim Jong-un?")
print(answer.to_markdown())

answer = engine.ask("How old is Kim Jong-un?")
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


def with_tables(text: str, paths: Iterable[Path]) -> str:
    """The README `text` with the tables of the result files at `paths`, which are told apart by name and content.

    Raises ValueError where two do not go together, or where the README has no place for one.
    """
    evaluations = []
    for path in paths:
        result = json.loads(path.read_text(encoding="utf-8"))
        if path.name.startswith("reading-"):
            text = replace_between(text, "reading", reading_table(result))
        elif "slices" in result:
            evaluations.append(result)
        else:
            text = replace_between(text, "speed", str(result["table"]).strip())
    if evaluations:
        text = replace_between(text, "figures", "\n".join(evaluation_table(evaluations)))
    return text


def main() -> None:
    """Replace each table for which a result file is given, and the example."""
    parser = argparse.ArgumentParser(description="Write the README's tables.")
    parser.add_argument(
        "results", nargs="*", type=Path, help="files written by passage eval --out, eval.reading and eval.bench.speed"
    )
    text = with_tables(README.read_text(encoding="utf-8"), parser.parse_args().results)
    README.write_text(replace_between(text, "python", python_example()), encoding="utf-8")


if __name__ == "__main__":
    main()
