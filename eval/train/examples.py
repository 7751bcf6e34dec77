"""What the reader is trained on: questions with passages, cut into windows with their labels.

An `Item` is a question that may be asked in several languages of passages that may be written in several; a `Window`
is one draw of it: one wording, one passage, a run of whole sentences, and what of it answers.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from eval.afriqa import is_held_out, read_passages, read_questions
from eval.train.written import read as read_written
from qa.sentences import split_sentences

READING = (
    "squad-it-dev", "squad-es-v1-dev", "squad-es-v2-dev", "xquad-en", "xquad-es", "xquad-ro", "xquad-de",
)  # fmt: skip
QUESTION_TOKENS = 96
SENTENCE_TOKENS = 200
BUDGETS = (64, 96, 128, 160)
"""Sizes of windows in tokens of their sentences; the first sentence is always whole."""


class Tokens:
    """Token ids of texts, and which characters each comes from."""

    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def __call__(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids, and first and last character of each."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return encoded.ids, encoded.offsets


@dataclass(slots=True)
class Text:
    """A passage in one language: its sentences as tokens, and the sentences and span that answer the item."""

    language: str
    sentences: list[list[int]]
    gold: frozenset[int]
    unsure: frozenset[int]
    """Sentences that hold the answer's words without being the ones that were marked: not counted either way."""
    span: tuple[int, int, int] | None
    """Sentence, first and last token of the answer."""
    near: int | None = None
    """The sentence that tempts most, where none answers."""


@dataclass(slots=True)
class Item:
    """A question in its wordings by language, with the passage in its languages."""

    id: str
    source: str
    questions: list[tuple[str, str]]
    """(language, question)"""
    texts: list[Text]
    others: list[Item] | None = None
    """Items on similar passages, which don't answer the question."""


@dataclass(slots=True)
class Window:
    """A question and a run of sentences, as tokens, with labels."""

    question: list[int]
    sentences: list[list[int]]
    gold: list[float]
    """1 answers, 0 does not, -1 unsure; by sentence."""
    span: tuple[int, int, int] | None
    beside: Window | None = None
    """The same with a wrong claim in the place of the right one; it follows this window in its batch."""

    @property
    def length(self) -> int:
        """Tokens of the whole input."""
        return 2 + len(self.question) + sum(len(sentence) + 1 for sentence in self.sentences)


def text_of(tokens: Tokens, language: str, passage: str, start: int | None, end: int | None) -> Text | None:
    """A passage cut into sentences; None where the answer lies in none of them."""
    sentences = split_sentences(passage)
    ids, gold, unsure = [], set(), set()
    span = None
    answer = passage[start:end].strip().lower() if start is not None else ""
    for number, sentence in enumerate(sentences):
        pieces, offsets = tokens(sentence.text)
        ids.append(pieces[:SENTENCE_TOKENS])
        if start is None or end is None:
            continue
        if sentence.start < end and start < sentence.end:
            gold.add(number)
            if span is None:
                span = _span(number, offsets, start - sentence.start, end - sentence.start)
        elif len(answer) > 2 and answer in sentence.text.lower():
            unsure.add(number)
    if not sentences or (start is not None and not gold):
        return None
    return Text(language, ids, frozenset(gold), frozenset(unsure), span)


def _span(number: int, offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int, int] | None:
    """The tokens of the answer's characters."""
    inside = [place for place, (a, b) in enumerate(offsets[:SENTENCE_TOKENS]) if a < end and start < b and a < b]
    return (number, inside[0], inside[-1]) if inside else None


def read_reading(folder: Path, tokens: Tokens) -> list[Item]:
    """SQuAD in Italian and Spanish and XQuAD: the same question's languages are brought together by its id."""
    items: dict[str, Item] = {}
    by_title: dict[str, list[Item]] = {}
    for name in READING:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                answerable = row["answerable"]
                if name == "squad-es-v2-dev" and answerable:
                    continue  # SQuAD-es 1 has these
                key = row["id"] if answerable else f"{row['id']}-none"
                start = end = None
                if answerable:
                    answer = row["answers"][0]
                    start, end = answer["start"], answer["start"] + len(answer["text"])
                    if row["context"][start:end] != answer["text"]:
                        continue
                text = text_of(tokens, row["lang"], row["context"], start, end)
                if text is None:
                    continue
                item = items.get(key)
                if item is None:
                    item = items[key] = Item(key, "squad" if answerable else "squad-none", [], [])
                    by_title.setdefault(f"{row['lang']}:{row['title']}", []).append(item)
                    item.others = by_title[f"{row['lang']}:{row['title']}"]
                item.questions.append((row["lang"], row["question"]))
                item.texts.append(text)
    return list(items.values())


