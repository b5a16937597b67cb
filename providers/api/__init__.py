"""A service behind an API over HTTP.

wire_format    `WireFormat`, what a format does its own way; `ApiCalls`, how it asks
call_ids       how tool calls of a history are named, so that the service takes them
model_facts    what is known of a model, listed or learned
model_lists    how lists tell of models
probe          what a connection test asks the API
provider       `ApiProvider`: a provider of any format
"""
