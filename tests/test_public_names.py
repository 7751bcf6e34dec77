from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import qa

HEAVY = ("torch", "chromadb", "gradio", "sentence_transformers", "transformers", "langchain", "langchain_core")


def test_importing_qa_loads_no_heavy_library():
    code = f"import sys, qa; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [name for name in qa.__all__ if name != "__version__"])
def test_every_public_name_is_there_and_says_what_it_is(name):
    value = getattr(qa, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        qa.no_such_name  # noqa: B018


@pytest.mark.parametrize("method", ["open", "ask", "stream", "batch", "aask", "as_retriever", "as_runnable"])
def test_the_engine_has_its_public_methods(method):
    assert getattr(qa.Engine, method).__doc__
