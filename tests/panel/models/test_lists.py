"""What is known of a provider's models, how old that is, and when it is asked for anew."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fault_server import answers, fails, fault_server
from memory_keyring import Dictionary
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.models import ModelCache, ModelLists, cache_folder
from nuke_ai_panel.panel.models.words import facts_of, list_words
from nuke_ai_panel.panel.settings import ProviderSettings
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Model
from nuke_ai_panel.providers.errors import ProviderError, problem
from nuke_ai_panel.providers.redact import Redactor

CLOUD = "https://models.example/v1"
LOCAL = "http://127.0.0.1:9/v1"


class Service:
    """Lists one model more each time it is asked. `url` is where it is."""

    def __init__(self, folder: Path, url: str = CLOUD) -> None:
        self.asked = 0
        self.url = url
        self.now = 1000.0
        self.down = False
        self.lists = self.restart(folder)

    def restart(self, folder: Path) -> ModelLists:
        return ModelLists(
            ModelCache(folder, Redactor().clean),
            ask=self.ask,
            url_of=lambda _: self.url,
            run_blocking=run_blocking,
            wall=lambda: self.now,
        )

    async def ask(self, provider_id: str) -> tuple[Model, ...]:
        if self.down:
            raise ProviderError(problem("overloaded", name="X"))
        self.asked += 1
        return tuple(Model(f"m{number}") for number in range(self.asked))


async def test_a_list_is_asked_for_once_an_hour_and_outlives_the_program(tmp_path: Path) -> None:
    service = Service(tmp_path)
    assert await service.lists.known("x") is None
    await service.lists.recent("x")
    service.now += 3599
    found = await service.restart(tmp_path).recent("x")
    assert service.asked == 1 and service.lists.age(found) == 3599
    service.now += 1
    assert len((await service.lists.recent("x")).models) == 2


async def test_what_a_server_at_home_has_loaded_is_asked_for_after_a_minute(tmp_path: Path) -> None:
    service = Service(tmp_path, LOCAL)
    await service.lists.recent("x")
    service.now += 59
    await service.lists.recent("x")
    assert service.asked == 1
    service.now += 1
    await service.lists.recent("x")
    assert service.asked == 2


async def test_an_asking_that_fails_keeps_the_old_list(tmp_path: Path) -> None:
    service = Service(tmp_path)
    await service.lists.asked("x")
    service.now += 7200
    service.down = True
    with pytest.raises(ProviderError):
        await service.lists.recent("x")
    found = await service.lists.known("x")
    assert found and len(found.models) == 1 and service.lists.age(found) == 7200


async def test_a_list_of_another_address_is_never_shown(tmp_path: Path) -> None:
    service = Service(tmp_path)
    await service.lists.asked("x")
    service.url = "https://other.example/v1"
    assert await service.lists.known("x") is None


async def test_a_list_from_the_future_is_old_and_has_no_negative_age(tmp_path: Path) -> None:
    service = Service(tmp_path)
    found = await service.lists.asked("x")
    service.now -= 500
    assert service.lists.age(found) == 0.0 and service.lists.is_old(found)


async def test_a_list_that_is_doubted_is_asked_for_at_once(tmp_path: Path) -> None:
    service = Service(tmp_path)
    await service.lists.asked("x")
    service.lists.doubt("x")
    await service.lists.recent("x")
    await service.lists.recent("x")
    assert service.asked == 2


async def test_a_disk_that_takes_nothing_costs_only_the_memory_of_it(tmp_path: Path) -> None:
    place = tmp_path / "folder"
    place.write_text("a file where the folder should be")
    service = Service(place)
    assert len((await service.lists.asked("x")).models) == 1
    assert await service.lists.known("x") is not None


@pytest.mark.abandons(1)
async def test_a_disk_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hung = threading.Event()
    monkeypatch.setattr("nuke_ai_panel.panel.models.lists._DISK", 0.02)
    monkeypatch.setattr(ModelCache, "read", lambda *_: hung.wait(20))
    service = Service(tmp_path)
    assert await service.lists.known("x") is None
    hung.set()


def application() -> Application:
    return Application(keyring=Dictionary(), environ={})


async def test_without_a_choice_the_first_model_of_a_server_without_keys_answers() -> None:
    async with fault_server(answers(models=["small", "large"])) as server:
        app = application()
        app.change_provider("compatible", ProviderSettings(server.url))
        assert await app.model_for("compatible") == "small"
        assert await app.model_for("compatible") == "small"
        assert len(server.calls) == 1
        app.change_provider("compatible", ProviderSettings(server.url, "large"))
        assert await app.model_for("compatible") == "large"
        await app.close()


@pytest.mark.parametrize(("models", "chosen"), [(("only",), "only"), (("a", "b"), None), ((), None)])
async def test_of_a_service_with_several_models_the_user_chooses(models: tuple[str, ...], chosen: str | None) -> None:
    keyring = Dictionary()
    async with fault_server(answers(models=models)) as server:
        keyring.held[f"openai@{server.origin}"] = "sk-proj-0123456789"
        app = Application(keyring=keyring, environ={})
        app.change_provider("openai", ProviderSettings(server.url))
        if chosen:
            assert await app.model_for("openai") == chosen
        else:
            with pytest.raises(ProviderError, match="No model is chosen for OpenAI"):
                await app.model_for("openai")
        await app.close()


async def test_no_key_is_in_the_files() -> None:
    keyring, key = Dictionary(), "sk-proj-sentinel0123456789"
    for models, files in ((["gpt"], 1), (["gpt", f"echo-{key}"], 1)):
        async with fault_server(answers(models=models)) as server:
            keyring.held[f"openai@{server.origin}"] = key
            app = Application(keyring=keyring, environ={})
            app.change_provider("openai", ProviderSettings(server.url))
            assert [model.id for model in (await app.models.asked("openai")).models] == models
            await app.close()
        texts = [path.read_text() for path in cache_folder().iterdir()]
        assert len(texts) == files and "sentinel" not in "".join(texts)


async def test_what_was_listed_in_an_earlier_run_is_known_before_the_first_question() -> None:
    """The facts of a model shape the question; they are not asked for again."""
    async with fault_server(answers("Hello", models=["tiny"])) as server:
        for _ in range(2):
            app = application()
            app.change_provider("compatible", ProviderSettings(server.url, "tiny"))
            known = await app.models.known("compatible")
            if known is None:
                await app.models.asked("compatible")
            await app.chat("compatible").ask("hi")
            facts = app.providers._maker.facts("compatible", server.url)
            assert facts.find("tiny") == Model("tiny")
            await app.close()
        assert [call.method for call in server.calls] == ["GET", "POST", "POST"]


async def test_a_failing_list_is_told_by_model_for() -> None:
    async with fault_server(fails("401 Unauthorized", {})) as server:
        app = application()
        app.change_provider("compatible", ProviderSettings(server.url))
        with pytest.raises(ProviderError):
            await app.model_for("compatible")
        await app.close()


FACTS = [
    (Model("m"), ""),
    (Model("m", context=200_000, tools=True, images=True), "200k, tools, images"),
    (Model("m", context=1_048_576, reasoning=True, loaded=True), "1.05M, thinks, loaded"),
    (Model("m", context=512, tools=False, input_price=3.0, output_price=15.0), "512, $3 / $15"),
    (Model("m", input_price=0.0, output_price=0.0), "free"),
    (Model("m", input_price=0.05, output_price=None), ""),
    (Model("m", input_price=0.075, output_price=0.3), "$0.075 / $0.3"),
]


@pytest.mark.parametrize(("model", "words"), FACTS)
def test_what_is_known_of_a_model_is_told_in_a_few_words(model: Model, words: str) -> None:
    assert facts_of(model) == words


AGES = [(0, "just listed"), (59.9, "just listed"), (60, "1 minute old"), (3599, "59 minutes old")]
AGES += [(7200, "2 hours old"), (86_400, "1 day old"), (864_000, "10 days old")]


@pytest.mark.parametrize(("seconds", "words"), AGES)
def test_the_age_of_a_list_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert list_words(42, seconds) == f"42 models, {words}"


def test_one_model_is_one_model() -> None:
    assert (list_words(1), list_words(10_000)) == ("1 model", "10,000 models")
