#!/usr/bin/env python3
"""What users and the world get wrong: one clear line on stderr, the right exit code, nothing lost, no hang, no crash."""

import os
import socket
import sqlite3
import subprocess
import unittest

from support import FAILED, MIB, TOOL, USAGE, ToolTest, free_port, sha256, wait_until


class BadInput(ToolTest):
    """Everything below runs with one try a call, so that failures come at once."""

    def env(self, endpoint=None, **more):
        return super().env(endpoint, **{"AWS_MAX_ATTEMPTS": "1", **more})

    def commands(self):
        """Every command that talks to a service, as a user might call it."""
        return {"streams": ("streams", "list"), "put": ("put", self.stream), "tail": ("tail", self.stream),
                "consume": ("consume", self.stream, "--application", "a", "--leases", f"sqlite:{self.folder / 'leases.db'}")}

    def each_fails(self, says, env=None, code=FAILED, commands=None, options=()):
        for command, words in (commands or self.commands()).items():
            with self.subTest(command=command):
                self.fails(*words, *options, says=says, env=env, code=code, input=b"line\n")


class Service(BadInput):
    def test_unknown_stream(self):
        commands = self.commands()
        commands["streams"] = ("streams", "describe", self.stream)
        self.each_fails(("not_found", self.stream, "ResourceNotFoundException"), commands=commands)

    def test_unknown_stream_leaves_receipts_of_another_alone(self):
        receipts = self.write("receipts", b"of another stream\n")
        self.fails("put", self.stream, "--receipts", receipts, says="not_found", input=b"line\n")
        self.assertEqual(b"of another stream\n", receipts.read_bytes())

    def test_no_credentials(self):
        env = self.env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
        self.each_fails(("no_credentials", "environment|AWS_ACCESS_KEY_ID", "profile|credentials"), env=env)

    def test_half_of_the_credentials(self):
        env = self.env(AWS_SECRET_ACCESS_KEY=None)
        self.each_fails("AWS_SECRET_ACCESS_KEY|no_credentials", env=env)

    def test_expired_credentials(self):
        emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault", "action=expired-token")
        self.each_fails(("expired_credentials", "ExpiredTokenException"), env=self.env(emulator.url, AWS_SESSION_TOKEN="token"))

    def test_wrong_secret(self):
        emulator = self.another_emulator("--streams", f"{self.stream}:1", "--credentials", "AKIDEXAMPLE:another-secret")
        self.each_fails(("access_denied", "InvalidSignatureException|SignatureDoesNotMatch", "signature"), env=self.env(emulator.url))

    def test_unknown_key(self):
        emulator = self.another_emulator("--streams", f"{self.stream}:1", "--credentials", "AKIDOTHER:secret-of-the-test")
        self.each_fails(("access_denied", "UnrecognizedClientException|InvalidClientTokenId"), env=self.env(emulator.url))

    def test_right_key(self):
        emulator = self.another_emulator("--streams", f"{self.stream}:1", "--credentials", "AKIDEXAMPLE:secret-of-the-test")
        env = self.env(emulator.url)
        self.put([b"signed"], env=env)
        self.assertEqual(b"signed\n", self.run_tool("tail", self.stream, "--from", "trim-horizon", "--count", "1", env=env).out)

    def test_a_service_that_only_fails(self):
        emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault", "action=error,status=500")
        self.fails("streams", "list", says=("service", "HTTP 500"), env=self.env(emulator.url))

    def test_a_stream_deleted_while_it_is_put_to(self):
        self.create(1)
        running = self.start("put", self.stream, stdin=subprocess.PIPE)
        running.process.stdin.write(b"stored\n")
        running.process.stdin.flush()
        self.emulator.accepted(self.stream, 1)
        self.run_tool("streams", "delete", self.stream, "--wait")
        running.process.stdin.write(b"lost\n")
        running.process.stdin.close()
        ended = running.wait()
        self.assert_one_error(ended, "not_found", "line 2")
        self.assertTrue(ended.out.startswith(b"1 records "))


