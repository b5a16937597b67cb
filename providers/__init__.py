"""The ground floor: talks to models. No Qt, no host, no settings file.

From the bottom up; nothing imports what stands below it in this list:

    messages  redact  error_texts  errors        values: what is said, what is secret, what went wrong
    limits  retry  key_text  address             bounds, waits, what is pasted as a key or an address
    network/  connection_errors                  which proxy, whose certificates, what the way there does
    wire/                                        bytes to events, foreign JSON, what takes an answer down
    answers/                                     one answer as it is read, or refused
    base                                         the port: what a provider is
    http/                                        the sessions; the only folder that knows aiohttp
    api/                                         a service behind an API over HTTP: `WireFormat` is what differs
    openai_chat/ openai_responses/ anthropic/ gemini/ ollama/
                                                 one wire format each
    offline/                                     the guide
    formats  recorded                            the formats by name; a recorded stream through one of them
    catalog                                      one row for each service
    checks/                                      the connection test
    manager/                                     all of it behind one door
    testing                                      the contract that every provider passes
"""
