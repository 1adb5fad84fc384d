#!/usr/bin/env python3
"""SIGINT and SIGTERM at every stage of put, tail, consume, streams and emulate: a quick end, what was acknowledged is stored, no crash.

tail, consume and emulate run until they are stopped: 0. put and streams were stopped before they were done: not 0."""

import json
import signal
import socket
import subprocess
import unittest

from support import DONE, FAILED, ToolTest, wait_until

QUICK = 25  # seconds, under sanitizers on a busy machine; the deadlines that must not be waited for are longer
INTERRUPTED = (FAILED, 128 + signal.SIGINT, -signal.SIGINT)


def stays_silent(peer, connection):
    while connection.recv(65536):
        pass


class SignalTest(ToolTest):
    def words(self, command, leases="leases.db"):
        return {"put": ("put", self.stream), "tail": ("tail", self.stream), "streams": ("streams", "list"),
                "consume": ("consume", self.stream, "--application", "a", "--leases", f"sqlite:{self.folder / leases}")}[command]

    def insist(self, running, signal_number):
        """As an impatient user: the signal again and again. (Two at once may arrive as one.)"""
        for _ in range(QUICK * 4):
            running.send(signal_number)
            try:
                running.process.wait(0.25)
                break
            except subprocess.TimeoutExpired:
                pass
        return running.wait(1)

    def end(self, running, codes, signal_number=signal.SIGINT):
        ended = running.stop(signal_number, QUICK)
        self.check_end(ended, ended.code)
        self.assertIn(ended.code, codes, str(ended))
        return ended


