"""Connects widgets to services, one each. The only place that knows both.

What is where:

    starting       the services, imported on a thread;  panel: one application and its panes
    pane           one whole pane: which presenters there are, and what one tells another
    conversations  what outlives panes: chats, their running turns;  record: what was to be seen of them
    conversation   transcript and composer;  answer: one answer;  models: the model field
    first_start    the empty chat
    settings       the settings dialog;      key_pages: its keys;      words: values in people's words
    view_tasks     tasks that end with their pane
"""
