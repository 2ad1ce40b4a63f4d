"""The probe that gathers facts on one host; runs there as ``python3 - PARAMETERS``, standard library only.

It changes nothing: it writes one file of its own in /var/lib to measure the disk, and deletes it.
PARAMETERS is JSON: {"names": [names to resolve], "reach": [[address, port] to connect to],
"list_packages": [shell commands that print the installed packages; those of other distributions print nothing],
"conflicting_packages": [names of packages to look for among them]}.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DATA_FOLDER = "/var/lib"
"""Where images, volumes and the store are; the disk that is measured."""
FSYNC_COUNT = 200
FSYNC_SECONDS = 4.0
WRITE_BYTES = 64 << 20
EXECUTABLE_FOLDERS = ("/opt", "/run", "/tmp", "/var/lib/bedplate", "/var/lib/containerd", "/var/lib/kubelet")  # noqa: S108  only checked
"""Checked for the mount option noexec: programs of the platform and of containers run there."""
CONFLICTING_PROGRAMS = ("crio", "dockerd", "etcd", "k3s", "k3s-server", "kubelet", "rke2")
LISTENING = {"tcp": "0A", "udp": "07"}  # TCP_LISTEN and TCP_CLOSE, include/net/tcp_states.h of the kernel
FIREWALLS = ("firewalld", "ufw", "nftables", "netfilter-persistent")
LEFTOVERS = (
    *("etc/kubernetes/*.conf", "etc/kubernetes/manifests/*", "var/lib/etcd/member", "var/lib/kubelet/config.yaml"),
    *("etc/cni/net.d/*", "run/containerd/io.containerd.runtime.v2.task/*/*", "var/lib/rancher", "etc/rancher"),
)
SYSCTLS = (
    "net.ipv4.ip_forward",
    "net.bridge.bridge-nf-call-iptables",
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
)
# Each feature: a path that exists if it is loaded, its module, and a function in its code. A feature that is compiled
# into the kernel has no module; only the kernel's symbols show it.
FEATURES = {
    "overlay": ("", "overlay", "ovl_fill_super"),
    "bridge": ("", "bridge", "br_dev_xmit"),
    "br_netfilter": ("/proc/sys/net/bridge", "br_netfilter", "br_nf_pre_routing"),
    "veth": ("", "veth", "veth_setup"),
    "nf_tables": ("", "nf_tables", "nft_do_chain"),
    "nf_conntrack": ("/proc/sys/net/netfilter/nf_conntrack_max", "nf_conntrack", "nf_conntrack_in"),
    "ip_set": ("", "ip_set", "ip_set_create"),
}


def read(path: str) -> str:
    """Return a file's text, or '' if it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def os_release() -> dict[str, str]:
    """Return the distribution and its release, as the host names them."""
    pairs = re.findall(r'^(\w+)="?([^"\n]*)"?$', read("/etc/os-release"), re.MULTILINE)
    values = dict(pairs)
    return {
        "os": values.get("ID", ""),
        "suite": values.get("VERSION_CODENAME", ""),
        "version": values.get("VERSION_ID", ""),
        "pretty": values.get("PRETTY_NAME", ""),
    }


