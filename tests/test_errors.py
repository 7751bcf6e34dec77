from __future__ import annotations

import string

import pytest

from qa import errors


def subclasses(kind):
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


EVERY = [kind for kind in (errors.QAError, *subclasses(errors.QAError)) if kind.__module__ == "qa.errors"]


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", EVERY)
def test_both_languages_say_the_same_things(kind):
    assert set(kind.texts) == {"en", "fr"}
    assert fields(kind.texts["en"]) == fields(kind.texts["fr"])


@pytest.mark.parametrize("kind", EVERY)
def test_the_tree_in_the_docstring_is_complete(kind):
    assert kind.__name__ in errors.__doc__


def test_a_message_can_be_had_in_either_language():
    error = errors.UnknownLanguage("fr", found="de")
    assert "langue de réponse" in str(error)
    assert "answers in" in error.message("en")
