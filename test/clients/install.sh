#!/usr/bin/env bash
# Gets the mail clients that the client tests drive, from Debian. usage: test/clients/install.sh FOLDER
# Run again it does nothing. No service is started: what is installed is run by the tests alone, with folders of its own.
# Exim conflicts with Postfix as a package, so it is only unpacked under FOLDER. What cannot be had is said in one
# sentence each, and the tests skip it.
set -uo pipefail
folder=${1:?usage: test/clients/install.sh FOLDER}
mkdir -p "$folder"
export DEBIAN_FRONTEND=noninteractive
apt=(timeout 240 apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 -o Acquire::http::Timeout=30)

has() { dpkg -s "$1" >/dev/null 2>&1; }
say() { echo "test/clients/install.sh: $*"; }

# libsasl2-modules: PLAIN and LOGIN for Postfix; the Perl modules: TLS and AUTH for swaks.
packages=(php-cli libphp-phpmailer postfix libsasl2-modules swaks libnet-ssleay-perl libauthen-sasl-perl msmtp curl python3)
missing=()
for one in "${packages[@]}"; do has "$one" || missing+=("$one"); done
exim=$folder/exim/usr/sbin/exim4

# The user that Debian's Exim changes to, which its package would make.
make_user() {
  [ "$(id -u)" = 0 ] && [ -x "$exim" ] && ! getent passwd Debian-exim >/dev/null || return 0
  useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --user-group Debian-exim
}

make_user
if [ "${#missing[@]}" = 0 ] && [ -x "$exim" ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
  say "this system has no apt-get, so clients that are not installed are skipped: ${missing[*]:-} exim4"
  exit 0
fi

if [ "$(id -u)" = 0 ]; then
  # Keeps Debian from starting a Postfix on port 25 in the course of the installation.
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
  "${apt[@]}" update >/dev/null 2>&1 || say 'the package lists could not be refreshed'
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections 2>/dev/null
  # --no-remove: a machine that has another mail server keeps it.
  for one in "${missing[@]}" libidn12 libgnutls-dane0; do
    has "$one" || "${apt[@]}" install -y --no-remove --no-install-recommends "$one" >/dev/null 2>&1 ||
      say "$one could not be installed (or only in the place of something else); the tests that need it are skipped"
  done
elif [ "${#missing[@]}" -gt 0 ]; then
  say "not root, so these cannot be installed and their tests are skipped: ${missing[*]}"
fi

if [ ! -x "$exim" ]; then
  work=$(mktemp -d)
  # apt drops root for downloads, and must be able to write here.
  chmod 777 "$work"
  (cd "$work" && "${apt[@]}" download exim4-daemon-light exim4-base >/dev/null 2>&1)
  for package in "$work"/*.deb; do [ -e "$package" ] && dpkg -x "$package" "$folder/exim"; done
  rm -rf "$work"
  [ -x "$exim" ] || say 'exim4 could not be downloaded; its tests are skipped'
fi
make_user
exit 0
