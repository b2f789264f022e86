"""An application of a known cost: ?sleep=MS waits, ?cpu=MS computes; /hang never answers."""
import time
from urllib.parse import parse_qsl


def application(environ, start_response):
    cost = dict(parse_qsl(environ['QUERY_STRING']))
    if environ['PATH_INFO'] == '/hang':
        while True:
            time.sleep(3600)
    if 'sleep' in cost:
        time.sleep(float(cost['sleep']) / 1000)
    end = time.thread_time() + float(cost.get('cpu', 0)) / 1000
    while time.thread_time() < end:
        pass
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '5')])
    return [b'done\n']
