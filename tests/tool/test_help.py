#!/usr/bin/env python3
"""Help, wrong usage, the version, and completion in bash."""

import pathlib
import re
import subprocess
import unittest

from support import ROOT, TOOL, USAGE, ToolTest

COMMANDS = {
    "": "kinesis demo",
    "put": "kinesis put ",
    "tail": "kinesis tail ",
    "consume": "kinesis consume ",
    "streams": "kinesis streams ",
    "streams list": "kinesis streams list",
    "streams describe": "kinesis streams describe ",
    "streams create": "kinesis streams create ",
    "streams delete": "kinesis streams delete ",
    "streams split": "kinesis streams split ",
    "streams merge": "kinesis streams merge ",
    "streams resize": "kinesis streams resize ",
    "streams consumers": "kinesis streams consumers ",
    "streams register": "kinesis streams register ",
    "streams deregister": "kinesis streams deregister ",
    "leases": "kinesis leases list",
    "leases list": "kinesis leases list ",
    "leases release": "kinesis leases release ",
    "leases delete": "kinesis leases delete ",
    "leases reset": "kinesis leases reset ",
    "leases set-checkpoint": "kinesis leases set-checkpoint ",
    "doctor": "kinesis doctor ",
    "emulate": "kinesis emulate ",
    "demo": "kinesis demo",
    "bench": "kinesis bench produce ",
    "bench produce": "kinesis bench produce ",
    "bench consume": "kinesis bench consume ",
    "completion": "source <(kinesis completion)",
}
OPTION = re.compile(r"^ +(?:-\w,)?(--[a-z][a-z-]*)", re.MULTILINE)


class HelpTest(ToolTest):
    emulator_options = None
    texts = {}

    def help_of(self, command):
        if command not in self.texts:
            self.texts[command] = self.run_tool(*command.split(), "--help").text
        return self.texts[command]


