#!/usr/bin/python3
"""Something real for one kind of check to look at: target http|tcp|udp|grpc."""

import concurrent.futures
import http.server
import socketserver
import sys

PORTS = {"http": 7001, "tcp": 7002, "udp": 7003, "grpc": 7004}
#: HealthCheckResponse{status: SERVING} of grpc.health.v1, on the wire.
SERVING = b"\x08\x01"


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, socket = self.request
        socket.sendto(data or b"?", self.client_address)


def serve_grpc(address: str) -> None:
    import grpc

    check = grpc.unary_unary_rpc_method_handler(lambda request, context: SERVING)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": check}),))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


kind = sys.argv[1]
where = ("127.0.0.1", PORTS[kind])
if kind == "grpc":
    serve_grpc(f"{where[0]}:{where[1]}")
elif kind == "udp":
    socketserver.UDPServer(where, Echo).serve_forever()
elif kind == "tcp":
    socketserver.TCPServer.allow_reuse_address = True
    socketserver.TCPServer(where, socketserver.BaseRequestHandler).serve_forever()
else:
    http.server.HTTPServer(where, http.server.SimpleHTTPRequestHandler).serve_forever()
