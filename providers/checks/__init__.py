"""The connection test, step by step, as values.

reach             address, DNS, proxy, TCP, TLS: the way there
report            a test as text to paste into a ticket
steps             how the steps go by, and what is said of each
near_misses       what can be found out about an address that is nearly right
connection_test   all steps in order, on a session of its own
"""
