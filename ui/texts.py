"""Every word of the page, in French and English."""

from __future__ import annotations

from dataclasses import dataclass

from qa import Language

LANGUAGE_NAMES: dict[Language, str] = {"fr": "Français", "en": "English"}
"""Each language in its own words: the same whatever the language of the page."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of the page in one language."""

    welcome: str
    welcome_hint: str
    examples_heading: str
    examples: tuple[str, ...]
    """Questions about the article that comes with Passage."""
    other_examples_heading: str
    """Over the examples in the other language."""

    language: str
    new_chat: str
    question: str
    placeholder: str
    send: str
    keys: str
    conversation: str
    you_asked: str

    loading: str
    indexing: str
    ready: str
    failed: str
    waiting: str
    """Under a question that was asked before the models were loaded."""
    searching: str
    unexpected: str

    stop: str
    stopped: str
    understood: str
    """Before what a follow-up question was understood to ask."""
    written_by: str
    """{model}."""
    all_supported: str
    """{count} sentences, all of them checked and supported."""
    some_supported: str
    """{supported} of {count} sentences."""
    checks: str
    """Heading of the list of sentences that are not supported, or weakly."""
    weak: str
    weak_why: str
    unsupported: str
    unsupported_why: str
    removed: str
    uncited: str
    absent: str
    """{words} that the citation does not mention."""
    unknown_markers: str
    """{count}."""
    usage: str
    """{input} and {output}, in tokens."""

    confidence_high: str
    confidence_medium: str
    confidence_low: str
    confidence_high_why: str
    confidence_medium_why: str
    confidence_low_why: str
    notice: str
    copy: str
    copied: str
    cite: str
    """Tooltip of a marker; {number} and {title}."""

    refusal: str
    nearest: str
    nearest_why: str
    nearest_open: str
    nearest_open_title: str
    """Accessible name of the link to a nearest sentence; {number}."""

    source: str
    open_source: str
    close: str
    choose_article: str
    choose_edition: str
    original: str
    translation: str
    published_at: str
    same_passage_original: str
    same_passage_translation: str
    show_there: str
    back: str
    missing: str

    serving: str
    """Told on the command line; {url}."""
    port_taken: str
    """Told on the command line; {port} and {other}."""


