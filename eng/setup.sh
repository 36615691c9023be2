#!/usr/bin/env bash
# Installs what the build and the native TorchSharp library need and the machine lacks; changes nothing otherwise.
# Sourced by run.sh, test.sh and bench.sh. They run with pipefail, so no reader here leaves a pipe early (awk's exit, grep -q): a writer with more
# to say would then be killed by SIGPIPE, and the script would end with 141 and without a word.

# Threads of libtorch that wait for each other spin briefly, then give up the core. Measured with the dictionary example on 2 cores: alone, 1 000
# spins are as fast as the default; two runs side by side finish three epochs in 36 s, and by default none in 45 s.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-1000}

say() { printf '[setup] %s\n' "$*" >&2; }

# The comment at the head of a script is its help.
show_help() { awk 'NR > 1 && !/^#/ { done = 1 } NR > 1 && !done { sub(/^# ?/, ""); print }' "$1"; }

require_dotnet() {
  if ! command -v dotnet >/dev/null 2>&1; then
    say "The .NET SDK 10 is needed and 'dotnet' is not on the PATH. Install it from https://dotnet.microsoft.com/download and run this again."
    exit 1
  fi
  if ! dotnet --list-sdks 2>/dev/null | grep '^10\.' >/dev/null; then
    say "The .NET SDK 10 is needed; installed are: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | tr '\n' ' ')."
    exit 1
  fi
}

# TorchSharp 0.107's native library is linked against this symbol version of the C++ runtime (GCC 13 and later).
needed_symbol=GLIBCXX_3.4.32

libstdcxx_path() {
  local path
  path=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | awk '/libstdc\+\+\.so\.6 / && !found { print $NF; found = 1 }')
  printf '%s' "$path"
}

has_needed_symbol() {
  local lib; lib=$(libstdcxx_path)
  [ -n "$lib" ] && grep -q -a -F "$needed_symbol" "$lib"
}

ensure_libstdcxx() {
  [ "$(uname -s)" = Linux ] || return 0
  has_needed_symbol && return 0

  say "The C++ runtime here lacks $needed_symbol, which TorchSharp's native library needs."
  if [ ! -r /etc/os-release ] || ! grep -q -E '^ID=debian' /etc/os-release || ! grep -q -E '^VERSION_CODENAME=bookworm' /etc/os-release; then
    say "Install libstdc++ from GCC 13 or newer with your system's package manager (Ubuntu 24.04, Fedora 39 and Debian 13 have it) and run this again."
    exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "On Debian 12 this script can install it from Debian 13 (trixie), but needs root: run it once with sudo."
    exit 1
  fi

  # The address of the mirror and its key are those the machine already trusts.
  local uri signed
  # Any of these files may be absent; a pipeline that finds nothing must reach the message below, not end the script.
  uri=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null \
    | grep -v '^[[:space:]]*#' | grep -v security \
    | grep -o -E 'https?://[^[:space:]]+/debian/?([[:space:]]|$)' | awk 'NR == 1 { print $1 }') || true
  if [ -z "$uri" ]; then
    say "No Debian package source is configured in /etc/apt; add one and run this again."
    exit 1
  fi
  signed=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^Signed-By:/ && !found { print $2; found = 1 }') || true
  [ -n "$signed" ] || signed=/usr/share/keyrings/debian-archive-keyring.gpg

  say "Adding Debian 13 (trixie) at priority 100 (only what is asked for by name comes from it) and installing its libstdc++6."
  cat >/etc/apt/preferences.d/xail2o-trixie <<EOF
Package: *
Pin: release n=trixie
Pin-Priority: 100
EOF
  cat >/etc/apt/sources.list.d/xail2o-trixie.sources <<EOF
Types: deb
URIs: $uri
Suites: trixie
Components: main
Signed-By: $signed
EOF
  local log; log=$(mktemp)
  if ! { DEBIAN_FRONTEND=noninteractive apt-get update -q && \
         DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -t trixie libstdc++6; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "Installing libstdc++6 failed; the end of apt's output is above (all of it: $log)."
    exit 1
  fi
  rm -f "$log"
  if ! has_needed_symbol; then
    say "libstdc++6 was installed, yet $needed_symbol is still missing in $(libstdcxx_path)."
    exit 1
  fi
  say "Installed $(dpkg-query -W -f '${Version}' libstdc++6)."
}

