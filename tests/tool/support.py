"""What the black-box tests of the tool share: running it as a user does, the emulator beside it, and servers that misbehave.

KINESIS_TOOL names the tool; KINESIS_TEST_PATIENCE the seconds a test waits for one event before it fails (60). No test waits that long unless
something is wrong: every wait ends with the event it waits for.
"""

import hashlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ.get("KINESIS_TOOL") or str(ROOT / "build" / "dev" / "bin" / "kinesis")
PATIENCE = float(os.environ.get("KINESIS_TEST_PATIENCE", "60"))

DONE, FAILED, USAGE = 0, 1, 2
MIB = 1024 * 1024
RECORD_KEYS = ["shard", "sequence_number", "sub_sequence_number", "partition_key", "data_base64", "approximate_arrival_ms", "handled_ms", "worker"]
RECEIPT_KEYS = ["line", "shard", "sequence_number", "sub_sequence_number", "attempts"]
LOG_KEYS = ["stream", "shard", "sequence_number", "partition_key", "explicit_hash_key", "data_sha256", "accepted_ms"]

# What a program that crashed, or that a sanitizer caught, leaves on stderr.
CRASH = re.compile(rb"Sanitizer|runtime error:|terminate called|double free or corruption|exception escaped|Segmentation fault|Assertion .* failed|Traceback")


