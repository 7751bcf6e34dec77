from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import filelock
import numpy as np
import pytest
from tiny import WordEmbedder

from qa.errors import StoreDamaged, StoreFull, StoreLocked, StoreNotWritable
from qa.index import Index, Record
from qa.store import Store

FEW = [Record("passages", "p0", "un deux"), Record("sentences", "s0", "un"), Record("sentences", "s1", "deux")]
MANY = [Record("sentences", f"s{n}", f"mot{n} autre{n * 7}") for n in range(1100)] + FEW[:1]


def build(store, records=FEW, fingerprint="first", embedder=None, **options):
    return store.build(records, embedder or WordEmbedder(), fingerprint, supersedes="article", **options)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data", lock_timeout=0.2)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An index with enough vectors for Chroma to write them out, made once."""
    folder = tmp_path_factory.mktemp("template") / "data"
    build(Store(folder), MANY)
    return folder


@pytest.fixture
def large(store, template):
    shutil.copytree(template, store.data_dir)
    return store


def opened(store, fingerprint="first"):
    return Index(store.find(fingerprint), fingerprint)


def test_what_is_indexed_is_found_nearest_first(store, tiny):
    build(store)
    found = opened(store).search("sentences", tiny.encode_query("deux"), 5)
    assert [id_ for id_, _ in found] == ["s1", "s0"]
    assert found[0][1] == pytest.approx(1, abs=1e-4)


def test_similarities_are_cosines(store, tiny):
    build(store)
    # "un deux" against "un": 1 / sqrt(2)
    found = opened(store).similarities("passages", tiny.encode_query("un"), ["p0"])
    assert found["p0"] == pytest.approx(0.7071, abs=2e-3)


def test_nothing_is_found_under_another_fingerprint(store):
    build(store)
    assert store.find("second") is None


def test_an_unchanged_article_embeds_nothing(store, tiny):
    build(store, embedder=tiny)
    before = list(tiny.embedded)
    report = build(store, embedder=tiny)
    assert (report.embedded, tiny.embedded) == (0, before)


def test_a_changed_article_embeds_what_changed_only(store, tiny):
    build(store)
    changed = [*FEW[:2], Record("sentences", "s1", "trois")]
    assert build(store, changed, "second", tiny).embedded == 1
    assert tiny.embedded == ["trois"]
    assert opened(store, "second").search("sentences", tiny.encode_query("trois"), 1)[0][0] == "s1"


def test_another_model_embeds_everything_and_keeps_the_first_ones_index(store):
    build(store)
    other = WordEmbedder("other")
    assert build(store, fingerprint="second", embedder=other).embedded == 3
    assert opened(store).count("sentences") == 2


def test_the_old_version_is_readable_until_the_next_but_one(store, tiny):
    build(store)
    reader = opened(store)
    build(store, fingerprint="second")
    assert store.find("first") is None
    assert reader.search("sentences", tiny.encode_query("un"), 1)[0][0] == "s0"
    assert len(list(store.data_dir.glob("index-*"))) == 2
    build(store, fingerprint="third")
    assert len(list(store.data_dir.glob("index-*"))) == 2


def test_a_reader_can_tell_that_there_is_a_new_version(store):
    before = store.state()
    build(store)
    between = store.state()
    build(store, rebuild=True)
    assert len({before, between, store.state()}) == 3


def test_opening_again_and_again_finds_the_index_sound(large):
    for _ in range(3):
        index = opened(large)
        assert index.count("sentences") == 1100
        index.close()


def damage(folder, name, change):
    """Change a file of the version, or of the segment that Chroma has written out."""
    written = next(folder.glob("*/index_metadata.pickle")).parent
    change(next(file for file in (folder / name, written / name) if file.exists()))


