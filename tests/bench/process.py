"""Processes that are measured: their processor time and memory, and their end."""

import atexit
import os
import re
import subprocess
import sys
import time

LINUX = sys.platform.startswith("linux")

_started = []


def start(command, **options):
    """Starts a process that ends with this program."""
    child = subprocess.Popen([str(part) for part in command], **options)
    _started.append(child)
    return child


@atexit.register
def _end_all():
    for child in _started:
        end(child)


def end(child):
    """Ends a process, kindly at first."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def cpu_s(pid):
    """Processor time of all threads that a process has ever had, and of its children that have ended, seconds."""
    if LINUX:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            ended = stat.read().rpartition(")")[2].split()[13:15]
        # The clock of another process: see clock_getcpuclockid(3). It counts nanoseconds, and ended threads too.
        return time.clock_gettime((~pid << 3) | 2) + sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")
    text = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    seconds = 0.0
    for part in text.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def settled_cpu_s(pid):
    """Processor time of a process once it is idle: work that nobody waits for counts too."""
    before = cpu_s(pid)
    for _ in range(50):
        time.sleep(0.02)
        now = cpu_s(pid)
        if now - before < 0.0002:
            return now
        before = now
    return before


def children(pid):
    """The child processes of a process: the workers of nginx."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


def memory_mib(pid):
    """Resident memory of a process, and what of it is private, MiB; the second only on Linux."""
    if LINUX:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found = dict(re.findall(r"(VmRSS|RssAnon):\s+(\d+) kB", status.read()))
        return int(found["VmRSS"]) / 1024, int(found["RssAnon"]) / 1024
    text = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(text) / 1024, None


def finished(command, **options):
    """Runs a program to its end; returns its wall and processor time, seconds, with those of its children."""
    began = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], **options)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime
