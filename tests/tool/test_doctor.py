#!/usr/bin/env python3
"""kinesis doctor: says what is wrong with the way to a stream, the stream, and an application's leases; changes nothing."""

import contextlib
import email.utils
import http.server
import re
import sqlite3
import threading
import time
import unittest

from support import DONE, FAILED, USAGE, ToolTest, free_port, wait_until

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
IDENTITY = (b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>'
            b"<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
            b"</GetCallerIdentityResponse>")
REFUSAL = (b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>'
           b"<Message>The security token included in the request is invalid.</Message></Error><RequestId>r</RequestId></ErrorResponse>")


class DoctorTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.lease_file = self.folder / "leases.db"
        self.application = ("--application", "billing", "--leases", f"sqlite:{self.lease_file}")

    def examine(self, *words, code=DONE, stream=None, **more):
        """The report; `found` of it by check, the worst of each."""
        report = self.run_tool("doctor", stream or self.stream, "--json", *words, code=code, **more).json()
        self.assertEqual(["problems", "warnings", "findings", "shards"], list(report))
        order = ["ok", "not_checked", "warning", "problem"]
        self.found = {}
        for finding in report["findings"]:
            self.assertEqual(["check", "health", "what", "advice"], list(finding))
            if finding["health"] in ("warning", "problem"):
                self.assertNotEqual("", finding["advice"], finding)
            known = self.found.get(finding["check"])
            if known is None or order.index(known["health"]) < order.index(finding["health"]):
                self.found[finding["check"]] = finding
        self.assertEqual(code == FAILED, report["problems"] > 0)
        return report

    def assert_found(self, check, health, *words):
        self.assertIn(check, self.found)
        self.assertEqual(health, self.found[check]["health"], self.found[check])
        for word in words:
            self.assertIn(word, self.found[check]["what"] + " " + self.found[check]["advice"])

    def worker(self):
        worker = self.start("consume", self.stream, *self.application, "--worker", "w1", "--records", "-", "--poll-interval", "100")
        wait_until(lambda: self.lease_file.exists() and self.owners() == {"w1"}, "the owner")
        return worker

    def sql(self, statement):
        with contextlib.closing(sqlite3.connect(self.lease_file, timeout=10)) as database:
            rows = database.execute(statement).fetchall()
            database.commit()
        return rows

    def owners(self):
        try:
            return {owner for owner, in self.sql("SELECT leaseOwner FROM leases")}
        except sqlite3.OperationalError:  # not made yet
            return set()

    def consumed(self, shards=2):
        self.create(shards)
        self.put([b"%d" % number for number in range(20)])
        worker = self.worker()
        worker.wait_for_lines(20)
        self.check_end(worker.stop())


