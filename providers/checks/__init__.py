"""The connection test, step by step, as values.

reach             address, DNS, proxy, TCP, TLS: the way there
connection_test   all steps in order, on a session of its own
"""
