"""The npm packages the interop tests use, pinned by package-lock.json and installed once, into KINESIS_NPM_FOLDER (the build tree's npm/ by default)."""

import hashlib
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(os.environ.get("KINESIS_NPM_FOLDER") or HERE.parent.parent / "build" / "npm")
SKIPPED = 77  # what ctest counts as skipped


def install():
    """Installs what the lock file names, unless it is there. Returns why not, or None."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes() + (HERE / "package.json").read_bytes()).hexdigest()
    stamp = FOLDER / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, FOLDER / name)
    try:
        ended = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        return "npm ci did not end within 3 minutes"
    if ended.returncode != 0:
        reason = [line for line in ended.stderr.splitlines() if line.strip()]
        return f"npm ci failed: {reason[0] if reason else ended.returncode}"
    stamp.write_text(wanted)
    return None
