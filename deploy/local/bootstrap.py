"""Make `.venv` and install the pinned, hashed requirements: `python3 deploy/local/bootstrap.py base|dev|prod`.

Standard library only, since nothing is installed when it runs. It can be repeated: a stamp beside the environment
holds the hash of what was installed, so that a second run returns at once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
# A wider set satisfies the narrower one: `make up` after `make test` installs nothing.
CONTAINED = {"base": ["base"], "dev": ["dev", "base"], "prod": ["prod", "base"]}


class SetupError(Exception):
    """The machine lacks something; the message names it and the fix."""


def main(arguments):
    """Install the named set. Exit status 0, or 1 after a message that says what is missing."""
    wanted = arguments[0] if arguments else "base"
    if wanted not in CONTAINED:
        sys.exit("Unknown set %r: one of %s." % (wanted, ", ".join(CONTAINED)))
    try:
        install(wanted)
    except SetupError as problem:
        sys.exit("Setup stopped: %s" % problem)
    except KeyboardInterrupt:
        sys.exit(130)


def install(wanted):
    """Bring `.venv` to the state that requirements/<wanted>.txt describes."""
    if sys.version_info < OLDEST:
        raise SetupError(
            "Python 3.11 or newer is needed, %s is %d.%d. Name another one: make up PYTHON=/path/to/python3.12"
            % ((sys.executable,) + sys.version_info[:2])
        )
    if stamp_of(wanted) == read(stamp_path(wanted)) and os.path.exists(PYTHON):
        return
    started = time.monotonic()
    if not works(PYTHON):
        make_environment()
    uv = os.path.join(VENV, "bin", "uv")
    uv_pins = os.path.join(ROOT, "requirements", "uv.txt")
    pins = os.path.join(ROOT, "requirements", wanted + ".txt")
    say("installing requirements/%s.txt into .venv" % wanted)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
    if not works(uv):
        run(pip + [uv_pins], "pip could not install uv; is the package index reachable?")
    quick = [uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", pins]
    if subprocess.call(quick) != 0:
        # pip knows proxies, mirrors and certificates from its own configuration, which uv does not read
        say("uv could not install them, trying pip, which takes some minutes")
        run(pip + [pins], "the requirements could not be installed; pip's message is above")
    for name in CONTAINED[wanted]:
        with open(stamp_path(name), "w") as file:
            file.write(stamp_of(name))
    say("environment ready in %.0f s" % (time.monotonic() - started))


def make_environment():
    """Create `.venv` anew; one that cannot start (its Python was removed) is replaced."""
    say("creating .venv with Python %d.%d" % sys.version_info[:2])
    shutil.rmtree(VENV, ignore_errors=True)
    # -I would hide PIP_* variables from ensurepip; plain -m venv uses the bundled pip and needs no network
    if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
        raise SetupError(
            "%s cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"
            % sys.executable
        )


def works(program):
    """Whether the program starts and, if it is a Python, is new enough."""
    if not os.path.exists(program):
        return False
    probe = ["--version"]
    if program == PYTHON:
        probe = ["-c", "import sys; sys.exit(sys.version_info < %r)" % (OLDEST,)]
    try:
        return subprocess.call([program] + probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def stamp_of(name):
    """SHA-256 over the pins of the set and the path of the environment (an environment cannot be moved)."""
    with open(os.path.join(ROOT, "requirements", name + ".txt"), "rb") as file:
        return hashlib.sha256(file.read() + VENV.encode()).hexdigest()


def stamp_path(name):
    return os.path.join(VENV, ".installed-" + name)


def read(path):
    """The text of a file; empty when there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def run(command, failure):
    if subprocess.call(command) != 0:
        raise SetupError(failure)


def say(text):
    print("setup   | " + text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
