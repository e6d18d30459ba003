#!/usr/bin/env bash
# Prepares a fresh Debian machine for the Makefile, as root or as a normal user, through package registries alone.
#
#   config/bootstrap.sh packages   Python 3.13 and all Python packages in .venv, and the library Pango for PDFs
#   config/bootstrap.sh browser    Chromium and a readable font; its path is written to .cache/browser
#   config/bootstrap.sh lock       requirements*.txt from requirements*.in
#
# Whatever the machine offers already is used. What is missing and cannot be installed for all users goes to .cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=$(tr -d '[:space:]' < .python-version)
# The oldest Debian release that carries Python 3.13.
DEBIAN_WITH_PYTHON=trixie
CACHE=$PWD/.cache
mkdir -p "$CACHE"
export PIP_DISABLE_PIP_VERSION_CHECK=1 DEBIAN_FRONTEND=noninteractive
# uv brings its own certificates; a machine behind a proxy has others, and keeps them where all programs look.
[ ! -s /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

# --- apt, for all users and for us alone ------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo > /dev/null && sudo -n true 2> /dev/null; }
}

system_install() { # PACKAGE...
    command -v apt-get > /dev/null && may_be_root || return 1
    say "Installing $* with apt"
    as_root apt-get install -y -q --no-install-recommends "$@" > "$CACHE/apt.log" 2>&1 && return
    # The package lists are old or were never fetched. One source that does not answer need not stop us.
    as_root apt-get update -q >> "$CACHE/apt.log" 2>&1 || true
    as_root apt-get install -y -q --no-install-recommends "$@" >> "$CACHE/apt.log" 2>&1 || { tail -5 "$CACHE/apt.log" >&2; return 1; }
}

# The machine's own Debian sources, of another release if asked, with lists and downloads in a folder of ours.
private_apt() { # FOLDER RELEASE STATUS ARGUMENT...
    local folder=$1 release=$2 status=$3
    shift 3
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$folder/sources" -o Dir::State="$folder" \
        -o Dir::State::status="$status" -o Dir::Cache="$folder" -o APT::Sandbox::User="$(id -un)" \
        -o APT::Install-Recommends=false -o Debug::NoLocking=true "$@"
}

# The name of this Debian release.
codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-}"); }

# Download packages and what they need beyond those that STATUS lists, and unpack them below FOLDER/root.
private_install() { # FOLDER RELEASE STATUS PACKAGE...
    local folder=$1 release=$2 status=$3 current source
    shift 3
    command -v apt-get > /dev/null && command -v dpkg > /dev/null || return 1
    rm -rf "$folder"
    mkdir -p "$folder/sources" "$folder/lists/partial" "$folder/archives/partial" "$folder/root"
    [ "$status" != none ] || { status=$folder/none; : > "$status"; }
    current=$(codename)
    [ -n "$current" ] || return 1
    for source in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        [ -f "$source" ] || continue
        # Only sources that name the release as a word are Debian's own; those of others have no other release.
        case $source in
            *.sources) grep -Eq "^Suites:.*\b$current( |$)" "$source" || continue ;;
            *.list) grep -Eq "^deb .* $current( |-)" "$source" || continue ;;
            *) continue ;;
        esac
        sed "s/\b$current\b/$release/g" "$source" > "$folder/sources/$(basename "$source")"
    done
    private_apt "$folder" "$release" "$status" update > "$folder/log" 2>&1 || true
    private_apt "$folder" "$release" "$status" install -y --download-only "$@" >> "$folder/log" 2>&1 || return 1
    for source in "$folder"/archives/*.deb; do
        dpkg -x "$source" "$folder/root"
    done
    rm -rf "$folder/archives" "$folder/lists" "$folder"/*.bin
}

# --- Python -----------------------------------------------------------------------------------------------------------

# Debian's own Python of a newer release, unpacked and told to use the C library it was built for.
debian_python() {
    local folder=$CACHE/python found
    found=$folder/root/usr/bin/python$PYTHON
    if ! "$found" -c '' 2> /dev/null; then  # not fetched yet, or the clone was moved
        say "Fetching Debian's Python $PYTHON into .cache"
        private_install "$folder" "$DEBIAN_WITH_PYTHON" none \
            "python$PYTHON-minimal" "libpython$PYTHON-stdlib" python3-pip patchelf || return 1
        adopt_libraries "$folder/root" "$found" || return 1
    fi
    echo "$found"
}

# Point a program of the unpacked tree at the loader and libraries of that tree, and try it.
adopt_libraries() { # ROOT PROGRAM
    local root=$1 program=$2 loader libraries
    loader=$(find "$root/usr/lib" -path '*/ld-linux-*.so.*' -print -quit)
    [ -n "$loader" ] || return 1
    libraries=$(dirname "$(find "$root/usr/lib" -name libc.so.6 -print -quit)")
    patch() { "$loader" --library-path "$libraries" "$root/usr/bin/patchelf" "$@" "$program"; }
    # RPATH and not RUNPATH, so that what a library needs comes from the same place. The interpreter comes second: the
    # other way round, patchelf leaves a program that crashes.
    patch --force-rpath --set-rpath "$libraries"
    patch --set-interpreter "$loader"
    "$program" -c 'import ctypes, hashlib, lzma, sqlite3, ssl'
}