def meminfo(field: str) -> int:
    """Return a line of /proc/meminfo in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", read("/proc/meminfo"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def own_addresses() -> list[str]:
    """Return the host's IPv4 addresses: the local ones in the kernel's routing tree."""
    found = re.findall(r"\|-- ([\d.]+)\n\s+/32 host LOCAL", read("/proc/net/fib_trie"))
    return sorted(set(found))


def routes() -> list[dict[str, str | bool]]:
    """Return the IPv4 routes of the main table."""
    result: list[dict[str, str | bool]] = []
    for line in read("/proc/net/route").splitlines()[1:]:
        interface, destination, gateway, _flags, _, _, _, mask = line.split()[:8]
        prefix = int(mask, 16).bit_count()
        address = socket.inet_ntoa(int(destination, 16).to_bytes(4, sys.byteorder))
        is_direct = int(gateway, 16) == 0
        result.append({"destination": f"{address}/{prefix}", "interface": interface, "direct": is_direct})
    return result


def socket_owners() -> dict[str, str]:
    """Return the program that owns each socket, by inode."""
    owners = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(link.readlink())
        except OSError:  # the process has ended
            continue
        if target.startswith("socket:["):
            owners[target[8:-1]] = read(str(link.parents[1] / "comm")).strip()
    return owners


def listeners() -> list[dict[str, object]]:
    """Return the ports that programs listen on: TCP sockets in LISTEN, UDP sockets without a peer."""
    owners, found = socket_owners(), {}
    for protocol, state in LISTENING.items():
        for table in (f"/proc/net/{protocol}", f"/proc/net/{protocol}6"):
            for line in read(table).splitlines()[1:]:
                words = line.split()
                if words[3] == state:
                    found[protocol, int(words[1].rpartition(":")[2], 16)] = owners.get(words[9], "")
    return [{"protocol": p, "port": port, "program": program} for (p, port), program in sorted(found.items())]


def resolve(names: list[str]) -> tuple[dict[str, list[str]], float]:
    """Return the names' addresses, and the time of the slowest resolution."""
    answers, slowest = {}, 0.0
    for name in names:
        start = time.monotonic()
        try:
            answers[name] = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(name, None, socket.AF_INET)})
        except OSError:
            answers[name] = []
        slowest = max(slowest, time.monotonic() - start)
    return answers, slowest


def reach(targets: list[tuple[str, int]]) -> dict[str, str]:
    """Return the error of a TCP connection to each target, or '' if it could be opened."""
    result = {}
    for address, port in targets:
        try:
            socket.create_connection((address, port), timeout=3).close()
            result[f"{address}:{port}"] = ""
        except OSError as error:
            result[f"{address}:{port}"] = error.strerror or str(error)
    return result


def features() -> dict[str, str]:
    """Return for each kernel feature whether it is present, can be loaded, or is missing."""
    missing = dict(FEATURES)
    found: dict[str, str] = {}
    for name, (path, module, _) in FEATURES.items():
        if (path and Path(path).exists()) or Path(f"/sys/module/{module}").exists():
            found[name] = "present"
            del missing[name]
    found |= dict.fromkeys(compiled_in({symbol: name for name, (_, _, symbol) in missing.items()}), "present")
    for name, (_, module, _) in missing.items():
        found.setdefault(name, "loadable" if loadable(module) else "missing")
    return found


def compiled_in(symbols: dict[str, str]) -> list[str]:
    """Return the features whose function is one of the kernel's symbols."""
    if not symbols:
        return []
    try:
        with Path("/proc/kallsyms").open(encoding="utf-8") as lines:
            words = (line.split() for line in lines)
            return [symbols[line[2]] for line in words if line[2] in symbols]
    except OSError:
        return []


def loadable(module: str) -> bool:
    """Return whether modprobe would find a module; nothing is loaded."""
    modprobe = shutil.which("modprobe", path="/usr/sbin:/sbin:/usr/bin:/bin")
    return modprobe is not None and subprocess.call([modprobe, "-n", "-q", module], stderr=subprocess.DEVNULL) == 0


def mount_of(path: str) -> tuple[str, list[str]]:
    """Return the type and options of the file system that a path is on."""
    while not Path(path).exists():
        path = str(Path(path).parent)
    best, kind, options = "", "", [""]
    for line in read("/proc/mounts").splitlines():
        _, point, line_kind, line_options = line.split()[:4]
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind, options = point, line_kind, line_options.split(",")
    return kind, options


