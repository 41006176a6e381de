#!/bin/sh
# Has the command line write its own completions: PROGRAM DIRECTORY. Each shell finds them by these names.
set -eu
mkdir -p "$2"
"$1" --generate-completion-script bash | sed '1{/^#!/d}' >"$2/sojourn"  # it is read, not run
"$1" --generate-completion-script zsh >"$2/_sojourn"
"$1" --generate-completion-script fish >"$2/sojourn.fish"