def environment(home, endpoint=None, **more):
    """A clean AWS environment: nothing of the machine's, no files, no metadata service. None removes a variable."""
    env = {name: os.environ[name] for name in ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    env.update(HOME=str(home), LANG="C.UTF-8", AWS_REGION="us-east-1", AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret-of-the-test",
               AWS_EC2_METADATA_DISABLED="true")
    if endpoint:
        env["AWS_ENDPOINT_URL"] = endpoint
    env.update(more)
    return {name: str(value) for name, value in env.items() if value is not None}


class Finished:
    """How a run of the tool ended."""

    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out, self.err = argv, code, out, err

    @property
    def text(self):
        return self.out.decode()

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def error(self):
        return self.err.decode(errors="replace").strip()

    def json(self):
        return json.loads(self.out)

    def json_lines(self):
        """The last line of a killed program may be cut; any other is whole."""
        lines = self.out.split(b"\n")
        if lines.pop() and self.code != -signal.SIGKILL:
            raise AssertionError(f"the last line has no newline: {self}")
        return [json.loads(line) for line in lines]

    def __str__(self):
        return f"{' '.join(map(str, self.argv))}\n  exit code {self.code}\n  stdout {self.out[-2000:]!r}\n  stderr {self.err[-4000:]!r}"


class Running:
    """A started program whose lines are read as they come. Waits end with the event, with the end of the program, or with a failure."""

    def __init__(self, argv, env, cwd=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        self.argv = [str(word) for word in argv]
        self.out, self.err = [], []  # lines, with their newline
        self._changed = threading.Condition()
        self._stopped = False
        self.process = subprocess.Popen(self.argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
        self._readers = []
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            if stream is not None:
                reader = threading.Thread(target=self._read, args=(stream, lines), daemon=True)
                reader.start()
                self._readers.append(reader)

    def _read(self, stream, lines):
        for line in iter(stream.readline, b""):
            with self._changed:
                lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
        stream.close()

    def wait_until(self, condition, what, patience=None):
        """`condition(self)` is looked at whenever a line comes."""
        deadline = time.monotonic() + (patience or PATIENCE)
        with self._changed:
            while not condition(self):
                ended = all(not reader.is_alive() for reader in self._readers)
                left = deadline - time.monotonic()
                if left <= 0 or ended:
                    raise AssertionError(f"{'ended' if ended else 'waited'} without {what}: {self}")
                self._changed.wait(min(left, 0.2))  # the readers end without a word

    def wait_for_lines(self, count, patience=None):
        self.wait_until(lambda running: len(running.out) >= count, f"{count} lines on stdout", patience)

    def wait_for_stderr(self, pattern, count=1, patience=None):
        seen = re.compile(pattern)
        self.wait_until(lambda running: sum(1 for line in running.err if seen.search(line)) >= count, f"{pattern!r} on stderr", patience)

    def json_lines(self):
        return [json.loads(line) for line in list(self.out) if line.endswith(b"\n")]

    @property
    def alive(self):
        return self.process.poll() is None

    def send(self, signal_number):
        if self.alive:
            self.process.send_signal(signal_number)

    def wait(self, patience=None):
        """The end of the program by itself."""
        try:
            self.process.wait(patience or PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"hangs: {self}") from None
        for reader in self._readers:
            reader.join(PATIENCE)
        return Finished(self.argv, self.process.returncode, b"".join(self.out), b"".join(self.err))

    def stop(self, signal_number=signal.SIGTERM, patience=None):
        self.send(signal_number)
        return self.wait(patience)

    def kill(self):
        if self.alive:
            self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        for reader in self._readers:
            reader.join(PATIENCE)
        if self.process.stdin is not None:
            try:
                self.process.stdin.close()
            except OSError:
                pass

    def __str__(self):
        return str(Finished(self.argv, self.process.poll(), b"".join(self.out), b"".join(self.err)))


class Emulator:
    """`kinesis emulate` on a free port, with a log of the records it accepted."""

    READY = re.compile(rb"^kinesis emulator ready at (https?://\S+)$")

    def __init__(self, folder, *options, listen="127.0.0.1:0"):
        self.folder = pathlib.Path(folder)
        self.log_path = self.folder / "accepted.jsonl"
        argv = [TOOL, "emulate", "--listen", listen, "--record-log", self.log_path, *options]
        self.running = Running(argv, environment(self.folder), cwd=self.folder)
        try:
            self.running.wait_for_lines(1)
            ready = self.READY.match(self.running.out[0])
            if not ready:
                raise AssertionError(f"no ready line: {self.running}")
        except BaseException:
            self.running.close()
            raise
        self.url = ready[1].decode()

    def accepted(self, stream=None, count=None):
        """The records it accepted, in the order of acceptance; waits for `count` of them, as the log is written a moment behind the answers."""
        def read():
            lines = self.log_path.read_bytes().split(b"\n")[:-1]
            records = [json.loads(line) for line in lines]
            return [record for record in records if stream is None or record["stream"] == stream]
        if count is not None:
            wait_until(lambda: len(read()) >= count, f"{count} records in the record log")
        return read()

    def stop(self, signal_number=signal.SIGTERM):
        return self.running.stop(signal_number)


def read_terminal(master, show=lambda more: None):
    """All that was written to the other end of a pseudo terminal, once nobody has that open any more. `show` gets it as it comes."""
    shown = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:  # the other end is closed and all is read
            more = b""
        if not more:
            return shown
        shown += more
        show(more)


def wait_until(condition, what, patience=None):
    """For what has no event, such as a row in another program's file. Returns the first true value of `condition()`."""
    deadline = time.monotonic() + (patience or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """A TCP server on loopback that does to each connection what `behave(connection)` says. Keeps what it read in `seen`."""

    def __init__(self, behave):
        self.behave = behave
        self.seen = []
        self.connected = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections = []
        self._lock = threading.Lock()
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            self.connected.set()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.behave(self, connection)
        except OSError:
            pass  # the tool went away, which is what is tested

    def read_request(self, connection):
        """The head and body of one HTTP/1.1 request."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                break
            data += more
        length = re.search(rb"(?i)content-length: *(\d+)", data)
        while length and len(data.split(b"\r\n\r\n", 1)[1]) < int(length[1]):
            more = connection.recv(65536)
            if not more:
                break
            data += more
        self.seen.append(data)
        return data

    def close(self):
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                connection.close()


class ToolTest(unittest.TestCase):
    """One emulator for all tests of a class, started with `emulator_options`; each test takes a stream of its own."""

    emulator_options = ("--no-limits",)
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not os.access(TOOL, os.X_OK):
            raise AssertionError(f"no tool at {TOOL}; build it, or name it in KINESIS_TOOL")
        cls._class_folder = tempfile.TemporaryDirectory(prefix="kinesis-test-")
        cls.emulator = None
        if cls.emulator_options is not None:
            cls.emulator = Emulator(cls._class_folder.name, *cls.emulator_options)

    @classmethod
    def tearDownClass(cls):
        try:
            if cls.emulator is not None:
                ended = cls.emulator.stop()
                if ended.code != DONE or CRASH.search(ended.err):
                    raise AssertionError(f"the emulator did not end well: {ended}")
        finally:
            if cls.emulator is not None:
                cls.emulator.running.close()
            cls._class_folder.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kinesis-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.stream = re.sub(r"[^A-Za-z0-9_.-]", "-", self.id().split(".")[-1])[:100]

    # Running the tool.

    def env(self, endpoint=None, **more):
        if endpoint is None and self.emulator is not None:
            endpoint = self.emulator.url
        return environment(self.folder, endpoint, **more)

    def start(self, *words, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, before=()):
        """Starts the tool. `before`: a command in front of it, such as unshare."""
        running = Running([*before, TOOL, *words], env if env is not None else self.env(), cwd=self.folder, stdin=stdin, stdout=stdout)
        self.addCleanup(running.close)
        return running

    def run_tool(self, *words, code=DONE, input=b"", env=None, patience=None, before=()):
        """Runs the tool to its end and checks how it ended: the exit code, no crash, and nothing on stderr where all went well."""
        argv = [*map(str, before), TOOL, *map(str, words)]
        process = subprocess.Popen(argv, env=env if env is not None else self.env(), cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(input, patience or PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"hangs: {Finished(argv, None, out, err)}")
        ended = Finished(argv, process.returncode, out, err)
        self.check_end(ended, code)
        return ended

    def check_end(self, ended, code=DONE):
        self.assertIsNone(CRASH.search(ended.err), f"a crash: {ended}")
        self.assertEqual(code, ended.code, f"another exit code: {ended}")
        if code == DONE and "-vv" not in ended.argv:
            self.assertEqual(b"", ended.err, f"nothing is wrong, and yet: {ended}")

    def assert_one_error(self, ended, *words, command=None, code=FAILED):
        """One line on stderr, "kinesis COMMAND: …", with each of `words` (patterns) in it; and the exit code."""
        self.check_end(ended, code)
        self.assertRegex(ended.err, rb"^[^\n]+\n$", f"not one line on stderr: {ended}")
        self.assertNotRegex(ended.err, rb"[\x00-\x09\x0b-\x1f]", f"control bytes on stderr: {ended}")
        command = command or ended.argv[ended.argv.index(TOOL) + 1]
        self.assertTrue(ended.error.startswith(f"kinesis {command}: "), f"does not begin with the command: {ended}")
        self.assertLessEqual(len(ended.error), 1200, f"too long a line: {ended}")
        for word in words:
            self.assertRegex(ended.error, re.compile(word, re.IGNORECASE), f"does not say {word!r}: {ended}")

    def fails(self, *words, says=(), code=FAILED, command=None, **more):
        """Runs the tool, which must fail with one clear line."""
        ended = self.run_tool(*words, code=code, **more)
        self.assert_one_error(ended, *([says] if isinstance(says, str) else says), command=command, code=code)
        return ended

    # What most tests need.

    def create(self, shards, stream=None):
        self.run_tool("streams", "create", stream or self.stream, "--shards", shards, "--wait")

    def describe(self, stream=None):
        return self.run_tool("streams", "describe", stream or self.stream, "--output", "json").json()

    def put(self, data, *options, stream=None, **more):
        """Puts lines; `data` is bytes, or a list of lines."""
        if not isinstance(data, bytes):
            data = b"".join(line + b"\n" for line in data)
        return self.run_tool("put", stream or self.stream, *options, input=data, **more)

    def tail_all(self, *options, stream=None):
        """Everything the stream holds, as dictionaries."""
        return self.run_tool("tail", stream or self.stream, "--from", "trim-horizon", "--until-caught-up", "--output", "json", *options).json_lines()

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def peer(self, behave):
        peer = Peer(behave)
        self.addCleanup(peer.close)
        return peer

    def another_emulator(self, *options, **more):
        folder = tempfile.mkdtemp(prefix="emulator-", dir=self.folder)
        emulator = Emulator(folder, *options, **more)
        self.addCleanup(emulator.running.close)
        return emulator
