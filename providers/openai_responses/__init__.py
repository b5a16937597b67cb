"""The OpenAI Responses API: what OpenAI itself is asked by, since its chat format keeps the reasoning to itself.

What is where:

    format       its endpoints, its header and its own refusals: the `WireFormat`
    wire         how a request is written
    stream       events to values, and how an answer ends;  items: which piece belongs to which part of it
    models       which entries of a model list can chat, and what is known of OpenAI's families
"""
