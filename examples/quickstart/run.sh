#!/bin/sh
# Walks a small real model from its first scan to a decision, and back: init, scan, sign, attest, bom, gate, revoke.
# Usage: sh examples/quickstart/run.sh [FOLDER]; it works in FOLDER, or in a new one, and leaves this one alone.
# PICKET names the program (default: picket, else go run of this checkout).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
PICKET=${PICKET:-$(command -v picket || true)}
if [ -z "$PICKET" ]; then
	(cd "$here/../.." && CGO_ENABLED=0 go build -o "$work/picket" ./cmd/picket)
	PICKET=$work/picket
fi
cp -r "$here/model" "$here/data" "$here/run" "$here/train.py" "$work"
cd "$work"
unset PICKET_TRUST PICKET_POLICY PICKET_CONFIG

say() { printf '\n# %s\n' "$*"; }
picket() {
	printf '$ picket %s\n' "$*"
	"$PICKET" "$@"
}
# denied runs what must end with exit code 3: a decision to deny.
denied() {
	code=0
	picket "$@" || code=$?
	[ "$code" -eq 3 ] || { echo "expected exit code 3, got $code"; exit 1; }
}

say "A project: a key that may state facts, a trust root, and policies that only audit."
picket init

say "People have keys of their own, and the trust root says what each may do."
mkdir keys
for name in alice bob security; do picket keygen --out "keys/$name"; done
picket trust add alice --public-key keys/alice.pub --may approval,review
picket trust add bob --public-key keys/bob.pub --may review
picket trust add security --public-key keys/security.pub --may revocation
picket trust show .picket/trust.yaml

say "Is the model safe to load? The answer becomes a signed claim about its digest."
picket scan model --attest --private-key .picket/key.pem

say "Sign it: picket verify and the Python tool model_signing both check this signature."
picket sign model --private-key .picket/key.pem
picket verify model --public-key .picket/key.pub

say "Say how it was made and how well it does."
picket attest training-run model --predicate run/training.json --private-key .picket/key.pem
picket attest evaluation model --predicate run/evaluation.json --private-key .picket/key.pem

say "What is in it? A bill of materials, scored against what regulators ask for, and signed."
picket bom model --trust .picket/trust.yaml
picket bom gen model --author "Picket examples" --timestamp now --format cyclonedx-json --output bom.cdx.json
picket attest bom model --predicate bom.cdx.json --private-key .picket/key.pem
picket bom score bom.cdx.json

say "May it be released? Not yet: nobody has approved it. The same question says who can change that, and how."
denied gate model --policy release --trust .picket/trust.yaml
denied why model --policy release --trust .picket/trust.yaml

say "Whoever trained it cannot approve it: the claim is made, and does not count."
picket attest approval model --for production --expires 2099-01-01 --private-key .picket/key.pem
denied gate model --policy release --trust .picket/trust.yaml

say "Alice can."
picket attest declaration model --owner botany --use "sorting flowers" --impact leak=none,fraud=none,regulator=low,disruption=low --private-key .picket/key.pem
picket attest approval model --for production --expires 2099-01-01 --private-key keys/alice.pem
picket gate model --policy release --trust .picket/trust.yaml

say "How many claims are there? Keep the answer elsewhere, and taking one out is noticed."
picket claims head model --private-key .picket/key.pem
cp model/claims.jsonl head.jsonl
sed -i.bak 2d model/claims.jsonl && rm model/claims.jsonl.bak
denied gate model --policy release --trust .picket/trust.yaml --head head.jsonl
cp head.jsonl model/claims.jsonl

say "The data turns out to be poisoned. Whatever was made from it is revoked with it."
data=$("$PICKET" digest data/iris.csv | head -n 1 | cut -d' ' -f1)
picket revoke "$data" --reason poisoned --claims revoked.jsonl --private-key keys/security.pem
denied blast "$data" --claims model --claims revoked.jsonl --trust .picket/trust.yaml
denied gate model --policy release --trust .picket/trust.yaml --claims revoked.jsonl

say "For the auditor: everything that was claimed, checked by openssl."
picket export model --policy release --trust .picket/trust.yaml --claims revoked.jsonl --output audit.zip
echo
echo "Everything of this walk is in $work"
