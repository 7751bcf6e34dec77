"""Speed and memory of Passage beside what a user would pick instead: `python -m eval.bench.speed`.

Both sides are measured in the same run, in turns, and reported as ratios: the figures depend on the machine, the ratios
much less. Where a cold start counts, each measurement is a new process. The model is unpacked before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from eval.bench.asking import ask_and_embed, index_twice
from eval.bench.comparison import Line, Skipped, to_dicts, to_markdown
from eval.bench.stack import Figures
from eval.bench.start import start_chat
from eval.questions import load_questions
from eval.report import commit_of, machine
from qa import SentenceTransformerEmbeddings, Settings, load_articles

_TUTORIAL = "LangChain tutorial"
_Runs: TypeAlias = dict[str, list[Figures]]
_NEEDED = ("langchain_chroma", "langchain_text_splitters", "psutil")
_CHUNK = 1000
"""Characters of a chunk in LangChain's retrieval tutorial."""


class _StackFailed(Exception):
    """A stack's process ended with an error."""


@dataclass(frozen=True, slots=True)
class _Stacks:
    """What both stacks are run with; indexes go to new folders in `scratch`."""

    scratch: Path
    article: Path
    model: Path
    questions: str

    def measure(self, stack: str, folder: str, chunk: int = _CHUNK) -> Figures:
        """The figures of one stack in a new process. Raises _StackFailed."""
        options = {
            "article": self.article,
            "model": self.model,
            "folder": self.scratch / folder,
            "set": self.questions,
            "chunk": chunk,
            "started": time.time(),
        }
        command = [sys.executable, "-m", "eval.bench.stack", stack]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise _StackFailed(f"{stack} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
        return Figures(**json.loads(done.stdout.splitlines()[-1]))


def compare_stacks(stacks: _Stacks, repeats: int) -> list[Line | Skipped]:
    """Time, memory and success of Passage and of the tutorial's stack, with the same model on the same article."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        return [Skipped(_TUTORIAL, f"not installed: {', '.join(missing)} (pip install them beside Passage)")]
    cold: _Runs = {"passage": [], "tutorial": []}
    warm: _Runs = {"passage": [], "tutorial": []}
    try:
        for turn in range(repeats):
            for runs in (cold, warm):  # the second finds the index that the first has made
                for stack, figures in runs.items():
                    figures.append(stacks.measure(stack, f"{stack}-{turn}"))
        ours, theirs = warm["passage"][0], warm["tutorial"][0]
        equal = stacks.measure("tutorial", "equal", chunk=round(ours.characters))
    except _StackFailed as error:
        return [Skipped(_TUTORIAL, str(error))]
    return [
        _line("first hit, nothing indexed", "s", cold, lambda f: f.first_hit),
        _line("first hit, indexed before", "s", warm, lambda f: f.first_hit),
        _line("a warm search", "ms", warm, lambda f: 1000 * f.search),
        _line("a warm answer, beside a search alone", "ms", warm, lambda f: 1000 * (f.answer or f.search)),
        _line("resident memory", "MB", warm, lambda f: f.memory),
        *_success(ours, theirs),
        *_success(ours, equal),
    ]


def _line(name: str, unit: str, runs: _Runs, figure: Callable[[Figures], float]) -> Line:
    ours, theirs = ([figure(figures) for figures in runs[stack]] for stack in ("passage", "tutorial"))
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return Line(name, median(ours), median(theirs), unit, _TUTORIAL, repeats=len(ours), paired=ratio)


def _success(ours: Figures, theirs: Figures) -> list[Line]:
    """Success is higher the longer what is found: the mean lengths stand beside it."""
    against = f"{_TUTORIAL}, {theirs.characters:.0f} characters a hit (Passage {ours.characters:.0f})"
    return [
        Line(f"Success@{key[3:]}, {key[:2]}, {name}", value, right[key], "", against, repeats=1)
        for name, mine, right in (("whole sentence", ours.whole, theirs.whole), ("half a one", ours.half, theirs.half))
        for key, value in sorted(mine.items())
    ]


def run(questions_name: str, repeats: int) -> list[Line | Skipped]:
    """Every line, in a data folder of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(data_dir=Path(scratch) / "data")
        article = load_articles(settings.sources)[0]
        questions = load_questions(questions_name, (article,)).questions
        embedder = SentenceTransformerEmbeddings(settings)
        model = Path(scratch) / "model"
        embedder.model.prompts = {"query": embedder.query_prompt, "document": embedder.document_prompt}
        embedder.model.save(str(model))
        text = article.path / f"{article.original}.txt" if article.path.is_dir() else article.path
        return [
            *index_twice(settings, embedder),
            *ask_and_embed(settings, embedder, questions),
            start_chat(settings.data_dir, repeats),
            *compare_stacks(_Stacks(Path(scratch), text, model, questions_name), repeats),
        ]


def write(folder: Path, found: Sequence[Line | Skipped]) -> Path:
    """Write `speed-<commit>.json` in `folder`; its path."""
    commit = commit_of(Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"speed-{commit}.json"
    content: dict[str, Any] = {"commit": commit, "machine": machine(), "lines": to_dicts(found)}
    content["table"] = to_markdown(found)  # as the README shows it
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", default="article:test", help="questions that are asked (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="processes per measurement (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for speed-<commit>.json; none is written without it")
    options = parser.parse_args()
    found = run(options.set, options.repeats)
    print(to_markdown(found))
    if options.out:
        print(write(options.out, found))


if __name__ == "__main__":
    main()
