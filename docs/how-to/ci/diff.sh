#!/bin/sh
# Writes to FOLDER what changed in each environment since revision BASE: ENVIRONMENT.md, .sarif, .xml, .html and .txt.
# An environment without changes gets no files. Usage: diff.sh BASE FOLDER
set -eu
base=$1 folder=$2
bedplate=${BEDPLATE:-./bedplate}
mkdir -p "$folder"
for settings in inventory/*/environment.yaml; do
    environment=$(basename "$(dirname "$settings")")
    if ! git cat-file -e "$base:$settings" 2>/dev/null; then
        echo "$environment is new: nothing to compare it with"
        continue
    fi
    for pair in markdown:md sarif:sarif junit:xml html:html; do
        code=0
        "$bedplate" diff "$base:$environment" "$environment" --output "${pair%:*}" --fail-on "${FAIL_ON:-restart}" \
            --out "$folder/$environment.${pair#*:}" || code=$?
        [ "$code" -le 1 ] || exit "$code"
    done
    code=0
    "$bedplate" diff "$base:$environment" "$environment" --out "$folder/$environment.txt" || code=$?
    if [ "$code" = 0 ]; then
        rm "$folder/$environment".*
    fi
    sed 24q "$folder/$environment.txt" 2>/dev/null || echo "$environment: no change"
done
