#!/bin/sh
# certificates.sh FOLDER [ROLE...] - an authority and a certificate for each role, to try the mesh
# with: FOLDER/ca.pem, FOLDER/ROLE.pem, FOLDER/ROLE.key. Production brings its own authority.
set -eu
folder=$1
shift
[ $# -gt 0 ] || set -- gateway catalog orders payments inventory webhooks identity
mkdir -p "$folder"
cd "$folder"
umask 077
new_key="openssl ecparam -genkey -noout -name prime256v1"
if [ ! -f ca.pem ]; then
    $new_key -out ca.key
    openssl req -x509 -new -key ca.key -days 30 -subj "/CN=panglot mesh" -out ca.pem
fi
for role in "$@"; do
    $new_key -out "$role.key"
    openssl req -new -key "$role.key" -subj "/CN=$role" -out "$role.csr"
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$role" >"$role.ext"
    openssl x509 -req -in "$role.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile "$role.ext" -out "$role.pem" 2>/dev/null
    rm "$role.csr" "$role.ext"
done
