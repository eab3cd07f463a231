"""PostgreSQL on loopback, in a folder of its own, as durable as in production."""

import os
import pathlib
import shutil
import subprocess

import process
from upstream import free_port, wait_for


class Postgres:
    """A running server."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # It refuses to serve as root, so another user does.
        self.other = []
        if os.geteuid() == 0:
            self.other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self.folder, "postgres")
            for parent in self.folder.parents:
                parent.chmod(parent.stat().st_mode | 0o055)
        self.port = free_port()
        self._run("initdb", "-D", "data", "-U", "gramhost", "-A", "trust", "-E", "UTF8")
        log = (self.folder / "log").open("w")
        server = [program("postgres"), "-D", "data", "-p", self.port, "-h", "127.0.0.1", "-k", ""]
        server += ["-c", "max_connections=300"]
        self.child = process.start([*self.other, *server], cwd=self.folder, stdout=log, stderr=log)
        wait_for(self.port, self.child, self.folder / "log")
        self.databases = 0

    def database(self):
        """An empty database: its URL."""
        self.databases += 1
        name = f"bench{self.databases}"
        self.ask("postgres", f"CREATE DATABASE {name}")
        return f"postgres://gramhost@127.0.0.1:{self.port}/{name}"

    def ask(self, database, statement):
        """What a statement returns, as text."""
        database = database.rsplit("/", 1)[-1]
        command = [program("psql"), "-h", "127.0.0.1", "-p", self.port, "-U", "gramhost", "-XAtq", "-d", database]
        command = [str(part) for part in [*command, "-c", statement]]
        for _ in range(100):
            found = subprocess.run(command, capture_output=True, text=True)
            if found.returncode == 0:
                return found.stdout.strip()
            # It accepts connections a moment before it answers.
            if "starting up" not in found.stderr:
                break
        raise RuntimeError(found.stderr)

    def commits(self, database):
        """How many transactions were committed in a database."""
        name = database.rsplit("/", 1)[-1]
        return int(self.ask("postgres", f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{name}'"))

    def cpu_s(self):
        """Processor time of all its processes, seconds."""
        pids = [self.child.pid, *process.children(self.child.pid)]
        return sum(process.cpu_s(pid) for pid in pids)

    def _run(self, name, *arguments):
        command = [str(part) for part in [*self.other, program(name), *arguments]]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)


def program(name):
    """A program of PostgreSQL: from `PATH`, or the newest where the system keeps them."""
    if found := shutil.which(name):
        return found
    for folder in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]:
        found = sorted(pathlib.Path(folder).glob(f"*/bin/{name}"))
        if found:
            return str(found[-1])
    raise RuntimeError(f"{name} of PostgreSQL is missing (Debian: apt-get install postgresql)")
