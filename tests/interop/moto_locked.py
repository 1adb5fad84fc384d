"""moto's server, one request at a time: its DynamoDB lets two of racing conditional writes through otherwise. Connections still have a thread each, or an
idle one would keep everybody waiting.

    python moto_locked.py PORT"""

import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

WSGIRequestHandler.protocol_version = "HTTP/1.1"
application = DomainDispatcherApplication(create_backend_app)
turn = threading.Lock()


def one_at_a_time(environment, start_response):
    with turn:
        return [b"".join(application(environment, start_response))]


run_simple("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
