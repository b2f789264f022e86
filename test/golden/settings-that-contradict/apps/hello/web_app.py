def application(environ, start_response):
    raise NotImplementedError