# Figures carry text, so at least one font must be there. Fontconfig's own files are optional.
ensure_fonts() {
  [ "$(uname -s)" = Linux ] || return 0
  if find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" \
       \( -name '*.ttf' -o -name '*.otf' \) -print -quit 2>/dev/null | grep . >/dev/null; then return 0; fi
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    say "Installing the DejaVu fonts for the figures' text."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends fonts-dejavu-core fontconfig; } >/dev/null 2>&1 \
      || say "Could not install fonts; figures may lack text."
  else
    say "No fonts found; figures may lack text. Install a package such as fonts-dejavu-core."
  fi
}

# LightGBM, which an example measures, needs the OpenMP runtime of GCC.
ensure_openmp() {
  [ "$(uname -s)" = Linux ] || return 0
  if (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | grep 'libgomp\.so\.1 ' >/dev/null; then return 0; fi
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    say "Installing the OpenMP runtime, which LightGBM needs."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends libgomp1; } >/dev/null 2>&1 \
      || say "Could not install libgomp1; the example 'guarantees' will not find LightGBM."
  else
    say "libgomp.so.1 was not found; the example 'guarantees' needs it. Install a package such as libgomp1."
  fi
}

# Tests open reports in a browser where there is one. It is some hundred megabytes, so only the long tests install it; without it they say that they were left out.
ensure_browser() {
  local name; for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null 2>&1 && return 0; done
  if [ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    say "Installing Chromium, in which tests open reports."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; } >/dev/null 2>&1 \
      || say "Could not install Chromium; reports are not opened in a browser."
  fi
}

# jemalloc hands large blocks out again without asking the kernel for their pages anew, as the C library does. Measured with the shipped CT model on
# 2 cores: an iteration of 8 images takes 56 ms in place of 157 ms, with 136 page faults in place of 104 000. Memory stays at its peak. By default
# jemalloc does not split large free blocks for small requests, and training the CT model takes several times the memory it uses
# (docs/decisions/0007-ct-reconstruction.md); lg_extent_max_active_fit lets it. Optional: without jemalloc everything works, slower. NO_JEMALLOC=1 leaves it out.
use_jemalloc() {
  [ "$(uname -s)" = Linux ] && [ -z "${LD_PRELOAD:-}" ] && [ -z "${NO_JEMALLOC:-}" ] || return 0
  if [ -z "$(jemalloc_path)" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    say "Installing jemalloc, a faster memory allocator for large tensors."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends libjemalloc2; } >/dev/null 2>&1 || true
  fi
  local path; path=$(jemalloc_path)
  if [ -n "$path" ] && LD_PRELOAD=$path true 2>/dev/null; then
    export LD_PRELOAD=$path MALLOC_CONF=${MALLOC_CONF:-oversize_threshold:0,dirty_decay_ms:-1,lg_extent_max_active_fit:20}
  fi
}

jemalloc_path() {
  (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) | awk '/libjemalloc\.so\.2 / && !found { print $NF; found = 1 }'
}

# Builds a project or solution with all it is made of, unless nothing has changed since its last build here: build TARGET FOLDER…, where the
# folders hold everything it is made of.
build() {
  local target=$1 stamp=obj/${1##*/}.built sources; shift
  mkdir -p obj
  # Two scripts that build at the same time would write the same files.
  if command -v flock >/dev/null 2>&1; then exec 9>obj/build.lock; flock 9; fi
  # As they are before the build: what is changed while it runs is not in it.
  sources=$(list_sources "$@" 2>/dev/null) || sources=
  if [ -z "$sources" ] || ! { printf '%s\n' "$sources"; list_outputs "$@"; } 2>/dev/null | cmp -s - "$stamp"; then
    say "Restoring and building (Release)."
    rm -f "$stamp"
    dotnet build "$target" -c Release --nologo -v quiet -clp:NoSummary >&2 9>&- || return
    [ -z "$sources" ] || { printf '%s\n' "$sources"; list_outputs "$@"; } >"$stamp"
  fi
  exec 9>&-
}

# The SDKs, and name, size and time of every source. A list rather than the newest time: it also changes where a file is gone or is replaced by an
# older one. Fails where find cannot print times; then every run builds.
list_sources() {
  dotnet --list-sdks && find . -maxdepth 1 -type f -printf '%p %s %T@\n' | LC_ALL=C sort \
    && find "$@" \( -name bin -o -name obj \) -prune -o -type f -printf '%p %s %T@\n' | LC_ALL=C sort
}

# Our assemblies, which another build may have written, or someone deleted.
list_outputs() { find "$@" -path '*/bin/Release/*' -name 'XaiL2O.*.dll' -printf '%p %s %T@\n' | LC_ALL=C sort; }