# Prints a uv that runs. A pyenv shim of the name may exist and fail.
find_uv() {
    local candidate pip
    for candidate in uv "$CACHE/uv/bin/uv" "${HOME:-}/.local/bin/uv"; do
        "$candidate" --version > /dev/null 2>&1 && { command -v "$candidate"; return; }
    done
    for pip in "python3 -m pip" "/usr/bin/python3 -m pip"; do
        $pip --version > /dev/null 2>&1 && { pip_install_uv $pip && return; }
    done
    if system_install python3-pip; then
        pip_install_uv /usr/bin/python3 -m pip && return
    fi
    candidate=$(debian_python) || return 1
    pip_install_uv "$candidate" -m pip
}

pip_install_uv() { # PIP...
    say "Installing uv into .cache"
    "$@" install --quiet --upgrade --target "$CACHE/uv" uv > "$CACHE/uv.log" 2>&1 || { tail -3 "$CACHE/uv.log" >&2; return 1; }
    "$CACHE/uv/bin/uv" --version > /dev/null && echo "$CACHE/uv/bin/uv"
}

make_venv() { # UV
    local uv=$1 python
    [ ! -x .venv/bin/python ] || ! .venv/bin/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$PYTHON')" || return 0
    say "Creating .venv with Python $PYTHON"
    UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --clear --python "$PYTHON" .venv 2> /dev/null && return
    UV_HTTP_RETRIES=0 "$uv" venv --quiet --clear --python "$PYTHON" .venv 2> "$CACHE/venv.log" && return
    python=$(debian_python) && "$uv" venv --quiet --clear --python "$python" .venv && return
    fail "Python $PYTHON was not found and could not be fetched. Install it (a package python$PYTHON, pyenv, or
'uv python install $PYTHON' where the network allows it), then run make again. uv said:
$(cat "$CACHE/venv.log")"
}

packages() {
    local uv
    uv=$(find_uv) || fail "uv is missing and there is no pip to install it. Install one of them (python3-pip), then run make again."
    make_venv "$uv"
    say "Installing the Python packages"
    "$uv" pip sync --quiet --python .venv/bin/python requirements-dev.txt
    pango
}

# Pango draws the text of PDFs. WeasyPrint uses the machine's; else the shop lends it the copy that we unpack here.
pango() {
    local folder=$CACHE/pango libraries names=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)
    prints "" && { rm -rf "$folder"; return; }
    system_install "${names[@]}" && prints "" && { rm -rf "$folder"; return; }
    say "Fetching Debian's Pango into .cache"
    if private_install "$folder" "$(codename)" /var/lib/dpkg/status "${names[@]}"; then
        libraries=$(find "$folder/root" -name 'lib*.so.*' -printf '%h\n' | sort -u | paste -sd:)
        fonts_of "$folder"
        prints "$libraries" && return
    fi
    say "PDFs cannot be made: Pango was not found and could not be fetched. All else works. Install ${names[*]}, then run make again."
}

prints() { # LIBRARIES
    LD_LIBRARY_PATH=$1 .venv/bin/python -W ignore -c 'import weasyprint' > "$CACHE/pango.log" 2>&1
}

# What fontconfig reads where the machine has no settings of its own.
fonts_of() { # FOLDER
    cat > "$1/fonts.conf" <<- FONTS
	<?xml version="1.0"?>
	<fontconfig>
	  <dir>$1/root/usr/share/fonts</dir>
	  <dir>/usr/share/fonts</dir>
	  <cachedir>$1/fonts</cachedir>
	</fontconfig>
	FONTS
}

