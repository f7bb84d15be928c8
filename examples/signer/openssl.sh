#!/bin/sh
# A signer for `--signer exec:CMD` that keeps an EC private key in a file and signs with openssl. It shows the protocol; a real one
# talks to a hardware security module or a key service, as README.md shows.
# Usage: picket sign model/ --signer "exec:examples/signer/openssl.sh release.pem"
set -eu
key=${1:?usage: openssl.sh PRIVATE-KEY}
IFS= read -r request

# field NAME prints a field of the request, whose values have no quotes and no escapes.
field() { printf '%s' "$request" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }

case $(field operation) in
public-key)
	pem=$(openssl pkey -in "$key" -pubout | awk '{printf "%s\\n", $0}')
	printf '{"public_key_pem":"%s"}\n' "$pem"
	;;
sign)
	algorithm=$(field algorithm)
	digest=$(mktemp)
	trap 'rm -f "$digest"' EXIT
	field digest_base64 | openssl base64 -d -A >"$digest"
	signature=$(openssl pkeyutl -sign -inkey "$key" -in "$digest" -pkeyopt digest:"${algorithm#ecdsa-}" | openssl base64 -A)
	printf '{"signature_der_base64":"%s"}\n' "$signature"
	;;
*)
	printf '{"error":"this signer does not know the operation"}\n'
	;;
esac