def read_afriqa(folder: Path, language: str, tokens: Tokens, *, held_out: bool) -> list[Item]:
    """AfriQA's questions on its passages, those of training or those kept out of it."""
    passages = read_passages(folder, language)
    items: list[Item] = []
    for row in read_questions(folder, language):
        if is_held_out(row["passage_id"]) != held_out:
            continue
        text = text_of(tokens, language, passages[row["passage_id"]], row["start"], row["end"])
        if text is not None:
            items.append(Item(row["id"], f"afriqa-{language}", [(language, row["question"])], [text], items))
    return items


def read_articles(paths: Iterable[Path], tokens: Tokens) -> list[Item]:
    """The written articles: every wording of a fact is a question of one item, near misses have no gold."""
    items: list[Item] = []
    for article in (article for path in paths for article in read_written(path)):
        flat = {language: [s for paragraph in article[language] for s in paragraph] for language in ("fr", "en")}
        pieces = {language: [tokens(sentence) for sentence in flat[language]] for language in flat}
        for number, fact in enumerate(article["facts"]):
            texts = _answered(fact, flat, pieces)
            questions = [(language, question) for language in flat for question in fact[language]]
            items.append(Item(f"{article['id']}-{number}", "written", questions, texts, items))
        for number, silent in enumerate(article["silent"]):
            texts = []
            for language in flat:
                ids = [ids[:SENTENCE_TOKENS] for ids, _ in pieces[language]]
                texts.append(Text(language, ids, frozenset(), frozenset(), None, silent["near"]))
            questions = [(language, silent[language]) for language in flat]
            items.append(Item(f"{article['id']}-silent-{number}", "written-silent", questions, texts))
        items += _claims(
            article, {language: [ids[:SENTENCE_TOKENS] for ids, _ in pieces[language]] for language in flat}
        )
        items += _follow_ups(article, flat, pieces)
    return items


_Pieces: TypeAlias = dict[str, list[tuple[list[int], list[tuple[int, int]]]]]
"""Tokens and their offsets, of each sentence, by language."""


def _answered(asked: dict[str, Any], flat: dict[str, list[str]], pieces: _Pieces) -> list[Text]:
    """An article in its languages, with what of it answers a question, if anything does."""
    texts = []
    for language, sentences in flat.items():
        span = None
        if asked["sentences"]:
            first = asked["sentences"][0]
            answer = asked[f"{language}_answer"]
            start = sentences[first].index(answer)
            span = _span(first, pieces[language][first][1], start, start + len(answer))
        ids = [ids[:SENTENCE_TOKENS] for ids, _ in pieces[language]]
        texts.append(Text(language, ids, frozenset(asked["sentences"]), frozenset(), span))
    return texts


def _follow_ups(article: dict[str, Any], flat: dict[str, list[str]], pieces: _Pieces) -> Iterator[Item]:
    """What is asked after a first question: read behind it, as the engine puts it."""
    for number, asked in enumerate(article.get("follow_ups", ())):
        first = article["facts"][asked["after"]]
        questions = [(language, f"{first[language][0]} {asked[language]}") for language in flat]
        texts = _answered(asked, flat, pieces)
        for text in texts:
            text.near = first["sentences"][0]
        yield Item(f"{article['id']}-follow-{number}", "follow-ups", questions, texts)