lock() { # OPTION...
    local uv name
    uv=$(find_uv) || fail "uv is missing and there is no pip to install it. Install one of them, then run make again."
    for name in requirements requirements-dev; do
        UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" pip compile --quiet --python-version "$PYTHON" --generate-hashes \
            --no-emit-index-url "$@" "$name.in" --output-file "$name.txt"
    done
}

# --- Chromium ---------------------------------------------------------------------------------------------------------

find_program() { # NAME...
    local name
    for name in "$@"; do
        [ -n "$name" ] && "$name" --version > /dev/null 2>&1 && { command -v "$name"; return; }
    done
    return 1
}

# The one without windows takes a fifth less of the processor; a whole one will do where it cannot be had.
find_chromium() {
    find_program "${CHROMIUM:-}" chromium-headless-shell "$CACHE/chromium/chromium" && return
    system_install chromium-headless-shell fonts-dejavu-core && find_program chromium-headless-shell && return
    find_program chromium chromium-browser google-chrome google-chrome-stable && return
    system_install chromium fonts-dejavu-core && find_program chromium && return
    playwright_chromium || private_chromium
}

# Playwright brings a Node of its own, which needs one library that small machines lack.
prepare_driver() {
    local node folder=$CACHE/node libraries
    node=$(echo "$PWD"/.venv/lib/python*/site-packages/playwright/driver/node)
    "$node" --version > /dev/null 2>&1 && { rm -rf "$folder"; return; }
    system_install libatomic1 && "$node" --version > /dev/null 2>&1 && return
    private_install "$folder" "$(codename)" /var/lib/dpkg/status libatomic1 ||
        fail "The library libatomic.so.1 is missing. Install it (apt install libatomic1)."
    libraries=$(dirname "$(find "$folder/root" -name libatomic.so.1 -print -quit)")
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH="%s"\nexec "%s" "$@"\n' "$libraries" "$node" > "$folder/node"
    chmod +x "$folder/node"
    export PLAYWRIGHT_NODEJS_PATH=$folder/node
}

playwright_chromium() {
    say "Asking Playwright for its Chromium"
    timeout 600 .venv/bin/playwright install chromium > "$CACHE/playwright.log" 2>&1 || return 1
    .venv/bin/python - <<- 'PYTHON'
	from playwright.sync_api import sync_playwright

	with sync_playwright() as playwright:
	    path = playwright.chromium.executable_path
	    playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]).close()
	    print(path)
	PYTHON
}

# Debian's Chromium with the libraries and fonts that the machine lacks, unpacked for us alone.
private_chromium() {
    local folder=$CACHE/chromium libraries
    say "Fetching Debian's Chromium into .cache"
    private_install "$folder" "$(codename)" /var/lib/dpkg/status chromium-headless-shell fontconfig-config fonts-dejavu-core || return 1
    libraries=$(find "$folder/root/lib" "$folder/root/usr/lib" -name '*.so*' -printf '%h\n' 2> /dev/null | sort -u | paste -sd:)
    fonts_of "$folder"
    cat > "$folder/chromium" <<- WRAPPER
	#!/bin/sh
	export LD_LIBRARY_PATH="$libraries" FONTCONFIG_FILE="$folder/fonts.conf"
	exec "$folder/root/usr/lib/chromium/chromium-headless-shell" "\$@"
	WRAPPER
    chmod +x "$folder/chromium"
    "$folder/chromium" --version > /dev/null 2>> "$folder/log" && echo "$folder/chromium"
}

has_font() {
    find /usr/share/fonts /usr/local/share/fonts "${HOME:-}/.fonts" "${HOME:-}/.local/share/fonts" \
        \( -name '*.ttf' -o -name '*.otf' \) -print -quit 2> /dev/null | grep -q .
}

browser() {
    local path
    prepare_driver
    path=$(find_chromium) ||
        fail "Chromium was not found and could not be fetched. Install it (apt install chromium) or set CHROMIUM to its path."
    case $path in
        "$CACHE"/*) ;; # it brings its fonts
        *) has_font || system_install fonts-dejavu-core || path=$(private_chromium) || fail "Install a font (apt install fonts-dejavu-core)." ;;
    esac
    echo "$path" > "$CACHE/browser"
}

case ${1:-} in
    packages | browser | lock) "$@" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
