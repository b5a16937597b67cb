"""The Google Gemini API.

What is where:

    format       its endpoints and its header: the `WireFormat`
    wire         how a request is written;  thinking: what a model is told about thinking
    stream       events to values;  calls: which piece belongs to which tool call;  arguments: values with paths to JSON
    signatures   what Gemini signs, and how a signature finds back to its part
    interactions the events of Google's other API, told as those of this one
    models       the model list
    signs        the refusals that only Google words so
"""
