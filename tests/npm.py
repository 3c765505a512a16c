"""npm.py - packages from npm, for tests that hold us to what others have made."""
import shutil
import subprocess

SECONDS_MAX = 180


def fetch(here, names, folder):
    """What package-lock.json in `here` says, into `folder`, beside the files of these names. False
    without npm or a registry: then the test is skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", *names):
        shutil.copy(here / name, folder / name)
    if shutil.which("npm") is None:
        return False
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    return subprocess.run(install, cwd=folder, stdout=subprocess.DEVNULL, check=False,
                          timeout=SECONDS_MAX).returncode == 0