def _claims(article: dict[str, Any], sentences: dict[str, list[list[int]]]) -> Iterator[Item]:
    """What might be written of an article, true or false: read like a question, answered where it is supported."""
    for number, claim in enumerate(article.get("claims", ())):
        gold = frozenset(claim["sentences"])
        texts = [Text(language, ids, gold, frozenset(), None) for language, ids in sentences.items()]
        yield Item(f"{article['id']}-claim-{number}", "claims", [(lang, claim[lang]) for lang in sentences], texts)
        for place, wrong in enumerate(claim["wrong"]):
            none: frozenset[int] = frozenset()
            near = claim["sentences"][0]
            texts = [Text(language, ids, none, none, None, near) for language, ids in sentences.items()]
            written = [(language, wrong[language]) for language in sentences]
            yield Item(f"{article['id']}-claim-{number}-wrong-{place}", "claims-wrong", written, texts)


class Draw:
    """Windows drawn from items, the same for the same seed."""

    def __init__(self, items: Sequence[Item], tokens: Tokens, shares: dict[str, float]) -> None:
        """`shares`: how much of the windows comes from each source."""
        self._by_source = {source: [item for item in items if item.source == source] for source in shares}
        self._sources = [source for source in shares if self._by_source[source]]
        self._shares = [shares[source] for source in self._sources]
        self._tokens = tokens

    def windows(self, seed: int) -> Iterator[Window]:
        """Windows without end; each source's items are shuffled and gone through before any comes again."""
        chance = random.Random(seed)
        queues: dict[str, list[Item]] = {source: [] for source in self._sources}
        while True:
            source = chance.choices(self._sources, self._shares)[0]
            if not queues[source]:
                queues[source] = chance.sample(self._by_source[source], len(self._by_source[source]))
            yield from self._of(queues[source].pop(), chance)

    def _of(self, item: Item, chance: random.Random) -> Iterator[Window]:
        """A window of the item, and often a second one that does not answer it."""
        text = chance.choice(item.texts)
        language, question = chance.choice(item.questions)
        if language != text.language and chance.random() < 0.4:  # more often in the passage's own language
            language, question = chance.choice([pair for pair in item.questions if pair[0] == text.language])
        ids = self._question(question, chance)
        if not text.gold:
            around = chance.randrange(len(text.sentences))
            if text.near is not None and chance.random() < 0.6:
                around = text.near
            yield _cut(ids, text, chance, around)
            return
        yield _cut(ids, text, chance, chance.choice(sorted(text.gold)))
        rest = [number for number in range(len(text.sentences)) if number not in text.gold | text.unsure]
        kind = chance.random()
        if kind < 0.35 and rest:
            yield _cut(ids, text, chance, chance.choice(rest), without=text.gold | text.unsure)
        elif kind < 0.5 and item.others:
            other = chance.choice(chance.choice(item.others).texts)
            if other.language == text.language and other.sentences != text.sentences:
                stripped = Text(other.language, other.sentences, frozenset(), frozenset(), None)
                yield _cut(ids, stripped, chance, chance.randrange(len(other.sentences)))

    def _question(self, question: str, chance: random.Random) -> list[int]:
        """Now and then as people type: without its mark, without capitals."""
        if chance.random() < 0.15:
            question = question.rstrip(" ?\u00a0\u202f")
        if chance.random() < 0.15:
            question = question.lower()
        return self._tokens(question)[0][:QUESTION_TOKENS]


def _cut(
    question: list[int], text: Text, chance: random.Random, around: int, without: frozenset[int] = frozenset()
) -> Window:
    """Sentence `around` with as many neighbours as a random size allows; those in `without` are left out."""
    budget = chance.choice(BUDGETS)
    first = last = around
    size = len(text.sentences[around])
    grow = [-1, 1]
    while grow:
        side = chance.choice(grow)
        at = first - 1 if side < 0 else last + 1
        while at in without:
            at += side
        if not 0 <= at < len(text.sentences) or size + len(text.sentences[at]) > budget:
            grow.remove(side)
            continue
        size += len(text.sentences[at])
        first, last = min(first, at), max(last, at)
    numbers = [number for number in range(first, last + 1) if number not in without]
    span = None
    if text.span and text.span[0] in numbers:
        span = (numbers.index(text.span[0]), *text.span[1:])
    gold = [1.0 if number in text.gold else -1.0 if number in text.unsure else 0.0 for number in numbers]
    return Window(question, [text.sentences[number] for number in numbers], gold, span)
