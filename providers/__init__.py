"""The ground floor: talks to models. No Qt, no host, no settings file.

From the bottom up; nothing imports what stands below it in this list:

    messages  redact  error_texts  errors        values: what is said, what is secret, what went wrong
    framing  json_values  recording              bytes, foreign JSON, what takes an answer down
    limits  retry                                bounds, waits
    network/                                     which proxy, whose certificates
    key_text  refused_fields                     what is pasted as a key, what a model does not take
    address  connection_errors  event_stream     where, and what the way there does
    refusals  tool_calls  answer  live_answer    what services say no with, and one answer as it is read
    base  model_facts  model_lists               the port: what a provider is; its models, and how lists tell of them
    http/                                        the sessions; the only folder that knows aiohttp
    api                                          a service behind an API over HTTP: `WireFormat` is what differs
    openai_chat/ openai_responses/ anthropic/ gemini/ ollama/
                                                 one wire format each
    probe  api_provider                          what a connection test asks the API; a provider of any format
    formats                                      the formats by name
    offline/                                     the guide
    catalog                                      one row for each service
    reach  checks                                the connection test
    places  retrying  opened                     whose turn it is, how often is tried, what is open
    manager                                      all of it behind one door
    testing                                      the contract that every provider passes
"""
