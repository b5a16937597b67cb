"""What an empty pane offers, in the real window."""

from __future__ import annotations

from fault_server import answers, fault_server, wants_key
from nuke_ai_panel.panel.settings import ProviderSettings
from open_window import open_window, until

KEY = "sk-0123456789abcdef"


async def test_a_key_that_names_no_service_is_shown_to_none_until_the_user_has_said_whose_it_is():
    async with fault_server(wants_key(KEY, answers("Hi"))) as server, open_window() as window:
        window.app.change_provider("deepseek", ProviderSettings(server.url))
        page = window.presenter.first_start.page
        page.key.edit.setText(KEY)
        page.key.save()
        assert page.key_card.title() == "Whose key is this?"
        assert not server.calls
        page.owner_chosen.emit("deepseek")
        await until(lambda: window.presenter.conversation.chat.provider == "deepseek")
        assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_new_chat_with_a_chosen_provider_says_who_answers():
    async with open_window() as window:
        window.presenter.choose("ollama", "qwen3:14b")
        window.presenter.new_chat()
        empty = window.presenter.empty
        assert empty.isVisible()
        assert not window.presenter.first_start.page.isVisible()
        window.presenter.empty.question_chosen.emit("What does this script do?")
        assert window.pane.composer.draft() == "What does this script do?"