DAMAGES = {
    "garbage in the vectors": ("data_level0.bin", lambda file: file.write_bytes(os.urandom(file.stat().st_size))),
    "vectors cut short": ("data_level0.bin", lambda file: file.write_bytes(file.read_bytes()[:1000])),
    "a vector file missing": ("index_metadata.pickle", Path.unlink),
    "the vectors' folder missing": ("header.bin", lambda file: shutil.rmtree(file.parent)),
    "an empty database": ("chroma.sqlite3", lambda file: file.write_bytes(b"")),
    "garbage for a database": ("chroma.sqlite3", lambda file: file.write_bytes(os.urandom(50_000))),
    "a database cut short": ("chroma.sqlite3", lambda file: file.write_bytes(file.read_bytes()[:100_000])),
    "no database": ("chroma.sqlite3", Path.unlink),
    "no manifest": ("manifest.json", Path.unlink),
    "a manifest that is no JSON": ("manifest.json", lambda file: file.write_text("{")),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_at_opening_and_mended_by_a_rebuild(large, tiny, name):
    damage(large.find("first"), *DAMAGES[name])
    with pytest.raises(StoreDamaged, match="passage index --rebuild"):
        opened(large)
    build(large, rebuild=True)
    assert opened(large).search("sentences", tiny.encode_query("deux"), 1)[0][0] == "s1"


def test_records_lost_without_a_trace_are_told(large):
    import chromadb

    client = chromadb.PersistentClient(path=str(large.find("first")))
    client.get_collection("sentences", embedding_function=None).delete(ids=["s3"])
    client.close()
    with pytest.raises(StoreDamaged):
        opened(large)


def test_a_rebuild_keeps_the_indexes_of_other_articles(store):
    build(store)
    store.build(FEW, WordEmbedder("other"), "second", supersedes="another")
    (store.data_dir / "versions.json").write_text("not JSON")
    with pytest.raises(StoreDamaged):
        store.find("second")
    build(store, rebuild=True)
    assert opened(store, "second").count("sentences") == 2


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StoreNotWritable, match="PASSAGE_DATA_DIR"):
        build(Store(file / "data"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_said(store):
    build(store)
    folder = store.find("first")
    folder.chmod(0o500)
    try:
        with pytest.raises(StoreNotWritable):
            opened(store)
    finally:
        folder.chmod(0o700)


def test_a_full_disk_is_said_before_anything_is_written(store, monkeypatch):
    build(store)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 100, 2**20))
    with pytest.raises(StoreFull, match="Free at least"):
        build(store, fingerprint="second")
    assert opened(store).count("sentences") == 2


def test_a_disk_that_fills_up_meanwhile_is_said_and_leaves_no_half_version(store):
    class Full(WordEmbedder):
        def encode_documents(self, texts):
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreFull):
        build(store, embedder=Full())
    assert not list(store.data_dir.glob("index-*"))


def test_a_second_writer_waits_and_then_fails_clearly(store, caplog):
    store.data_dir.mkdir(parents=True)
    with filelock.FileLock(store.data_dir / "write.lock"), pytest.raises(StoreLocked, match="has not finished"):
        build(Store(store.data_dir, lock_timeout=0.2))
    assert "waiting for it" in caplog.text


def test_progress_counts_the_texts_to_embed(store):
    seen = []
    build(store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]


WRITER = """
import sys, time
sys.path[:0] = {path!r}
from pathlib import Path
from tiny import WordEmbedder
from qa.index import Record
from qa.store import Store
class Slow(WordEmbedder):
    def encode_documents(self, texts):
        print("writing", flush=True)
        time.sleep({delay})
        return super().encode_documents(texts)
records = [Record("passages", "p0", "un")] + [Record("sentences", f"s{{n}}", f"mot{{n}}") for n in range(300)]
report = Store(Path({data!r}), lock_timeout=30).build(records, Slow(), "first", supersedes="article")
print(report.embedded)
"""


def writer(store, delay):
    code = WRITER.format(path=[str(Path(__file__).parent), *sys.path], delay=delay, data=str(store.data_dir))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_killed_while_indexing_nothing_is_left_and_the_next_one_succeeds(store):
    build(store, fingerprint="before")
    process = writer(store, delay=1)
    assert process.stdout.readline() == "writing\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert store.find("first") is None
    assert opened(store, "before").count("sentences") == 2
    # 301 texts, one of which ("un") the version before has
    assert writer(store, delay=0).communicate()[0].splitlines()[-1] == "300"
    assert opened(store).count("sentences") == 300


def test_two_processes_at_once_index_once_and_every_vector_is_found(store):
    processes = [writer(store, delay=0.2) for _ in range(2)]
    embedded = sorted(int(process.communicate()[0].splitlines()[-1]) for process in processes)
    assert embedded == [0, 301]
    index, tiny = opened(store), WordEmbedder()
    for number in range(0, 300, 7):
        assert index.search("sentences", tiny.encode_query(f"mot{number}"), 1)[0][1] == pytest.approx(1, abs=1e-3)


def test_the_manifest_names_what_was_written(large):
    manifest = json.loads((large.find("first") / "manifest.json").read_text())
    assert manifest["counts"] == {"passages": 1, "sentences": 1100, "questions": 0}
    assert np.linalg.norm(manifest["probe"]) == pytest.approx(1, abs=1e-3)
