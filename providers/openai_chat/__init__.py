"""The OpenAI chat format, which OpenAI, most local servers and most services speak.

What is where:

    format       its endpoints and its header: the `WireFormat`
    quirks       what a service does otherwise
    wire         how a request is written
    stream       events to values;  calls: which piece belongs to which tool call
"""
