#!/bin/sh
# A folder of the host that is mounted as the data directory is empty, where a new volume begins with what the image has.
mkdir -p "$TMPDIR" 2>/dev/null || :
exec stillhouse "$@"