class Help(HelpTest):

    def test_every_command_explains_itself_with_examples(self):
        for command, example in COMMANDS.items():
            with self.subTest(command=command):
                text = self.help_of(command)
                self.assertIn("Usage:", text)
                examples = text.split("Examples:")
                self.assertEqual(2, len(examples), text)
                self.assertIn(f"  {example}", examples[1])

    def test_examples_use_options_that_exist(self):
        for command in COMMANDS:
            text = self.help_of(command)
            for line in re.findall(r"^  (kinesis .*)$", text.split("Examples:")[1], re.MULTILINE):
                with self.subTest(example=line):
                    words = line.split()
                    used = [word for word in words if word.startswith("--") and word != "--help"]
                    target = [word for word in words[1:3] if " ".join(words[1:words.index(word) + 1]) in COMMANDS]
                    known = OPTION.findall(self.help_of(" ".join(target)))
                    self.assertLessEqual(set(used), set(known))

    def test_every_option_of_a_connection_is_there(self):
        connection = {"--region", "--profile", "--endpoint-url", "--no-verify-ssl", "--ca-bundle", "--output", "--json-wire", "--verbose"}
        for command in COMMANDS:
            if command.split()[:1] in (["put"], ["tail"], ["consume"], ["doctor"]) or " " in command:
                with self.subTest(command=command):
                    self.assertLessEqual(connection, set(OPTION.findall(self.help_of(command))))

    def test_short_help_is_the_same(self):
        self.assertEqual(self.help_of("put"), self.run_tool("put", "-h").text)

    def test_version(self):
        version = re.search(r"project\(kinesis VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(f"kinesis {version}\n", self.run_tool("--version").text)

    def test_help_needs_neither_region_nor_credentials(self):
        env = {"PATH": "/usr/bin:/bin"}
        self.assertIn("Examples:", self.run_tool("tail", "--help", env=env).text)


class WrongUsage(ToolTest):
    emulator_options = None

    def assert_usage(self, *words, says=()):
        self.assert_one_usage(self.run_tool(*words, code=USAGE), says)

    def assert_one_usage(self, ended, says):
        self.assertEqual(b"", ended.out, str(ended))
        self.assertRegex(ended.err, rb"^kinesis[^\n]*: [^\n]+\n$", str(ended))
        for word in [says] if isinstance(says, str) else says:
            self.assertIn(word, ended.error, str(ended))

    def test_of_the_command_line(self):
        for words, says in {
            (): "--help",
            ("nonsense",): ("nonsense", "--help"),
            ("--nonsense",): ("--nonsense", "--help"),
            ("put",): ("STREAM", "kinesis put --help"),
            ("put", "s", "a", "b"): ("b", "kinesis put --help"),
            ("put", "s", "--rate", "0"): "--rate",
            ("put", "s", "--rate", "fast"): "--rate",
            ("put", "s", "--rate", "-1"): "--rate",
            ("put", "s", "--key-column", "0"): "--key-column",
            ("put", "s", "--key", "a", "--key-column", "1"): "--help",
            ("put", "s", "--key", "a", "--key-field", "b"): "--help",
            ("put", "s", "--output", "xml"): ("--output", "xml"),
            ("put", "s", "--region"): "--region",
            ("tail",): "STREAM",
            ("tail", "s", "--count", "0"): "--count",
            ("tail", "s", "--count", "many"): "--count",
            ("consume", "s"): ("--application", "kinesis consume --help"),
            ("consume", "s", "--application", "a", "--poll-interval", "-5"): "--poll-interval",
            ("leases",): "kinesis leases --help",
            ("leases", "list", "--watch", "-1"): "--watch",
            ("leases", "reset", "--all", "--application", "a"): "--to",
            ("leases", "reset", "--all", "--application", "a", "--to", "now"): ("now", "trim-horizon"),
            ("leases", "set-checkpoint", "shardId-000000000000", "--application", "a"): "POSITION",
            ("bench", "consume", "s", "--records", "0"): "--records",
            ("doctor",): "STREAM",
            ("doctor", "s", "--watch", "long"): "--watch",
            ("streams",): "kinesis streams --help",
            ("streams", "shrink"): "kinesis streams --help",
            ("streams", "create"): ("STREAM", "kinesis streams create --help"),
            ("streams", "create", "s", "--shards", "0"): "--shards",
            ("streams", "create", "s", "--shards", "none"): "--shards",
            ("streams", "split", "s"): "SHARD",
            ("streams", "merge", "s", "shardId-000000000000"): "OTHER",
            ("streams", "resize", "s"): "SHARDS",
            ("streams", "resize", "s", "0"): "SHARDS",
            ("emulate", "--threads", "0"): "--threads",
            ("emulate", "--stream-delay", "-1"): "--stream-delay",
            ("emulate", "--subscription-lifetime", "0"): "--subscription-lifetime",
            ("demo", "--rate", "0"): "--rate",
            ("completion", "zsh"): "kinesis completion --help",
        }.items():
            with self.subTest(words=words):
                self.assert_usage(*words, says=says)

    def test_of_values_the_commands_check(self):
        for words, says in {
            ("tail", "s", "--from", "yesterday"): ("yesterday", "trim-horizon"),
            ("tail", "s", "--from", "2026-13-45T00:00:00Z"): "2026-13-45T00:00:00Z",
            ("tail", "s", "--from", "shardId-000000000000=x"): "SHARD=SEQUENCE_NUMBER",
            ("tail", "s", "--from", "shardId-000000000000=1,shardId-000000000000=2"): "SHARD=SEQUENCE_NUMBER",
            ("consume", "s", "--application", "a", "--leases", "memory", "--from", "now"): ("now", "trim-horizon"),
            ("consume", "s", "--application", "a", "--leases", "redis:x"): ("redis:x", "sqlite:FILE"),
            ("consume", "s", "--application", "a", "--leases", "sqlite:"): "sqlite:FILE",
            ("consume", "s", "--application", "", "--leases", "memory"): "application",
            ("tail", "no such name"): "no such name",
            ("emulate", "--listen", "nowhere"): "nowhere",
            ("emulate", "--listen", "127.0.0.1:99999"): "99999",
            ("emulate", "--memory", "lots"): ("lots", "64MiB"),
            ("emulate", "--memory", "-1"): "-1",
            ("emulate", "--streams", "orders"): ("orders", "NAME:SHARDS"),
            ("emulate", "--streams", "orders:0"): ("orders:0", "NAME:SHARDS"),
            ("emulate", "--streams", "orders:4x"): ("orders:4x", "NAME:SHARDS"),
            ("emulate", "--fault", "nonsense"): "nonsense",
            ("emulate", "--fault", "action=explode"): ("explode", "reset-after"),
            ("emulate", "--fault", "action=error,probability=2"): "probability=2",
            ("emulate", "--ca-out", "ca.pem"): "--tls",
        }.items():
            with self.subTest(words=words):
                self.assert_usage(*words, says=says)

    def test_a_secret_is_not_repeated(self):
        ended = self.run_tool("emulate", "--credentials", "a-secret-without-a-colon", code=USAGE)
        self.assert_one_usage(ended, "ID:SECRET")
        self.assertNotIn("a-secret", ended.error)

    def test_without_a_region(self):
        env = self.env(AWS_REGION=None)
        ended = self.run_tool("streams", "list", env=env, code=USAGE)
        self.assert_one_usage(ended, ("region", "AWS_REGION"))


class Completion(HelpTest):
    scripts = {}

    def setUp(self):
        super().setUp()
        if "completion" not in self.scripts:
            self.scripts["completion"] = self.run_tool("completion").out
        self.script = self.write("completion.bash", self.scripts["completion"])

    def complete(self, *words):
        """What bash offers for the last of `words`."""
        line = " ".join(f'"{word}"' for word in ("kinesis", *words))
        code = f'source "$1"; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _kinesis; printf "%s\\n" "${{COMPREPLY[@]}}"'
        ended = subprocess.run(["bash", "--norc", "-c", code, "bash", self.script], capture_output=True, cwd=self.folder, timeout=20)
        self.assertEqual(b"", ended.stderr)
        self.assertEqual(0, ended.returncode)
        return ended.stdout.decode().split()

    def test_is_valid_bash(self):
        ended = subprocess.run(["bash", "-n", self.script], capture_output=True, timeout=20)
        self.assertEqual((0, b""), (ended.returncode, ended.stderr))

    def test_is_bound_to_the_tool(self):
        ended = subprocess.run(["bash", "--norc", "-c", 'source "$1"; complete -p kinesis', "bash", self.script], capture_output=True, timeout=20)
        self.assertIn(b"_kinesis kinesis", ended.stdout)

    def test_commands(self):
        self.assertEqual(["consume", "completion"], sorted(self.complete("co"), reverse=True))
        self.assertEqual({command for command in COMMANDS if command and " " not in command} | {"--help", "--version"}, set(self.complete("")))
        for group in ("streams", "leases", "bench"):
            self.assertLessEqual({command.split()[1] for command in COMMANDS if command.startswith(f"{group} ")}, set(self.complete(group, "")))

    def test_every_option_a_command_has(self):
        for command in COMMANDS:
            if command and command not in ("streams", "leases", "bench"):
                with self.subTest(command=command):
                    options = set(OPTION.findall(self.help_of(command)))
                    self.assertLessEqual(options, set(self.complete(*command.split(), "--")))

    def test_values(self):
        self.assertEqual(["text", "json"], self.complete("streams", "list", "--output", ""))
        self.assertEqual(["trim-horizon"], self.complete("tail", "orders", "--from", "t"))
        self.assertIn("memory", self.complete("consume", "orders", "--leases", ""))

    def test_file_names(self):
        self.write("flights.jsonl", b"")
        self.assertEqual(["flights.jsonl"], self.complete("put", "orders", "fli"))
        self.assertEqual(["flights.jsonl"], self.complete("put", "orders", "--receipts", "fli"))
        self.assertEqual(["flights.jsonl"], self.complete("demo", "fli"))


if __name__ == "__main__":
    unittest.main()
