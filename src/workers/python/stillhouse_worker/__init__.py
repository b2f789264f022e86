"""The Python worker of Stillhouse: imports one WSGI application, and calls it for each request of its data link.

The protocol is docs/worker-protocol.md; the rules of the application's side are PEP 3333.
"""
