"""The command line: passage ask, chat, index, sources, translate, eval.

Exit codes: 0 answered or done, 3 refused, 2 bad input, 1 failure.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import Progress as Bar
from rich.text import Text

from qa.citations import short_span
from qa.errors import QAError, StoreNotWritable
from qa.types import LANGUAGES, Answer, Language

if TYPE_CHECKING:
    from qa.engine import Engine
    from qa.settings import Settings

REFUSED, BAD_INPUT, FAILURE = 3, 2, 1

app = typer.Typer(
    name="passage",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers questions in French or English about an article, every sentence cited. "
    "Settings are PASSAGE_* variables; all are listed in the README.",
)
_out, _err = Console(highlight=False), Console(stderr=True, highlight=False)

Source = Annotated[
    list[Path] | None,
    typer.Option("--source", "-s", help="Article: a .txt file or a folder with article.toml. May be repeated."),
]


def _user_language() -> Language:
    """The language of the terminal: French where the locale says so."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if locale.lower().startswith("fr") else "en"


@contextmanager
def _told(language: str | None = None) -> Iterator[None]:
    """Say an error in the user's language, and leave with the exit code that it stands for."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(level=logging.WARNING, console=_err, show_path=False, show_time=False)],
    )
    try:
        yield
    except QAError as error:
        told = language if language in ("fr", "en") else _user_language()
        _err.print(Text(error.message(told), style="red"))
        raise typer.Exit(BAD_INPUT if error.bad_input else FAILURE) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _settings(source: list[Path] | None, **values: Any) -> Settings:
    from qa.settings import Settings

    return Settings(**({"sources": tuple(source)} if source else {}), **values)


def _open(settings: Settings, *, rebuild: bool = False) -> Engine:
    """The engine, with a progress bar on the error stream while texts are embedded."""
    from qa.engine import Engine

    with Bar(console=_err, transient=True) as bar:
        task = bar.add_task("Loading the model", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, description="Indexing", completed=done, total=total)

        return Engine.open(settings, progress=show, rebuild=rebuild)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON and nothing else.")] = False,
    lang: Annotated[str | None, typer.Option(help="Answer in fr or en instead of the question's language.")] = None,
    top_k: Annotated[int | None, typer.Option("--top-k", min=1, max=100, help="Passages listed with --json.")] = None,
    source: Source = None,
) -> None:
    """Answer one question. Exit code 0: answered; 3: the article does not answer it; 2: bad input; 1: failure."""
    with _told(lang):
        from qa.question import check_question

        settings = _settings(source)
        # A question that can't be answered is told before a model is loaded for it.
        check_question(question, lang, interface_language=_user_language(), limit=settings.max_question_length)
        with _open(settings) as engine:
            answer = engine.ask(question, lang, top_k=top_k, interface_language=_user_language())
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(answer)
    if answer.refused:
        raise typer.Exit(REFUSED)


_SUPPORT: dict[str, dict[Language, str]] = {
    "weak": {"fr": "à vérifier", "en": "check this"},
    "unsupported": {"fr": "non soutenu par le passage cité", "en": "not supported by the cited passage"},
    "uncited": {"fr": "ne cite aucun passage", "en": "cites no passage"},
}


def _show(answer: Answer) -> None:
    french = answer.language == "fr"
    if answer.notice:
        _say(answer.notice, "italic")
    if answer.written_by:
        _say(("Rédigé par " if french else "Written by ") + answer.written_by, "dim")
    _say(answer.text, "yellow" if answer.refused else "", bold=short_span(answer))
    _out.print()
    for citation in answer.citations:
        _say(f"[{citation.number}] {citation.passage_id}  {citation.start}–{citation.end}", "dim")
        if citation.source_language != citation.language:
            _say(f"    « {citation.source_quote} »", "dim")
    for statement in answer.statements:
        if statement.support != "supported":
            label = _SUPPORT[statement.support if statement.citations else "uncited"][answer.language]
            _say(f"! {label}: {statement.text}", "yellow")
    if answer.nearest:
        _out.print("Phrases voisines, qui ne répondent pas :" if french else "Nearest sentences, not an answer:")
        for citation in answer.nearest:
            _say(f"  · {' '.join(citation.quote.split())}", "dim")


def _say(text: str, style: str, *, bold: tuple[int, int] | None = None) -> None:
    """Print a text, in bold between two of its characters; a pipe gets whole lines.

    Control characters, which an article may hold, are left out.
    """
    first, last = bold or (0, 0)
    shown = Text(style=style)
    for part, weight in ((text[:first], ""), (text[first:last], "bold"), (text[last:], "")):
        shown.append("".join(c for c in part if c.isprintable() or c in "\n\t\u00a0\u202f"), weight)
    _out.print(shown, soft_wrap=not _out.is_terminal)


@app.command()
def chat(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 7860,
    source: Source = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = False,
) -> None:
    """Ask in the browser. The page is up within seconds; the model loads behind it."""
    with _told():
        from ui.app import launch

        try:
            launch(
                _settings(source),
                host=host,
                port=port,
                language=_user_language(),
                open_browser=browser,
                announce=typer.echo,
            )
        except OSError as error:
            raise QAError(detail=f"{host}:{port}: {error.strerror or error}") from error


@app.command()
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the index anew, also where it is damaged.")] = False,
    source: Source = None,
) -> None:
    """Make or update the index. An article that has not changed is not embedded again."""
    with _told():
        settings = _settings(source)
        with _open(settings, rebuild=rebuild) as engine:
            report = engine.report
    _out.print(f"{report.records} texts, {report.embedded} embedded, in {settings.data_dir}", soft_wrap=True)


@app.command()
def sources(source: Source = None) -> None:
    """List the articles that questions are about."""
    with _told():
        from qa.articles import load_articles

        for article in load_articles(_settings(source).sources):
            languages = ", ".join(
                f"{name} (original)" if name == article.original else name for name in article.editions
            )
            count = len(article.editions[article.original].sentences)
            _out.print(Text(article.id, style="bold"))
            title = (
                article.title[_user_language()]
                if _user_language() in article.title
                else article.title[article.original]
            )
            for line in (title, article.address, f"{languages}; {count} sentences", str(article.path)):
                if line:
                    _out.print(Text(f"  {line}"), soft_wrap=True)


@app.command()
def translate(
    article: Annotated[Path, typer.Argument(help="A .txt file, or a folder with article.toml.")],
    to: Annotated[str, typer.Option(help="Language of the new edition: fr or en.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to; by default the article's own.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an edition that is there already.")] = False,
) -> None:
    """Translate an article with the chat model of PASSAGE_LLM, sentence by sentence, for a person to correct."""
    with _told():
        from qa.articles import load_article
        from qa.chat_model import ChatModel
        from qa.errors import ChatModelNotUsable, UnknownLanguage
        from qa.translation import translate as write_edition

        settings = _settings(None)
        if to not in LANGUAGES:
            raise UnknownLanguage(_user_language(), found=to)
        loaded = load_article(article)
        if not settings.llm and not settings.llm_base_url:
            raise ChatModelNotUsable(name="", cause="PASSAGE_LLM is not set", advice="PASSAGE_LLM=ollama:qwen3:4b")
        model = ChatModel.open(settings)
        try:
            with Bar(console=_err, transient=True) as bar:
                task = bar.add_task("Translating")
                report = write_edition(
                    loaded,
                    to,
                    model,
                    out,
                    force=force,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                )
        except OSError as error:
            raise StoreNotWritable(path=out or article, cause=error.strerror or error, variable="--out") from error
    _out.print(Text(f"{report.edition}: {report.sentences} sentences"), soft_wrap=True)
    if report.review:
        _out.print(Text(f"{report.doubtful} of them to look at: {report.review}", style="yellow"), soft_wrap=True)


def _make_folder(folder: Path) -> None:
    """A folder that can't be written is told before every question is asked."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreNotWritable(path=folder, cause=error.strerror or error, variable="--out") from error


@app.command("eval")
def evaluate(
    question_set: Annotated[
        str, typer.Argument(metavar="SET", help="A bundled set (article, article:dev, article:test) or a .jsonl file.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to write the result file and its picture to.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")] = False,
    source: Source = None,
) -> None:
    """Ask every question of a set and measure the answers: tables, curves of risk, and result files with --out."""
    with _told():
        from eval.questions import load_questions
        from eval.report import evaluate as measure
        from qa.articles import load_articles

        settings = _settings(source)
        if out:
            _make_folder(out)
        questions = load_questions(question_set, load_articles(settings.sources))
        with _open(settings) as engine, Bar(console=_err, transient=True) as bar:
            task = bar.add_task("Asking")
            report = measure(engine, questions, lambda done, total: bar.update(task, completed=done, total=total))
        written = report.write(out) if out else None
    if as_json:
        typer.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
        return
    for table in report.to_tables():
        _out.print(table)
    _out.print(Text(report.to_text()), soft_wrap=True)
    if written:
        _out.print(Text(f"Written: {written} and {written.with_suffix('.svg').name}"), soft_wrap=True)
