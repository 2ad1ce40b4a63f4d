#!/bin/sh
# Prints those of the given services that run another file than the one at their program's path, or a library that is gone.
set -eu
for unit in "$@"; do
    process=$(systemctl show --property=MainPID --value "$unit")
    program=$(systemctl show --property=ExecStart --value "$unit" | sed -n '1s/.* path=\([^ ;]*\).*/\1/p')
    [ "$process" != 0 ] && [ -n "$program" ] || continue
    ran=$(readlink "/proc/$process/exe")
    # A kubelet of another version is an upgrade: it must not run before a newer API server.
    [ "$unit" != kubelet.service ] || [ "${ran% (deleted)}" = "$(readlink -f "$program")" ] || continue
    if ! [ "/proc/$process/exe" -ef "$program" ] || grep -q 'r-xp .*\.so.* (deleted)$' "/proc/$process/maps"; then
        echo "$unit"
    fi
done
