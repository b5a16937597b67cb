"""Ollama's native API, which sets memory aside, downloads models, and says more of them than its copy of OpenAI's.

What is where:

    format       its endpoints and its header: the `WireFormat`
    context      how many tokens a question is given
    wire         how a request is written
    stream       lines to values
    models       the model list
    pull         a download, as it goes on
    signs        what only Ollama says no with
"""
