"""Connects widgets to services, one each. The only place that knows both.

What is where:

    pane           one whole pane: which presenters there are, and what one tells another
    conversation   transcript and composer;  models: the model field;  first_start: the empty chat
    settings       the settings dialog;      key_pages: its keys;      words: values in people's words
    view_tasks     tasks that end with their pane
"""
