"""What comes over the wire, before it means anything: bytes to events, foreign JSON, what takes an answer down.

framing        server-sent events and lines of JSON, incremental and bounded
event_stream   the events of a connection, with their time limits
json_values    one door for foreign JSON: values of the expected type, or none
recording      an answer as it came
"""
