#!/usr/bin/env python3
"""The contract of lease repositories, kept by dynamodb_leases against DynamoDB servers others wrote: dynalite (npm) and moto (PyPI). Each has gaps the
other has not: dynalite knows no continuous backups, moto gives no old row with some refusals.

KINESIS_LEASE_CONTRACT: the program that checks it. KINESIS_PIP_FOLDER: where moto is installed, once, into a virtual environment; the build tree's pip/
by default. What cannot be installed here is skipped, with a line that says so."""

import hashlib
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tool"))

import npm_packages  # noqa: E402
from support import Running, environment, free_port, wait_until  # noqa: E402

PIP_FOLDER = pathlib.Path(os.environ.get("KINESIS_PIP_FOLDER") or HERE.parent.parent / "build" / "pip")


def install_moto():
    """Installs what requirements.txt names, unless it is there. Returns why not, or None."""
    requirements = HERE / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = PIP_FOLDER / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    steps = ([sys.executable, "-m", "venv", "--clear", PIP_FOLDER],
             [PIP_FOLDER / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements])
    for step in steps:
        try:
            ended = subprocess.run(step, capture_output=True, text=True, timeout=180)
        except subprocess.TimeoutExpired:
            return f"{step[2]} did not end within 3 minutes"
        if ended.returncode != 0:
            reason = [line for line in (ended.stderr + ended.stdout).splitlines() if line.strip()]
            return f"{' '.join(map(str, step[1:4]))} failed: {reason[-1] if reason else ended.returncode}"
    stamp.write_text(wanted)
    return None


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class LeaseContract(unittest.TestCase):
    def keep(self, argv, cwd):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        server = Running([word.replace("PORT", str(port)) for word in map(str, argv)], environment(cwd), cwd=cwd)
        self.addCleanup(server.close)
        wait_until(lambda: not server.alive or answers(url), f"an answer at {url}")
        self.assertTrue(server.alive, f"ended at its start: {server}")
        ended = subprocess.run([os.environ["KINESIS_LEASE_CONTRACT"], url, "contract-"], capture_output=True, text=True, timeout=120)
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))
        self.assertIn("kept", ended.stdout)

    def test_dynalite(self):
        why_not = npm_packages.install()
        if why_not:
            self.skipTest(why_not)
        self.keep(["node", npm_packages.FOLDER / "node_modules/dynalite/cli.js", "--host", "127.0.0.1", "--port", "PORT", "--createTableMs", "100"],
                  npm_packages.FOLDER)

    def test_moto(self):
        why_not = install_moto()
        if why_not:
            self.skipTest(why_not)
        self.keep([PIP_FOLDER / "bin" / "python", HERE / "moto_locked.py", "PORT"], PIP_FOLDER)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    if program.result.wasSuccessful() and len(program.result.skipped) == program.result.testsRun:
        print("SKIPPED: neither dynalite nor moto can be installed here", flush=True)
        sys.exit(npm_packages.SKIPPED)
    sys.exit(0 if program.result.wasSuccessful() else 1)
