#!/usr/bin/env bash
# Packages:  openssl and libssl3 3.0.20-1~deb12u2 (Debian 12), both ends.
# Input:     self-signed certificates with an RSA-PSS key of 2,048 bits and with an Ed25519 key; s_server and s_client on loopback, all defaults
#            but the protocol version.
# Guess:     DTLS 1.2 is TLS 1.2 over datagrams (RFC 6347): where the handshake is agreed on with one certificate over TLS, it is over DTLS.
# Seen:      TLS 1.2 is agreed on with both certificates; DTLS 1.2 with the same files ends in the alert handshake_failure, as if no suite fitted. With
#            a plain RSA key both are agreed on.
# Surprises: a WebRTC end that brings such a certificate works as DTLS client and not as DTLS server, and TLS tests with it are green.
set -euo pipefail
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "not run: Debian's apt-get is needed"; exit 77; }
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
version=3.0.20-1~deb12u2
apt-get download -qq "openssl=$version" "libssl3=$version" >/dev/null 2>&1 || { echo "not run: openssl $version cannot be downloaded"; exit 77; }
for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$work/usr/lib/$(uname -m)-linux-gnu
openssl=$work/usr/bin/openssl
"$openssl" version

# What keeps the standard input of a server open: at its end it stops.
mkfifo open
exec 3<>open

certificate() { # certificate NAME GENPKEY-OPTION…
  local name=$1
  shift
  "$openssl" genpkey -out "$name.key" "$@" 2>/dev/null
  "$openssl" req -x509 -new -key "$name.key" -out "$name.pem" -days 2 -subj /CN=peer 2>/dev/null
}
certificate rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
certificate rsa-pss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
certificate ed25519 -algorithm ED25519

agreed() { # agreed NAME VERSION PORT: whether both ends come to a cipher
  "$openssl" s_server "-$2" -accept "127.0.0.1:$3" -cert "$1.pem" -key "$1.key" >server.log 2>&1 <&3 &
  local server=$!
  for _ in $(seq 100); do grep -q ACCEPT server.log && break; sleep 0.1; done
  (for _ in $(seq 50); do grep -q "Cipher is" client.log 2>/dev/null && break; sleep 0.1; done) | timeout 20 "$openssl" s_client "-$2" -connect "127.0.0.1:$3" >client.log 2>&1 || true
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  grep -qE 'Cipher is (ECDHE|TLS)' client.log
}

port=$((20000 + RANDOM % 20000)) result=0
for name in rsa rsa-pss ed25519; do
  for version in tls1_2 dtls1_2; do
    port=$((port + 1))
    if agreed "$name" "$version" "$port"; then outcome='agreed on'; else outcome="refused: $(grep -om1 'alert handshake failure' client.log || echo 'no cipher')"; fi
    printf '%-8s %-8s %s\n' "$name" "$version" "$outcome"
    wanted='agreed on'
    [ "$name" != rsa ] && [ "$version" = dtls1_2 ] && wanted='refused: alert handshake failure'
    [ "$outcome" = "$wanted" ] || result=1
  done
done
exit $result