class Endpoint(BadInput):
    emulator_options = None

    def test_refused_connection(self):
        port = free_port()
        self.each_fails(("connection", f"127.0.0.1:{port}", "refused"), env=self.env(f"http://127.0.0.1:{port}"))

    def test_unknown_host(self):
        self.fails("streams", "list", says=("connection", "no-such-host.invalid"), env=self.env("http://no-such-host.invalid:4567"))

    def test_an_endpoint_that_is_no_url(self):
        for endpoint in ("127.0.0.1:4567", "nonsense", "ftp://127.0.0.1:4567", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:port"):
            with self.subTest(endpoint=endpoint):
                self.fails("streams", "list", "--endpoint-url", endpoint, says=("endpoint|URL", "http"), code=USAGE)

    def test_a_bad_setting(self):
        self.fails("streams", "list", says="AWS_MAX_ATTEMPTS", env=self.env("http://127.0.0.1:1", AWS_MAX_ATTEMPTS="many"), code=USAGE)

    def test_tls_to_a_plain_server(self):
        emulator = self.another_emulator()
        self.fails("streams", "list", says=("tls", "http://|plain|TLS"), env=self.env(emulator.url.replace("http:", "https:")))

    def test_plain_to_a_port_that_speaks_another_protocol(self):
        greeting = self.peer(lambda peer, connection: (connection.sendall(b"220 mail.example ESMTP ready\r\n"), connection.recv(65536), connection.close()))
        self.fails("streams", "list", says=("protocol|connection", "HTTP"), env=self.env(greeting.url))


class Certificates(BadInput):
    emulator_options = ("--tls", "--ca-out", "ca.pem", "--no-limits")

    def authority(self):
        return self.emulator.folder / "ca.pem"

    def test_unknown_authority(self):
        self.assertTrue(self.emulator.url.startswith("https://127.0.0.1:"))
        self.each_fails(("tls", "certificate", "--ca-bundle|AWS_CA_BUNDLE"))

    def test_known_authority(self):
        authority = self.authority()
        self.run_tool("streams", "list", "--ca-bundle", authority)
        self.run_tool("streams", "list", env=self.env(AWS_CA_BUNDLE=authority))
        self.run_tool("streams", "list", "--no-verify-ssl")

    def test_everything_over_tls(self):
        options = ("--ca-bundle", self.authority())
        self.run_tool("streams", "create", self.stream, "--shards", "2", "--wait", *options)
        lines = [b"%d" % number for number in range(300)]
        self.put(lines, *options)
        ended = self.run_tool("tail", self.stream, "--from", "trim-horizon", "--until-caught-up", *options)
        self.assertEqual(sorted(lines), sorted(ended.lines))

    def test_plain_on_the_same_port(self):
        self.run_tool("streams", "list", env=self.env(self.emulator.url.replace("https:", "http:")))

    def test_bundles_that_are_none(self):
        for name, content in (("absent.pem", None), ("empty.pem", b""), ("garbage.pem", b"not a certificate\n")):
            with self.subTest(bundle=name):
                path = self.folder / name if content is None else self.write(name, content)
                ended = self.run_tool("streams", "list", "--ca-bundle", path, code=FAILED)
                self.assert_one_error(ended, name)


class Files(BadInput):
    """A line that cannot be sent is a failure (1), not wrong usage (2): the command was right. What came before it is sent."""

    def test_unreadable_file(self):
        self.create(1)
        self.fails("put", self.stream, "absent.txt", says=("absent.txt", "No such file"))
        self.fails("put", self.stream, self.folder, says=("directory", str(self.folder)))
        if os.geteuid() != 0:
            path = self.write("secret.txt", b"line\n")
            path.chmod(0)
            self.fails("put", self.stream, path, says=("secret.txt", "Permission denied"))

    def test_a_file_that_breaks_while_it_is_read(self):
        self.create(1)
        self.fails("put", self.stream, "/proc/self/mem", says=("/proc/self/mem", "Input/output error"))

    def test_invalid_json_with_key_field(self):
        self.create(1)
        path = self.write("input.jsonl", b'{"origin":"a"}\n{"origin":\n{"origin":"c"}\n')
        ended = self.fails("put", self.stream, path, "--key-field", "origin", says=("input.jsonl, line 2", "JSON"))
        self.assertRegex(ended.text, "^1 records ")
        self.assertEqual(1, len(self.emulator.accepted(self.stream, 1)))

    def test_json_that_is_no_object(self):
        self.create(1)
        for line in (b"17", b'"text"', b"[1]", b"null", b"", b"\xff\xfe", b'{"origin":"\xff"}', b'{"origin":"a"} {"origin":"b"}', b"[" * 5000):
            with self.subTest(line=line[:20]):
                self.fails("put", self.stream, "--key-field", "origin", says=("line 1", "JSON"), input=line + b"\n")
        self.assertEqual([], self.emulator.accepted(self.stream))

    def test_missing_field(self):
        self.create(1)
        for line in (b'{"destination":"b"}', b'{"origin":null}', b"{}"):
            with self.subTest(line=line):
                self.fails("put", self.stream, "--key-field", "origin", says=("standard input, line 2", "origin"),
                           input=b'{"origin":"a"}\n' + line + b"\n")

    def test_keys_the_service_does_not_take(self):
        self.create(1)
        self.fails("put", self.stream, "--key-field", "origin", says="line 1", input=b'{"origin":""}\n')
        self.fails("put", self.stream, "--key-field", "origin", says=("line 1", "256"), input=b'{"origin":"%s"}\n' % (b"x" * 257))
        self.put([b'{"origin":"%s"}' % ("é" * 256).encode()], "--key-field", "origin")

    def test_missing_column(self):
        self.create(1)
        self.fails("put", self.stream, "--key-column", "2", says=("line 2", "column 2"), input=b"a\tb\na\n")
        self.fails("put", self.stream, "--key-column", "2", says=("line 1", "column 2", "empty"), input=b"a\t\n")

    def test_binary_keys(self):
        self.create(1)
        self.fails("put", self.stream, "--key-column", "1", says=("line 1", "UTF-8"), input=b"\xff\xfe\tdata\n")

    def test_a_line_over_the_limit_does_not_take_the_others_along(self):
        self.create(1)
        lines = [b"%d" % number for number in range(100)]
        path = self.write("input", b"\n".join(lines) + b"\n" + b"x" * (2 * MIB) + b"\n")
        ended = self.run_tool("put", self.stream, path, "--key", "k", code=FAILED)
        self.assert_one_error(ended, "line 101")
        self.assertEqual(sorted(map(sha256, lines)), sorted(record["data_sha256"] for record in self.emulator.accepted(self.stream, 100)))

    def test_a_line_without_end(self):
        """Not read into memory whole, of course."""
        self.create(1)
        self.fails("put", self.stream, "/dev/zero", says=("/dev/zero, line 1", str(10 * MIB)))

    def test_output_files_that_cannot_be_opened(self):
        self.create(1)
        for words in (("put", self.stream, "--receipts", "no/such/folder"),
                      ("consume", self.stream, "--application", "a", "--leases", "memory", "--records", "no/such/folder"),
                      ("consume", self.stream, "--application", "a", "--leases", "sqlite:no/such/folder")):
            with self.subTest(words=words):
                self.fails(*words, says=("no/such/folder", "No such file|unable to open"))

    def test_full_output_files(self):
        self.create(1)
        self.put([b"x" * 1000] * 100)
        full = "No space left on device"
        self.fails("put", self.stream, "--receipts", "/dev/full", says=("/dev/full", full), input=b"line\n")
        self.assertEqual(101, len(self.emulator.accepted(self.stream, 101)))
        leases = self.folder / "leases.db"
        self.fails("consume", self.stream, "--application", "a", "--leases", f"sqlite:{leases}", "--records", "/dev/full", says=("/dev/full", full))
        # Nothing was kept, so nothing is checkpointed: the next worker gets all of it.
        worker = self.start("consume", self.stream, "--application", "a", "--leases", f"sqlite:{leases}", "--records", "-")
        worker.wait_for_lines(101)
        self.check_end(worker.stop())

    def test_full_standard_output(self):
        self.create(1)
        self.put([b"x" * 1000] * 100)
        for words in (("streams", "list"), ("streams", "describe", self.stream), ("tail", self.stream, "--from", "trim-horizon"), ("completion",), ("put", self.stream),
                      ("consume", self.stream, "--application", "a", "--leases", "memory")):
            with self.subTest(words=words), open("/dev/full", "wb") as full:
                ended = self.start(*words, stdout=full).wait()
                self.assert_one_error(ended, "standard output", "No space left on device", command=words[0])


class BrokenPipe(BadInput):
    def broken(self, *words):
        """The tool with a standard output whose reader is gone."""
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return self.start(*words, stdout=writer)
        finally:
            os.close(writer)

    def test_streams_list_and_help(self):
        self.create(1)
        for words in (("streams", "list"), ("streams", "describe", self.stream), ("completion",)):
            with self.subTest(words=words):
                self.assert_one_error(self.broken(*words).wait(), "standard output", "Broken pipe", command=words[0])

    def test_tail(self):
        self.create(2)
        self.put([b"line %d" % number for number in range(100)])
        self.assert_one_error(self.broken("tail", self.stream, "--from", "trim-horizon").wait(), "standard output", "Broken pipe")

    def test_tail_into_head(self):
        self.create(1)
        self.put([b"%d" % number for number in range(10)], "--key", "k")
        code = f'"{TOOL}" tail {self.stream} --from trim-horizon | head -3; echo "${{PIPESTATUS[0]}}"'
        with subprocess.Popen(["bash", "-c", code], env=self.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shell:
            self.assertTrue(all(shell.stdout.readline() for _ in range(3)))
            self.put([b"more"])  # the write that fails
            out, err = shell.communicate(timeout=60)
        self.assertEqual(b"1\n", out)
        self.assertRegex(err, rb"^kinesis tail: [^\n]*Broken pipe[^\n]*\n$")

    def test_consume_does_not_checkpoint_what_nobody_read(self):
        self.create(2)
        self.put([b"line %d" % number for number in range(100)])
        words = ("consume", self.stream, "--application", "a", "--leases", f"sqlite:{self.folder / 'leases.db'}")
        self.assert_one_error(self.broken(*words).wait(), "standard output", "Broken pipe")
        worker = self.start(*words, "--records", "-")
        worker.wait_for_lines(100)
        self.assertEqual(100, len(self.checked(worker.stop()).lines))

    def checked(self, ended):
        self.check_end(ended)
        return ended


class LeaseFiles(BadInput):
    def consume(self, leases, **more):
        return self.fails("consume", self.stream, "--application", "a", "--leases", f"sqlite:{leases}", **more)

    def test_not_a_database(self):
        self.create(1)
        path = self.write("notes.txt", b"these are notes\n" * 100)
        self.consume(path, says=("storage", "notes.txt", "not a SQLite database", "another file"))
        self.assertEqual(b"these are notes\n" * 100, path.read_bytes())

    def test_of_another_application(self):
        self.create(1)
        path = self.folder / "customers.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE customers (name TEXT)")
            database.execute("INSERT INTO customers VALUES ('Ada')")
        before = path.read_bytes()
        self.consume(path, says=("storage", "customers.db", "another application", "another file"))
        self.assertEqual(before, path.read_bytes())

    def test_a_directory(self):
        self.create(1)
        self.consume(self.folder, says=("storage", "unable to open|directory"))

    def test_a_damaged_file(self):
        self.create(1)
        path = self.folder / "leases.db"
        worker = self.start("consume", self.stream, "--application", "a", "--leases", f"sqlite:{path}")
        wait_until(path.exists, "the lease file")
        self.check_end(worker.stop())
        content = bytearray(path.read_bytes())
        content[100:] = os.urandom(len(content) - 100)
        path.write_bytes(content)
        self.consume(path, says=("storage", "malformed|not a database|disk image"))

    def test_a_read_only_folder(self):
        self.create(1)
        self.consume("/proc/leases.db", says=("storage", "/proc/leases.db"))


class FullDisk(BadInput):
    """The lease file is on a disk without room: a tiny file system of its own, in a mount namespace that ends with the tool."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()

    def on_disk(self, size):
        flags = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        before = ["unshare", *flags, "--mount", "sh", "-c", f'mount -t tmpfs -o size={size} none "{self.disk}" && exec "$@"', "sh"]
        probe = subprocess.run([*before, "true"], capture_output=True, timeout=60)
        if probe.returncode != 0:
            print(f"\nSKIPPED {self.id()}: no mount namespaces here: {probe.stderr.decode().strip()}", flush=True)
            self.skipTest("no mount namespaces")
        return before

    def words(self):
        return ("consume", self.stream, "--application", "a", "--leases", f"sqlite:{self.disk / 'leases.db'}", "--records", "-", "--poll-interval", "100")

    def test_full_from_the_start(self):
        self.create(1)
        self.fails(*self.words(), says=("storage", "full|No space left"), before=self.on_disk("8k"))

    def test_full_under_the_record_log(self):
        """A proof with a hole must not look like one: said at once, and the emulator does not end well."""
        log = self.disk / "accepted.jsonl"
        emulator = self.start("emulate", "--listen", "127.0.0.1:0", "--no-limits", "--streams", f"{self.stream}:1", "--record-log", log,
                              before=self.on_disk("8k"))
        emulator.wait_for_lines(1)
        url = emulator.out[0].decode().split()[-1]
        self.put([b"line %d" % number for number in range(100)], env=self.env(url))
        emulator.wait_for_stderr(b"record log")
        ended = emulator.stop()
        self.check_end(ended, FAILED)
        self.assertRegex(ended.error, "(?m)^kinesis emulate: storage: .*No space left")

    def test_full_while_working_and_then_not(self):
        self.create(2)
        worker = self.start(*self.words(), before=self.on_disk("1m"))
        self.put([b"first %d" % number for number in range(20)])
        worker.wait_for_lines(20)
        ballast = f"/proc/{worker.process.pid}/root{self.disk}/ballast"
        try:
            with open(ballast, "wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 4096)
        except OSError:
            pass  # full now
        self.put([b"second %d" % number for number in range(20)])
        worker.wait_for_lines(40)
        os.unlink(ballast)
        self.put([b"third %d" % number for number in range(20)])
        worker.wait_for_lines(60)
        ended = worker.stop()
        self.check_end(ended)
        accepted = {(record["shard"], record["sequence_number"]) for record in self.emulator.accepted(self.stream, 60)}
        self.assertEqual(accepted, {(row["shard"], row["sequence_number"]) for row in ended.json_lines()})

    def test_limited_file_size(self):
        self.create(1)
        # SIGXFSZ is ignored, as services often have it; writes then fail with EFBIG.
        limit = ["python3", "-c", "import os,resource,signal,sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
                 "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); os.execvp(sys.argv[1], sys.argv[1:])"]
        self.fails(*self.words(), says="storage", before=limit)


class Emulate(BadInput):
    emulator_options = ("--no-limits", "--streams", "taken:1")

    def test_port_in_use(self):
        port = self.emulator.url.rsplit(":", 1)[1]
        self.fails("emulate", "--listen", f"127.0.0.1:{port}", says=("connection", f"127.0.0.1:{port}", "in use"))

    def test_address_of_another_machine(self):
        self.fails("emulate", "--listen", "192.0.2.1:4567", says=("192.0.2.1", "assign"))

    def test_files_that_cannot_be_written(self):
        self.fails("emulate", "--listen", "127.0.0.1:0", "--record-log", "no/such/folder", says=("no/such/folder", "No such file"))
        self.fails("emulate", "--listen", "127.0.0.1:0", "--tls", "--ca-out", "no/such/folder", says=("no/such/folder", "No such file"))

    def test_a_stream_twice(self):
        self.fails("emulate", "--listen", "127.0.0.1:0", "--streams", "a:1,a:2", says=("already_exists", "a"))

    def test_a_bad_stream_name(self):
        self.fails("emulate", "--listen", "127.0.0.1:0", "--streams", "two words:1", says="two words")

    def test_nonsense_from_clients_leaves_it_serving(self):
        host, port = self.emulator.url.removeprefix("http://").split(":")
        for sent in (b"\0" * 200, b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
                     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf", b"\x16\x03\x01" + b"\xff" * 60, b"G" * 100_000):
            with socket.create_connection((host, int(port)), 10) as connection:
                try:
                    connection.sendall(sent)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    pass
        self.assertIn("taken", self.run_tool("streams", "list").text)


if __name__ == "__main__":
    unittest.main()