def disk() -> dict[str, object]:
    """Measure size and speed of the file system of DATA_FOLDER."""
    usage = shutil.disk_usage(DATA_FOLDER)
    # A user who may not write there gets the finding no-root; speed is then measured in another folder.
    folder = DATA_FOLDER if os.access(DATA_FOLDER, os.W_OK) else tempfile.gettempdir()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".bedplate-probe-") as file:
        times = fsync_times(file.fileno())
        start = time.monotonic()
        block = os.urandom(1 << 20)
        for _ in range(WRITE_BYTES // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        seconds = time.monotonic() - start
    return {
        "kind": mount_of(DATA_FOLDER)[0],
        "size": usage.total,
        "free": usage.free,
        "fsync_p50_ms": round(times[len(times) // 2] * 1000, 3),
        "fsync_p99_ms": round(times[min(len(times) - 1, len(times) * 99 // 100)] * 1000, 3),
        "fsync_count": len(times),
        "write_mb_s": round(WRITE_BYTES / 1e6 / seconds, 1),
    }


def fsync_times(handle: int) -> list[float]:
    """Return the sorted times of 4 KiB writes with fsync; etcd makes such a write for every change."""
    page = os.urandom(4096)
    times: list[float] = []
    end = time.monotonic() + FSYNC_SECONDS
    while len(times) < FSYNC_COUNT and (not times or time.monotonic() < end):
        start = time.monotonic()
        os.write(handle, page)
        os.fsync(handle)
        times.append(time.monotonic() - start)
    return sorted(times)


def container() -> str:
    """Return the kind of container that this host is; '' for a machine."""
    kind = read("/run/systemd/container").strip()
    found = re.search(r"(?:^|\0)container=([^\0]*)", read("/proc/1/environ"))
    return kind or (found[1] if found else "")


def programs() -> list[str]:
    """Return the running programs that conflict with the platform."""
    running = {read(str(path)).strip() for path in Path("/proc").glob("[0-9]*/comm")}
    return sorted(running.intersection(CONFLICTING_PROGRAMS))


def packages(commands: list[str], conflicting: list[str]) -> list[str]:
    """Return the installed packages that conflict with the platform."""
    runs = [subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False) for command in commands]
    installed = {name for run in runs for name in run.stdout.split()}
    return sorted(installed.intersection(conflicting))


def firewalls() -> list[str]:
    """Return the firewall services that are active."""
    if not shutil.which("systemctl"):
        return []
    commands = {unit: ["systemctl", "is-active", "-q", unit] for unit in FIREWALLS}
    return [unit for unit, words in commands.items() if subprocess.call(words, stderr=subprocess.DEVNULL) == 0]


def leftovers() -> list[str]:
    """Return files of another installation."""
    return [str(path) for pattern in LEFTOVERS for path in sorted(Path("/").glob(pattern))[:3]]


def gather(parameters: dict[str, list[Any]]) -> dict[str, object]:
    """Return all facts."""
    names, seconds = resolve(parameters["names"])
    return {
        **os_release(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "hostname": socket.gethostname(),
        "root": os.geteuid() == 0,
        "systemd": Path("/run/systemd/system").is_dir(),
        "container": container(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory": meminfo("MemTotal"),
        "swap": meminfo("SwapTotal"),
        "cgroup": 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1,
        "addresses": own_addresses(),
        "routes": routes(),
        "listeners": listeners(),
        "names": names,
        "resolve_seconds": round(seconds, 3),
        "reached": reach(parameters["reach"]),
        "features": features(),
        "sysctls": {name: read("/proc/sys/" + name.replace(".", "/")).strip() for name in SYSCTLS},
        "noexec": [folder for folder in EXECUTABLE_FOLDERS if "noexec" in mount_of(folder)[1]],
        "disk": disk(),
        "leftovers": leftovers(),
        "programs": programs(),
        "packages": packages(parameters["list_packages"], parameters["conflicting_packages"]),
        "firewalls": firewalls(),
    }


if __name__ == "__main__":
    json.dump(gather(json.loads(sys.argv[1])), sys.stdout)
