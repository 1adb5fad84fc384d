#!/usr/bin/env python3
"""Servers that answer garbage, half an answer, or nothing, and proxies that are not there: an error in time, never a hang or a crash."""

import json
import re
import socket
import ssl
import subprocess
import time
import unittest

from support import FAILED, ToolTest

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: 1\r\n"


def answer(body, head=HEAD):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


# What the peer does once it has read a request, and what the line on stderr speaks of.
ANSWERS = {
    "closes": (b"", "connection"),
    "garbage": (b"\x00\x01\x02 what?\r\n\r\n", "protocol|connection"),
    "another protocol": (b"220 mail.example ESMTP ready\r\n", "protocol|connection"),
    "half a status line": (b"HTTP/1.", "connection|protocol"),
    "half a head": (HEAD, "connection|protocol"),
    "half a body": (HEAD + b"Content-Length: 100\r\n\r\n{\"StreamN", "connection|protocol"),
    "half a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{\"Str", "connection|protocol"),
    "a bad chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "protocol|connection"),
    "a bad length": (HEAD + b"Content-Length: -5\r\n\r\n{}", "protocol|connection"),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "protocol|connection"),
    "a length beyond all limits": (HEAD + b"Content-Length: 99999999999\r\n\r\n{}", "too_large|protocol"),
    "a head without end": (HEAD + b"x: " + b"y" * 1_000_000, "too_large|protocol|connection"),
    "no JSON": (answer(b"<html>hello</html>"), "protocol"),
    "half of JSON": (answer(b'{"StreamNames":["a"'), "protocol"),
    "JSON of another shape": (answer(b'{"StreamNames":17,"HasMoreStreams":"perhaps"}'), "protocol"),
    "an array": (answer(b"[1,2]"), "protocol"),
    "deep nesting": (answer(b"[" * 100_000), "protocol"),
    "text that is no UTF-8": (answer(b'{"StreamNames":["\xff\xfe"],"HasMoreStreams":false}'), "protocol"),
    "garbage as CBOR": (answer(b"\xff\xfe\xfd", HEAD.replace(b"json", b"cbor")), "protocol"),
    "half of CBOR": (answer(b"\xa1\x6bStreamNa", HEAD.replace(b"json", b"cbor")), "protocol"),
    "a CBOR string of 2^60 bytes": (answer(b"\xa1\x7b\x10\x00\x00\x00\x00\x00\x00\x00", HEAD.replace(b"json", b"cbor")), "protocol"),
    "a redirect": (answer(b"", b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n"), "301"),
    "an error without a body": (answer(b"", b"HTTP/1.1 403 Forbidden\r\n"), "403"),
    "an error page": (answer(b"<html>\n<h1>Bad gateway</h1>\x1b[31m</html>", b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"), "502"),
    "an error of 1 MB": (answer(b'{"__type":"Odd","message":"%s"}' % (b"m" * 1_000_000), HEAD.replace(b"200 OK", b"400 Bad")), "Odd|400"),
    "an error with control characters": (answer(b'{"__type":"Odd\\nName","message":"two\\nlines \\u001b[31m"}', HEAD.replace(b"200 OK", b"400 Bad")), "400"),
    "switching protocols": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "protocol|connection|101"),
    "only 100 Continue": (b"HTTP/1.1 100 Continue\r\n\r\n", "connection|protocol"),
}


def answers_with(data):
    def behave(peer, connection):
        peer.read_request(connection)
        connection.sendall(data)
        connection.close()
    return behave


def stays_silent(peer, connection):
    peer.read_request(connection)
    while connection.recv(65536):
        pass


class BadServers(ToolTest):
    emulator_options = None

    def env(self, endpoint=None, **more):
        return super().env(endpoint, **{"AWS_MAX_ATTEMPTS": "1", **more})

    def test_answers(self):
        for name, (data, says) in ANSWERS.items():
            with self.subTest(answer=name):
                peer = self.peer(answers_with(data))
                self.fails("streams", "list", says=says, env=self.env(peer.url))
                self.assertTrue(peer.seen, "the request never came")

    def test_answers_to_put(self):
        """What was read is accounted for: it fails before anything is sent, or says which line."""
        for name in ("closes", "garbage", "half a body", "half of CBOR"):
            with self.subTest(answer=name):
                peer = self.peer(answers_with(ANSWERS[name][0]))
                self.fails("put", self.stream, says=ANSWERS[name][1], input=b"line\n", env=self.env(peer.url))

    def test_answers_to_tail_and_consume(self):
        for name in ("no JSON", "an array"):
            for words in (("tail", self.stream), ("consume", self.stream, "--application", "a", "--leases", "memory")):
                with self.subTest(answer=name, command=words[0]):
                    peer = self.peer(answers_with(ANSWERS[name][0]))
                    self.fails(*words, says=ANSWERS[name][1], env=self.env(peer.url))

    def test_a_redirect_is_not_followed(self):
        """The signature is for one host."""
        other = self.peer(answers_with(b""))
        peer = self.peer(answers_with(answer(b"", b"HTTP/1.1 307 Temporary\r\nLocation: %s\r\n" % other.url.encode())))
        self.fails("streams", "list", says="307", env=self.env(peer.url))
        self.assertEqual([], other.seen)

    def test_what_takes_until_a_deadline(self):
        """No answer at all, an answer that drips, and answers to PutRecords that cannot be: all at the same time, as each takes its time."""
        drip = self.peer(self.drips)
        slow = [("streams", self.start("streams", "list", env=self.env(self.peer(stays_silent).url)), "timeout"),
                ("put", self.start("put", self.stream, env=self.env(self.peer(stays_silent).url)), "timeout"),
                ("handshake", self.start("streams", "list", env=self.env(self.peer(stays_silent).url.replace("http:", "https:"))), "timeout"),
                ("drip", self.start("streams", "list", env=self.env(drip.url)), "timeout")]
        lines = self.write("input", b"one\ntwo\n")
        good = {"SequenceNumber": "4" * 56, "ShardId": "shardId-000000000000"}
        mixed_up = []
        for number, records in enumerate(([good] * 3, [], [{}, {}], [{"SequenceNumber": "x", "ShardId": "y"}] * 2, None)):
            receipts = self.folder / f"receipts-{number}"
            put = self.start("put", self.stream, lines, "--json-wire", "--receipts", receipts, env=self.env(self.peer(self.mixes_up(records)).url))
            mixed_up.append((records, put, receipts))
        for name, running, says in slow:
            with self.subTest(peer=name):
                self.assert_one_error(running.wait(90), says, "in time|deadline|no answer|timed out|too long|passed")
        for records, running, receipts in mixed_up:
            with self.subTest(records=records):
                self.assert_one_error(running.wait(90), "protocol", "2 records failed.* line [12]")
                self.assertEqual(b"", receipts.read_bytes(), "a receipt for what nobody stored")

    def drips(self, peer, connection):
        """A byte now and then is no progress: the deadline of the whole request counts."""
        peer.read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.5)

    def mixes_up(self, records):
        """PutRecords answers with more entries than records, with none, or with nonsense in them."""
        summary = json.dumps({"StreamDescriptionSummary": {
            "StreamName": self.stream, "StreamARN": f"arn:aws:kinesis:us-east-1:123456789012:stream/{self.stream}", "StreamStatus": "ACTIVE",
            "RetentionPeriodHours": 24, "StreamCreationTimestamp": 1.0, "EnhancedMonitoring": [], "OpenShardCount": 1}}).encode()
        body = json.dumps({"FailedRecordCount": 0, "Records": records} if records is not None else {}).encode()

        def behave(peer, connection):
            while request := peer.read_request(connection):
                connection.sendall(answer(summary if b"DescribeStreamSummary" in request else body))
        return behave

    def test_tls_garbage(self):
        peer = self.peer(lambda peer, connection: (connection.recv(65536), connection.sendall(b"\x16\x03\x03\x00\x02\xff\xff"), connection.close()))
        self.fails("streams", "list", says="tls", env=self.env(peer.url.replace("http:", "https:")))
        peer = self.peer(lambda peer, connection: (connection.recv(65536), connection.close()))
        self.fails("streams", "list", says="tls|connection", env=self.env(peer.url.replace("http:", "https:")))

    def tls_peer(self, data, name="IP:127.0.0.1"):
        """Answers over TLS with a certificate of its own, and closes TCP without closing TLS. Returns it with its certificate."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
                        "-addext", f"subjectAltName={name}"], check=True, capture_output=True, timeout=60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def behave(peer, connection):
            with context.wrap_socket(connection, server_side=True) as secure:
                peer.read_request(secure)
                secure.sendall(data)
                secure.shutdown(socket.SHUT_RDWR)
        peer = self.peer(behave)
        return self.env(peer.url.replace("http:", "https:")), ("--ca-bundle", certificate)

    WHOLE = answer(b'{"StreamNames":["whole"],"HasMoreStreams":false}')

    def test_tls_cut_in_the_answer(self):
        """The length decides whether the answer is whole."""
        env, options = self.tls_peer(self.WHOLE)
        self.assertEqual(b"whole\n", self.run_tool("streams", "list", *options, env=env).out)
        env, options = self.tls_peer(self.WHOLE[:-5])
        self.fails("streams", "list", *options, says="connection|protocol|tls", env=env)

    def test_certificate_of_another_name(self):
        env, options = self.tls_peer(self.WHOLE, "DNS:other.example")
        self.fails("streams", "list", *options, says=("tls", "certificate", "127.0.0.1"), env=env)
        self.assertEqual(b"whole\n", self.run_tool("streams", "list", "--no-verify-ssl", env=env).out)

    def test_retries_are_counted(self):
        peer = self.peer(answers_with(answer(b"", b"HTTP/1.1 500 Oops\r\n")))
        self.fails("streams", "list", says=("service", "HTTP 500", "attempts 3"), env=self.env(peer.url, AWS_MAX_ATTEMPTS="3"))
        self.assertEqual(3, len(peer.seen))

    def test_a_client_fault_is_not_retried(self):
        peer = self.peer(answers_with(answer(b'{"__type":"ValidationException","message":"no"}', HEAD.replace(b"200 OK", b"400 Bad"))))
        self.fails("streams", "list", says=("ValidationException", "no"), env=self.env(peer.url, AWS_MAX_ATTEMPTS="3"))
        self.assertEqual(1, len(peer.seen))

    def test_the_secret_is_never_sent_or_shown(self):
        peer = self.peer(answers_with(answer(b"", b"HTTP/1.1 500 Oops\r\n")))
        ended = self.start("streams", "list", "-vv", env=self.env(peer.url)).wait()
        self.assertEqual(FAILED, ended.code)
        for seen in (*peer.seen, ended.err, ended.out):
            self.assertNotIn(b"secret-of-the-test", seen)
        self.assertRegex(peer.seen[0], re.compile(rb"authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/us-east-1/kinesis/aws4_request", re.IGNORECASE))


if __name__ == "__main__":
    unittest.main()
