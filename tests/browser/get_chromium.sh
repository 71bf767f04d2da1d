#!/bin/sh
# The browser tests drive a real Chromium: the one that is installed, or else one of Debian's packages.
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${HANDBILL_CHROMIUM:-}" ] && [ -x "$HANDBILL_CHROMIUM" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium: install it, or name it in HANDBILL_CHROMIUM." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else
    echo "The browser tests need Chromium, and installing it needs rights this user lacks: run 'sudo apt-get install chromium' once." >&2
    exit 1
fi
echo "Installing Debian's Chromium for the browser tests (once)..."
$as_root apt-get update -qq >/dev/null 2>&1 || true
for package in chromium-headless-shell chromium; do
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq "$package" >/dev/null && exit 0
done
echo "Debian's package 'chromium' could not be installed: see the lines above." >&2
exit 1
