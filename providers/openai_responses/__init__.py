"""The OpenAI Responses API, which shows reasoning."""