class TheStream(DoctorTest):
    def test_all_is_well(self):
        self.create(2)
        report = self.examine()
        self.assertEqual((0, 0, []), (report["problems"], report["warnings"], report["shards"]))
        for check in ("region", "endpoint", "clock", "credentials", "stream", "limits", "shards", "reading"):
            self.assert_found(check, "ok")
        self.assert_found("credentials", "ok", "environment", "AKID...")
        self.assert_found("stream", "ok", "ACTIVE", "provisioned", "2 open shards", "24 h")
        for check in ("identity", "writing", "leases"):
            self.assert_found(check, "not_checked")

    def test_text(self):
        self.create(1)
        lines = self.run_tool("doctor", self.stream).text.splitlines()
        self.assertRegex(lines[0], "^ok           region       us-east-1$")
        self.assertIn("                          -> add --application NAME", lines)
        self.assertEqual("0 problems, 0 warnings, 3 not checked", lines[-1])

    def test_no_such_stream(self):
        self.examine(stream="nowhere", code=FAILED)
        self.assert_found("stream", "problem", "nowhere", "kinesis streams list")

    def test_a_stream_that_is_being_made(self):
        self.emulator = self.another_emulator("--stream-delay", "600000")
        self.run_tool("streams", "create", self.stream, "--shards", "1")
        self.examine(code=FAILED)
        self.assert_found("stream", "problem", "CREATING", "ACTIVE")

    def test_a_stream_that_is_being_deleted(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--stream-delay", "600000")
        self.run_tool("streams", "delete", self.stream)
        self.examine(code=FAILED)
        self.assert_found("stream", "problem", "DELETING", "create it again")

    def test_a_stream_that_is_being_changed(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--stream-delay", "600000")
        self.run_tool("streams", "split", self.stream, FIRST)
        self.examine()
        self.assert_found("stream", "warning", "UPDATING", "reading and writing go on")

    def test_an_account_that_is_almost_full(self):
        self.emulator = self.another_emulator("--no-limits", "--streams", f"{self.stream}:1")
        limit = self.limit_of_shards()
        most = limit * 9 // 20  # a stream cannot have them all
        for name, shards in (("some", most), ("others", limit * 9 // 10 - most - 2)):
            self.run_tool("streams", "create", name, "--shards", str(shards))
        self.examine()
        self.assert_found("limits", "ok", f"{limit * 9 // 10 - 1} of {limit} shards")
        self.run_tool("streams", "create", "one-more", "--shards", "1")
        self.examine()
        self.assert_found("limits", "warning", f"{limit * 9 // 10} of {limit} shards", "quota")

    def limit_of_shards(self):
        self.examine()
        return int(re.search(r"of (\d+) shards", self.found["limits"]["what"])[1])

    def test_limits_that_may_not_be_seen(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault",
                                              "operation=DescribeLimits,action=error,status=400,code=AccessDeniedException")
        self.examine()
        self.assert_found("limits", "not_checked", "AccessDenied")

    def test_consumers_of_its_fan_out(self):
        self.create(1)
        self.run_tool("streams", "register", self.stream, "shipping")
        self.examine()
        self.assert_found("fan-out", "ok", "1 registered consumers")

    def test_the_endpoint_of_something_else(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault",
                                              "operation=DescribeStreamSummary,action=error,status=400,code=UnknownOperationException")
        self.examine(code=FAILED)
        self.assert_found("stream", "problem", "whether the endpoint is one of Kinesis")

    def test_a_token_that_has_expired(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault", "operation=DescribeStreamSummary,action=expired-token")
        self.examine(code=FAILED)
        self.assert_found("stream", "problem", "log in again")

    def test_a_call_that_is_not_allowed(self):
        for operation, check in (("DescribeStreamSummary", "stream"), ("ListShards", "shards"), ("GetShardIterator", "reading"), ("GetRecords", "reading")):
            with self.subTest(operation=operation):
                self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault",
                                                      f"operation={operation},action=error,status=400,code=AccessDeniedException")
                self.examine(code=FAILED)
                self.assert_found(check, "problem", f"kinesis:{operation}")

    def test_readers_that_are_too_eager(self):
        self.emulator = self.another_emulator("--streams", f"{self.stream}:1", "--fault", "operation=GetRecords,action=throttle")
        self.examine()
        self.assert_found("reading", "warning", "share 5 calls")

    def test_nothing_is_written(self):
        self.consumed()
        before = self.sql("SELECT * FROM leases ORDER BY leaseKey")
        count = len(self.emulator.accepted(self.stream))
        self.examine(*self.application)
        self.assertEqual(before, self.sql("SELECT * FROM leases ORDER BY leaseKey"))
        self.assertEqual(count, len(self.emulator.accepted(self.stream)))


class TheWay(DoctorTest):
    def server(self, status, body, ahead=0):
        """An HTTP server that answers everything so, with a clock that is `ahead` seconds ahead."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response_only(status)
                self.send_header("date", email.utils.formatdate(time.time() + ahead, usegmt=True))
                self.send_header("content-type", "text/xml")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_whose_the_credentials_are(self):
        self.create(1)
        self.examine(env=self.env(AWS_ENDPOINT_URL_STS=self.server(200, IDENTITY)))
        self.assert_found("identity", "ok", "arn:aws:iam::123456789012:user/ann", "123456789012")

    def test_credentials_that_sts_refuses(self):
        self.create(1)
        self.examine(env=self.env(AWS_ENDPOINT_URL_STS=self.server(403, REFUSAL)), code=FAILED)
        self.assert_found("identity", "problem", "InvalidClientTokenId")

    def test_sts_that_is_silent_is_no_problem(self):
        self.create(1)
        self.examine(env=self.env(AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{free_port()}"))
        self.assert_found("identity", "not_checked", "STS")

    def test_a_clock_that_is_wrong(self):
        for ahead, health, says in ((3600, "problem", "behind"), (-3600, "problem", "ahead"), (60, "warning", "behind")):
            with self.subTest(ahead=ahead):
                self.examine(env=self.env(AWS_ENDPOINT_URL_KINESIS=self.server(404, b"", ahead)), code=FAILED)  # there is no stream
                self.assert_found("clock", health, says, "NTP")

    def test_nobody_there(self):
        self.examine("--endpoint-url", f"http://127.0.0.1:{free_port()}", code=FAILED)
        self.assert_found("endpoint", "problem", "127.0.0.1", "--endpoint-url")

    def test_no_credentials(self):
        self.examine(env=self.env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None), code=FAILED)
        self.assert_found("credentials", "problem", "AWS_ACCESS_KEY_ID")

    def test_credentials_with_an_end(self):
        self.create(1)
        aws = self.folder / ".aws"
        aws.mkdir()
        keys = '{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"s","SessionToken":"t","Expiration":"2099-01-01T00:00:00Z"}'
        (aws / "config").write_text(f"[default]\ncredential_process = /bin/echo '{keys}'\n")
        self.examine(env=self.env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None))
        self.assert_found("credentials", "ok", "AKID...", "valid for", "days")

    def test_no_region_and_no_profile(self):
        self.examine(env=self.env(AWS_REGION=None), code=FAILED)
        self.assert_found("region", "problem", "AWS_REGION")
        self.examine("--profile", "nobody", code=FAILED)
        self.assert_found("settings", "problem", "nobody")

    def test_a_secret_is_not_shown(self):
        self.create(1)
        self.assertNotIn(b"secret-of-the-test", self.run_tool("doctor", self.stream).out)

    def test_wrong_usage(self):
        self.fails("doctor", "a b", says="a b", code=USAGE)
        self.create(1)
        self.fails("doctor", self.stream, "--leases", "redis:1", "--application", "a", says="redis:1", code=USAGE)
        self.fails("doctor", self.stream, "--leases", "sqlite:x", says="--application", code=USAGE)


class TheLeases(DoctorTest):
    def test_a_worker_at_work(self):
        self.create(2)
        worker = self.worker()
        self.put([b"%d" % number for number in range(20)])
        worker.wait_for_lines(20)
        wait_until(lambda: all(number.isdigit() for number, in self.sql("SELECT checkpoint FROM leases")), "checkpoints")
        report = self.examine(*self.application, "--watch", "60")  # ends once both leases were renewed
        self.assertEqual((0, 0), (report["problems"], report["warnings"]), report)
        self.assert_found("workers", "ok", "1 alive: w1 with 2")
        self.assert_found("coverage", "ok")
        self.assert_found("progress", "ok")
        self.assertEqual([("w1", 0, None)] * 2, [(shard["owner"], shard["behind_ms"], shard["oldest_unread_ms"]) for shard in report["shards"]])
        self.check_end(worker.stop())

    def test_a_worker_that_died(self):
        self.create(2)
        self.worker().kill()
        self.examine(*self.application, "--watch", "0.2")
        self.assert_found("workers", "warning", "0.2 s", f"{FIRST} (w1)", f"{SECOND} (w1)", "start one")

    def test_owners_that_were_not_watched(self):
        self.create(2)
        self.worker().kill()
        self.examine(*self.application, "--watch", "0")
        self.assert_found("workers", "not_checked", f"{FIRST} (w1)", f"{SECOND} (w1)")

    def test_nobody_works(self):
        self.consumed()
        self.put([b"%d" % number for number in range(20)])
        report = self.examine(*self.application)
        self.assert_found("workers", "warning", "nobody owns a lease")
        for shard in report["shards"]:
            self.assertIsNone(shard["owner"])
            self.assertGreaterEqual(shard["oldest_unread_ms"], 0)
        self.assert_found("progress", "ok", "the oldest record that is not done came")

    def test_no_leases(self):
        self.create(1)
        self.examine(*self.application)
        self.assert_found("leases", "warning", "leases.db", "start a worker")
        self.assertFalse(self.lease_file.exists())
        self.examine("--application", "billing")
        self.assert_found("leases", "not_checked", "no DynamoDB")

    def test_a_lease_that_is_missing(self):
        self.consumed()
        self.sql(f"DELETE FROM leases WHERE leaseKey = '{SECOND}'")
        self.examine(*self.application, code=FAILED)
        self.assert_found("coverage", "problem", "hash key")
        self.assertIn(f"shards without a lease: {SECOND}", self.run_tool("doctor", self.stream, *self.application, code=FAILED).text)

    def test_leases_of_another_stream(self):
        self.consumed(1)
        self.sql("UPDATE leases SET checkpoint = '17'")
        self.examine(*self.application, code=FAILED)
        self.assert_found("leases", "problem", "another stream", FIRST)

    def test_a_lease_of_a_shard_that_is_gone(self):
        self.consumed()
        self.sql("INSERT INTO leases SELECT application, 'shardId-000000000077', NULL, 1, 0, 'TRIM_HORIZON', 0, NULL, NULL, NULL, '', '', startingHashKey, "
                 f"endingHashKey, NULL, NULL FROM leases WHERE leaseKey = '{FIRST}'")
        self.examine(*self.application, code=FAILED)  # its checkpoint cannot be read at, either
        self.assert_found("coverage", "warning", "shardId-000000000077")
        self.assert_found("progress", "problem", "shardId-000000000077")

    def test_a_file_that_holds_no_leases(self):
        self.create(1)
        self.lease_file.write_bytes(b"what is this" * 1000)
        self.examine(*self.application, code=FAILED)
        self.assert_found("leases", "problem", "leases.db")


if __name__ == "__main__":
    unittest.main()
