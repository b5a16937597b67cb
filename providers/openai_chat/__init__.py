"""The OpenAI chat format, which OpenAI, most local servers and most services speak.

What is where:

    chat         the conversation over HTTP: endpoint, header, what a status means
    wire         how a request is written; `ChatQuirks` is what a service does otherwise
    stream       events to values;  answer, tool_calls: what they add up to
    models       the model list;    errors: what a refusal means
"""
