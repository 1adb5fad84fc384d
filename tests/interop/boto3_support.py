"""What the tests with boto3 share."""

import contextlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tool"))

from support import ToolTest, wait_until  # noqa: E402

SKIPPED = 77  # what ctest counts as skipped
try:
    import boto3
    import botocore.auth
    import botocore.config
    import botocore.exceptions
    import jmespath
except ImportError:
    print("SKIPPED: the tests with boto3: it is not installed (Debian: python3-boto3)", flush=True)
    sys.exit(SKIPPED)

ACCOUNT = "123456789012"
TOP = 2**128 - 1
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
SEQUENCE_NUMBER = re.compile(r"^\d{56}$")


def shard(number):
    return f"shardId-{number:012d}"


class Boto3Test(ToolTest):
    key = ("AKIDEXAMPLE", "secret-of-the-test")
    verify = None

    def setUp(self):
        super().setUp()
        self.client = self.connect()

    def connect(self, key=None, url=None, verify=None, **config):
        access, secret = key or self.key
        session = boto3.session.Session(aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1")
        settings = botocore.config.Config(**{"retries": {"max_attempts": 0}, "connect_timeout": 10, "read_timeout": 60, **config})
        client = session.client("kinesis", endpoint_url=url or self.emulator.url, config=settings, verify=verify if verify is not None else self.bundle())
        self.addCleanup(getattr(client, "close", lambda: None))
        return client

    def bundle(self):
        return None

    @property
    def operations(self):
        return self.client.meta.service_model.operation_names

    def knows(self, operation, member):
        """Whether this boto3 knows a member of the answer."""
        return member in self.client.meta.service_model.operation_model(operation).output_shape.members

    def arn(self, name=None):
        return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name or self.stream}"

    def create_stream(self, shards=1, name=None):
        self.client.create_stream(StreamName=name or self.stream, ShardCount=shards)
        wait_until(lambda: self.summary(name)["StreamStatus"] == "ACTIVE", "the stream")

    def summary(self, name=None):
        return self.client.describe_stream_summary(StreamName=name or self.stream)["StreamDescriptionSummary"]

    def shards(self, **filters):
        return self.client.list_shards(StreamName=self.stream, **filters)["Shards"]

    def iterator(self, shard_id=shard(0), kind="TRIM_HORIZON", **more):
        return self.client.get_shard_iterator(StreamName=self.stream, ShardId=shard_id, ShardIteratorType=kind, **more)["ShardIterator"]

    def read(self, shard_id=shard(0), kind="TRIM_HORIZON", **more):
        return self.client.get_records(ShardIterator=self.iterator(shard_id, kind, **more))

    def answer(self, response, *members):
        """Checks what every answer has, and that it has these members and no others; returns it without the metadata."""
        metadata = response.pop("ResponseMetadata")
        self.assertEqual(200, metadata["HTTPStatusCode"])
        self.assertRegex(metadata["RequestId"], UUID)
        self.assertEqual(metadata["RequestId"], metadata["HTTPHeaders"]["x-amzn-requestid"])
        self.assertEqual(set(members), set(response))
        return response

    @contextlib.contextmanager
    def refused(self, code, message="", status=400):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            yield
        response = caught.exception.response
        self.assertRegex(response["Error"]["Code"], f"^({code})$", str(caught.exception))
        self.assertEqual(status, response["ResponseMetadata"]["HTTPStatusCode"], str(caught.exception))
        self.assertRegex(response["Error"]["Message"], re.compile(message or ".", re.IGNORECASE | re.DOTALL))
        self.assertRegex(response["ResponseMetadata"]["RequestId"], UUID)
