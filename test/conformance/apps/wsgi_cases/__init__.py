"""The applications of the conformance suite, one module a theme; each has APPS, a mapping of name to application."""
