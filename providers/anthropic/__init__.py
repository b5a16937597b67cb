"""The Anthropic messages API, and gateways that speak it.

What is where:

    format       its endpoints and its headers: the `WireFormat`
    wire         how a request is written
    stream       events to values;  blocks: the parts of an answer that come in pieces
    thinking     signed reasoning, which goes back as it came
    models       the model list
    signs        refusals that only this API words so
"""
