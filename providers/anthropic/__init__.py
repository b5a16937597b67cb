"""The Anthropic messages API, and gateways that speak it."""