class WhileConnecting(SignalTest):
    """The peer takes the connection and never answers."""

    emulator_options = None

    def test_each_command(self):
        for command, codes in {"put": INTERRUPTED, "streams": INTERRUPTED, "tail": (DONE,), "consume": (DONE,)}.items():
            with self.subTest(command=command):
                peer = self.peer(stays_silent)
                running = self.start(*self.words(command), env=self.env(peer.url))
                self.assertTrue(peer.connected.wait(60))
                self.end(running, codes)

    def test_tls_handshake(self):
        for command, codes in {"streams": INTERRUPTED, "tail": (DONE,)}.items():
            with self.subTest(command=command):
                peer = self.peer(stays_silent)
                running = self.start(*self.words(command), env=self.env(peer.url.replace("http:", "https:")))
                self.assertTrue(peer.connected.wait(60))
                self.end(running, codes)

    def test_between_tries(self):
        """Nobody listens, and the consumer tries again for a while."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        running = self.start(*self.words("consume"), "-vv", env=self.env(f"http://127.0.0.1:{port}", AWS_MAX_ATTEMPTS="1"))
        running.wait_for_stderr(b"refused")
        self.end(running, (DONE, FAILED))


class Put(SignalTest):
    def test_while_it_waits_for_input(self):
        self.create(1)
        receipts = self.folder / "receipts"
        running = self.start("put", self.stream, "--receipts", receipts, stdin=subprocess.PIPE)
        running.process.stdin.write(b"one\ntwo\n")
        running.process.stdin.flush()
        self.emulator.accepted(self.stream, 2)
        ended = self.end(running, INTERRUPTED)
        self.assertTrue(ended.out.startswith(b"2 records "), str(ended))
        self.assertEqual([1, 2], sorted(json.loads(line)["line"] for line in receipts.read_bytes().splitlines()))

    def test_while_it_keeps_a_rate(self):
        self.create(1)
        path = self.write("input", b"1\n2\n3\n")
        running = self.start("put", self.stream, path, "--rate", "0.01")
        self.emulator.accepted(self.stream, 1)
        ended = self.end(running, INTERRUPTED)
        self.assertTrue(ended.out.startswith(b"1 records "), str(ended))

    def test_in_the_middle_of_much(self):
        self.create(2)
        path = self.write("input", b"".join(b"line %d\n" % number for number in range(60_000)))
        receipts = self.folder / "receipts"
        running = self.start("put", self.stream, path, "--receipts", receipts, "--rate", "20000")
        self.emulator.accepted(self.stream, 1)
        self.end(running, INTERRUPTED)
        lines = sorted(json.loads(line)["line"] for line in receipts.read_bytes().splitlines())
        self.assertEqual(list(range(1, len(lines) + 1)), lines)  # what was sent before the signal was finished
        self.assertEqual(len(lines), len(self.emulator.accepted(self.stream, len(lines))))

    def test_while_the_service_does_not_answer(self):
        def behave(peer, connection):
            while request := peer.read_request(connection):
                if b"DescribeStreamSummary" in request:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{}")
                if b"ListShards" in request:
                    denied = b'{"__type":"AccessDeniedException"}'
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(denied), denied))
        peer = self.peer(behave)
        running = self.start("put", self.stream, self.write("input", b"line\n"), env=self.env(peer.url))
        wait_until(lambda: any(b"PutRecords" in request for request in list(peer.seen)), "a call of PutRecords")
        # The first one lets what is under way finish; the next one ends it at once.
        self.assertIn(self.insist(running, signal.SIGINT).code, INTERRUPTED, str(running))


class Streams(SignalTest):
    emulator_options = ("--no-limits", "--stream-delay", "600000")

    def test_while_it_waits_for_a_state(self):
        running = self.start("streams", "create", self.stream, "--shards", "1", "--wait")
        wait_until(lambda: self.stream in self.run_tool("streams", "list").text, "the stream")
        ended = self.end(running, INTERRUPTED)
        self.assertEqual(b"", ended.out)


class TailAndConsume(SignalTest):
    def test_while_reading(self):
        self.create(3)
        self.put([b"line"] * 10)
        for command in ("tail", "consume"):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(command=command, signal=number):
                    running = self.start(*self.words(command, f"{number}.db"), "--from", "trim-horizon")
                    running.wait_for_lines(10)
                    self.end(running, (DONE,), number)

    def test_at_any_moment_of_the_start(self):
        """The signal comes a little later each time, from before the first line of main to the steady state."""
        self.create(2)
        for command in ("tail", "consume"):
            for step in range(12):
                with self.subTest(command=command, step=step):
                    running = self.start(*self.words(command))
                    try:
                        running.process.wait(0.02 * step)
                        self.fail(f"ended by itself: {running}")
                    except subprocess.TimeoutExpired:
                        pass
                    # Before the handler is there, the signal itself ends the process.
                    self.end(running, (DONE, -signal.SIGINT))

    def test_while_a_read_is_under_way(self):
        emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2", "--fault", "operation=GetRecords,latency=600s")
        for command in ("tail", "consume"):
            with self.subTest(command=command):
                running = self.start(*self.words(command), "-vv", env=self.env(emulator.url))
                running.wait_for_stderr(b"lease acquired", 2)
                ended = running.stop(signal.SIGINT, QUICK)
                self.check_end(ended)

    def test_twice_ends_at_once(self):
        emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2", "--fault", "operation=GetRecords,latency=600s")
        running = self.start(*self.words("consume"), "-vv", env=self.env(emulator.url))
        running.wait_for_stderr(b"lease acquired", 2)
        self.assertIn(self.insist(running, signal.SIGTERM).code, (DONE, 128 + signal.SIGTERM), str(running))

    def test_while_the_reader_of_its_output_sleeps(self):
        """The pipe is full and nobody reads: a second signal is enough."""
        self.create(1)
        self.put([b"x" * 10_000] * 50, "--key", "k")
        for command in ("tail", "consume"):
            with self.subTest(command=command):
                reader, writer = socket.socketpair()
                with reader, writer:
                    running = self.start(*self.words(command), "--from", "trim-horizon", stdout=writer)
                    reader.recv(1)
                    running.send(signal.SIGINT)
                    try:
                        running.process.wait(2)  # a first signal may be enough, too
                    except subprocess.TimeoutExpired:
                        running.send(signal.SIGINT)
                        try:
                            running.process.wait(2)
                        except subprocess.TimeoutExpired:
                            reader.shutdown(socket.SHUT_RDWR)  # then at the latest the write fails
                    running.wait(QUICK)


class Emulate(SignalTest):
    emulator_options = None

    def test_idle(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            ended = self.another_emulator().stop(number)
            self.check_end(ended)
            self.assertEqual(1, len(ended.lines))

    def test_at_any_moment_of_the_start(self):
        for step in range(8):
            with self.subTest(step=step):
                running = self.start("emulate", "--listen", "127.0.0.1:0", "--tls")
                try:
                    running.process.wait(0.02 * step)
                except subprocess.TimeoutExpired:
                    pass
                self.end(running, (DONE, -signal.SIGINT))

    def test_with_clients_at_work(self):
        emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2", "--fault", "operation=ListStreams,latency=600s")
        env = self.env(emulator.url, AWS_MAX_ATTEMPTS="1")
        waiting = self.start("streams", "list", "-vv", env=env)
        tail = self.start("tail", self.stream, "-vv", env=env)
        tail.wait_for_stderr(rb"\d+ records, ", 2)
        with socket.create_connection(("127.0.0.1", int(emulator.url.rsplit(":", 1)[1]))) as idle:
            idle.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")  # half a request
            ended = emulator.running.stop(signal.SIGTERM, QUICK)
        self.check_end(ended)
        self.assertEqual(FAILED, waiting.wait().code)
        self.assertEqual(DONE, tail.stop(signal.SIGINT, QUICK).code)

    def test_what_it_acknowledged_is_in_the_log(self):
        emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:2")
        self.put([b"line %d" % number for number in range(500)], env=self.env(emulator.url))
        self.check_end(emulator.stop())
        self.assertEqual(500, len(emulator.accepted(self.stream)))


if __name__ == "__main__":
    unittest.main()
