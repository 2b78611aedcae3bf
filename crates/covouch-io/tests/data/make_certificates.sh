#!/bin/sh
# Makes the certificates of the test servers: a root, and a leaf for 127.0.0.1, valid for a hundred years.
# The leaf's key is public, as everything here; nobody may trust this root outside these tests.
set -eu
cd "$(dirname "$0")"
openssl ecparam -name prime256v1 -genkey -noout -out root.key
openssl req -x509 -new -key root.key -sha256 -days 36500 -subj "/CN=covouch test root" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out root.pem
openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
openssl req -new -key leaf.key -subj "/CN=covouch test server" -out leaf.csr
printf 'subjectAltName=IP:127.0.0.1,DNS:index.example\nbasicConstraints=CA:FALSE\n' >leaf.ext
openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 36500 -sha256 \
    -extfile leaf.ext -outform DER -out leaf.der
openssl pkcs8 -topk8 -nocrypt -in leaf.key -outform DER -out leaf.key.der
rm -f root.key root.srl leaf.key leaf.csr leaf.ext