TEXTS: dict[Language, Texts] = {
    "fr": Texts(
        welcome="Posez une question sur l’article.",
        welcome_hint="Chaque phrase de la réponse renvoie au passage exact dont elle vient.",
        examples_heading="Par exemple",
        examples=(
            "Quand Poutine est-il arrivé à Pyongyang ?",
            "Qu’est-ce que la Corée du Nord fournit à la Russie ?",
            "Pourquoi l’Occident s’inquiète-t-il ?",
        ),
        other_examples_heading="En anglais aussi",
        language="Langue de l’interface",
        new_chat="Nouvelle discussion",
        question="Votre question",
        placeholder="Question en français ou en anglais",
        send="Envoyer",
        keys="Entrée pour envoyer, Maj + Entrée pour aller à la ligne",
        conversation="Discussion",
        you_asked="Vous avez demandé :",
        loading="Chargement du modèle…",
        indexing="Indexation : {done} sur {total}",
        ready="Prêt",
        failed="Passage ne peut pas démarrer",
        waiting="La réponse viendra dès que le modèle sera chargé.",
        searching="Recherche dans l’article…",
        unexpected="Une erreur inattendue s’est produite. Les détails sont dans le terminal où Passage tourne. "
        "Vous pouvez reposer la question.",
        stop="Arrêter",
        stopped="Réponse interrompue.",
        understood="Question comprise ainsi :",
        written_by="Rédigé par {model}",
        all_supported="phrases vérifiées : {count} sur {count}",
        some_supported="phrases vérifiées : {supported} sur {count}",
        checks="Ce que la vérification a trouvé",
        weak="à vérifier",
        weak_why="Le passage cité ne soutient cette phrase qu’en partie, ou pas sûrement.",
        unsupported="non soutenu",
        unsupported_why="Le passage cité ne soutient pas cette phrase : ne vous y fiez pas.",
        removed="retiré de la réponse",
        uncited="Cette phrase ne cite aucun passage.",
        absent="Absent du passage cité : {words}.",
        unknown_markers="Citations de passages inexistants, retirées : {count}.",
        usage="{input} jetons lus, {output} écrits",
        confidence_high="Confiance élevée",
        confidence_medium="Confiance moyenne",
        confidence_low="Confiance faible",
        confidence_high_why="Le passage cité répond très probablement à la question.",
        confidence_medium_why="Le passage cité répond probablement à la question. Ouvrez-le pour vérifier.",
        confidence_low_why="Le passage cité ne répond peut-être qu’en partie à la question. "
        "Ouvrez-le avant de vous y fier.",
        notice="À noter :",
        copy="Copier",
        copied="Copié",
        cite="Passage {number} : l’ouvrir dans « {title} »",
        refusal="Sans réponse dans l’article",
        nearest="Phrases les plus proches (ce n’est pas une réponse)",
        nearest_why="Ces phrases ressemblent à la question sans y répondre.",
        nearest_open="Voir dans l’article",
        nearest_open_title="Voir la phrase proche n° {number} dans l’article",
        source="L’article",
        open_source="Lire l’article",
        close="Fermer l’article",
        choose_article="Article",
        choose_edition="Édition",
        original="original",
        translation="traduction",
        published_at="Paru sur",
        same_passage_original="Le même passage dans l’original",
        same_passage_translation="Le même passage en traduction",
        show_there="Voir dans cette édition",
        back="Retour à la réponse",
        missing="Ce passage n’est plus dans l’article : il a changé depuis la réponse. Rechargez la page.",
        serving="Passage est ouvert sur {url} (Ctrl+C pour arrêter).",
        port_taken="Le port {port} est pris par un autre programme : Passage utilise le port {other}.",
    ),
    "en": Texts(
        welcome="Ask a question about the article.",
        welcome_hint="Every sentence of the answer points to the exact passage that it comes from.",
        examples_heading="For example",
        examples=(
            "When did Putin arrive in Pyongyang?",
            "What does North Korea supply to Russia?",
            "Why is the West worried?",
        ),
        other_examples_heading="In French too",
        language="Language of the page",
        new_chat="New chat",
        question="Your question",
        placeholder="Ask in English or French",
        send="Send",
        keys="Enter to send, Shift + Enter for a new line",
        conversation="Conversation",
        you_asked="You asked:",
        loading="Loading the model…",
        indexing="Indexing {done} of {total}",
        ready="Ready",
        failed="Passage can’t start",
        waiting="The answer will come as soon as the model is loaded.",
        searching="Searching the article…",
        unexpected="Something unexpected went wrong. The details are in the terminal where Passage runs. "
        "You can ask the question again.",
        stop="Stop",
        stopped="Answer stopped.",
        understood="Understood as:",
        written_by="Written by {model}",
        all_supported="sentences checked: {count} of {count}",
        some_supported="sentences checked: {supported} of {count}",
        checks="What the check found",
        weak="check this",
        weak_why="The cited passage supports this sentence only in part, or not surely.",
        unsupported="not supported",
        unsupported_why="The cited passage does not support this sentence: do not rely on it.",
        removed="removed from the answer",
        uncited="This sentence cites no passage.",
        absent="Not in the cited passage: {words}.",
        unknown_markers="Citations of passages that do not exist, removed: {count}.",
        usage="{input} tokens read, {output} written",
        confidence_high="High confidence",
        confidence_medium="Medium confidence",
        confidence_low="Low confidence",
        confidence_high_why="The cited passage very probably answers the question.",
        confidence_medium_why="The cited passage probably answers the question. Open it to check.",
        confidence_low_why="The cited passage may answer only part of the question. Open it before you rely on it.",
        notice="Note:",
        copy="Copy",
        copied="Copied",
        cite="Passage {number}: open it in “{title}”",
        refusal="No answer in the article",
        nearest="Nearest sentences (not an answer)",
        nearest_why="These sentences resemble the question without answering it.",
        nearest_open="See it in the article",
        nearest_open_title="See nearby sentence {number} in the article",
        source="The article",
        open_source="Read the article",
        close="Close the article",
        choose_article="Article",
        choose_edition="Edition",
        original="original",
        translation="translation",
        published_at="Published at",
        same_passage_original="The same passage in the original",
        same_passage_translation="The same passage in translation",
        show_there="See it in this edition",
        back="Back to the answer",
        missing="This passage is no longer in the article, which has changed since the answer. Reload the page.",
        serving="Passage is open at {url} (Ctrl+C to stop).",
        port_taken="Port {port} is taken by another program: Passage uses port {other}.",
    ),
}


def as_language(value: object, default: Language = "en") -> Language:
    """`value` where it is a language of the page, else `default`."""
    return next((language for language in TEXTS if language == value), default)


def preferred_language(accept_language: str) -> Language:
    """The language that an Accept-Language header prefers; English where it names neither.

    Follows RFC 9110, section 12.5.4: `fr-CA, en;q=0.8` prefers French.
    """
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        name, _, value = parameters.strip().partition("=")
        try:
            weight = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        primary = tag.split("-")[0].strip().lower()
        if primary in TEXTS and weight > best[0]:
            best = (weight, as_language(primary))
    return best[1]
