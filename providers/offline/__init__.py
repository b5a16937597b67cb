"""The built-in guide: a provider that answers from rules and tools, and needs no model, key or network.

What is where:

    guide        its place among the providers, the streaming of its words
    turn         which tool to ask next, and when to speak
    questions    what a question is about;   reference: what common node classes do
    summary, nodes, text: what it says, of which every fact comes from a tool
"""
