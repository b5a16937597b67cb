"""Writes docs/settings.md from the declarations, so that it says what the program does.

uv run python docs/make_settings_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from textwrap import fill

from nuke_ai_panel.panel.settings import SETTINGS, STUDIO_VARIABLE, AnySetting
from nuke_ai_panel.panel.settings.studio import FILE
from nuke_ai_panel.providers.formats import FORMATS
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks

PAGE = Path(__file__).parent / "settings.md"
FEW = 4
"""More choices than that are listed elsewhere: `nuke-ai-panel providers` does it."""

FORMATS_LISTED = ", ".join(f"`{name}`" for name in FORMATS)
QUIRKS_LISTED = fill(", ".join(f"`{each.name}`" for each in fields(ChatQuirks)), 120)

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

## Services of your own

A table below `providers` whose id no service of the panel has is a service of your own; the dialog makes one with
"Add a service". The studio's file may have some as well.

```toml
[providers.render-ai]
label = "Render AI"
format = "openai_chat"
address = "https://ai.studio.lan/v1"
model = "qwen3:32b"
needs_key = true
headers = {{ X-Team = "comp", X-Auth = "Token {{key}}" }}
quirks = {{ max_tokens_field = "max_completion_tokens" }}
```

The id is of small letters, digits, `-` and `_`. Only the address is needed. `format` is one of
{FORMATS_LISTED}.
`headers` are sent along with everything; `{{key}}` in one stands for the key, which is then sent nowhere else. A header
that holds a key itself, or looks as if it did, is left out: this file is no place for keys. The key is set in the
dialog or with `nuke-ai-panel keys set render-ai`, and belongs to that address. `quirks` say how a service differs from
the OpenAI chat format; what they mean is written in `providers/openai_chat/quirks.py`:
{QUIRKS_LISTED}.

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
