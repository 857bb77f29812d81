"""The desk's own names: read from its list, found by sound, taken over while calls go on."""

from datetime import UTC, datetime

import pytest

from asr.events import Word
from callcenter.config_sections import AsrSettings
from callcenter.errors import Invalid
from callcenter.features.frames import segment_json
from callcenter.features.heard_fields import nlp_segment, stored_segment
from callcenter.features.live_catalogue import LiveCatalogue
from callcenter.features.own_words import own_words, wants_sound_alikes, words_file
from callcenter.media.events import HeardName, SegmentHeard, Speaker
from callcenter.storage.call_views import SegmentView
from nlp.catalogue import Catalogue

HEARD = "我住楼西街八号"
DOUBTFUL = [Word(c, i * 300, i * 300 + 300, 0.6) for i, c in enumerate(HEARD)]


def segment(*names):
    at = datetime(2026, 1, 5, tzinfo=UTC)
    where = {"call_id": "c", "segment_id": "s", "speaker": Speaker.CALLER, "start_ms": 0, "end_ms": 900}
    return SegmentHeard(at=at, **where, text=HEARD, confidence=0.6, names=names)


async def test_a_list_of_streets_is_taken_over_while_calls_go_on(tmp_path):
    """words.txt beside the catalogue: its names are found from the next look on; a list that cannot be read changes nothing."""
    catalogue = LiveCatalogue(tmp_path)
    await catalogue.refresh()
    assert catalogue.find_names("call", HEARD, DOUBTFUL) == ()
    (tmp_path / "words.txt").write_text("# streets\n龙溪街\n", encoding="utf-8")
    await catalogue.refresh()
    assert catalogue.find_names("call", HEARD, DOUBTFUL) == (HeardName(2, 5, "龙溪街"),)
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe\x00")
    await catalogue.refresh()
    assert catalogue.find_names("call", HEARD, DOUBTFUL) == (HeardName(2, 5, "龙溪街"),)
    await catalogue.aclose()


def test_extraction_and_desk_see_the_name_and_the_record_keeps_both():
    """Extraction reads the name at the places of what was heard; the desk shows it; text is what was heard."""
    event = segment(HeardName(2, 5, "龙溪街"))
    assert nlp_segment(event).text == "我住龙溪街八号"
    frame = segment_json(event)
    assert frame["text"] == HEARD
    assert frame["names"] == [[2, 5, "龙溪街"]]
    assert [2, 5, "龙溪街"] in frame["shown"]
    stored = SegmentView("s", "caller", 0, 900, HEARD, 0.6, (), ((2, 5, "龙溪街"),))
    assert stored_segment(stored).text == "我住龙溪街八号"
    assert segment_json(segment())["names"] == []


def test_the_list_is_preferred_by_adapted_models_too(tmp_path):
    """One file serves both ways; what is no text names the file."""
    file = tmp_path / "words.txt"
    assert words_file(tmp_path) == ()
    file.write_text("松石支路\n", encoding="utf-8")
    assert "松石支路" in own_words(Catalogue.load(), words_file(tmp_path))
    file.write_bytes(b"\xff")
    with pytest.raises(Invalid, match=r"words\.txt"):
        own_words(Catalogue.load(), words_file(tmp_path))


def test_only_models_that_cannot_be_taught_get_corrections():
    """auto: zh-demo can be adapted; sherpa-onnx models cannot; the settings may say otherwise."""
    assert not wants_sound_alikes(AsrSettings())
    assert not wants_sound_alikes(AsrSettings(model="zh-small"))
    assert wants_sound_alikes(AsrSettings(engine="sherpa"))
    assert not wants_sound_alikes(AsrSettings(engine="off"))
    assert wants_sound_alikes(AsrSettings(sound_alikes="on"))
    assert not wants_sound_alikes(AsrSettings(engine="sherpa", sound_alikes="off"))


def test_a_model_with_another_kind_of_grammar_gets_corrections(tmp_path):
    """A Vosk folder without a grammar that ``models adapt`` can change, as the official models are."""
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"x")
    assert wants_sound_alikes(AsrSettings(), str(tmp_path))


def test_yaml_words_for_yes_and_no_are_understood():
    """A bare on or off in the file is true or false to YAML."""
    assert AsrSettings(sound_alikes=True).sound_alikes == "on"
    assert AsrSettings(sound_alikes=False).sound_alikes == "off"
