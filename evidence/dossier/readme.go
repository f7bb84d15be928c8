package dossier

import (
	"bytes"
	"fmt"
	"time"

	"github.com/picketsec/picket"
)

// script collects the commands that check every signature with openssl.
type script struct{ body bytes.Buffer }

// newScript starts with a function that checks one signature, and the comparison of the content, a file or a folder.
func newScript(file bool) *script {
	s := &script{}
	s.body.WriteString(`#!/bin/sh
# Checks every signature of this dossier with openssl, and with a path as argument that the content there is what the claims are
# about. Nothing else is needed. Ends with 0 when everything holds.
cd "$(dirname "$0")" || exit 1
failed=0
check() {
	if openssl dgst "-$2" -verify "$1/key.pem" -signature "$1/signature.der" "$1/signed.bin" >/dev/null 2>&1; then
		echo "signature holds          $1"
	else
		echo "SIGNATURE DOES NOT HOLD  $1"
		failed=1
	fi
}
content=$OLDPWD/$1
case $1 in /*) content=$1 ;; esac
`)
	if file {
		s.body.WriteString(sameFile)
	} else {
		s.body.WriteString(sameFolder)
	}
	return s
}

// sameFile compares the one file that the dossier is about, whatever it is called now.
const sameFile = `if [ -n "$1" ]; then
	want=$(sed 's/^\\//' SHA256SUMS | cut -c 1-64)
	if [ -n "$want" ] && [ "$want" = "$(sha256sum <"$content" | cut -c 1-64)" ]; then
		echo "file is unchanged        $1"
	else
		echo "FILE DIFFERS             $1"
		failed=1
	fi
fi
`

// sameFolder compares every file of a folder, and counts them: sha256sum passes over files that nobody listed.
const sameFolder = `if [ -n "$1" ]; then
	listed=$(wc -l <SHA256SUMS)
	there=$(cd "$content" && find . \( -path ./model.sig -o -path ./claims.jsonl -o -path ./.git -o -path ./.gitattributes \
		-o -path ./.github -o -path ./.gitignore \) -prune -o ! -type d -exec sh -c 'for f; do echo; done' sh {} + | wc -l)
	if ! (cd "$content" && sha256sum --strict --quiet -c -) <SHA256SUMS; then
		echo "FILES DIFFER             $1"
		failed=1
	elif [ "$listed" -ne "$there" ]; then
		echo "FILES WERE ADDED         $1 has $there, SHA256SUMS lists $listed"
		failed=1
	else
		echo "files are unchanged      $1"
	fi
fi
`

// check adds one signature. Folders are named by us and need no quoting.
func (s *script) check(folder, hash string) { fmt.Fprintf(&s.body, "check %s %s\n", folder, hash) }

// end is the whole script.
func (s *script) end() []byte { return append(s.body.Bytes(), "exit $failed\n"...) }

// readme tells the auditor what is here, how to check it, and what that proves.
func (c Content) readme(index []entry, left int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "What was claimed about %s as of %s\n\n", picket.Printable(c.Manifest.Name, 200), c.AsOf.UTC().Format(time.RFC3339))
	fmt.Fprintf(&b, "digest  %s\nfiles   %d, listed in SHA256SUMS\nclaims  %d", c.Manifest.Digest(), len(c.Manifest.Resources), len(index))
	if left > 0 {
		fmt.Fprintf(&b, "; %d later ones are left out", left)
	}
	fmt.Fprintf(&b, "\nmade by %s\n\n", c.Tool)
	b.WriteString(`Check it without Picket and without a network:

    sh verify.sh                  every signature, with openssl
    sh verify.sh /path/to/model   and that the files are those of SHA256SUMS

What is here:

    index.json                    every claim: its kind, signer, time, and whether it counted
    claims/NNN-KIND/bundle.json   the claim as it was found, a Sigstore bundle v0.3
    claims/NNN-KIND/statement.json  what was signed, an in-toto statement v1
    claims/NNN-KIND/signed.bin, signature.der, key.pem   the same, taken apart for openssl
    context/                      the trust root, the policy and the decision

What a signature proves: that the holder of a key signed these bytes. That the key is whose it is said to be is stated by the
trust root in context/, and by whoever gave you that. Times called self-asserted are the signer's word. That no claim was taken out
before this dossier was made is shown only by a head that you have from elsewhere.

`)
	for _, e := range index {
		state, signer := "counted", picket.Printable(e.Signer, 100)
		switch {
		case e.Failure != "":
			state = "did not count: " + picket.Printable(e.Failure, 300)
		case !e.Counts:
			state = "is a record, and evidence for nothing"
		}
		if signer == "" {
			signer = "nobody in the trust root"
		}
		at := e.TimeKnown
		if e.Time != "" {
			at = e.Time + ", " + e.TimeKnown
		}
		fmt.Fprintf(&b, "%s  by %s  (%s)  %s\n", e.Folder, signer, picket.Printable(at, 200), state)
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "\nnote: %s\n", picket.Printable(note, 1000))
	}
	return b.Bytes()
}
