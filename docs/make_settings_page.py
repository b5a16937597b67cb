"""Writes docs/settings.md from the declarations, so that it says what the program does.

uv run python docs/make_settings_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from nuke_ai_panel.panel.settings import SETTINGS, STUDIO_VARIABLE, AnySetting
from nuke_ai_panel.panel.settings.studio import FILE

PAGE = Path(__file__).parent / "settings.md"
FEW = 4
"""More choices than that are listed elsewhere: `nuke-ai-panel providers` does it."""

HEAD = f"""\
# Settings

This page is made from the declarations by `docs/make_settings_page.py`.

Each value is taken from the first of these places that has one which can be used:

1. the studio's file, for what it locks
2. an environment variable; the list below names them
3. the user's file: `~/.config/nuke-ai-panel/settings.toml`, on macOS
   `~/Library/Application Support/nuke-ai-panel/settings.toml`, on Windows
   `%LOCALAPPDATA%\\nuke-ai-panel\\settings.toml`
4. the studio's file, for what it does not lock
5. the default

A value that cannot be used counts as not written, alone, and is named at the bottom of the settings dialog and in
`nuke-ai-panel doctor`. It stays in its file until it is set anew. A file that is no TOML at all is kept as
`settings.toml.bad`. An environment variable that is empty counts as not set. Keys and passwords have no place in any of
these: they are in the keyring, or in the variables of the providers.

## The studio's file

A TOML file of the same shape as a user's. Where it is says the variable `{STUDIO_VARIABLE}`; without it, the file
`{FILE}` beside the `menu.py` of the folder that the panel was installed into.

```toml
[chat]
provider = "ollama"
offered = ["ollama", "anthropic"]

[network]
proxy = "manual"
proxy_address = "http://proxy.studio.lan:3128"
direct_hosts = [".studio.lan"]

[providers.ollama]
address = "http://render-ai.studio.lan:11434"
model = "qwen3:32b"

[locked]
settings = ["chat.offered", "network", "providers.ollama.address"]
```

`locked` names what nobody else may change: a setting, a whole section, a provider (`providers.ollama`) or one field of
it. What is locked and not written is at its default. In the dialog it is shown, cannot be changed, and says whose
decision it is; `--base-url` and `--provider` follow it as well. Everything else that the file says is a default that a
user may change. Everybody can read that file: keys in it are refused, and so is everything that this version does not
know; the dialog and `doctor` say so.

The guide is always offered: it makes no connection.

## All settings
"""


def page() -> str:
    """The content of the file."""
    return "\n".join((HEAD, *_sections())).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for title, settings in groupby(SETTINGS, key=_page_of):
        yield f"### {title}\n"
        for setting in settings:
            yield from _entry(setting)


def _entry(setting: AnySetting) -> Iterator[str]:
    choices = setting.choices if len(setting.choices) <= FEW else ()
    facts = {
        "default": f"`{_toml(setting)}`",
        "choices": ", ".join(f"`{value}` ({words})" for value, words in choices),
        "limits": setting.limits,
        "variable": f"`{setting.variable}`",
        "a studio may lock it": "" if setting.lockable else "no",
    }
    yield f"**`{setting.id}`** {setting.label}. {setting.help}\n"
    yield from (f"- {name}: {words}" for name, words in facts.items() if words)
    yield ""


def _toml(setting: AnySetting) -> str:
    value = setting.default
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _page_of(setting: AnySetting) -> str:
    return setting.page


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
