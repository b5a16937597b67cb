"""The middle floor: widgets. Values in, signals out; no network, no keyring, no asyncio, no Nuke.

What is where:

    look/          tokens from the host's palette and font, icons, style sheet
    parts/         small widgets that every larger one is made of
    transcript/    the conversation: messages, streamed Markdown, code, tables, tool cards
    settings/      the settings dialog, the key field, the connection test
    chat_pane      header, transcript, composer: what docks in a host and what fills the window
    late_pane      the place of one that comes later, in a host
    header  composer  message_field  model_picker  first_start  empty_chat
"""
