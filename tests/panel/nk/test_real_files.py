"""The reader against public scripts and TCL's own parser."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from nk_scripts import MadeScript, readable_samples, sample, scripts, tcl_counts
from nuke_ai_panel.panel.nk.document import parse
from nuke_ai_panel.panel.nk.errors import DamagedScript, EncryptedScript, NotAScript
from nuke_ai_panel.panel.nk.info import info
from nuke_ai_panel.panel.nk.wiring import build

SAMPLES = readable_samples()


def test_all_samples_are_there():
    assert sample("SOURCES.md").exists()
    assert len(SAMPLES) == 39


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_nodes_and_links_are_those_that_tcl_counts(path: Path):
    counts, links = tcl_counts(path)
    found = info(parse(path.read_bytes()))
    assert found.classes == counts
    assert found.nodes == sum(counts.values())
    assert found.links == links


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_cut_file_is_read_or_refused_with_a_line(path: Path):
    data = path.read_bytes()
    chance = random.Random(len(data))
    for _ in range(max(3, min(200, 400_000 // len(data)))):
        piece = data[: chance.randrange(len(data))]
        try:
            build(parse(piece))
        except DamagedScript as damage:
            assert 1 <= damage.line <= piece.count(b"\n") + 1
        except NotAScript:
            assert b"}" not in piece or b"Root {" not in piece


def test_the_encrypted_sample_is_refused_by_name():
    with pytest.raises(EncryptedScript):
        parse(sample("mrlixm__test-scene-1.nknc").read_bytes())


@settings(deadline=None, max_examples=60)
@given(scripts())
def test_a_generated_script_reads_back_to_what_it_was_made_from(script: MadeScript):
    data = script.text().encode()
    document = parse(data) if script.root or script.nodes else None
    if document is None:
        return
    graph = build(document)
    assert document.data == data
    assert graph.flaws == ()
    assert graph.counts() == script.classes()
    for name, sources in script.links().items():
        node = graph.find(name)
        assert node is not None
        assert tuple(None if s is None else graph.full_name(graph.nodes[s]) for s in node.inputs) == sources
    for made, place, _ in script.walk():
        if made.clone_of is None:
            node = graph.find(place + made.name)
            assert node is not None
            assert {knob: graph.value(node, knob) for knob in made.knobs} == made.knobs


@settings(deadline=None, max_examples=10)
@given(script=scripts())
def test_tcl_counts_a_generated_script_alike(script: MadeScript, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("made") / "made.nk"
    path.write_bytes(script.text().encode())
    counts, links = tcl_counts(path)
    assert counts == script.classes()
    assert info(parse(path.read_bytes())).links == links
