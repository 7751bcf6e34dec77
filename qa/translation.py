"""The other edition of an article, translated sentence by sentence by a chat model, and checked.

What is written is for a person to correct: the edition itself, and a list of the sentences that look wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from qa.chat_model import ChatModel
from qa.errors import EditionExists, SettingsError
from qa.language import detect_language, is_latin
from qa.markers import without_thinking
from qa.mentions import missing
from qa.prompts import PROMPTS
from qa.sentences import split_sentences
from qa.types import Article, Edition, Language, Sentence, Usage

Progress: TypeAlias = Callable[[int, int], None]

LANGUAGE_NAMES: dict[Language, dict[Language, str]] = {
    "en": {"fr": "French", "en": "English"},
    "fr": {"fr": "français", "en": "anglais"},
}
_TRIES = 3
_LONGEST, _SHORTEST = 2.5, 0.35
"""How much longer and shorter a translation may be than its sentence, in characters."""
_ENDS = re.compile(r"[.!?…:;]\s*[»”\")\]]*$")
_LINES = re.compile(r"(?<=\n)")
_FAULTS: dict[str, dict[Language, str]] = {
    "empty": {"en": "nothing was written", "fr": "rien n’a été écrit"},
    "untranslated": {"en": "it is not in {language}", "fr": "elle n’est pas en {language}"},
    "sentences": {"en": "it is not one sentence", "fr": "ce n’est pas une seule phrase"},
    "length": {"en": "its length is very different", "fr": "sa longueur est très différente"},
    "missing": {"en": "missing: {words}", "fr": "manque : {words}"},
    "added": {"en": "not in the original: {words}", "fr": "absent de l’original : {words}"},
}
_REVIEW: dict[Language, str] = {
    "en": "# Sentences to look at\n\nCorrect them in {file}, keeping one sentence for one sentence and one line for "
    "one line; `passage sources -s {folder}` tells whether the editions still match.\n",
    "fr": "# Phrases à relire\n\nCorrigez-les dans {file}, une phrase pour une phrase et une ligne pour une ligne ; "
    "`passage sources -s {folder}` dit si les éditions concordent encore.\n",
}


@dataclass(frozen=True, slots=True)
class Translated:
    """A sentence and its translation."""

    line: int
    """Line of the file, from 1."""
    source: str
    translation: str
    faults: tuple[str, ...]
    """What looks wrong with it, in the language of the translation; empty where nothing does."""


@dataclass(frozen=True, slots=True)
class TranslationReport:
    """What `translate` wrote."""

    folder: Path
    edition: Path
    review: Path | None
    """The list of doubtful sentences; None where there are none."""
    sentences: int
    doubtful: int
    usage: tuple[Usage, ...]


def translate(
    article: Article,
    target: Language,
    model: ChatModel,
    out: Path | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> TranslationReport:
    """Write the edition of `article` in `target` into `out` (by default the article's folder, or one beside its file).

    Sentences already translated when an earlier run was stopped are not translated again. Raises EditionExists
    unless `force`, ChatModelFailed where the model stops answering (run it again to go on), and OSError.
    """
    folder = out or (article.path if article.path.is_dir() else article.path.with_suffix(""))
    file = folder / f"{target}.txt"
    if target == article.original:
        raise SettingsError(target, detail=f"--to {target}: {article.path} is written in it")
    if file.exists() and not force:
        raise EditionExists(path=file)
    source, copy = _original_files(article, folder)
    described = (folder / "article.toml").exists()
    if copy.exists() and not described and copy.read_bytes() != source.read_bytes():  # it is another article's
        raise EditionExists(path=copy)
    folder.mkdir(parents=True, exist_ok=True)
    original = article.editions[article.original]
    partial = folder / f"{target}.partial.jsonl"
    done = _read_partial(partial)
    spent: list[Usage] = []
    translated: list[Translated] = []
    with partial.open("a", encoding="ascii") as kept:
        kept.write("\n")  # a line that was cut off stays by itself
        for sentence in original.sentences:
            before = translated[-1].source if translated else ""
            one = done.get(sentence.text) or _translated(sentence, before, article.original, target, model, spent)
            if sentence.text not in done:
                kept.write(json.dumps(asdict(one)) + "\n")
                kept.flush()
            done[sentence.text] = one
            translated.append(one)
            if progress:
                progress(len(translated), len(original.sentences))
    text, checked = _assembled(original, translated, target)
    title = done.get(article.title[article.original])
    _write_article(article, folder, target, model, spent, title.translation if title else "")
    doubtful = [one for one in checked if one.faults]
    review = folder / f"{target}.review.md"
    if doubtful:
        review.write_text(_review(doubtful, target, file, folder), encoding="utf-8")
    else:
        review.unlink(missing_ok=True)
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8", newline="")
    new.replace(file)
    partial.unlink()
    return TranslationReport(folder, file, review if doubtful else None, len(checked), len(doubtful), tuple(spent))


def faults_of(source: str, translation: str, target: Language) -> tuple[str, ...]:
    """What looks wrong with a translation into `target`, in words of that language."""
    say = {name: texts[target] for name, texts in _FAULTS.items()}
    if not any(character.isalnum() for character in translation):
        return (say["empty"],)
    faults = []
    found = detect_language(translation, target)
    if (found.third or found.language != target) and (len(translation.split()) > 3 or not is_latin(translation)):
        faults.append(say["untranslated"].format(language=LANGUAGE_NAMES[target][target]))
    if len(split_sentences(translation)) != 1:
        faults.append(say["sentences"])
    if not _SHORTEST < len(translation) / len(source) < _LONGEST and abs(len(translation) - len(source)) > 20:
        faults.append(say["length"])
    for name, absent in (("missing", missing(source, [translation])), ("added", missing(translation, [source]))):
        if words := absent.words(target):
            faults.append(say[name].format(words=", ".join(words)))
    return tuple(faults)


def _translated(
    sentence: Sentence, before: str, source: Language, target: Language, model: ChatModel, spent: list[Usage]
) -> Translated:
    """The best of a few tries: the one with the fewest faults."""
    prompts = PROMPTS[target]
    system = _system(source, target)
    tries: list[Translated] = []
    for _ in range(_TRIES):
        told = prompts.translate_faults.format(faults="; ".join(tries[-1].faults)) if tries else ""
        user = prompts.translate_user.format(before=before or "–", sentence=sentence.text, faults=told)
        written = _plain(model.write(system, user, spent))
        tries.append(Translated(sentence.line + 1, sentence.text, written, faults_of(sentence.text, written, target)))
        if not tries[-1].faults:
            break
    return min(tries, key=lambda one: len(one.faults))


def _system(source: Language, target: Language) -> str:
    names = LANGUAGE_NAMES[target]
    return PROMPTS[target].translate_system.format(source=names[source], target=names[target])


def _plain(written: str) -> str:
    """What a model wrote, in one line, without what it thought before."""
    return " ".join(without_thinking(written).split())


def _assembled(original: Edition, translated: list[Translated], target: Language) -> tuple[str, list[Translated]]:
    """The text of the new edition, line for line and sentence for sentence like the original.

    A translation that would break the sentences' match is mended, or the original sentence put in its place.
    """
    parts: list[str] = []
    checked: list[Translated] = []
    done = 0
    for sentence, one in zip(original.sentences, translated, strict=True):
        gap = original.text[done : sentence.start]
        parts.append(gap if gap or not parts else " ")
        mended = _as_one_sentence(one.translation, sentence)
        faults = one.faults or (faults_of(sentence.text, mended, target) if mended != one.translation else ())
        if not mended:
            mended = sentence.text
            faults = faults or (_FAULTS["empty"][target],)
        parts.append(mended)
        checked.append(Translated(sentence.line + 1, one.source, mended, faults))
        done = sentence.end
    parts.append(original.text[done:])
    text = "".join(parts)
    lines = [sentence.line for sentence in original.sentences]
    if [sentence.line for sentence in split_sentences(text)] == lines:
        return text, checked
    return _with_original_lines(original, text, checked, target)


def _with_original_lines(
    original: Edition, text: str, checked: list[Translated], target: Language
) -> tuple[str, list[Translated]]:
    """Lines whose sentences no longer match are left as they are in the original."""
    lines, wanted = _LINES.split(text), _LINES.split(original.text)
    wrong = set()
    for number, (line, before) in enumerate(zip(lines, wanted, strict=True)):
        if len(split_sentences(line)) != len(split_sentences(before)):
            lines[number] = before
            wrong.add(number + 1)
    fault = _FAULTS["sentences"][target]
    checked = [
        Translated(one.line, one.source, one.source, (*one.faults, fault)) if one.line in wrong else one
        for one in checked
    ]
    return "".join(lines), checked


def _as_one_sentence(translation: str, sentence: Sentence) -> str:
    """`translation` as one sentence that ends where the original one does; empty where nothing is left."""
    if len(split_sentences(translation)) > 1:
        parts = [part.text.rstrip(" .!?…") for part in split_sentences(translation)]
        translation = "; ".join(parts)
    ends = _ENDS.search(sentence.text)
    if sentence.kind == "heading":
        return translation.rstrip(" .")
    if translation and ends and not _ENDS.search(translation):
        translation += "."
    return translation if len(split_sentences(translation)) == 1 else ""


def _write_article(
    article: Article, folder: Path, target: Language, model: ChatModel, spent: list[Usage], known: str
) -> None:
    """The original edition and article.toml, where the folder has none; the title in the new edition's language."""
    prompts = PROMPTS[target]
    title = article.title[article.original]
    system = _system(article.original, target)
    user = prompts.translate_user.format(before="–", sentence=title, faults="")
    new = article.title.get(target) or known or _plain(model.write(system, user, spent)).rstrip(" .") or title
    description = folder / "article.toml"
    if description.is_file():
        written = description.read_text(encoding="utf-8")
        if target not in tomllib.loads(written).get("title", {}):
            described = _with_title(written, f"{target} = {json.dumps(new, ensure_ascii=False)}")
            description.write_text(described, encoding="utf-8")
        return
    source, copy = _original_files(article, folder)
    if not copy.exists():
        shutil.copyfile(source, copy)
    titles = {article.original: title, target: new}
    lines = [
        f"id = {json.dumps(article.id, ensure_ascii=False)}",
        f'original = "{article.original}"',
        f"address = {json.dumps(article.address, ensure_ascii=False)}",
        "",
        "[title]",
        *(f"{language} = {json.dumps(text, ensure_ascii=False)}" for language, text in titles.items()),
        "",
        "[provenance]",
        f"{target} = {json.dumps(f'Translated by {model.name}, sentence by sentence.', ensure_ascii=False)}",
    ]
    description.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _original_files(article: Article, folder: Path) -> tuple[Path, Path]:
    """Where the original edition is, and where it belongs in `folder`."""
    name = f"{article.original}.txt"
    return article.path / name if article.path.is_dir() else article.path, folder / name


def _with_title(described: str, title: str) -> str:
    """An article's description with one more title, in whatever form the titles are written there."""
    inline = re.compile(r"^(title[ \t]*=[ \t]*\{)", re.MULTILINE)
    if inline.search(described):
        return inline.sub(lambda found: f"{found[1]} {title},", described, count=1)
    if re.search(r"^\[title\]", described, re.MULTILINE):
        return re.sub(r"^(\[title\].*)$", lambda found: f"{found[1]}\n{title}", described, count=1, flags=re.MULTILINE)
    return f"{described.rstrip()}\n\n[title]\n{title}\n"


def _review(doubtful: list[Translated], target: Language, file: Path, folder: Path) -> str:
    items = (
        f"- {file.name}:{one.line} — {'; '.join(one.faults)}\n  - {one.source}\n  - {one.translation}\n"
        for one in doubtful
    )
    return _REVIEW[target].format(file=file.name, folder=folder) + "\n" + "".join(items)


def _read_partial(partial: Path) -> dict[str, Translated]:
    """What an earlier run had translated when it was stopped, by sentence; a line half written is left out."""
    return {one.source: one for one in _lines_of(partial)} if partial.is_file() else {}


def _lines_of(partial: Path) -> Iterator[Translated]:
    for line in partial.read_text(encoding="ascii", errors="replace").split("\n"):
        try:
            row = json.loads(line)
            yield Translated(row["line"], row["source"], row["translation"], tuple(row["faults"]))
        except (ValueError, KeyError):
            continue
